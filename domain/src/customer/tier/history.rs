//! The movement history: every change of level a customer ever had (incentives.md 7.6). A fold of the whole history;
//! the state knows only the present levels.

use crate::{
    customer::{Direction, Event, TierLeft, TierMove, TierMoveCause},
    id::{TierLevelId, TierMovementId, TierSystemId},
    time::Timestamp,
};

/// One change of level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierMovement {
    /// Names it.
    pub id: TierMovementId,
    /// Of which system.
    pub system: TierSystemId,
    /// The level before; none: the system was joined.
    pub from: Option<TierLevelId>,
    /// The level after; none: the system was left.
    pub to: Option<TierLevelId>,
    /// Up or down.
    pub direction: Direction,
    /// Why.
    pub cause: TierMoveCause,
    /// What the caller gave as its reason; empty: nothing.
    pub reason: Box<str>,
    /// When it took place.
    pub at: Timestamp,
}

impl TierMovement {
    /// A move between levels.
    pub fn of(step: &TierMove, at: Timestamp) -> Self {
        Self {
            id: step.movement,
            system: step.system,
            from: step.from,
            to: Some(step.to),
            direction: step.direction,
            cause: step.cause,
            reason: step.reason.clone(),
            at,
        }
    }

    /// The leaving of a system.
    pub fn leaving(left: &TierLeft) -> Self {
        Self {
            id: left.movement,
            system: left.system,
            from: Some(left.from),
            to: None,
            direction: Direction::Down,
            cause: left.cause,
            reason: left.reason.clone(),
            at: left.at,
        }
    }
}

/// All movements in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub struct TierHistory {
    movements: Vec<TierMovement>,
}

impl TierHistory {
    /// The movements.
    pub fn movements(&self) -> &[TierMovement] {
        &self.movements
    }

    /// Folds the next event of the customer's history in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::TiersEntered { moves, at } => {
                self.movements.extend(moves.iter().map(|step| TierMovement::of(step, *at)));
            }
            Event::TierLeft(left) => self.movements.push(TierMovement::leaving(left)),
            Event::Created { .. }
            | Event::ProfileChanged { .. }
            | Event::PointsExpired { .. }
            | Event::RulesActed(_)
            | Event::EventTriggered(_)
            | Event::PointsCounted { .. }
            | Event::LotsRecalled { .. }
            | Event::LotsRedated { .. }
            | Event::PointsPosted(_)
            | Event::SaleCredited(_)
            | Event::TierReviewsSet { .. }
            | Event::TierBenefitsGiven { .. }
            | Event::TierRequestKept(_)
            | Event::DueNoted { .. }
            | Event::Forgotten(_)
            | Event::TiersDated(_)
            | Event::MergedAway(_)
            | Event::MergedIn(_)
            | Event::JobStepped(_)
            | Event::CountersSet(_)
            | Event::StateReset { .. } => {}
        }
    }
}
