//! What a customer remembers of the past to decide rightly: what sales gave, what was answered under idempotency keys.
//!
//! Both are windows: the newest are kept, older ones live on in the history and are fetched when a decision needs them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Cause, Event, PostedDetail, SaleCredited,
    rare::{Moved, Rare},
};
use crate::{
    amount::Points,
    id::{PointAccountId, PointSourceId, SaleId, TierLevelId, TierSystemId},
    rules::{Award, LimitUse},
    time::Timestamp,
};

/// How many sales' evaluations stay in the state. A return mostly follows within the next few visits.
const EVALUATIONS_KEPT: usize = 16;
/// For how many evaluations room is made at a time.
const EVALUATIONS_MORE: usize = 4;
/// How many idempotency keys stay in the state. A retry mostly follows within seconds.
const KEYS_KEPT: usize = 16;

/// The fingerprint of an idempotency key or of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub Uuid);

impl Fingerprint {
    const NAMESPACE: Uuid = Uuid::from_u128(0x6c61_7572_656c_4650_8000_0000_0000_0001);

    /// The fingerprint of a text.
    pub fn of(text: &str) -> Self {
        Self(Uuid::new_v5(&Self::NAMESPACE, text.as_bytes()))
    }
}

/// The answer given under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The body it was given to; another one under the same key is a conflict.
    pub body: Fingerprint,
    /// The answer.
    pub detail: PostedDetail,
    /// When; after 400 days the key is free again (incentives.md 4.8).
    pub at: Timestamp,
}

/// What one sale gave this customer. A customer keeps several of these, so what most sales do not have takes one
/// pointer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationRecord {
    /// The sale.
    pub sale: SaleId,
    /// The revision booked last.
    pub revision: u32,
    /// The program of the first evaluation; later ones use it too.
    pub program_version: u32,
    /// Business time of the first evaluation; later ones use it too.
    pub business_time: Timestamp,
    /// The levels held before the first evaluation; later ones use them too.
    pub tiers: Vec<(TierSystemId, TierLevelId)>,
    /// Since when the levels were held before the first evaluation.
    pub joined: Vec<Timestamp>,
    /// What was given, net of what was taken back.
    pub granted: Vec<Granted>,
    /// What it used of the limits.
    pub uses: Vec<LimitUse>,
    /// The rest.
    pub rare: Rare,
}

/// Points of one cause in one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The rule.
    pub cause: Cause,
    /// Where the points went.
    pub account: PointAccountId,
    /// Where they came from.
    pub source: PointSourceId,
    /// How many.
    pub points: Points,
}

/// The windows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    evaluations: VecDeque<EvaluationRecord>,
    /// Evaluations have left the window: a sale that is not in it may yet have been evaluated.
    evaluations_left: bool,
    keys: VecDeque<(Fingerprint, Remembered)>,
    keys_left: bool,
}

/// What a window knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall<'a, T> {
    /// It is there.
    Known(&'a T),
    /// There never was one.
    Never,
    /// It is not there any more, or there never was one: ask the history.
    Unsure,
}

impl Memory {
    /// What a sale gave.
    pub fn evaluation(&self, sale: SaleId) -> Recall<'_, EvaluationRecord> {
        match self.evaluations.iter().rev().find(|known| known.sale == sale) {
            Some(record) => Recall::Known(record),
            None if self.evaluations_left => Recall::Unsure,
            None => Recall::Never,
        }
    }

    /// What was answered under a key.
    pub fn remembered(&self, key: Fingerprint) -> Recall<'_, Remembered> {
        match self.keys.iter().rev().find(|(known, _)| *known == key) {
            Some((_, remembered)) => Recall::Known(remembered),
            None if self.keys_left => Recall::Unsure,
            None => Recall::Never,
        }
    }

    /// Takes in what a sale gave, on top of what it had given before.
    pub(super) fn record_evaluation(&mut self, credited: &SaleCredited) {
        let known = self.evaluations.iter().position(|known| known.sale == credited.sale);
        let earlier = known.and_then(|place| self.evaluations.remove(place));
        if self.evaluations.len() == self.evaluations.capacity() {
            // A few more instead of twice as many: every customer in memory has them.
            self.evaluations.reserve_exact(EVALUATIONS_MORE);
        }
        self.evaluations.push_back(EvaluationRecord::after(earlier, credited));
        if self.evaluations.len() > EVALUATIONS_KEPT {
            self.evaluations.pop_front();
            self.evaluations_left = true;
        }
    }

    /// What sales gave is another customer's from now on.
    pub(super) fn give_away(&mut self, moved: Moved) {
        self.evaluations.iter_mut().for_each(|record| record.give_away(moved));
    }

    /// What went with a merge is back.
    pub(super) fn take_back(&mut self, merge: Uuid) {
        self.evaluations.iter_mut().for_each(|record| record.take_back(merge));
    }

    /// The window holds something that is not yet another's.
    pub(super) fn has_own_evaluations(&self) -> bool {
        self.evaluations.iter().any(|record| record.rare.moved.is_none())
    }

    /// Takes in an answer given under a key.
    pub(super) fn record_key(&mut self, key: Fingerprint, remembered: Remembered) {
        self.keys.push_back((key, remembered));
        if self.keys.len() > KEYS_KEPT {
            self.keys.pop_front();
            self.keys_left = true;
        }
    }
}

impl EvaluationRecord {
    /// The record after a credit, from the one before it: `earlier`, or the one that the credit itself has brought,
    /// which may be of another customer, who was merged into this one.
    ///
    /// # Panics
    /// When the amounts do not sum, which the decision has checked.
    pub fn after(earlier: Option<Self>, credited: &SaleCredited) -> Self {
        let recalled = || credited.recalled.as_deref().cloned();
        let mut record = earlier.or_else(recalled).unwrap_or_else(|| Self {
            sale: credited.sale,
            revision: 0,
            program_version: credited.program_version,
            business_time: credited.business_time,
            tiers: credited.tiers.clone(),
            joined: credited.joined.clone(),
            // In their size: a customer keeps many of these, and most are never added to.
            granted: Vec::with_capacity(credited.entries.len()),
            uses: Vec::with_capacity(credited.uses.len()),
            rare: Rare::before(credited),
        });
        record.revision = credited.revision;
        for change in credited.granted_changes() {
            let same = |known: &&mut Granted| {
                known.cause == change.cause
                    && known.account == change.account
                    && known.source == change.source
            };
            match record.granted.iter_mut().find(same) {
                Some(known) => {
                    known.points = known.points.plus(change.points).expect("what a sale gave is an amount")
                }
                None => record.granted.push(change),
            }
        }
        record.granted.retain(|granted| !granted.points.is_zero());
        for used in &credited.uses {
            match record.uses.iter_mut().find(|known| known.key == used.key && known.at == used.at) {
                Some(known) => {
                    known.times += used.times;
                    known.points =
                        known.points.plus(used.points).expect("what a sale uses of a limit is an amount");
                }
                None => record.uses.push(used.clone()),
            }
        }
        record.uses.retain(|used| used.times != 0 || !used.points.is_zero());
        record.rare.add(credited);
        record
    }

    /// What the rules wanted to give, whether a limit of the account or source let it or not.
    pub fn wanted(&self, cause: Cause, account: PointAccountId) -> Points {
        let granted = self.granted.iter().filter(|known| known.cause == cause && known.account == account);
        let forfeited =
            self.rare.forfeited.iter().filter(|known| known.cause() == cause && known.account == account);
        Points::sum(granted.map(|known| known.points).chain(forfeited.map(|known| known.points)))
            .expect("what a sale gave is an amount")
    }
}

impl EvaluationRecord {
    /// The record of a sale after an event of the customer's history, from the one before it.
    pub fn after_event(earlier: Option<Self>, sale: SaleId, event: &Event) -> Option<Self> {
        match event {
            Event::SaleCredited(credited) if credited.sale == sale => Some(Self::after(earlier, credited)),
            Event::MergedAway(merged) => earlier.map(|mut record| {
                record.give_away(merged.moved());
                record
            }),
            Event::MergedIn(merged) if merged.back => earlier.map(|mut record| {
                record.take_back(merged.merge.id);
                record
            }),
            _ => earlier,
        }
    }

    /// What the sale gave is another customer's from now on, unless it is already.
    pub(super) fn give_away(&mut self, moved: Moved) {
        if self.rare.moved.is_none() {
            self.rare.set_moved(Some(moved));
        }
    }

    /// What went with a merge is back.
    pub(super) fn take_back(&mut self, merge: Uuid) {
        if self.rare.moved.is_some_and(|moved| moved.merge == merge) {
            self.rare.set_moved(None);
        }
    }

    /// What the customer still has of a cause though it was to be taken back.
    pub fn kept(&self, cause: Cause, account: PointAccountId) -> Points {
        let kept = self.rare.waived.iter().filter(|known| known.cause == cause && known.account == account);
        Points::sum(kept.map(|known| known.points)).expect("what is waived is an amount")
    }
}

impl Award {
    /// The rule that gives it.
    pub const fn cause(&self) -> Cause {
        Cause { tree: self.tree, outcome: self.outcome }
    }
}

impl SaleCredited {
    /// What the credit changes in what the sale has given, per cause.
    pub fn granted_changes(&self) -> impl Iterator<Item = Granted> {
        let written = self.entries.iter().map(|entry| Granted {
            cause: entry.cause,
            account: entry.account,
            source: entry.source,
            points: entry.movement.change(),
        });
        let waived = self.waived.iter().map(|award| Granted {
            cause: award.cause(),
            account: award.account,
            source: award.source,
            points: award.points,
        });
        written.chain(waived)
    }
}
