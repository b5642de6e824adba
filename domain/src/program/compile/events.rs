//! Loyalty events.

use super::{
    super::{
        EventDefinition,
        document::{self, Items},
        event::is_reserved,
    },
    Path, ProblemCode, Report, Unique,
};
use crate::id::RetailerId;

/// incentives.md 7.12
const LOOKUP_LENGTH_MAX: usize = 64;
const STATUS_LIVE: i64 = 2;

/// The events that the retailer defines.
pub(super) fn events(
    field: Items<document::Event>,
    retailer: RetailerId,
    report: &mut Report,
) -> Vec<EventDefinition> {
    let array = Path::Root.member("events");
    let (mut ids, mut lookups) = (Unique::ids(), Unique::names());
    let mut events = Vec::new();
    for (place, document) in report.items(&Path::Root, "events", field) {
        let at = array.element(place);
        let id = report.required(&at, "id", document.id);
        report.retailer(&at, document.retailer_id, retailer);
        if let Some(id) = id {
            ids.check(id, &at.member("id"), report);
        }
        let lookup = report.required(&at, "event_lookup", document.event_lookup);
        let name = report.optional(&at, "name", document.name).unwrap_or_default();
        let description = report.optional(&at, "description", document.description).unwrap_or_default();
        let live = report.number(&at, "status", document.status, 0..=3, STATUS_LIVE) == STATUS_LIVE;
        let Some(lookup) = lookup.and_then(|lookup| self::lookup(&lookup, &at, report)) else { continue };
        lookups.check(lookup.clone(), &at.member("event_lookup"), report);
        if let Some(id) = id {
            events.push(EventDefinition { id, lookup, name, description, live });
        }
    }
    events
}

fn lookup(text: &str, at: &Path<'_>, report: &mut Report) -> Option<Box<str>> {
    let at = at.member("event_lookup");
    let upper = text.to_ascii_uppercase();
    let allowed = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    if upper.len() > LOOKUP_LENGTH_MAX || !upper.bytes().all(allowed) {
        let message = format!("not at most {LOOKUP_LENGTH_MAX} of the characters A-Z, 0-9 and _");
        report.add(&at, ProblemCode::InvalidValue, message);
        return None;
    }
    if is_reserved(&upper) {
        report.add(&at, ProblemCode::EventReserved, format!("{upper} is an event of the platform"));
        return None;
    }
    Some(upper.into())
}
