//! Maintenance: whether members stay in their levels (incentives.md 8.3).

use super::{TierDraft, UserTier, scheduled, set_review};
use crate::{
    customer::{ReviewResult, ReviewSet, TierMoveCause, stop::Stop},
    id::TierSystemId,
    ledger::Draft,
    program::{DemotionMode, TierLevel, TierSystem},
    rules::Stay,
    time::Timestamp,
};

impl<'a> TierDraft<'a> {
    /// Computes the next review of every level whose maintenance is not what its review was computed by, counted from
    /// now on: a change of the settings reviews nobody for the past.
    pub(in crate::customer) fn schedule(&mut self) {
        for place in 0..self.held.len() {
            let tier = &self.held[place];
            let wanted = self.program.maintenance_of(tier.system, tier.level);
            if tier.review.as_ref().map(|review| &review.by) != wanted {
                let (system, joined) = (tier.system, tier.joined);
                let review = scheduled(self.program, (system, tier.level), joined, self.at);
                self.set_review(ReviewSet { system, review, result: ReviewResult::Scheduled });
            }
        }
    }

    /// Runs the reviews that are due at the moment of the draft.
    pub(in crate::customer) fn review_due(&mut self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let at = self.at;
        let due = |tier: &&UserTier| tier.review.is_some_and(|review| review.next == Some(at));
        let systems: Vec<_> = self.held.iter().filter(due).map(|tier| tier.system).collect();
        systems.into_iter().try_for_each(|system| self.review(system, draft))
    }

    /// Runs the stay rules of the level held in a system: who does not pass moves down. Members in their safe time, and
    /// levels that are not live, are left alone; so is a level that was joined or reviewed at this very moment.
    pub(super) fn review(&mut self, system: TierSystemId, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let program = self.program;
        let Some(tier) = self.held.iter().find(|tier| tier.system == system).cloned() else { return Ok(()) };
        let Some(system) = program.tier_system(system).filter(|system| system.live) else { return Ok(()) };
        let Some(level) = system.level(tier.level).filter(|level| level.is_live()) else { return Ok(()) };
        if tier.joined == self.at || tier.reviewed == Some(self.at) {
            return Ok(());
        }
        let safe = level.maintenance.and_then(|known| known.safe);
        let safe_until = safe.map(|safe| program.retailer().zone.later(tier.joined, safe));
        if safe_until.is_some_and(|until| until.is_none_or(|until| self.at < until)) {
            return Ok(());
        }
        let stay = self.stay(level, draft);
        if stay.holds() {
            self.set_reviewed(&tier, ReviewResult::Passed);
            return self.give_for_staying(level, &stay.passed, draft);
        }
        match self.level_below(system, level, draft) {
            Some(lower) => self.step(system, lower, TierMoveCause::Maintenance, "", draft),
            None => self.set_reviewed(&tier, ReviewResult::Failed),
        }
        Ok(())
    }

    /// Where a failed review leads; nothing when there is no live level below.
    fn level_below<'s>(
        &self,
        system: &'s TierSystem,
        level: &TierLevel,
        draft: &Draft<'_>,
    ) -> Option<&'s TierLevel> {
        let mut below = system.live_levels_below(level.rank);
        match self.program.retailer().switches.demotion_mode {
            DemotionMode::OneLevel => below.next(),
            DemotionMode::ToQualified => {
                let lowest = system.live_levels_below(level.rank).last();
                below.find(|level| self.stay(level, draft).holds()).or(lowest)
            }
        }
    }

    fn stay(&self, level: &TierLevel, draft: &Draft<'_>) -> Stay<'a> {
        self.standing(draft, |standing| self.program.stay(level.id, standing, self.at))
    }

    fn set_reviewed(&mut self, tier: &UserTier, result: ReviewResult) {
        let at: Timestamp = self.at;
        let review = scheduled(self.program, (tier.system, tier.level), tier.joined, at);
        self.set_review(ReviewSet { system: tier.system, review, result });
    }

    fn set_review(&mut self, set: ReviewSet) {
        set_review(self.held.to_mut(), &set, self.at);
        self.reviews.push(set);
    }
}
