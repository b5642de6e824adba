//! What passing trees give together: exclusivity groups, multipliers, rows (incentives.md 6.4, steps 6 and 7).

use super::{
    Award, Evaluation, RefusalReason, Refused,
    award::Factors,
    budget::BudgetMeter,
    evaluate::{BaseAward, Passed, Passing},
    meter::Meter,
};
use crate::{
    amount::{AmountError, Points, Rate},
    id::{OutcomeId, RuleTreeId},
    program::{
        RuleTree,
        tree::{Combine, ExclusivityMode, Multiplied},
    },
    time::Timestamp,
};

/// A multiplier of a winning tree, and what its limits have left.
struct Active<'a> {
    /// Which of the passed trees it belongs to.
    owner: usize,
    outcome: OutcomeId,
    factor: Rate,
    combine: Combine,
    applies_to: &'a Multiplied,
    meter: Meter<'a>,
    /// A limit has cut what it would have given.
    cut: bool,
    /// It has given something: what it gives more is the same award.
    given: bool,
    /// The budget of its tree has cut what it would have given.
    exhausted: bool,
}

/// Lets the passed trees meet each other. Fails with the tree whose arithmetic does not work out.
pub(super) fn settle(passing: &Passing<'_>, time: Timestamp) -> Result<Evaluation, RuleTreeId> {
    let wins: Vec<_> = (0..passing.trees.len()).map(|place| wins(place, passing)).collect();
    let mut settling = Settling {
        passing,
        meters: passing.trees.iter().map(|tree| tree.meter).collect(),
        multipliers: Vec::new(),
        budgets: budgets(passing),
        evaluation: Evaluation::default(),
    };
    let mut rows = 0;
    for (owner, tree) in passing.trees.iter().enumerate() {
        if wins[owner] {
            settling.evaluation.refused.extend_from_slice(passing.refused(tree));
            settling.activate(owner, tree);
            rows += passing.awards(tree).iter().map(|base| base.accounts.len()).sum::<usize>();
        } else {
            settling.evaluation.refused.extend(tree.tree.outcomes().iter().map(|outcome| Refused {
                tree: tree.tree.id,
                outcome: outcome.id,
                reason: RefusalReason::Exclusivity,
            }));
        }
    }
    settling.evaluation.awards.reserve(rows);
    let winners = || passing.trees.iter().zip(&wins).filter_map(|(tree, wins)| wins.then_some(tree));
    for tree in winners() {
        for base in passing.awards(tree) {
            settling.write(tree.tree.id, base, base.points);
            settling.multiply(tree.tree, base)?;
        }
    }
    let Settling { meters, multipliers, budgets, mut evaluation, .. } = settling;
    for ((tree, budget), _) in passing.trees.iter().zip(budgets).zip(&wins).filter(|(_, wins)| **wins) {
        evaluation.budgets.extend(budget.and_then(|budget| budget.into_use(tree.tree.id)));
    }
    for tree in winners() {
        for action in passing.actions(tree) {
            evaluation.uses.extend(action.meter.uses(time));
            evaluation.actions.push(action.of(tree.tree));
        }
    }
    evaluation.actions.sort_by_key(|action| action.act.order());
    for (tree, meter) in
        passing.trees.iter().zip(&meters).zip(&wins).filter_map(|(tree, wins)| wins.then_some(tree))
    {
        evaluation.uses.extend(meter.uses(time));
        evaluation.uses.extend(passing.awards(tree).iter().flat_map(|base| base.meter.uses(time)));
    }
    for multiplier in multipliers {
        evaluation.uses.extend(multiplier.meter.uses(time));
        let (tree, outcome) = (passing.trees[multiplier.owner].tree.id, multiplier.outcome);
        let limit = multiplier.cut.then_some(RefusalReason::FrequencyLimit);
        let budget = multiplier.exhausted.then_some(RefusalReason::BudgetExhausted);
        let refused = limit.into_iter().chain(budget).map(|reason| Refused { tree, outcome, reason });
        evaluation.refused.extend(refused);
    }
    Ok(evaluation)
}

/// What is left of the budgets, to be taken from; nothing when no tree has one.
fn budgets(passing: &Passing<'_>) -> Vec<Option<Box<BudgetMeter>>> {
    if passing.trees.iter().all(|tree| tree.budget.is_none()) {
        return Vec::new();
    }
    passing.trees.iter().map(|tree| tree.budget.clone()).collect()
}

/// Whether a tree prevails over the others of its group.
fn wins(place: usize, passing: &Passing<'_>) -> bool {
    let Some(competing) = passing.trees[place].tree.exclusivity else { return true };
    let mut rivals = passing
        .trees
        .iter()
        .enumerate()
        .filter(|(other, rival)| *other != place && rival.tree.exclusivity == Some(competing));
    match competing.mode {
        ExclusivityMode::Stack => true,
        ExclusivityMode::FirstMatch => rivals.all(|(other, _)| other > place),
        ExclusivityMode::MostPoints => {
            let mine = total_units(passing.awards(&passing.trees[place]));
            rivals.all(|(other, rival)| {
                let theirs = total_units(passing.awards(rival));
                mine > theirs || (mine == theirs && place < other)
            })
        }
    }
}

/// All that a tree's own awards write, in units of [`Points`], every account counted.
fn total_units(awards: &[BaseAward<'_>]) -> i128 {
    // At most 20 outcomes of 63-bit amounts into as many accounts as a program has: far from 127 bits.
    awards.iter().flat_map(|base| base.accounts.iter().map(|_| base.points.wide())).sum()
}

struct Settling<'a> {
    passing: &'a Passing<'a>,
    /// The tree limits of each passed tree.
    meters: Vec<Meter<'a>>,
    /// The multipliers of the winners, in the order in which they join.
    multipliers: Vec<Active<'a>>,
    /// What is left of the budget of each passed tree; empty when none has one.
    budgets: Vec<Option<Box<BudgetMeter>>>,
    evaluation: Evaluation,
}

impl<'a> Settling<'a> {
    fn activate(&mut self, owner: usize, tree: &Passed<'a>) {
        let multipliers = self.passing.multipliers(tree).iter();
        self.multipliers.extend(multipliers.map(|multiplier| Active {
            owner,
            outcome: multiplier.outcome,
            factor: multiplier.factor,
            combine: multiplier.combine,
            applies_to: multiplier.applies_to,
            meter: multiplier.meter,
            cut: false,
            given: false,
            exhausted: false,
        }));
    }

    /// Gives each multiplier of a base award what the award grows by when it joins.
    fn multiply(&mut self, tree: &RuleTree, base: &BaseAward<'_>) -> Result<(), RuleTreeId> {
        let mut factors = Factors::NONE;
        let mut before = base.points;
        for place in 0..self.multipliers.len() {
            let multiplier = &mut self.multipliers[place];
            if !applies(multiplier.applies_to, tree) {
                continue;
            }
            let owner = multiplier.owner;
            let grown = |factors: Factors| -> Result<(Factors, Points), AmountError> {
                let factors = factors.with(multiplier.factor, multiplier.combine)?;
                Ok((factors, base.exact.multiplied(&factors)?))
            };
            let failed = |_: AmountError| self.passing.trees[owner].tree.id;
            let (joined, after) = grown(factors).map_err(failed)?;
            factors = joined;
            let full = after.minus(before).map_err(failed)?;
            before = after;
            let bonus = multiplier.meter.allowed(self.meters[owner].allowed(full));
            multiplier.cut |= bonus < full;
            let mut bonus = bonus;
            if let Some(Some(budget)) = self.budgets.get_mut(owner)
                && bonus.is_positive()
            {
                let taken = budget.take(bonus, i64::from(!multiplier.given));
                multiplier.given |= taken.is_some();
                multiplier.exhausted |= taken != Some(bonus);
                bonus = taken.unwrap_or(Points::ZERO);
            }
            multiplier.meter.take(bonus).map_err(failed)?;
            self.meters[owner].take(bonus).map_err(failed)?;
            self.write(self.passing.trees[owner].tree.id, base, bonus);
        }
        Ok(())
    }

    /// Writes a row for each account of the award's outcome.
    fn write(&mut self, tree: RuleTreeId, base: &BaseAward<'_>, points: Points) {
        if points.is_zero() {
            return;
        }
        self.evaluation.awards.extend(base.accounts.iter().map(|&account| Award {
            tree,
            outcome: base.outcome,
            account,
            source: base.source,
            points,
        }));
    }
}

fn applies(multiplied: &Multiplied, tree: &RuleTree) -> bool {
    match multiplied {
        Multiplied::All => true,
        Multiplied::Some { trees, groups } => {
            trees.binary_search(&tree.id).is_ok()
                || tree.exclusivity.is_some_and(|exclusivity| groups.contains(&exclusivity.group))
        }
    }
}
