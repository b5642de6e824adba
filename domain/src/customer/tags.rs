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

/// Folds changes into a customer's tags; what has gone by then is forgotten.
pub(super) fn apply(tags: &mut Vec<Tag>, added: &[Tag], removed: &[Box<str>], at: Timestamp) {
    tags.retain(|known| {
        known.is_there(at) && !removed.contains(&known.name) && added.iter().all(|new| new.name != known.name)
    });
    tags.extend_from_slice(added);
}
