//! The events that the platform raises about what a decision did: points that were issued, spent or ran out, and
//! levels that were changed (incentives.md 1.6).
//!
//! Where the API file leaves room, this holds:
//! * One event for each row of the ledger and for each movement between levels, so that its context can name the
//!   account, the source, the levels.
//! * What a return takes back, what is moved between accounts, reversed or corrected raises nothing. Neither does the
//!   level that every customer begins with, nor leaving a system, nor what a merge moves.
//! * Context: `point_account_id`, `points`, `point_audit_log_id`, of points that were issued `point_source_id` too;
//!   `tier_system_id`, `from_tier_level_id` (unless it was the first), `to_tier_level_id`, `cause`. Ids in lower case.

use super::{Cause, Direction, Entry, Event, PointsPosted, TierBenefit, TierMove, TierMoveCause};
use crate::{
    amount::Points,
    id::{LedgerRowId, OutcomeId, PointAccountId, RuleTreeId},
    ledger::{Movement, TakenFor},
    program::event::{Followed, PlatformEvent},
    time::Timestamp,
};

/// An event of the platform, or one that a level publishes, that is to start trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raised {
    /// Which, upper case.
    pub(super) lookup: Box<str>,
    /// When what it is about happened.
    pub(super) occurred: Timestamp,
    /// A flat JSON object.
    pub(super) context: Option<Box<str>>,
    /// The till's id of the sale it is about; empty: none.
    pub(super) transaction_id: Box<str>,
    /// How many events led to it, itself included.
    pub(super) depth: u8,
}

/// How deep in a cascade of events rules gave what they gave.
#[derive(Debug, Clone, Default)]
pub(super) struct Depths {
    /// How deep the trigger was: 0 unless the platform raised it.
    trigger: u8,
    /// Outcomes of the events that followed from it.
    deeper: Vec<(RuleTreeId, OutcomeId, u8)>,
}

impl Depths {
    pub(super) fn new(trigger: u8, deeper: Vec<(RuleTreeId, OutcomeId, u8)>) -> Self {
        Self { trigger, deeper }
    }

    fn of(&self, cause: Cause) -> u8 {
        let same =
            self.deeper.iter().filter(|(tree, outcome, _)| (*tree, *outcome) == (cause.tree, cause.outcome));
        same.map(|(.., depth)| *depth).max().unwrap_or(self.trigger)
    }

    fn deepest(&self) -> u8 {
        self.deeper.iter().map(|(.., depth)| *depth).max().unwrap_or(self.trigger)
    }
}

/// What these events, which were decided together, raise, in their order.
pub(super) fn raised_by(events: &[Event], depths: &Depths, followed: Followed) -> Vec<Raised> {
    let mut raising = Raising { depths, followed, raised: Vec::new() };
    events.iter().for_each(|event| raising.look_at(event));
    raising.raised
}

struct Raising<'a> {
    depths: &'a Depths,
    followed: Followed,
    raised: Vec<Raised>,
}

impl Raising<'_> {
    fn look_at(&mut self, event: &Event) {
        match event {
            Event::PointsPosted(posted) => self.posted(posted),
            Event::SaleCredited(credited) => self.entries(&credited.entries, &credited.transaction_id),
            Event::EventTriggered(triggered) => self.entries(&triggered.entries, &triggered.transaction_id),
            Event::RulesActed(acted) => {
                for (cause, movement) in &acted.movements {
                    self.movement(movement, &acted.transaction_id, self.depths.of(*cause));
                }
            }
            Event::TierBenefitsGiven { benefits, at, .. } => {
                benefits.iter().for_each(|benefit| self.benefit(benefit, *at));
            }
            Event::PointsExpired { movements, .. } => {
                movements.iter().for_each(|movement| self.movement(movement, "", self.depths.trigger));
            }
            Event::TiersEntered { moves, at } => moves.iter().for_each(|step| self.step(step, *at)),
            Event::Created { .. }
            | Event::ProfileChanged { .. }
            | Event::LotsRecalled { .. }
            | Event::LotsRedated { .. }
            | Event::TierReviewsSet { .. }
            | Event::TierLeft(_)
            | Event::TierRequestKept(_)
            | Event::DueNoted { .. }
            | Event::TiersDated(_)
            | Event::MergedAway(_)
            | Event::MergedIn(_)
            | Event::JobStepped(_)
            | Event::Forgotten(_)
            | Event::CountersSet(_)
            | Event::StateReset { .. }
            | Event::PointsCounted { .. } => {}
        }
    }

    fn entries(&mut self, entries: &[Entry], transaction_id: &str) {
        for entry in entries {
            self.movement(&entry.movement, transaction_id, self.depths.of(entry.cause));
        }
    }

    /// A posting that is not published says nothing of what it gives and takes; points that it lets run out are gone
    /// all the same.
    fn posted(&mut self, posted: &PointsPosted) {
        let mut movements = posted.movements.iter();
        for (detail, rows) in posted.details.iter().zip(&posted.rows) {
            for movement in movements.by_ref().take(usize::from(*rows)) {
                if posted.published || matches!(movement, Movement::Expired { .. }) {
                    self.movement(movement, &detail.transaction_id, self.depths.trigger);
                }
            }
        }
    }

    fn benefit(&mut self, benefit: &TierBenefit, at: Timestamp) {
        benefit.movements().for_each(|movement| self.movement(movement, "", self.depths.trigger));
        self.raised.extend(benefit.published.iter().map(|published| Raised {
            lookup: published.lookup.clone(),
            occurred: at,
            context: published.context.clone(),
            transaction_id: "".into(),
            depth: self.depths.trigger + 1,
        }));
    }

    fn movement(&mut self, movement: &Movement, transaction_id: &str, depth: u8) {
        let (event, source) = match movement {
            Movement::Earned { source, .. } => (PlatformEvent::EarnPoints, Some(*source)),
            Movement::Taken { reason: TakenFor::Spend, .. }
            | Movement::Overdrawn { reason: TakenFor::Spend, .. } => (PlatformEvent::SpendPoints, None),
            Movement::Expired { into: None, .. } => (PlatformEvent::ExpirePoints, None),
            Movement::Taken {
                reason: TakenFor::Return | TakenFor::Transfer | TakenFor::Correction, ..
            }
            | Movement::Overdrawn {
                reason: TakenFor::Return | TakenFor::Transfer | TakenFor::Correction,
                ..
            }
            | Movement::Expired { into: Some(_), .. }
            | Movement::Received { .. }
            | Movement::Restored { .. } => return,
        };
        if self.followed.has(event) {
            let source = source.map_or(String::new(), |source| format!(r#","point_source_id":"{source}""#));
            let (account, points, row) = (movement.account(), movement.points(), movement.row());
            self.raise(
                event,
                movement.occurred(),
                points_context(account, points, row, &source),
                transaction_id,
                depth,
            );
        }
    }

    fn step(&mut self, step: &TierMove, at: Timestamp) {
        let event = match (step.cause, step.direction) {
            (TierMoveCause::Enrolled | TierMoveCause::Merged, _) => return,
            (_, Direction::Up) => PlatformEvent::TierPromoted,
            (_, Direction::Down) => PlatformEvent::TierDemoted,
        };
        if !self.followed.has(event) {
            return;
        }
        let depth =
            if step.cause == TierMoveCause::Rule { self.depths.deepest() } else { self.depths.trigger };
        let from = step.from.map_or(String::new(), |from| format!(r#""from_tier_level_id":"{from}","#));
        let (system, to, cause) = (step.system, step.to, step.cause.as_str());
        let context =
            format!(r#"{{"tier_system_id":"{system}",{from}"to_tier_level_id":"{to}","cause":"{cause}"}}"#);
        self.raise(event, at, context, "", depth);
    }

    fn raise(
        &mut self,
        event: PlatformEvent,
        occurred: Timestamp,
        context: String,
        transaction_id: &str,
        led_to_by: u8,
    ) {
        let (context, transaction_id, depth) = (Some(context.into()), transaction_id.into(), led_to_by + 1);
        let lookup = event.lookup().into();
        self.raised.push(Raised { lookup, occurred, context, transaction_id, depth });
    }
}

fn points_context(account: PointAccountId, points: Points, row: LedgerRowId, source: &str) -> String {
    format!(r#"{{"point_account_id":"{account}","points":{points},"point_audit_log_id":"{row}"{source}}}"#)
}
