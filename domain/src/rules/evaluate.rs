//! The evaluation of a purchase: which trees run, and what each gives by itself (incentives.md 6.4, steps 2 to 5).

use super::{
    Evaluation, Purchase, RefusalReason, Refused, Standing,
    award::{ExactAward, Worth, worth},
    matching::qualifying_lines,
    meter::Meter,
    settle::settle,
    ticket::Ticket,
};
use crate::{
    amount::{AmountError, Points, Rate},
    id::{OutcomeId, PointAccountId, PointSourceId, RuleTreeId},
    program::{
        Program, RuleTree,
        tree::{Combine, Effect, Multiplied},
    },
};

/// A tree that holds, and what it gives before it meets the others.
#[derive(Debug)]
pub(super) struct Passed<'a> {
    pub(super) tree: &'a RuleTree,
    pub(super) meter: Meter<'a>,
    pub(super) awards: Vec<BaseAward<'a>>,
    pub(super) multipliers: Vec<Multiplier<'a>>,
    pub(super) refused: Vec<Refused>,
}

/// What a point outcome gives without multipliers.
#[derive(Debug)]
pub(super) struct BaseAward<'a> {
    pub(super) outcome: OutcomeId,
    pub(super) source: PointSourceId,
    pub(super) accounts: &'a [PointAccountId],
    /// What multipliers multiply.
    pub(super) exact: ExactAward,
    /// Rounded, and within the limits.
    pub(super) points: Points,
    pub(super) meter: Meter<'a>,
}

/// A multiplier outcome.
#[derive(Debug)]
pub(super) struct Multiplier<'a> {
    pub(super) outcome: OutcomeId,
    pub(super) factor: Rate,
    pub(super) combine: Combine,
    pub(super) applies_to: &'a Multiplied,
    pub(super) meter: Meter<'a>,
}

impl Program {
    /// What the purchase trees give for a purchase. `only` restricts them to those of an earlier evaluation, whatever
    /// has become of their status and dates since (incentives.md 9.1).
    pub fn evaluate(
        &self,
        purchase: &Purchase<'_>,
        standing: &Standing<'_>,
        only: Option<&[RuleTreeId]>,
    ) -> Evaluation {
        let candidates = self.candidates(purchase, standing, only);
        let Ok(ticket) = Ticket::new(self, purchase) else {
            let failed = candidates.into_iter().map(|tree| tree.id).collect();
            return Evaluation { failed, ..Evaluation::default() };
        };
        let mut failed = Vec::new();
        let mut passed = Vec::with_capacity(candidates.len());
        for tree in candidates {
            match consider(tree, &ticket, standing) {
                Ok(Some(tree)) => passed.push(tree),
                Ok(None) => {}
                Err(_) => failed.push(tree.id),
            }
        }
        loop {
            match settle(&passed) {
                Ok(evaluation) => return Evaluation { failed, ..evaluation },
                // A tree whose arithmetic fails must not win over others either: without it, once more.
                Err(tree) => {
                    passed.retain(|known| known.tree.id != tree);
                    failed.push(tree);
                }
            }
        }
    }

    fn candidates(
        &self,
        purchase: &Purchase<'_>,
        standing: &Standing<'_>,
        only: Option<&[RuleTreeId]>,
    ) -> Vec<&RuleTree> {
        let held = |tree: &RuleTree| {
            tree.levels.is_empty() || standing.tiers.iter().any(|(_, level)| tree.levels.contains(level))
        };
        match only {
            None => {
                let levels = standing.tiers.iter().map(|(_, level)| *level);
                let mut trees = self.tree_index().purchase_trees(levels);
                trees.retain(|tree| tree.holds_at(purchase.time));
                trees
            }
            Some(ids) => {
                let mut trees = self.tree_index().named_purchase_trees(ids);
                trees.retain(|tree| held(tree));
                trees
            }
        }
    }
}

/// What a tree gives by itself, if it holds.
fn consider<'a>(
    tree: &'a RuleTree,
    ticket: &Ticket<'_>,
    standing: &Standing<'_>,
) -> Result<Option<Passed<'a>>, AmountError> {
    let Some(qualifying) = qualifying_lines(tree, ticket, standing)? else { return Ok(None) };
    let meter = Meter::new(tree, None, ticket.purchase.time, standing.usage)?;
    let mut passed = Passed { tree, meter, awards: Vec::new(), multipliers: Vec::new(), refused: Vec::new() };
    for outcome in tree.outcomes() {
        let meter =
            Meter::new(tree, Some((outcome.id, &outcome.limits)), ticket.purchase.time, standing.usage)?;
        match &outcome.effect {
            Effect::Multiplier { factor, combine, applies_to } => passed.multipliers.push(Multiplier {
                outcome: outcome.id,
                factor: *factor,
                combine: *combine,
                applies_to,
                meter,
            }),
            Effect::Points { source, accounts, award } => {
                let worth = worth(award, ticket, &qualifying)?;
                passed.give(worth, (outcome.id, *source, accounts), meter)?;
            }
        }
    }
    Ok(Some(passed))
}

impl<'a> Passed<'a> {
    fn give(
        &mut self,
        worth: Worth,
        (outcome, source, accounts): (OutcomeId, PointSourceId, &'a [PointAccountId]),
        mut meter: Meter<'a>,
    ) -> Result<(), AmountError> {
        let exact = match worth {
            Worth::Nothing => return Ok(()),
            Worth::BelowHurdle => {
                self.refuse(outcome, RefusalReason::HurdleNotMet);
                return Ok(());
            }
            Worth::Earns(exact) => exact,
        };
        if self.meter.is_used_up() || meter.is_used_up() {
            self.refuse(outcome, RefusalReason::FrequencyLimit);
            return Ok(());
        }
        let full = exact.base()?;
        let points = meter.allowed(self.meter.allowed(full));
        let cut = points < full;
        if cut {
            self.refuse(outcome, RefusalReason::FrequencyLimit);
        }
        self.meter.take(points)?;
        meter.take(points)?;
        let exact = if cut { exact.cut_to(points) } else { exact };
        self.awards.push(BaseAward { outcome, source, accounts, exact, points, meter });
        Ok(())
    }

    fn refuse(&mut self, outcome: OutcomeId, reason: RefusalReason) {
        self.refused.push(Refused { tree: self.tree.id, outcome, reason });
    }
}
