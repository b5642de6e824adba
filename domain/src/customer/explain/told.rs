//! What a row or a change of level is told to be.

use crate::{
    customer::{About, Cause, Event, OutcomeResult, PointsPosted, TierMoveCause, TierMovement, Transfer},
    ledger::{Movement, ReceivedBy, TakenFor},
    program::{
        Program,
        tree::{ActionRule, Effect},
    },
};

/// What a posting did with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostedAs {
    /// Points were deposited.
    Deposit,
    /// Points were spent, or overdrawn.
    Spend,
    /// Points were taken back on request.
    Return,
    /// Points went from one account of the customer to another.
    Move,
    /// Points went to another customer.
    Sent,
    /// Points came from another customer.
    Received,
    /// Points that another customer could not take in came back.
    SentBack,
    /// A row was corrected.
    Correction,
    /// A deposit or spend was undone.
    Reversal,
    /// Points were to run out at once, or rolled over.
    Expiry,
    /// Points were brought along from another system.
    Migration,
}

impl PostedAs {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Spend => "spend",
            Self::Return => "return",
            Self::Move => "transfer",
            Self::Sent => "transfer_to_customer",
            Self::Received => "transfer_from_customer",
            Self::SentBack => "transfer_returned",
            Self::Correction => "modify",
            Self::Reversal => "reversal",
            Self::Expiry => "expire",
            Self::Migration => "migration",
        }
    }

    /// What the row of a movement is.
    pub fn of(posted: &PointsPosted, movement: &Movement) -> Self {
        match (&posted.about, movement) {
            (About::Correction(_), _) => Self::Correction,
            (About::Received { .. }, _) => Self::Received,
            (About::Reversal(_), _) => {
                let back = posted.keys.iter().zip(&posted.details);
                let mut back =
                    back.map(|((key, _), detail)| *key == Transfer::returned_key(detail.tracking_id));
                if back.any(|back| back) { Self::SentBack } else { Self::Reversal }
            }
            (About::Nothing, Movement::Taken { reason: TakenFor::Transfer, .. }) => {
                let came = |other: &Movement| matches!(other, Movement::Received { .. });
                if posted.movements.iter().any(came) { Self::Move } else { Self::Sent }
            }
            (About::Nothing, Movement::Received { by: ReceivedBy::Transfer, .. }) => Self::Move,
            (About::Nothing, Movement::Received { by: ReceivedBy::Migration, .. }) => Self::Migration,
            (
                About::Nothing,
                Movement::Expired { .. } | Movement::Received { by: ReceivedBy::Rollover, .. },
            ) => Self::Expiry,
            (
                About::Nothing,
                Movement::Taken { reason: TakenFor::Return, .. }
                | Movement::Overdrawn { reason: TakenFor::Return, .. }
                | Movement::Restored { .. },
            ) => Self::Return,
            (About::Nothing, Movement::Taken { .. } | Movement::Overdrawn { .. }) => Self::Spend,
            (About::Nothing, Movement::Earned { .. }) => Self::Deposit,
        }
    }
}

impl TierMovement {
    /// The outcome that led to it, if a rule did, among the events of its record.
    pub fn moved_by(&self, events: &[Event], program: &Program) -> Option<Cause> {
        if self.cause != TierMoveCause::Rule {
            return None;
        }
        let moves = |cause: &Cause| {
            let outcomes = program.tree(cause.tree).map_or(&[][..], |tree| tree.outcomes());
            match outcomes.iter().find(|known| known.id == cause.outcome).map(|known| &known.effect) {
                Some(Effect::Action(ActionRule::Move { system, .. } | ActionRule::Leave(system))) => {
                    *system == self.system
                }
                Some(Effect::Action(_) | Effect::Points { .. } | Effect::Multiplier { .. }) | None => false,
            }
        };
        events.iter().flat_map(done).find(moves)
    }
}

/// The outcomes without points that were carried out.
fn done(event: &Event) -> Vec<Cause> {
    match event {
        Event::SaleCredited(credited) => credited.acted.clone(),
        Event::EventTriggered(triggered) => {
            let done = |result: &&OutcomeResult| result.given.is_none() && result.refused.is_none();
            let cause = |result: &OutcomeResult| Cause { tree: result.tree, outcome: result.outcome };
            triggered.answer.outcomes.iter().filter(done).map(cause).collect()
        }
        Event::TierBenefitsGiven { benefits, .. } => {
            benefits.iter().flat_map(|benefit| benefit.done.iter().copied()).collect()
        }
        _ => Vec::new(),
    }
}
