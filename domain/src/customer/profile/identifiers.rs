//! Ids in other systems (customers-campaigns.md B1.6).

use super::{ExternalId, Profile, ProfileFaultReason, change::Findings};

/// Ids of one customer at most (B1.5).
const IDENTIFIERS_MAX: usize = 20;
/// Characters of an id, and of the name of its system, at most (A.8).
const VALUE_MAX: usize = 255;

/// An id to be added, or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifierChange {
    /// The id.
    pub id: ExternalId,
    /// Remove it.
    pub delete: bool,
}

/// Applies a request's ids in order: all present ones go when `clear` says so; ids that are known stay where they
/// are; the first one named becomes the one that is shown.
pub(super) fn apply(
    profile: &mut Profile,
    external_id: Option<ExternalId>,
    identifiers: Vec<IdentifierChange>,
    clear: bool,
    findings: &mut Findings,
) {
    let shown_before = profile.shown_identifier().map(|known| known.value.clone());
    if clear {
        profile.identifiers.clear();
    }
    let top = external_id.map(|id| ("external_id".to_owned(), IdentifierChange { id, delete: false }));
    let listed = identifiers.into_iter().enumerate();
    let listed = listed.map(|(place, wanted)| (format!("identifiers[{place}].external_id"), wanted));
    let mut first_named = None;
    for (field, IdentifierChange { id, delete }) in top.into_iter().chain(listed) {
        if let Err(reason) = check(&id) {
            findings.add(field, reason);
            continue;
        }
        if delete {
            profile.identifiers.retain(|known| known.value != id.value);
            continue;
        }
        first_named.get_or_insert_with(|| id.value.clone());
        match profile.identifiers.iter_mut().find(|known| known.value == id.value) {
            Some(known) if id.kind.is_some() => known.kind = id.kind,
            Some(_) => {}
            None => profile.identifiers.push(id),
        }
    }
    if profile.identifiers.len() > IDENTIFIERS_MAX {
        findings.add("identifiers", ProfileFaultReason::Limit(IDENTIFIERS_MAX));
    }
    let place_of = |value: Box<str>| profile.identifiers.iter().position(|known| known.value == value);
    let still_shown = first_named.and_then(place_of).or_else(|| shown_before.and_then(place_of));
    // What was shown is gone: the one mapped last is shown.
    profile.shown = still_shown.or_else(|| profile.identifiers.len().checked_sub(1));
}

fn check(id: &ExternalId) -> Result<(), ProfileFaultReason> {
    if id.value.is_empty() {
        return Err(ProfileFaultReason::Required);
    }
    let longest = id.value.chars().count().max(id.kind.as_ref().map_or(0, |kind| kind.chars().count()));
    if longest > VALUE_MAX { Err(ProfileFaultReason::TooLong(VALUE_MAX)) } else { Ok(()) }
}
