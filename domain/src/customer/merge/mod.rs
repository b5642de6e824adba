//! One customer merged into another: everything the engine remembers goes over (incentives.md 7.9).
//!
//! The giver's record takes it all and carries it in an effect to the receiver, who takes all of it in, once, under
//! the merge's id. What does not fit (the receiver was erased meanwhile, or the sums are no amounts) goes back to the
//! giver by another effect. At every moment everything is in one place.
//!
//! Where the API file leaves room, this holds:
//! * Lots keep source, time of issue, expiry and priority; ceilings and limits of sources do not count, for nothing is
//!   issued. Lifetime values go over, so do issues that count against personal limits, and what is overdrawn.
//! * Of levels in the same live system the higher one wins, with its dates; the giver is back in the default level. A
//!   level that nobody can enter any more gives way to the next one below. Nothing is given for any of that, no event
//!   is raised, and entrance rules are next looked at when something happens.
//! * Counters add up, and so do uses of limits. Of tags the later end wins.
//! * The giver stays a customer, with its profile, its identifiers and an empty engine state: whom an identifier names
//!   is for the core surface to change. What comes later under its name is its own, and goes over when it is merged
//!   again.
//! * Revisions of sales that the giver was credited before follow to the receiver ([`MovedCredit`]): the points are
//!   there. The receiver books them apart from what the same sale gave itself.
//! * Histories stay where they were made: audit rows, movements between levels, events.

mod credit;
mod give;
mod take;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Customer, Effect, JoiningUse, Moved, Reply, Tag, UserTier, stop::Stop};
use crate::{
    amount::Points,
    entity::{Context, Decision},
    id::{CustomerId, LedgerRowId, PointAccountId, TierSystemId},
    ledger::{Issued, Lot, Movement},
    program::ActivityKind,
    rules::{Counters, LimitUse},
    time::Timestamp,
};

pub use credit::MovedCredit;

/// What a customer does in a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeCommand {
    /// Give everything to another customer.
    Give {
        /// Whom.
        to: CustomerId,
    },
    /// Take in what another customer has given.
    Take(Box<Merge>),
    /// Take in again what this customer has given and nobody has taken in.
    TakeBack(Box<Merge>),
    /// Book a revision of a sale whose points came with a merge.
    Credit(Box<MovedCredit>),
    /// The same, of which the other customer knows nothing.
    CreditBack(Box<MovedCredit>),
}

/// Everything that a customer gives another. Stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// Names it; the `request_id` of all its rows.
    pub id: Uuid,
    /// Who gave it.
    pub from: CustomerId,
    /// Who gets it.
    pub to: CustomerId,
    /// The points.
    pub points: Vec<MergedAccount>,
    /// Issues that count against personal limits of sources.
    pub issued: Vec<Issued>,
    /// The last time of each kind of activity.
    pub activity: Vec<(ActivityKind, Timestamp)>,
    /// The levels held.
    pub tiers: Vec<UserTier>,
    /// Joining benefits that count against a cap.
    pub joining: Vec<JoiningUse>,
    /// What is used of the limits of trees and outcomes.
    pub uses: Vec<LimitUse>,
    /// What nodes and callers have counted.
    pub counters: Counters,
    /// The tags.
    pub tags: Vec<Tag>,
}

/// The points of one account. Stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedAccount {
    /// The account.
    pub account: PointAccountId,
    /// The lots of which something remains; empty in what the receiver remembers.
    pub lots: Vec<Lot>,
    /// Everything ever issued into it.
    pub lifetime: Points,
    /// What was taken beyond the lots and not yet repaid.
    pub overdraft: Points,
    /// Names the receiver's use of the account, if no row does.
    pub first_row: LedgerRowId,
}

/// A customer has given everything away. Stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedAway {
    /// The merge.
    pub merge: Uuid,
    /// To whom.
    pub to: CustomerId,
    /// The rows that took the points.
    pub movements: Vec<Movement>,
    /// When.
    pub at: Timestamp,
}

/// A customer has taken in what another one gave, or what it gave itself. Stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedIn {
    /// What came, without the lots and levels, which are in the rows and in the movements.
    pub merge: Merge,
    /// It is what this customer had given.
    pub back: bool,
    /// The rows written.
    pub movements: Vec<Movement>,
    /// When.
    pub at: Timestamp,
}

/// Levels are held since when another customer joined them. Stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierDated {
    /// The system of the level.
    pub system: TierSystemId,
    /// When the level was joined.
    pub joined: Timestamp,
    /// When the stay rules were last looked at.
    pub reviewed: Option<Timestamp>,
}

/// A merge that a customer remembers: it is done once, and shows where what came with another one has gone. Stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MergeNote {
    merge: Uuid,
    /// To whom everything went; none: something came.
    to: Option<CustomerId>,
}

impl MergedAway {
    /// Where what sales gave has gone.
    pub fn moved(&self) -> Moved {
        Moved { merge: self.merge, to: self.to }
    }
}

impl MergeCommand {
    pub(super) fn decide(&self, customer: &Customer, context: &Context<'_>) -> Result<super::Decided, Stop> {
        if customer.identity().is_none() {
            return self.for_nobody().map(Into::into);
        }
        Ok(match self {
            Self::Give { to } => give::decide(customer, *to, context)?.into(),
            Self::Take(merge) => take::decide(customer, merge, false, context)?.into(),
            Self::TakeBack(merge) => take::decide(customer, merge, true, context)?.into(),
            Self::Credit(moved) => credit::decide(customer, moved, context)?,
            Self::CreditBack(moved) => credit::decide_back(customer, moved, context)?,
        })
    }

    /// What comes of it when it reaches somebody who is no more.
    fn for_nobody(&self) -> Result<Decision<Customer>, Stop> {
        let effect = match self {
            Self::Give { .. } => return Err(super::Error::NotFound.into()),
            Self::Take(merge) => Effect::ReturnMerge(merge.clone()),
            Self::Credit(moved) => Effect::ReturnMovedCredit(moved.clone()),
            // What belonged to somebody who is no more has gone as well.
            Self::TakeBack(_) | Self::CreditBack(_) => return Ok(Decision::answer(Reply::Done)),
        };
        Ok(Decision { events: Vec::new(), reply: Reply::Done, effects: vec![effect] })
    }
}

impl Customer {
    /// What came with a merge is here, or has been.
    pub fn has_taken_in(&self, merge: Uuid) -> bool {
        self.merges.iter().any(|note| note.merge == merge && note.to.is_none())
    }

    /// Everything has gone to another customer, once or more often.
    pub fn has_been_merged_away(&self) -> bool {
        self.merges.iter().any(|note| note.to.is_some())
    }

    /// Where what came with a merge has gone since.
    fn moved_on(&self, merge: Uuid) -> Option<Moved> {
        let since = self.merges.iter().skip_while(|note| note.merge != merge).skip(1);
        since.filter_map(|note| note.to.map(|to| Moved { merge: note.merge, to })).next()
    }

    pub(super) fn apply_merged_away(&mut self, merged: &MergedAway) {
        self.ledger.settle(merged.at);
        merged.movements.iter().for_each(|movement| self.ledger.apply(movement, None));
        self.ledger.forget_issues();
        self.usage.reset(&[]);
        self.tiers.forget_joining();
        self.rule_state.counters = Counters::NONE;
        self.rule_state.tags.clear();
        self.memory.give_away(merged.moved());
        self.merges.push(MergeNote { merge: merged.merge, to: Some(merged.to) });
    }

    /// # Panics
    /// When the sums are no amounts, which the decision has checked.
    pub(super) fn apply_merged_in(&mut self, merged: &MergedIn) {
        let merge = &merged.merge;
        self.ledger.settle(merged.at);
        merged.movements.iter().for_each(|movement| self.ledger.apply(movement, None));
        for account in &merge.points {
            self.ledger.add_lifetime(account.account, account.lifetime, account.first_row);
        }
        self.ledger.add_issued(&merge.issued);
        for (kind, at) in &merge.activity {
            self.ledger.record_activity(kind.clone(), *at);
        }
        for used in &merge.uses {
            self.usage.record(used).expect("the decision has summed the uses");
        }
        self.tiers.add_joining(&merge.joining);
        self.rule_state.counters.merge(&merge.counters).expect("the decision has summed the counters");
        super::tags::merge(&mut self.rule_state.tags, &merge.tags);
        if merged.back {
            self.memory.take_back(merge.id);
            self.merges.retain(|note| note.merge != merge.id);
        } else {
            self.merges.push(MergeNote { merge: merge.id, to: None });
        }
    }
}
