//! The levels of two customers of whom one is merged into the other (incentives.md 7.9): the higher one wins.

use super::{TierDraft, UserTier, enter};
use crate::{
    customer::{TierDated, TierMoveCause},
    ledger::Draft,
};

impl TierDraft<'_> {
    /// Goes back to the level that everybody begins with, of every live system.
    pub(in crate::customer) fn give_away(&mut self, draft: &mut Draft<'_>) {
        let program = self.program;
        for tier in self.held.to_vec() {
            let Some(system) = program.tier_system(tier.system).filter(|system| system.live) else {
                continue;
            };
            let Some(level) = system.level(tier.level) else { continue };
            if let Some(lowest) = system.live_levels_below(level.rank).last() {
                self.step(system, lowest, TierMoveCause::Merged, "", draft);
            }
        }
    }

    /// Moves to the levels of another customer that are higher than those held, and says since when they are held.
    /// Nothing is given for it. Nobody enters a level or a system that is not live: in the place of such a level comes
    /// the next one below it.
    pub(in crate::customer) fn take_over(
        &mut self,
        theirs: &[UserTier],
        draft: &mut Draft<'_>,
    ) -> Vec<TierDated> {
        let program = self.program;
        let mut dated = Vec::new();
        for tier in theirs {
            let Some(system) = program.tier_system(tier.system).filter(|system| system.live) else {
                continue;
            };
            let Some(held) = system.level(tier.level) else { continue };
            let below = || system.live_levels_below(held.rank).next();
            let Some(level) = held.is_live().then_some(held).or_else(below) else { continue };
            let mine = self.level_in(tier.system).and_then(|mine| system.level(mine));
            if mine.is_some_and(|mine| mine.rank >= level.rank) {
                continue;
            }
            self.step(system, level, TierMoveCause::Merged, "", draft);
            if level.id != tier.level {
                continue;
            }
            let at = self.at;
            if let Some(step) = self.moves.last_mut() {
                step.review = tier.review;
                enter(self.held.to_mut(), step, at);
            }
            dated.push(TierDated { system: tier.system, joined: tier.joined, reviewed: tier.reviewed });
        }
        dated
    }
}
