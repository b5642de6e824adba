//! What the rule engine remembers of a customer besides points, tiers and limits (incentives.md 7.9).

use serde::{Deserialize, Serialize};

use super::{AnsweredEvents, EventTriggered, Tag, tags};
use crate::{
    rules::{CountChange, Counters},
    time::Timestamp,
};

/// Counters, tags, and the answers to events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleState {
    /// What nodes have counted, and what callers count.
    pub counters: Counters,
    /// What rules have put on the customer; those that have gone may still be listed.
    pub tags: Vec<Tag>,
    /// What was answered to the last events.
    pub answered: AnsweredEvents,
}

impl RuleState {
    /// Takes in what was counted; parts that no trigger from `matters_from` on looks back to are forgotten.
    pub(super) fn count(&mut self, changes: &[CountChange], at: Timestamp, matters_from: Timestamp) {
        if changes.is_empty() {
            return;
        }
        for change in changes {
            self.counters.record(change, at);
        }
        self.counters.forget_before(matters_from);
    }

    pub(super) fn event(&mut self, triggered: &EventTriggered) {
        self.count(&triggered.counted, triggered.at, triggered.matters_from);
        self.answered.record(triggered);
    }

    pub(super) fn tag(&mut self, added: &[Tag], removed: &[Box<str>], at: Timestamp) {
        if !added.is_empty() || !removed.is_empty() {
            tags::apply(&mut self.tags, added, removed, at);
        }
    }
}
