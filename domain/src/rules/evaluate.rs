//! What each tree gives by itself (incentives.md 6.4, steps 4 and 5).

use super::{
    Act, Action, RefusalReason, Refused, Scene,
    award::{ExactAward, Worth, worth},
    budget::BudgetMeter,
    lines::LineSet,
    matching::qualifying_lines,
    meter::Meter,
};
use crate::{
    amount::{AmountError, Money, Points, Rate, Rounding},
    id::{OutcomeId, PointAccountId, PointSourceId},
    program::{
        RuleTree,
        tree::{ActionRule, AwardRule, Combine, Effect, Multiplied, PerAmount, SpendRule},
    },
};

/// The trees that hold, in the order in which they run, and what each gives before it meets the others. What they give
/// is kept together, tree after tree.
#[derive(Debug, Default)]
pub(super) struct Passing<'a> {
    pub(super) trees: Vec<Passed<'a>>,
    awards: Vec<BaseAward<'a>>,
    multipliers: Vec<Multiplier<'a>>,
    actions: Vec<BaseAction<'a>>,
    refused: Vec<Refused>,
}

/// A tree that holds, and where what it gives stands.
#[derive(Debug)]
pub(super) struct Passed<'a> {
    pub(super) tree: &'a RuleTree,
    pub(super) meter: Meter<'a>,
    /// What is left of its budget; most trees have none.
    pub(super) budget: Option<Box<BudgetMeter>>,
    begin: Marks,
    end: Marks,
}

/// How much there is of everything that trees give.
#[derive(Debug, Clone, Copy)]
struct Marks {
    awards: usize,
    multipliers: usize,
    actions: usize,
    refused: usize,
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

/// An outcome that gives no points.
#[derive(Debug)]
pub(super) struct BaseAction<'a> {
    outcome: OutcomeId,
    act: Act,
    pub(super) meter: Meter<'a>,
}

impl BaseAction<'_> {
    pub(super) fn of(&self, tree: &RuleTree) -> Action {
        Action { tree: tree.id, outcome: self.outcome, act: self.act.clone() }
    }
}

impl<'a> Passing<'a> {
    /// None yet, of so many trees at most.
    pub(super) fn of(trees: usize) -> Self {
        Self { trees: Vec::with_capacity(trees), awards: Vec::with_capacity(trees), ..Self::default() }
    }

    pub(super) fn awards(&self, of: &Passed<'a>) -> &[BaseAward<'a>] {
        &self.awards[of.begin.awards..of.end.awards]
    }

    pub(super) fn multipliers(&self, of: &Passed<'a>) -> &[Multiplier<'a>] {
        &self.multipliers[of.begin.multipliers..of.end.multipliers]
    }

    pub(super) fn actions(&self, of: &Passed<'a>) -> &[BaseAction<'a>] {
        &self.actions[of.begin.actions..of.end.actions]
    }

    pub(super) fn refused(&self, of: &Passed<'a>) -> &[Refused] {
        &self.refused[of.begin.refused..of.end.refused]
    }

    /// Adds a tree, if it holds. When its arithmetic fails, it is as if it did not.
    pub(super) fn consider(&mut self, tree: &'a RuleTree, scene: &Scene<'_>) -> Result<(), AmountError> {
        match qualifying_lines(tree, scene)? {
            Some(qualifying) => self.grant(tree, scene, &qualifying),
            None => Ok(()),
        }
    }

    /// Adds a tree as one that holds, with these lines qualifying.
    pub(super) fn grant(
        &mut self,
        tree: &'a RuleTree,
        scene: &Scene<'_>,
        qualifying: &LineSet,
    ) -> Result<(), AmountError> {
        let begin = self.marks();
        let meter = Meter::new(tree, None, scene.time, scene.standing.usage)?;
        let mut whole = Whole { meter, budget: BudgetMeter::of(tree, scene.standing.budgets) };
        if let Err(error) = self.outcomes(tree, &mut whole, scene, qualifying) {
            self.cut_back(begin);
            return Err(error);
        }
        let Whole { meter, budget } = whole;
        self.trees.push(Passed { tree, meter, budget, begin, end: self.marks() });
        Ok(())
    }

    fn marks(&self) -> Marks {
        Marks {
            awards: self.awards.len(),
            multipliers: self.multipliers.len(),
            actions: self.actions.len(),
            refused: self.refused.len(),
        }
    }

    fn cut_back(&mut self, to: Marks) {
        self.awards.truncate(to.awards);
        self.multipliers.truncate(to.multipliers);
        self.actions.truncate(to.actions);
        self.refused.truncate(to.refused);
    }

    fn outcomes(
        &mut self,
        tree: &'a RuleTree,
        whole: &mut Whole<'a>,
        scene: &Scene<'_>,
        qualifying: &LineSet,
    ) -> Result<(), AmountError> {
        for outcome in tree.outcomes() {
            let own = Meter::new(tree, Some(outcome), scene.time, scene.standing.usage)?;
            match &outcome.effect {
                Effect::Multiplier { factor, combine, applies_to } => self.multipliers.push(Multiplier {
                    outcome: outcome.id,
                    factor: *factor,
                    combine: *combine,
                    applies_to,
                    meter: own,
                }),
                Effect::Points { source, accounts, award } => {
                    let worth = worth(award, scene, qualifying)?;
                    if matches!(worth, Worth::Earns(_)) && !scene.opens(*source) {
                        self.refuse(&whole.meter, outcome.id, RefusalReason::SourceLimit);
                        continue;
                    }
                    self.give(worth, (outcome.id, *source, accounts), whole, own)?;
                }
                Effect::Action(rule) => {
                    if let Some(act) = act(rule, scene, qualifying)? {
                        self.act(outcome.id, act, whole, own);
                    }
                }
            }
        }
        Ok(())
    }

    fn give(
        &mut self,
        worth: Worth,
        (outcome, source, accounts): (OutcomeId, PointSourceId, &'a [PointAccountId]),
        whole: &mut Whole<'a>,
        mut own: Meter<'a>,
    ) -> Result<(), AmountError> {
        let exact = match worth {
            Worth::Nothing => return Ok(()),
            Worth::BelowHurdle => {
                self.refuse(&whole.meter, outcome, RefusalReason::HurdleNotMet);
                return Ok(());
            }
            Worth::Earns(exact) => exact,
        };
        if whole.meter.is_used_up() || own.is_used_up() {
            self.refuse(&whole.meter, outcome, RefusalReason::FrequencyLimit);
            return Ok(());
        }
        let full = exact.base()?;
        let limited = own.allowed(whole.meter.allowed(full));
        if limited < full {
            self.refuse(&whole.meter, outcome, RefusalReason::FrequencyLimit);
        }
        let mut points = limited;
        if let Some(budget) = whole.budget.as_mut().filter(|_| limited.is_positive()) {
            points = budget.take(limited, 1).unwrap_or(Points::ZERO);
            if points < limited {
                self.refuse(&whole.meter, outcome, RefusalReason::BudgetExhausted);
            }
        }
        let cut = points < full;
        whole.meter.take(points)?;
        own.take(points)?;
        let exact = if cut { exact.cut_to(points) } else { exact };
        self.awards.push(BaseAward { outcome, source, accounts, exact, points, meter: own });
        Ok(())
    }

    fn act(&mut self, outcome: OutcomeId, act: Act, whole: &mut Whole<'a>, mut own: Meter<'a>) {
        if whole.meter.is_used_up() || own.is_used_up() {
            self.refuse(&whole.meter, outcome, RefusalReason::FrequencyLimit);
            return;
        }
        if let Some(budget) = &mut whole.budget
            && budget.take(Points::ZERO, 1).is_none()
        {
            self.refuse(&whole.meter, outcome, RefusalReason::BudgetExhausted);
            return;
        }
        whole.meter.take_once();
        own.take_once();
        self.actions.push(BaseAction { outcome, act, meter: own });
    }

    fn refuse(&mut self, of: &Meter<'a>, outcome: OutcomeId, reason: RefusalReason) {
        self.refused.push(Refused { tree: of.tree().id, outcome, reason });
    }
}

/// What a tree as a whole may give: its limits, and its budget.
struct Whole<'a> {
    meter: Meter<'a>,
    budget: Option<Box<BudgetMeter>>,
}

/// What an action comes to. A ticket that only brings things back does nothing; events are the largest payer's, like
/// everything that cannot be split.
fn act(rule: &ActionRule, scene: &Scene<'_>, qualifying: &LineSet) -> Result<Option<Act>, AmountError> {
    let purchase = scene.current_ticket();
    if let Some(ticket) = purchase
        && ticket.is_net_return()?
    {
        return Ok(None);
    }
    Ok(Some(match rule {
        ActionRule::Spend { accounts, points, force } => {
            let points = spend(*points, scene, qualifying)?;
            let Some(points) = points.filter(|points| points.is_positive()) else { return Ok(None) };
            Act::Spend { accounts: accounts.clone(), points, force: *force }
        }
        ActionRule::Expire { accounts, percentage } => {
            Act::Expire { accounts: accounts.clone(), percentage: *percentage }
        }
        ActionRule::AddTags(tags) => Act::AddTags(tags.clone()),
        ActionRule::RemoveTags(tags) => Act::RemoveTags(tags.clone()),
        ActionRule::Move { system, to, joining_outcomes } => {
            Act::Move { system: *system, to: *to, joining_outcomes: *joining_outcomes }
        }
        ActionRule::Leave(system) => Act::Leave(*system),
        ActionRule::Publish { lookup, context } => {
            if purchase.is_some_and(|ticket| !ticket.purchase.share.is_largest()) {
                return Ok(None);
            }
            Act::Publish { lookup: lookup.clone(), context: context.clone() }
        }
    }))
}

fn spend(rule: SpendRule, scene: &Scene<'_>, qualifying: &LineSet) -> Result<Option<Points>, AmountError> {
    let award = match rule {
        SpendRule::Fixed(points) => AwardRule::Fixed(points),
        SpendRule::Rate(rate, basis) => AwardRule::PerAmount(PerAmount {
            rate,
            per_amount: Money::from_units(Money::UNIT),
            basis,
            hurdle: None,
            max_points: None,
            rounding: Rounding::Nearest,
            precision: 0,
        }),
    };
    match worth(&award, scene, qualifying)? {
        Worth::Earns(exact) => exact.base().map(Some),
        Worth::BelowHurdle | Worth::Nothing => Ok(None),
    }
}
