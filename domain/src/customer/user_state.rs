//! What callers may change of what the rules remember of a customer (incentives.md 7.9): counters, and forgetting.

use serde::{Deserialize, Serialize};

use super::{Customer, Error, Event, Fingerprint, Reply};
use crate::{
    amount::Quantity,
    entity::{Context, Decision},
    id::RuleTreeId,
    rules::NAMED_MAX,
    time::Timestamp,
};

/// How many requests are remembered under their idempotency ids. A retry mostly follows within seconds.
pub(super) const REQUESTS_KEPT: usize = 8;

/// A change of what is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateCommand {
    /// Set named counters.
    SetCounters(SetCounters),
    /// Forget.
    Reset(StateReset),
}

/// Named counters to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCounters {
    /// Name and change, in order; of a name that comes twice both count.
    pub counters: Vec<(Box<str>, CounterChange)>,
    /// Only if the state is of this version.
    pub version: Option<u64>,
    /// A repeat under the same id changes nothing, as long as it is among the last eight remembered.
    pub idempotency_id: Option<Box<str>>,
}

/// What becomes of a named counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterChange {
    /// It is this now.
    Set(Quantity),
    /// It grows by this, or shrinks. One that was never set begins at 0.
    Add(Quantity),
}

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReset {
    /// What belongs to these trees; none: to any tree, or to none.
    pub trees: Vec<RuleTreeId>,
    /// Which parts.
    pub sections: Vec<StateSection>,
}

/// The parts that can be forgotten. Stored: grows at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateSection {
    /// The counters that callers keep.
    Counters,
    /// What nodes of rule trees have counted.
    NodeCounters,
    /// What is used of the limits of trees and outcomes.
    OutcomeUsage,
    /// What is used of the caps on joining levels.
    JoiningUsage,
}

/// Named counters were set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountersSet {
    /// What they are now.
    pub counters: Vec<(Box<str>, Quantity)>,
    /// Under which idempotency id, and the fingerprint of the request.
    pub request: Option<(Fingerprint, Fingerprint)>,
    /// When.
    pub at: Timestamp,
}

impl StateCommand {
    pub(super) fn decide(
        &self,
        customer: &Customer,
        context: &Context<'_>,
    ) -> Result<Decision<Customer>, Error> {
        customer.known()?;
        let events = match self {
            Self::SetCounters(set) => set_counters(customer, set, context)?,
            Self::Reset(reset) => {
                let holds = reset.sections.iter().any(|section| customer.holds(*section, &reset.trees));
                holds
                    .then(|| Event::StateReset { reset: reset.clone(), at: context.now })
                    .into_iter()
                    .collect()
            }
        };
        Ok(Decision { events, reply: Reply::Done, effects: Vec::new() })
    }
}

fn set_counters(customer: &Customer, set: &SetCounters, context: &Context<'_>) -> Result<Vec<Event>, Error> {
    let state = &customer.rule_state;
    let request = set.idempotency_id.as_deref().map(|id| (Fingerprint::of(id), set.body()));
    if let Some((key, body)) = request
        && let Some((_, known)) = state.requests.iter().find(|(known, _)| *known == key)
    {
        return if *known == body { Ok(Vec::new()) } else { Err(Error::IdempotencyConflict) };
    }
    if set.version.is_some_and(|version| version != state.version) {
        return Err(Error::StateVersionConflict);
    }
    let mut counters: Vec<(Box<str>, Quantity)> = Vec::with_capacity(set.counters.len());
    for (name, change) in &set.counters {
        let place = counters.iter().position(|(known, _)| known == name);
        let before = place.map_or_else(|| state.counters.value(name), |place| counters[place].1);
        let value = match change {
            CounterChange::Set(value) => *value,
            CounterChange::Add(more) => before.plus(*more)?,
        };
        match place {
            Some(place) => counters[place].1 = value,
            None => counters.push((name.clone(), value)),
        }
    }
    let known = state.counters.named();
    let added = counters.iter().filter(|(name, _)| known.iter().all(|known| known.name != *name)).count();
    if known.len() + added > NAMED_MAX {
        return Err(Error::TooManyCounters);
    }
    if counters.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CountersSet(Box::new(CountersSet { counters, request, at: context.now }))])
}

impl SetCounters {
    /// The fingerprint of the request. The text is stored in effect: its form never changes.
    fn body(&self) -> Fingerprint {
        let mut text = self.version.map_or_else(String::new, |version| version.to_string());
        for (name, change) in &self.counters {
            let change = match change {
                CounterChange::Set(value) => format!("={value}"),
                CounterChange::Add(more) => format!("+{more}"),
            };
            text.push_str(&format!("\n{}:{name}{change}", name.len()));
        }
        Fingerprint::of(&text)
    }
}

impl Customer {
    fn holds(&self, section: StateSection, trees: &[RuleTreeId]) -> bool {
        let wanted = |tree: RuleTreeId| trees.is_empty() || trees.contains(&tree);
        match section {
            StateSection::Counters => trees.is_empty() && !self.rule_state.counters.named().is_empty(),
            StateSection::NodeCounters => {
                self.rule_state.counters.nodes().iter().any(|counter| wanted(counter.key.tree))
            }
            StateSection::OutcomeUsage => self.usage.all().iter().any(|used| wanted(used.key.tree)),
            StateSection::JoiningUsage => trees.is_empty() && !self.tiers.joining().is_empty(),
        }
    }

    pub(super) fn apply_reset(&mut self, reset: &StateReset) {
        for section in &reset.sections {
            match section {
                StateSection::Counters if reset.trees.is_empty() => self.rule_state.counters.clear_named(),
                StateSection::NodeCounters => self.rule_state.counters.reset(&reset.trees),
                StateSection::OutcomeUsage => self.usage.reset(&reset.trees),
                StateSection::JoiningUsage if reset.trees.is_empty() => self.tiers.forget_joining(),
                // These belong to no tree.
                StateSection::Counters | StateSection::JoiningUsage => {}
            }
        }
    }
}
