//! What each tree gives by itself (incentives.md 6.4, steps 4 and 5).

use super::{
    Act, Action, RefusalReason, Refused, Scene,
    award::{ExactAward, Worth, worth},
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

/// A tree that holds, and what it gives before it meets the others.
#[derive(Debug)]
pub(super) struct Passed<'a> {
    pub(super) tree: &'a RuleTree,
    pub(super) meter: Meter<'a>,
    pub(super) awards: Vec<BaseAward<'a>>,
    pub(super) multipliers: Vec<Multiplier<'a>>,
    pub(super) actions: Vec<BaseAction<'a>>,
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

/// What a tree gives by itself, if it holds.
pub(super) fn consider<'a>(tree: &'a RuleTree, scene: &Scene<'_>) -> Result<Option<Passed<'a>>, AmountError> {
    let Some(qualifying) = qualifying_lines(tree, scene)? else { return Ok(None) };
    let (time, usage) = (scene.time, scene.standing.usage);
    let meter = Meter::new(tree, None, time, usage)?;
    let mut passed = Passed {
        tree,
        meter,
        awards: Vec::new(),
        multipliers: Vec::new(),
        actions: Vec::new(),
        refused: Vec::new(),
    };
    for outcome in tree.outcomes() {
        let meter = Meter::new(tree, Some((outcome.id, &outcome.limits)), time, usage)?;
        match &outcome.effect {
            Effect::Multiplier { factor, combine, applies_to } => passed.multipliers.push(Multiplier {
                outcome: outcome.id,
                factor: *factor,
                combine: *combine,
                applies_to,
                meter,
            }),
            Effect::Points { source, accounts, award } => {
                let worth = worth(award, scene, &qualifying)?;
                passed.give(worth, (outcome.id, *source, accounts), meter)?;
            }
            Effect::Action(rule) => {
                if let Some(act) = act(rule, scene, &qualifying)? {
                    passed.act(outcome.id, act, meter);
                }
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

    fn act(&mut self, outcome: OutcomeId, act: Act, mut meter: Meter<'a>) {
        if self.meter.is_used_up() || meter.is_used_up() {
            self.refuse(outcome, RefusalReason::FrequencyLimit);
            return;
        }
        self.meter.take_once();
        meter.take_once();
        self.actions.push(BaseAction { outcome, act, meter });
    }

    fn refuse(&mut self, outcome: OutcomeId, reason: RefusalReason) {
        self.refused.push(Refused { tree: self.tree.id, outcome, reason });
    }
}

/// What an action comes to. A ticket that only brings things back does nothing; events are the largest payer's, like
/// everything that cannot be split.
fn act(rule: &ActionRule, scene: &Scene<'_>, qualifying: &LineSet) -> Result<Option<Act>, AmountError> {
    let purchase = scene.ticket.filter(|_| scene.event.is_none());
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
        ActionRule::Publish { lookup, .. } => {
            if purchase.is_some_and(|ticket| !ticket.purchase.share.is_largest()) {
                return Ok(None);
            }
            Act::Publish { lookup: lookup.clone() }
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
