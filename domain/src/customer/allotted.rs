//! What a decision takes of what all customers share: the budgets of trees, the restrictions of sources over all
//! customers (incentives.md 6.8, 4.5).
//!
//! A decision is made without them first, which says how much it wants; that is reserved; then it is made again with
//! what it got. What it has used of it goes back as an effect of the same record.

use serde::{Deserialize, Serialize};

use super::{CreditSale, Customer, Effect, Error, EvaluationRecord, Fingerprint, Need, stop::Stop};
use crate::{
    allotment::{Amounts, Asking, Cap, Granted, Piece, ReservationKey, Terms, Window},
    entity::Context,
    id::{AllotmentId, CustomerId, PointSourceId, RuleTreeId, SaleId},
    ledger::{Draft, Movement},
    program::{Program, RuleTree, SharedLimit, SharedWithin, tree::Budget, tree::OnExhausted},
    rules::{BudgetRoom, BudgetUse},
    time::{Span, Timestamp, Unit},
};

/// What a sale has taken of the budget of a tree, or a change of it. Stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetPart {
    /// The tree.
    pub tree: RuleTreeId,
    /// How much; below zero: given back.
    pub amounts: Amounts,
    /// The day on which it counts.
    pub day: Timestamp,
}

impl BudgetPart {
    /// Adds changes to what there is.
    pub(super) fn add(parts: &mut Vec<Self>, changes: &[Self]) {
        for change in changes {
            match parts.iter_mut().find(|known| known.tree == change.tree) {
                Some(known) => known.amounts = known.amounts.plus(change.amounts),
                None => parts.push(*change),
            }
        }
        parts.retain(|known| !known.amounts.is_nothing());
    }
}

/// What is decided.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deciding<'a> {
    /// A revision of a sale.
    Sale(SaleId, u32),
    /// An event under a key; none: nobody can come with it again.
    Event(Option<Fingerprint>),
    /// A posting with these keys of its details.
    Posting(&'a [Fingerprint]),
    /// An event of the platform, within another decision. It may happen while somebody only looks, and takes nothing
    /// that is shared.
    Raised,
}

/// A decision, as far as it takes something that is shared.
#[derive(Clone, Copy)]
pub(super) struct Sharing<'a> {
    pub(super) context: &'a Context<'a>,
    /// Who decides.
    pub(super) customer: CustomerId,
    /// Names the decision: the same one after a crash has the same name.
    pub(super) decision: Deciding<'a>,
    /// Business time.
    pub(super) time: Timestamp,
    /// What the same sale has taken before.
    pub(super) earlier: &'a [BudgetPart],
}

impl<'a> Sharing<'a> {
    /// Of a revision of a sale.
    pub(super) fn of_sale(
        customer: &Customer,
        credit: &CreditSale,
        earlier: Option<&'a EvaluationRecord>,
        time: Timestamp,
        context: &'a Context<'a>,
    ) -> Result<Self, Error> {
        Ok(Self {
            context,
            customer: customer.known()?.id,
            decision: Deciding::Sale(credit.sale, credit.revision),
            time,
            earlier: earlier.map_or(&[], |earlier| &earlier.rare.budgets),
        })
    }

    /// Names the reservation. The texts are stored in effect: their forms never change.
    fn key(&self) -> ReservationKey {
        let made = || format!("made\n{}", self.context.ids.nth(0));
        let text = match self.decision {
            Deciding::Sale(sale, revision) => format!("sale\n{sale}\n{revision}"),
            Deciding::Event(Some(key)) => format!("event\n{}", key.0),
            Deciding::Event(None) | Deciding::Posting([]) | Deciding::Raised => made(),
            Deciding::Posting(keys) => {
                let keys: Vec<_> = keys.iter().map(|key| key.0.to_string()).collect();
                format!("posting\n{}", keys.join(","))
            }
        };
        ReservationKey { customer: self.customer, decision: Fingerprint::of(&text) }
    }

    fn granted(&self, allotment: AllotmentId) -> Option<Amounts> {
        let granted = &self.context.fetched.grants;
        granted.iter().find(|known| known.allotment == allotment).map(|known| known.amounts)
    }

    fn is_closed(&self) -> bool {
        matches!(self.decision, Deciding::Raised)
    }

    fn before(&self, tree: RuleTreeId) -> Amounts {
        let known = self.earlier.iter().find(|known| known.tree == tree);
        known.map_or_else(Amounts::default, |known| known.amounts)
    }

    /// The budget as it is now: what was raised since a sale was first evaluated counts.
    fn budget(&self, tree: RuleTreeId) -> Option<&Budget> {
        self.context.program.tree(tree)?.budget.as_ref()
    }

    /// What may be taken of budgets, as far as it is known.
    pub(super) fn rooms(&self) -> Vec<BudgetRoom> {
        if self.is_closed() {
            let trees = self.context.program.trees().iter().filter(|tree| tree.budget.is_some());
            let cap = Cap::of(Amounts::default());
            return trees.map(|tree| BudgetRoom { tree: tree.id, cap, in_part: false }).collect();
        }
        if self.context.fetched.grants.is_empty() {
            return Vec::new();
        }
        let trees = self.context.program.trees().iter();
        let room = |tree: &RuleTree| {
            let budget = tree.budget.as_ref()?;
            let before = self.before(tree.id);
            let cap = Cap::of(before.plus(self.granted(budget.allotment)?));
            // What a sale has been given already it keeps, though there is nothing left for more of it.
            let in_part = budget.in_part() || before.points.is_positive();
            Some(BudgetRoom { tree: tree.id, cap, in_part })
        };
        trees.filter_map(room).collect()
    }

    /// Everything that is to be taken of budgets has been reserved.
    pub(super) fn require_budgets(&self, uses: &[BudgetUse]) -> Result<(), Stop> {
        if self.is_closed() {
            return Ok(());
        }
        for used in uses {
            let Some(budget) = self.budget(used.tree) else { continue };
            if self.granted(budget.allotment).is_some() {
                continue;
            }
            let before = self.before(used.tree);
            let all = uses.iter().filter(|known| known.tree == used.tree).flat_map(|known| &known.pieces);
            let mut pieces: Vec<Piece> = all.copied().collect();
            if !before.is_nothing() {
                let wanted = pieces.iter().fold(Amounts::default(), |sum, piece| sum.plus(piece.amounts()));
                let more = wanted.minus(before).above_zero();
                pieces = vec![Piece { points: more.points, awards: more.awards }];
            }
            if pieces.iter().all(|piece| piece.amounts().is_nothing()) {
                continue;
            }
            return Err(self.asking(
                budget.allotment,
                pieces,
                self.terms_of(budget, used.tree),
                Some(used.tree),
            ));
        }
        Ok(())
    }

    fn terms_of(&self, budget: &Budget, tree: RuleTreeId) -> Terms {
        const DAY: Span = Span { value: 1, unit: Unit::Day };
        let zone = self.context.program.tree(tree).map(|tree| &tree.zone);
        let zone = zone.unwrap_or(&self.context.program.retailer().zone);
        let day = zone.window_start(self.time, DAY);
        let window = Window {
            part: day,
            from: day,
            to: day,
            cap: Cap { points: None, awards: budget.per_day },
            forget_before: zone.window_start(super::credit::matters_from(self.context), DAY),
        };
        Terms { total: budget.total, window: Some(window), in_part: budget.in_part() }
    }

    fn asking(
        &self,
        allotment: AllotmentId,
        pieces: Vec<Piece>,
        terms: Terms,
        tree: Option<RuleTreeId>,
    ) -> Stop {
        let key = self.key();
        let pausing = |tree: &RuleTreeId| {
            self.budget(*tree).is_some_and(|budget| budget.on_exhausted == OnExhausted::PauseTheTree)
        };
        let pauses = tree.filter(pausing);
        Stop::Need(Need::Allotment(Box::new(Asking { allotment, key, pieces, terms, pauses })))
    }

    /// Everything that is to be issued from sources with restrictions over all customers has been reserved. What does
    /// not fit is issued in part, or not at all.
    pub(super) fn require_sources(&self, draft: &Draft<'_>, in_part: bool) -> Result<(), Stop> {
        if self.is_closed() {
            return Ok(());
        }
        for source in self.context.program.sources() {
            for limit in &source.shared_limits {
                if self.granted(limit.allotment).is_some() {
                    continue;
                }
                let issued: Vec<_> = issued(draft, source.id, limit).collect();
                let Some((_, first)) = issued.first() else { continue };
                let terms = self.terms_of_source(limit, *first, in_part);
                let pieces = issued.iter().map(|(points, _)| Piece { points: *points, awards: 0 }).collect();
                return Err(self.asking(limit.allotment, pieces, terms, None));
            }
        }
        Ok(())
    }

    fn terms_of_source(&self, limit: &SharedLimit, at: Timestamp, in_part: bool) -> Terms {
        let cap = Cap { points: Some(limit.max_points), awards: None };
        let SharedWithin::Window(span) = limit.within else {
            return Terms { total: cap, window: None, in_part };
        };
        let zone = &self.context.program.retailer().zone;
        let Some(since) = zone.earlier(at, span) else {
            return Terms { total: cap, window: None, in_part };
        };
        let oldest = super::credit::matters_from(self.context);
        let window = Window {
            part: limit.part_of(at),
            // The part in which the window begins counts as a whole: rather too little is issued than too much.
            from: limit.part_of(since),
            to: Timestamp::MAX,
            cap,
            forget_before: zone.earlier(oldest, span).map_or(Timestamp::MIN, |since| limit.part_of(since)),
        };
        Terms { total: Cap::default(), window: Some(window), in_part }
    }

    /// What the sale takes of budgets now, less what it took before; what is not given back stays.
    pub(super) fn changes(&self, uses: &[BudgetUse], restore_on_return: bool) -> Vec<BudgetPart> {
        let mut changes: Vec<BudgetPart> = Vec::new();
        for used in uses {
            let zone = self.context.program.tree(used.tree).map(|tree| &tree.zone);
            let zone = zone.unwrap_or(&self.context.program.retailer().zone);
            let day = zone.window_start(self.time, Span { value: 1, unit: Unit::Day });
            BudgetPart::add(&mut changes, &[BudgetPart { tree: used.tree, amounts: used.used, day }]);
        }
        for before in self.earlier {
            let taken = Amounts::default().minus(before.amounts);
            BudgetPart::add(&mut changes, &[BudgetPart { amounts: taken, ..*before }]);
        }
        if !restore_on_return {
            changes.iter_mut().for_each(|change| change.amounts = change.amounts.above_zero());
        }
        changes.retain(|change| !change.amounts.is_nothing());
        changes
    }

    /// What the allotments are told: what was used of what they granted, and what comes back.
    pub(super) fn effects(&self, changes: &[BudgetPart], draft: &Draft<'_>) -> Vec<Effect> {
        if self.is_closed() || (self.context.fetched.grants.is_empty() && changes.is_empty()) {
            return Vec::new();
        }
        let key = self.key();
        let mut effects = Vec::new();
        for Granted { allotment, amounts, .. } in self.context.fetched.grants.iter().copied() {
            if amounts.is_nothing() {
                continue;
            }
            let of_tree = changes.iter().find(|change| AllotmentId::of_tree(change.tree) == allotment);
            let used = match of_tree {
                Some(change) => change.amounts.above_zero(),
                None => self.issued_under(allotment, draft),
            };
            effects.push(Effect::SettleAllotment { allotment, key, used: used.min(amounts) });
        }
        for change in changes {
            let back = Amounts::default().minus(change.amounts).above_zero();
            if !back.is_nothing() {
                let (allotment, day) = (AllotmentId::of_tree(change.tree), change.day);
                effects.push(Effect::GiveBackToAllotment { allotment, key, back, day });
            }
        }
        effects
    }

    fn issued_under(&self, allotment: AllotmentId, draft: &Draft<'_>) -> Amounts {
        let mut sum = Amounts::default();
        for source in self.context.program.sources() {
            for limit in source.shared_limits.iter().filter(|limit| limit.allotment == allotment) {
                let issued = issued(draft, source.id, limit);
                sum = issued.fold(sum, |sum, (points, _)| sum.plus(Amounts { points, awards: 0 }));
            }
        }
        sum
    }
}

/// What a draft issues from a source under one of its restrictions: points, and when.
fn issued<'a>(
    draft: &'a Draft<'_>,
    source: PointSourceId,
    limit: &'a SharedLimit,
) -> impl Iterator<Item = (crate::amount::Points, Timestamp)> + 'a {
    draft.movements().iter().filter_map(move |movement| match movement {
        Movement::Earned { source: from, points, occurred, .. }
            if *from == source && limit.counts_at(*occurred) =>
        {
            Some((*points, *occurred))
        }
        _ => None,
    })
}

/// Nothing of any restriction over all customers: for what takes nothing that is shared.
pub(super) fn nothing_shared(program: &Program) -> Vec<Granted> {
    let limits = program.sources().iter().flat_map(|source| &source.shared_limits);
    let nothing = |limit: &SharedLimit| Granted {
        allotment: limit.allotment,
        amounts: Amounts::default(),
        short: true,
    };
    limits.map(nothing).collect()
}
