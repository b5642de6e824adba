//! The limits that cut what an outcome gave (incentives.md 6.8), in the order in which they are checked.

use super::{Explained, LookedAt, RowPart, RowPlace};
use crate::{
    amount::{AmountError, Points},
    customer::{Cause, Entry, Event, SaleCredited},
    id::PointAccountId,
    rules::{Award, RefusalReason},
};

/// A limit that left less than was asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// Which.
    pub kind: CutKind,
    /// Points that were asked of it.
    pub asked: Points,
    /// Points that it left.
    pub allowed: Points,
}

/// What cut an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutKind {
    /// The tree's limit of this place.
    TreeLimit(usize),
    /// The outcome's limit of this place.
    OutcomeLimit(usize),
    /// The budget of the tree, over all customers.
    Budget,
    /// A restriction of the point source.
    Source,
    /// The ceiling of the account.
    Ceiling,
    /// The account or the source was inactive.
    Inactive,
}

impl CutKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TreeLimit(_) => "tree_limit",
            Self::OutcomeLimit(_) => "outcome_limit",
            Self::Budget => "budget",
            Self::Source => "source_limit",
            Self::Ceiling => "max_balance",
            Self::Inactive => "inactive",
        }
    }

    /// What the ledger did not let in; none: another reason.
    const fn of_ledger(reason: RefusalReason) -> Option<Self> {
        match reason {
            RefusalReason::SourceLimit => Some(Self::Source),
            RefusalReason::MaxBalance => Some(Self::Ceiling),
            RefusalReason::Inactive => Some(Self::Inactive),
            RefusalReason::FrequencyLimit
            | RefusalReason::Exclusivity
            | RefusalReason::HurdleNotMet
            | RefusalReason::InsufficientPoints
            | RefusalReason::AlreadyInLevel
            | RefusalReason::CascadeDepth
            | RefusalReason::TooManyTags
            | RefusalReason::BudgetExhausted => None,
        }
    }
}

impl SaleCredited {
    /// What this revision would have given but for what the ledger did not let in, and what that was.
    pub fn newly_forfeited(&self) -> Vec<(&Award, CutKind)> {
        // A decision notes both together, before anything else that is refused.
        let reasons: Vec<_> =
            self.refused.iter().map_while(|refused| CutKind::of_ledger(refused.reason)).collect();
        let from = self.forfeited.len().saturating_sub(reasons.len());
        self.forfeited[from..].iter().zip(reasons).collect()
    }
}

impl LookedAt {
    /// The limits of trees and budgets that cut what an outcome was to give.
    pub fn limits_of(&self, cause: Cause) -> Vec<Limited> {
        let trees = self.rounds.iter().flat_map(|round| &round.trees).filter(|tree| tree.tree == cause.tree);
        let mut traced = trees.flat_map(|tree| &tree.outcomes).filter(|known| known.outcome == cause.outcome);
        let Some(traced) = traced.next_back() else { return Vec::new() };
        let kind = |cut: &crate::rules::Cut| match cut.of_outcome {
            true => CutKind::OutcomeLimit(cut.place),
            false => CutKind::TreeLimit(cut.place),
        };
        let cuts =
            traced.cuts.iter().map(|cut| Limited { kind: kind(cut), asked: cut.asked, allowed: cut.allowed });
        let mut limits: Vec<_> = cuts.collect();
        let exhausted = self.refused.iter().any(|refused| {
            refused.reason == RefusalReason::BudgetExhausted
                && (refused.tree, refused.outcome) == (cause.tree, cause.outcome)
        });
        if let (true, Some(asked)) = (exhausted, traced.allowed) {
            let award = self.awards.iter().find(|award| award.cause() == cause);
            let allowed = award.map_or(Points::ZERO, |award| award.points);
            limits.push(Limited { kind: CutKind::Budget, asked, allowed });
        }
        limits
    }

    fn awarded(&self, cause: Cause, account: PointAccountId) -> Result<Points, AmountError> {
        let same = |award: &&Award| award.cause() == cause && award.account == account;
        Points::sum(self.awards.iter().filter(same).map(|award| award.points))
    }
}

impl Explained {
    /// The limits that cut a row of a record with these events.
    pub fn limits_of(&self, place: &RowPlace, events: &[Event]) -> Result<Vec<Limited>, AmountError> {
        let Some(cause) = place.cause() else { return Ok(Vec::new()) };
        let looked = || self.looked_at(place.event);
        let mut limits: Vec<_> = looked().flat_map(|looked| looked.limits_of(cause)).collect();
        let Some(event) = events.get(place.event) else { return Ok(limits) };
        if let Event::SaleCredited(credited) = event {
            limits.extend(of_sale(credited, cause)?);
            return Ok(limits);
        }
        let Some((account, written, reasons)) = of_ledger(event, place, cause)? else { return Ok(limits) };
        let asked = match looked().last() {
            Some(looked) => looked.awarded(cause, account)?,
            None => written,
        };
        if let (true, Some(kind)) = (written < asked, reasons.into_iter().find_map(CutKind::of_ledger)) {
            limits.push(Limited { kind, asked, allowed: written });
        }
        Ok(limits)
    }
}

/// What the ledger did not let in of what a revision was to give.
fn of_sale(credited: &SaleCredited, cause: Cause) -> Result<Vec<Limited>, AmountError> {
    let lost = credited.newly_forfeited().into_iter().filter(|(award, _)| award.cause() == cause);
    let limited = |(award, kind): (&Award, CutKind)| {
        let same = |known: &&Entry| known.cause == cause && known.account == award.account;
        let given = credited.entries.iter().filter(same).map(|entry| entry.movement.change());
        let allowed = Points::sum(given)?.max(Points::ZERO);
        Ok(Limited { kind, asked: allowed.plus(award.points)?, allowed })
    };
    lost.map(limited).collect()
}

type OfLedger = (PointAccountId, Points, Vec<RefusalReason>);

/// The account that an outcome gives to, how much it got, and why it did not get more.
fn of_ledger(event: &Event, place: &RowPlace, cause: Cause) -> Result<Option<OfLedger>, AmountError> {
    let (entries, refused): (_, Vec<_>) = match (event, place.part) {
        (Event::EventTriggered(triggered), _) => {
            let outcomes = triggered.answer.outcomes.iter();
            let own = outcomes.filter(|known| (known.tree, known.outcome) == (cause.tree, cause.outcome));
            (&triggered.entries, own.filter_map(|known| known.refused).collect())
        }
        (Event::TierBenefitsGiven { benefits, .. }, RowPart::Benefit(benefit, _)) => {
            let Some(benefit) = benefits.get(benefit) else { return Ok(None) };
            let own = benefit.refused.iter();
            let own = own.filter(|known| (known.tree, known.outcome) == (cause.tree, cause.outcome));
            (&benefit.entries, own.map(|known| known.reason).collect())
        }
        _ => return Ok(None),
    };
    let own = || entries.iter().filter(|entry| entry.cause == cause);
    let Some(account) = own().next().map(|entry| entry.account) else { return Ok(None) };
    let written =
        Points::sum(own().filter(|entry| entry.account == account).map(|entry| entry.movement.change()))?;
    Ok(Some((account, written, refused)))
}
