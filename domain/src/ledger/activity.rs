//! When a customer last did what keeps points alive (incentives.md 2.2, type 2).

use serde::{Deserialize, Serialize};

use crate::{program::ActivityKind, time::Timestamp};

/// The last time of each kind of activity. One entry for each kind there is, so bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Before it the customer was not there, so was not inactive either.
    since: Timestamp,
    last: Vec<(ActivityKind, Timestamp)>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { since: Timestamp::MIN, last: Vec::new() }
    }
}

impl Activity {
    /// The customer came into being.
    pub(super) fn begin(&mut self, at: Timestamp) {
        self.since = at;
    }

    /// The customer did something. What happened earlier than what is known changes nothing.
    pub(super) fn record(&mut self, kind: ActivityKind, at: Timestamp) {
        match self.last.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, last)) => *last = at.max(*last),
            None => self.last.push((kind, at)),
        }
    }

    /// The last time of any of these kinds, or when the customer came into being.
    pub fn last_of(&self, kinds: &[ActivityKind]) -> Timestamp {
        let known = self.last.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, at)| *at);
        known.max().map_or(self.since, |last| last.max(self.since))
    }

    /// Each kind that has happened, with its last time.
    pub fn all(&self) -> &[(ActivityKind, Timestamp)] {
        &self.last
    }
}
