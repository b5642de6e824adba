//! The movements of one decision, collected over an unchanged state.

use std::{borrow::Cow, cell::OnceCell};

use super::{Tiers, UserTier, enter, scheduled};
use crate::{
    customer::{
        Customer, Direction, Event, ReviewSet, TierBenefit, TierLeft, TierMove, TierMoveCause,
        standpoint::Standpoint, stop::Stop,
    },
    id::{TierLevelId, TierMovementId, TierSystemId, UserTierId},
    ledger::Draft,
    program::{Program, TierLevel, TierSystem, tree::Triggers},
    rules::{Counters, LimitUse, Standing},
    time::Timestamp,
};

/// How often joining benefits may lead to a still higher level within one decision (incentives.md 1.6).
pub(super) const CASCADE_MAX: usize = 5;

/// The levels held, with the movements of a decision on top.
pub(in crate::customer) struct TierDraft<'a> {
    pub(super) customer: &'a Customer,
    pub(super) tiers: &'a Tiers,
    pub(super) program: &'a Program,
    /// When what is decided takes place.
    pub(super) at: Timestamp,
    pub(super) held: Cow<'a, [UserTier]>,
    pub(super) moves: Vec<TierMove>,
    pub(super) reviews: Vec<ReviewSet>,
    pub(super) benefits: Vec<TierBenefit>,
    left: Vec<TierLeft>,
    /// What its benefits have used of limits.
    pub(super) uses: Vec<LimitUse>,
    /// How many benefits have led to each other so far.
    pub(super) giving: usize,
    /// What nodes have counted with the decision on top; none: nothing more than before.
    counters: Option<Counters>,
    /// Who it is in the eyes of rules, made when a rule looks.
    standpoint: OnceCell<Standpoint<'a>>,
}

impl<'a> TierDraft<'a> {
    /// Nothing on top yet.
    pub(in crate::customer) fn new(customer: &'a Customer, program: &'a Program, at: Timestamp) -> Self {
        let tiers = &customer.tiers;
        Self {
            customer,
            tiers,
            program,
            at,
            held: Cow::Borrowed(&tiers.held),
            moves: Vec::new(),
            reviews: Vec::new(),
            benefits: Vec::new(),
            left: Vec::new(),
            uses: Vec::new(),
            giving: 0,
            counters: None,
            standpoint: OnceCell::new(),
        }
    }

    /// What nodes have counted with the decision on top, if it added anything.
    pub(in crate::customer) fn count(&mut self, counters: Option<Counters>) {
        self.counters = counters;
    }

    /// The retailer wants returns to take back the levels they led to.
    pub(in crate::customer) fn demotes_on_return(&self) -> bool {
        self.program.retailer().switches.demote_on_return
    }

    /// Shows what rules see of the customer: with the balances of the draft and all counts, and otherwise as before the
    /// decision.
    pub(super) fn standing<R>(&self, draft: &Draft<'_>, look: impl FnOnce(&Standing<'_>) -> R) -> R {
        let standpoint = self.standpoint.get_or_init(|| Standpoint::now(self.customer, self.at));
        let balance = |account| draft.available(account);
        let lifetime = |account| draft.lifetime(account);
        let used = (!self.uses.is_empty()).then(|| {
            let mut usage = self.customer.usage.clone();
            // What does not sum is far above every limit, and was counted once already.
            let _ = self.uses.iter().try_for_each(|used| usage.record(used));
            usage
        });
        look(&Standing {
            lifetime: &lifetime,
            counters: self.counters.as_ref().unwrap_or(&self.customer.rule_state.counters),
            person: standpoint,
            ..Standing::anonymous(&standpoint.tiers, &balance, used.as_ref().unwrap_or(&self.customer.usage))
        })
    }

    /// Moves to a level because of a rule.
    pub(in crate::customer) fn move_by_rule(
        &mut self,
        system: &TierSystem,
        level: &TierLevel,
        draft: &mut Draft<'_>,
    ) {
        self.step(system, level, TierMoveCause::Rule, "", draft);
    }

    /// Gives what joining a level gives, after a rule has moved the customer there.
    pub(in crate::customer) fn give_for_rule(
        &mut self,
        (system, level): (TierSystemId, TierLevelId),
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        let level = self.program.tier_system(system).and_then(|system| system.level(level));
        level.map_or(Ok(()), |level| self.give_for_joining(level, Triggers::ALL, self.at, draft))
    }

    /// Leaves a system because of a rule; says whether the customer was in it.
    pub(in crate::customer) fn leave_by_rule(&mut self, system: TierSystemId, draft: &mut Draft<'_>) -> bool {
        let Some(level) = self.level_in(system) else { return false };
        self.held.to_mut().retain(|tier| tier.system != system);
        // Whoever joined by this very decision was never there.
        self.moves.retain(|step| step.system != system);
        self.reviews.retain(|set| set.system != system);
        if self.tiers.of(system).is_some() {
            self.left.push(TierLeft {
                movement: TierMovementId(draft.next_id()),
                system,
                from: level,
                cause: TierMoveCause::Rule,
                reason: "".into(),
                at: self.at,
            });
        }
        true
    }

    /// The level held in a system, with the movements so far.
    pub(in crate::customer) fn level_in(&self, system: TierSystemId) -> Option<TierLevelId> {
        self.held.iter().find(|tier| tier.system == system).map(|tier| tier.level)
    }

    /// Adds what has been collected to the events of the decision, which is written down at `written`.
    pub(in crate::customer) fn write(self, written: Timestamp, events: &mut Vec<Event>) {
        let at = self.at;
        events.extend(self.left.into_iter().map(|left| Event::TierLeft(Box::new(left))));
        if !self.moves.is_empty() {
            events.push(Event::TiersEntered { moves: self.moves, at });
        }
        if !self.reviews.is_empty() {
            events.push(Event::TierReviewsSet { reviews: self.reviews, at });
        }
        if !self.benefits.is_empty() {
            events.push(Event::TierBenefitsGiven { benefits: self.benefits, at, written });
        }
    }

    /// Joins the level of rank 0 of every live system the customer is not in and has not left (incentives.md 8.1).
    pub(in crate::customer) fn enrol(&mut self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let program = self.program;
        for system in program.tier_systems().iter().filter(|system| system.live) {
            let known = self.held.iter().any(|tier| tier.system == system.id);
            let left = self.left.iter().any(|left| left.system == system.id);
            if known || left || self.tiers.left.contains(&system.id) {
                continue;
            }
            if let Some(lowest) = system.levels.first().filter(|level| level.rank == 0 && level.is_live()) {
                self.step(system, lowest, TierMoveCause::Enrolled, "", draft);
                self.give_for_joining(lowest, Triggers::ALL, self.at, draft)?;
            }
        }
        Ok(())
    }

    /// Enrols, then rises to the highest level whose entrance rules pass with the balances of the draft (incentives.md
    /// 8.2). Levels may be skipped. What joining gives may lead higher still. The rules' dates are looked at for
    /// `rules_at`.
    pub(in crate::customer) fn qualify(
        &mut self,
        happened: Triggers,
        rules_at: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        self.enrol(draft)?;
        let mut happened = happened;
        for _ in 0..CASCADE_MAX {
            let before = draft.movements().len();
            self.rise(happened, rules_at, draft)?;
            if draft.movements().len() == before {
                break;
            }
            happened = Triggers { purchase: false, points_earned: true, custom_event: false };
        }
        Ok(())
    }

    fn rise(&mut self, happened: Triggers, rules_at: Timestamp, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let program = self.program;
        for place in 0..self.held.len() {
            // What a level gives may take out of systems.
            let Some(tier) = self.held.get(place) else { break };
            let (system, level) = (tier.system, tier.level);
            let Some(system) = program.tier_system(system).filter(|system| system.live) else { continue };
            let Some(rank) = system.level(level).map(|level| level.rank) else { continue };
            let highest = {
                let passes = |level: &&TierLevel| self.may_enter(level.id, happened, rules_at, draft);
                system.live_levels_above(rank).filter(passes).last()
            };
            let Some(highest) = highest else { continue };
            self.step(system, highest, TierMoveCause::Qualifying, "", draft);
            if program.retailer().switches.grant_intermediate_levels {
                self.give_for_skipped(system, rank, highest, (happened, rules_at), draft)?;
            }
            self.give_for_joining(highest, happened, rules_at, draft)?;
        }
        Ok(())
    }

    /// What joining the levels between a rank and a level would have given.
    pub(super) fn give_for_skipped(
        &mut self,
        system: &TierSystem,
        rank: u32,
        reached: &TierLevel,
        (happened, rules_at): (Triggers, Timestamp),
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        for skipped in system.live_levels_above(rank).take_while(|level| level.rank < reached.rank) {
            self.give_for_joining(skipped, happened, rules_at, draft)?;
        }
        Ok(())
    }

    /// Takes back a rise that a purchase had led to and that no longer holds after its return (`demote_on_return`,
    /// incentives.md 9.2): down to the highest level whose entrance rules pass, not below the level held `before` the
    /// purchase. Levels come to by hand, or kept at a review, stay.
    pub(in crate::customer) fn undo_rise(
        &mut self,
        before: &[(TierSystemId, TierLevelId)],
        rules_at: Timestamp,
        draft: &mut Draft<'_>,
    ) {
        let program = self.program;
        for &(system, held_before) in before {
            let Some(tier) = self.held.iter().find(|tier| tier.system == system) else { continue };
            let Some(system) = program.tier_system(system).filter(|system| system.live) else { continue };
            let ranks = system.level(tier.level).zip(system.level(held_before));
            let Some((present, floor)) = ranks else { continue };
            let risen = tier.cause == TierMoveCause::Qualifying && present.rank > floor.rank;
            if !risen || self.may_enter(present.id, Triggers::ALL, rules_at, draft) {
                continue;
            }
            let lower = system.live_levels_below(present.rank).find(|level| {
                level.rank <= floor.rank || self.may_enter(level.id, Triggers::ALL, rules_at, draft)
            });
            if let Some(lower) = lower {
                self.step(system, lower, TierMoveCause::Qualifying, "", draft);
            }
        }
    }

    fn may_enter(
        &self,
        level: TierLevelId,
        happened: Triggers,
        rules_at: Timestamp,
        draft: &Draft<'_>,
    ) -> bool {
        self.standing(draft, |standing| self.program.entrance_passes(level, happened, standing, rules_at))
    }

    /// Moves to a level of a system, joining the system if need be.
    pub(super) fn step(
        &mut self,
        system: &TierSystem,
        to: &TierLevel,
        cause: TierMoveCause,
        reason: &str,
        draft: &mut Draft<'_>,
    ) {
        let present = self.held.iter().find(|tier| tier.system == system.id);
        let from = present.map(|tier| tier.level);
        let id = present.map(|tier| tier.id);
        let down = from.and_then(|from| system.level(from)).is_some_and(|from| from.rank > to.rank);
        let step = TierMove {
            id: id.unwrap_or_else(|| UserTierId(draft.next_id())),
            movement: TierMovementId(draft.next_id()),
            system: system.id,
            from,
            to: to.id,
            direction: if down { Direction::Down } else { Direction::Up },
            cause,
            reason: reason.into(),
            review: scheduled(self.program, (system.id, to.id), self.at, self.at),
        };
        enter(self.held.to_mut(), &step, self.at);
        // The level that was reviewed is held no more.
        self.reviews.retain(|set| set.system != system.id);
        self.moves.push(step);
    }
}
