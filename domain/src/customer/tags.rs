//! Tags: short words that rules put on a customer, each for a while or for good (incentives.md 6.5).

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Tags of a customer at most.
pub(super) const TAGS_MAX: usize = 200;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// In lower case.
    pub name: Box<str>,
    /// When it goes; none: it stays.
    pub until: Option<Timestamp>,
}

impl Tag {
    /// It is there at this time.
    pub fn is_there(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| until > at)
    }
}

/// Adds the tags of another customer; of the same tag the later end counts.
pub(super) fn merge(tags: &mut Vec<Tag>, others: &[Tag]) {
    for other in others {
        match tags.iter_mut().find(|known| known.name == other.name) {
            Some(known) => known.until = known.until.zip(other.until).map(|(mine, theirs)| mine.max(theirs)),
            None => tags.push(other.clone()),
        }
    }
    // Above the bound those go that would go first anyway.
    while tags.len() > TAGS_MAX {
        let first = tags.iter().enumerate().min_by_key(|(_, tag)| tag.until.unwrap_or(Timestamp::MAX));
        let Some((place, _)) = first else { return };
        tags.remove(place);
    }
}

/// Folds changes into a customer's tags; what has gone by then is forgotten.
pub(super) fn apply(tags: &mut Vec<Tag>, added: &[Tag], removed: &[Box<str>], at: Timestamp) {
    tags.retain(|known| {
        known.is_there(at) && !removed.contains(&known.name) && added.iter().all(|new| new.name != known.name)
    });
    tags.extend_from_slice(added);
}
