//! What joining a level and staying in it give (incentives.md 8.3, 8.4).

use super::TierDraft;
use crate::{
    amount::{AmountError, Points},
    customer::{BenefitKind, Cause, Entry, JoiningUse, TierBenefit},
    id::{OutcomeId, PointAccountId, PointSourceId},
    ledger::{Draft, Earning},
    program::{
        JoiningCap, RuleTree, TierLevel,
        tree::{AwardRule, Effect, Triggers},
    },
    rules::{RefusalReason, Refused},
    time::{Span, Timestamp, Unit},
};

/// Points of one outcome for one account.
#[derive(Clone, Copy)]
struct Gift {
    cause: Cause,
    source: PointSourceId,
    account: PointAccountId,
    points: Points,
}

impl TierDraft<'_> {
    /// Gives what joining a level gives: the outcomes of its entrance trees that pass. Of a level that is entered
    /// without passing (skipped, or by hand), those of the first tree in force.
    pub(super) fn give_for_joining(
        &mut self,
        level: &TierLevel,
        happened: Triggers,
        rules_at: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<(), AmountError> {
        let program = self.program;
        let mut trees = self
            .standing(draft, |standing| program.passing_entrances(level.id, happened, standing, rules_at));
        if trees.is_empty() {
            trees.extend(program.entrances_in_force(level.id, rules_at).next());
        }
        trees.retain(|tree| !tree.outcomes().is_empty());
        if trees.is_empty() {
            return Ok(());
        }
        let mut benefit = TierBenefit {
            level: level.id,
            kind: BenefitKind::Joining,
            entries: Vec::new(),
            refused: Vec::new(),
            used: None,
        };
        match level.joining_cap.map(|cap| self.joining_use(level, cap)) {
            Some(None) => {
                let outcomes = trees.iter().flat_map(|tree| {
                    tree.outcomes().iter().map(|outcome| Refused {
                        tree: tree.id,
                        outcome: outcome.id,
                        reason: RefusalReason::FrequencyLimit,
                    })
                });
                benefit.refused = outcomes.collect();
            }
            Some(used @ Some(_)) => {
                benefit.used = used;
                self.give(&trees, &mut benefit, draft)?;
            }
            None => self.give(&trees, &mut benefit, draft)?,
        }
        self.benefits.push(benefit);
        Ok(())
    }

    /// Gives what staying in a level gives: the outcomes of its stay trees that pass.
    pub(super) fn give_for_staying(
        &mut self,
        level: &TierLevel,
        trees: &[&RuleTree],
        draft: &mut Draft<'_>,
    ) -> Result<(), AmountError> {
        if trees.iter().all(|tree| tree.outcomes().is_empty()) {
            return Ok(());
        }
        let mut benefit = TierBenefit {
            level: level.id,
            kind: BenefitKind::Staying,
            entries: Vec::new(),
            refused: Vec::new(),
            used: None,
        };
        self.give(trees, &mut benefit, draft)?;
        self.benefits.push(benefit);
        Ok(())
    }

    /// The use of a joining cap; nothing when it is used up.
    fn joining_use(&self, level: &TierLevel, cap: JoiningCap) -> Option<JoiningUse> {
        let (zone, window) = (&self.program.retailer().zone, Span { value: 1, unit: cap.per });
        let since = zone.earlier(self.at, window);
        let counts = |known: &&JoiningUse| {
            known.level == level.id
                && (cap.per == Unit::Forever || since.is_none_or(|since| known.at > since))
        };
        let times: u64 = self.tiers.joining.iter().filter(counts).map(|known| u64::from(known.times)).sum();
        (times < u64::from(cap.times)).then(|| JoiningUse {
            level: level.id,
            at: self.at,
            until: zone.later(self.at, window),
            times: 1,
        })
    }

    fn give(
        &self,
        trees: &[&RuleTree],
        benefit: &mut TierBenefit,
        draft: &mut Draft<'_>,
    ) -> Result<(), AmountError> {
        for tree in trees {
            for outcome in tree.outcomes() {
                let (source, accounts, points) = match &outcome.effect {
                    Effect::Points { source, accounts, award: AwardRule::Fixed(points) } => {
                        (*source, accounts, *points)
                    }
                    // The compiler keeps these out of trees that look at no purchase.
                    Effect::Points { award: AwardRule::PerAmount(_) | AwardRule::PerQuantity(_), .. }
                    | Effect::Multiplier { .. }
                    | Effect::Action(_) => continue,
                };
                let cause = Cause { tree: tree.id, outcome: outcome.id };
                for &account in accounts {
                    self.give_points(Gift { cause, source, account, points }, benefit, draft)?;
                }
            }
        }
        Ok(())
    }

    fn give_points(
        &self,
        gift: Gift,
        benefit: &mut TierBenefit,
        draft: &mut Draft<'_>,
    ) -> Result<(), AmountError> {
        let Gift { cause, source: source_id, account, points } = gift;
        let refused = |outcome: OutcomeId, reason| Refused { tree: cause.tree, outcome, reason };
        let program = self.program;
        let account = program.account(account).filter(|account| account.active);
        let source = program.source(source_id).filter(|source| source.active);
        let (Some(account), Some(source)) = (account, source) else {
            benefit.refused.push(refused(cause.outcome, RefusalReason::Inactive));
            return Ok(());
        };
        let room = draft.room(account, source, self.at, program)?;
        let allowed = room.allowed(points);
        if allowed < points {
            let stricter = room.source_is_stricter();
            let reason = if stricter { RefusalReason::SourceLimit } else { RefusalReason::MaxBalance };
            benefit.refused.push(refused(cause.outcome, reason));
        }
        if allowed.is_positive() {
            draft.earn(Earning {
                account,
                source,
                points: allowed,
                occurred: self.at,
                sale: None,
                program,
            })?;
            let movement = draft.movements().last().cloned().expect("points that were earned are a movement");
            benefit.entries.push(Entry { movement, cause, account: account.id, source: source_id });
        }
        Ok(())
    }
}
