//! What rules look at: a trigger, and the customer it happened to.

use std::borrow::Cow;

use super::{BudgetRoom, CountChange, CountKey, Counters, LimitUsage, data::scalar, ticket::Ticket};
use crate::{
    amount::{Points, Quantity},
    id::{PointAccountId, PointSourceId, TierLevelId, TierSystemId},
    program::{
        LevelConstraint, Program, RuleTree,
        tree::{Attribute, DataLevel, DataPath},
    },
    time::{Timestamp, Zone},
};

/// An event as the rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Happening<'a> {
    /// When.
    pub time: Timestamp,
    /// Which, upper case.
    pub lookup: &'a str,
    /// As how many it counts.
    pub quantity: Quantity,
    /// A flat JSON object; none: no context.
    pub context: Option<&'a str>,
}

/// Who the customer is, beyond what the customer has.
pub trait Person {
    /// The value of an attribute, as text.
    fn attribute(&self, attribute: &Attribute) -> Option<Cow<'_, str>>;
    /// When the customer registered.
    fn registered(&self) -> Option<Timestamp>;
    /// Since when the customer holds the present level of a system.
    fn joined(&self, system: TierSystemId) -> Option<Timestamp>;
    /// Whether the customer has a tag, written in lower case.
    fn has_tag(&self, tag: &str) -> bool;
}

/// Somebody of whom nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Person for Nobody {
    fn attribute(&self, _: &Attribute) -> Option<Cow<'_, str>> {
        None
    }

    fn registered(&self) -> Option<Timestamp> {
        None
    }

    fn joined(&self, _: TierSystemId) -> Option<Timestamp> {
        None
    }

    fn has_tag(&self, _: &str) -> bool {
        false
    }
}

/// What a customer has before the evaluation.
#[derive(Clone, Copy)]
pub struct Standing<'a> {
    /// The level held in each tier system.
    pub tiers: &'a [(TierSystemId, TierLevelId)],
    /// The available balance of an account.
    pub balance: &'a dyn Fn(PointAccountId) -> Points,
    /// Everything ever issued into an account.
    pub lifetime: &'a dyn Fn(PointAccountId) -> Points,
    /// What is used of the limits.
    pub usage: &'a LimitUsage,
    /// What nodes have counted.
    pub counters: &'a Counters,
    /// What the trigger itself has added to the counters before, when it is evaluated anew.
    pub counted: &'a [CountChange],
    /// What counts came to before the trigger was evaluated first, when it is evaluated anew.
    pub counts_before: &'a [(CountKey, i64)],
    /// Who it is.
    pub person: &'a dyn Person,
    /// What may be taken of the budgets of trees; of those that are not here, as much as one likes.
    pub budgets: &'a [BudgetRoom],
}

impl<'a> Standing<'a> {
    /// Of somebody who has a level and a balance, and of whom nothing else is known.
    pub fn anonymous(
        tiers: &'a [(TierSystemId, TierLevelId)],
        balance: &'a dyn Fn(PointAccountId) -> Points,
        usage: &'a LimitUsage,
    ) -> Self {
        const NO_COUNTERS: &Counters = &Counters::NONE;
        let lifetime: &dyn Fn(PointAccountId) -> Points = &|_| Points::ZERO;
        Self {
            tiers,
            balance,
            lifetime,
            usage,
            counters: NO_COUNTERS,
            counted: &[],
            counts_before: &[],
            person: &Nobody,
            budgets: &[],
        }
    }

    /// Whether the customer holds one of these levels.
    pub(super) fn holds(&self, levels: &[TierLevelId]) -> bool {
        self.tiers.iter().any(|(_, level)| levels.contains(level))
    }

    /// Whether a tree is for the customer at a time: by the levels held, and by how long.
    pub fn may_use(&self, tree: &RuleTree, at: Timestamp) -> bool {
        tree.is_for(self.tiers, &|system| self.person.joined(system), at)
    }

    /// Whether a constraint lets the customer pass at a time (incentives.md 7.7).
    pub fn passes(&self, constraint: &LevelConstraint, at: Timestamp) -> bool {
        constraint.admits(self.tiers, &|system| self.person.joined(system), at)
    }
}

/// A trigger and a customer.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) program: &'a Program,
    /// The business time.
    pub(super) time: Timestamp,
    /// The purchase; in the rounds of events too that it led to.
    pub(super) ticket: Option<&'a Ticket<'a>>,
    /// The event.
    pub(super) event: Option<&'a Happening<'a>>,
    pub(super) standing: &'a Standing<'a>,
    /// What this decision has counted so far.
    pub(super) counted: &'a [CountChange],
}

impl<'a> Scene<'a> {
    /// Whether the customer gets something from a source, by tier level (incentives.md 7.7).
    pub(super) fn opens(&self, source: PointSourceId) -> bool {
        let constraints = self.program.source(source).map(|source| &source.level_constraints);
        constraints.into_iter().flatten().all(|known| self.standing.passes(known, self.time))
    }

    /// The purchase, if it is what happens now: not in the rounds of events.
    pub(super) fn current_ticket(&self) -> Option<&'a Ticket<'a>> {
        self.ticket.filter(|_| self.event.is_none())
    }

    /// The clock on the wall: the store's, or the retailer's where there is no store.
    pub(super) fn zone(&self) -> &'a Zone {
        let store = self.ticket.and_then(|ticket| self.program.store(ticket.purchase.store));
        store.map_or(&self.program.retailer().zone, |store| &store.zone)
    }

    /// What the trigger itself says at a path: of an event its context, of a purchase its `custom_data`.
    pub(super) fn datum(&self, path: &DataPath) -> Option<Cow<'a, str>> {
        if path.level != DataLevel::Trigger {
            return None;
        }
        if let Some(event) = self.event {
            return scalar(event.context?, &path.members);
        }
        let content = self.ticket?.purchase.content?;
        if path.is_status {
            return content.status.as_deref().filter(|text| !text.trim().is_empty()).map(Cow::Borrowed);
        }
        scalar(content.custom_data.as_deref()?, &path.members)
    }

    /// What each line or payment says at a path, by place; nothing of those that say nothing.
    pub(super) fn data(&self, path: &DataPath) -> Vec<(usize, Cow<'a, str>)> {
        let Some(content) = self.ticket.and_then(|ticket| ticket.purchase.content) else { return Vec::new() };
        let of = |text: Option<&'a str>| scalar(text?, &path.members);
        match path.level {
            DataLevel::Trigger => Vec::new(),
            DataLevel::Payment => {
                let all = content.payments.iter().map(|payment| of(payment.custom_data.as_deref()));
                all.enumerate().filter_map(|(place, found)| Some((place, found?))).collect()
            }
            DataLevel::Item if path.is_status => {
                let all = content.items.iter().map(|item| item.status.as_deref().map(Cow::Borrowed));
                all.enumerate().filter_map(|(place, found)| Some((place, found?))).collect()
            }
            DataLevel::Item => {
                let all = content.items.iter().map(|item| of(item.custom_data.as_deref()));
                all.enumerate().filter_map(|(place, found)| Some((place, found?))).collect()
            }
        }
    }
}
