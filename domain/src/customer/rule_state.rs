//! What the rule engine remembers of a customer besides points, tiers and limits (incentives.md 7.9).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{AnsweredEvents, CountersSet, EventTriggered, Fingerprint, Tag, tags, user_state::REQUESTS_KEPT};
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
    /// Counts the changes of what is remembered, points' activity and joining benefits included (incentives.md 7.9).
    pub version: u64,
    /// Idempotency ids of the last changes by callers, with the fingerprints of their requests.
    pub(super) requests: VecDeque<(Fingerprint, Fingerprint)>,
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

    pub(super) fn set(&mut self, set: &CountersSet) {
        for (name, value) in &set.counters {
            self.counters.set(name, *value, set.at);
        }
        self.requests.extend(set.request);
        if self.requests.len() > REQUESTS_KEPT {
            self.requests.pop_front();
        }
    }

    pub(super) fn tag(&mut self, added: &[Tag], removed: &[Box<str>], at: Timestamp) {
        if !added.is_empty() || !removed.is_empty() {
            tags::apply(&mut self.tags, added, removed, at);
        }
    }
}
