//! Which levels a customer holds (incentives.md section 8): how they are entered, reviewed, changed by hand and left.
//!
//! [`Tiers`] is the state. A `TierDraft` collects the movements of one decision over an unchanged state, as a ledger's
//! draft does for points.

mod benefit;
mod draft;
mod history;
mod merge;
mod request;
mod review;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Fingerprint, JoiningUse, ReviewSet, TierDated, TierLeft, TierMove, TierMoveCause};
use crate::{
    id::{TierLevelId, TierSystemId, UserTierId},
    program::{Maintenance, Program},
    time::Timestamp,
};

pub(super) use draft::TierDraft;
pub use history::{TierHistory, TierMovement};
pub(super) use request::decide;
pub use request::{MaintenanceRun, Placement, TierCommand, TierError, TiersDecided};

/// How many requests are remembered under their idempotency ids. A retry mostly follows within seconds.
const REQUESTS_KEPT: usize = 8;

/// A customer's level in one tier system (incentives.md 2.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTier {
    /// Names the membership; the same for all levels of the system.
    pub id: UserTierId,
    /// Which system.
    pub system: TierSystemId,
    /// The level held.
    pub level: TierLevelId,
    /// When the present level was joined.
    pub joined: Timestamp,
    /// When the stay rules of the present level were last looked at.
    pub reviewed: Option<Timestamp>,
    /// How it came to the present level.
    pub cause: TierMoveCause,
    /// When the stay rules run next; none: the level had no maintenance when this was last looked at.
    pub review: Option<Review>,
}

/// When the stay rules of a level run next for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// When; none: never, the safe time has no end.
    pub next: Option<Timestamp>,
    /// The settings it was computed by. With others in force it is computed anew, from then on.
    pub by: Maintenance,
}

impl UserTier {
    /// When the stay rules run next under this program: what `next_maintenance_eval_date` shows (incentives.md 2.7).
    /// Also there for a level that nobody can fall from, as on the platform.
    pub fn next_review(&self, program: &Program, now: Timestamp) -> Option<Timestamp> {
        let level = program.tier_system(self.system).and_then(|system| system.level(self.level))?;
        let maintenance = level.maintenance.as_ref()?;
        match self.review.filter(|review| review.by == *maintenance) {
            Some(review) => review.next,
            None => maintenance.next(self.joined, now, &program.retailer().zone),
        }
    }
}

/// The review of a level for a member who joined at `joined` and has none to come before `after`.
fn scheduled(
    program: &Program,
    (system, level): (TierSystemId, TierLevelId),
    joined: Timestamp,
    after: Timestamp,
) -> Option<Review> {
    let by = *program.maintenance_of(system, level)?;
    Some(Review { next: by.next(joined, after, &program.retailer().zone), by })
}

/// Everything about tiers that a customer's state holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiers {
    held: Vec<UserTier>,
    /// Systems the customer was taken out of; it does not join them again by itself.
    left: Vec<TierSystemId>,
    /// Joining benefits that still count against a cap.
    joining: Vec<JoiningUse>,
    requests: VecDeque<TierRequestKept>,
}

/// The answer to a request under an idempotency id, for repeats of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierRequestKept {
    /// Under which idempotency id it was asked for.
    pub key: Fingerprint,
    /// What was asked; another body under the same key is a conflict.
    pub body: Fingerprint,
    /// The movements, when they took place.
    pub moves: Vec<TierMove>,
    /// When.
    pub at: Timestamp,
}

impl Tiers {
    /// The levels held.
    pub fn held(&self) -> &[UserTier] {
        &self.held
    }

    /// The level held in a system.
    pub fn of(&self, system: TierSystemId) -> Option<&UserTier> {
        self.held.iter().find(|tier| tier.system == system)
    }

    /// When the next review is due.
    pub(super) fn next_review(&self) -> Option<Timestamp> {
        self.held.iter().filter_map(|tier| tier.review?.next).min()
    }

    /// Some level's maintenance is not what its next review was computed by.
    pub(super) fn are_unscheduled(&self, program: &Program) -> bool {
        self.held.iter().any(|tier| {
            tier.review.as_ref().map(|review| &review.by) != program.maintenance_of(tier.system, tier.level)
        })
    }

    pub(super) fn request(&self, key: Fingerprint) -> Option<&TierRequestKept> {
        self.requests.iter().find(|known| known.key == key)
    }

    pub(super) fn enter(&mut self, moves: &[TierMove], at: Timestamp) {
        for step in moves {
            enter(&mut self.held, step, at);
            self.left.retain(|system| *system != step.system);
        }
    }

    pub(super) fn leave(&mut self, left: &TierLeft) {
        self.held.retain(|tier| tier.system != left.system);
        if !self.left.contains(&left.system) {
            self.left.push(left.system);
        }
    }

    pub(super) fn set_reviews(&mut self, reviews: &[ReviewSet], at: Timestamp) {
        reviews.iter().for_each(|set| set_review(&mut self.held, set, at));
    }

    pub(super) fn record_joining(&mut self, used: &JoiningUse) {
        self.joining.retain(|known| known.until.is_none_or(|until| until > used.at));
        match self.joining.iter_mut().find(|known| known.level == used.level && used.until.is_none()) {
            Some(known) => known.times = known.times.saturating_add(used.times),
            None => self.joining.push(used.clone()),
        }
    }

    /// The joining benefits that still counted when the last one was given.
    pub(super) fn joining(&self) -> &[JoiningUse] {
        &self.joining
    }

    pub(super) fn forget_joining(&mut self) {
        self.joining.clear();
    }

    /// The benefits of another customer count as well.
    pub(super) fn add_joining(&mut self, others: &[JoiningUse]) {
        for other in others {
            match self.joining.iter_mut().find(|known| known.level == other.level && other.until.is_none()) {
                Some(known) if known.until.is_none() => known.times = known.times.saturating_add(other.times),
                _ => self.joining.push(other.clone()),
            }
        }
    }

    pub(super) fn set_dates(&mut self, dated: &[TierDated]) {
        for dates in dated {
            if let Some(tier) = self.held.iter_mut().find(|tier| tier.system == dates.system) {
                (tier.joined, tier.reviewed) = (dates.joined, dates.reviewed);
            }
        }
    }

    pub(super) fn record_request(&mut self, kept: TierRequestKept) {
        self.requests.push_back(kept);
        if self.requests.len() > REQUESTS_KEPT {
            self.requests.pop_front();
        }
    }
}

fn enter(held: &mut Vec<UserTier>, step: &TierMove, at: Timestamp) {
    let tier = UserTier {
        id: step.id,
        system: step.system,
        level: step.to,
        joined: at,
        reviewed: None,
        cause: step.cause,
        review: step.review,
    };
    match held.iter_mut().find(|known| known.system == step.system) {
        Some(known) => *known = tier,
        None => held.push(tier),
    }
}

fn set_review(held: &mut [UserTier], set: &ReviewSet, at: Timestamp) {
    if let Some(tier) = held.iter_mut().find(|tier| tier.system == set.system) {
        tier.review = set.review;
        if set.is_review() {
            tier.reviewed = Some(at);
        }
    }
}
