//! What few sales leave behind with a customer beside points.

use std::ops::Deref;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BudgetPart, Cause, Granted, SaleCredited, counting};
use crate::{
    id::CustomerId,
    rules::{Award, CountChange, CountKey},
};

/// What a sale has to do with tags, counters, budgets, ceilings and the like; mostly nothing. Read through its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rare(Option<Box<RareParts>>);

/// The parts of [`Rare`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RareParts {
    /// What it would have given but for a ceiling or a source's limit.
    pub forfeited: Vec<Award>,
    /// What should have been taken back and was not there to take: the customer still has it, so giving the same
    /// again gives nothing.
    pub waived: Vec<Granted>,
    /// The tags held before the first evaluation; later ones use them too.
    pub tags: Vec<Box<str>>,
    /// What it added to what nodes have counted.
    pub counted: Vec<CountChange>,
    /// What the nodes had counted before the first evaluation; later ones use it too.
    pub counts_before: Vec<(CountKey, i64)>,
    /// Outcomes that give no points and were carried out; later evaluations do not repeat them.
    pub acted: Vec<Cause>,
    /// What it has taken of the budgets of trees.
    pub budgets: Vec<BudgetPart>,
    /// The customer who has what it gave, and decides what becomes of it; none: this one.
    pub moved: Option<Moved>,
}

/// Where what a sale gave went with everything else, when the customer was merged into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The merge.
    pub merge: Uuid,
    /// To whom.
    pub to: CustomerId,
}

static NOTHING: RareParts = RareParts::nothing();

impl RareParts {
    const fn nothing() -> Self {
        Self {
            forfeited: Vec::new(),
            waived: Vec::new(),
            tags: Vec::new(),
            counted: Vec::new(),
            counts_before: Vec::new(),
            acted: Vec::new(),
            budgets: Vec::new(),
            moved: None,
        }
    }

    /// Adds what a credit says. What was forfeited is replaced, all else is added to.
    ///
    /// # Panics
    /// When the amounts do not sum, which the decision has checked.
    fn add(&mut self, credited: &SaleCredited) {
        self.forfeited.clone_from(&credited.forfeited);
        self.waive(&credited.waived);
        self.acted.extend_from_slice(&credited.acted);
        BudgetPart::add(&mut self.budgets, &credited.budgets);
        for change in &credited.counted {
            match self.counted.iter_mut().find(|known| counting::same(known, change)) {
                Some(known) => known.part.amount = known.part.amount.saturating_add(change.part.amount),
                None => self.counted.push(*change),
            }
        }
        self.counted.retain(|known| known.part.amount != 0);
    }

    fn waive(&mut self, changes: &[Award]) {
        for change in changes {
            let points = change.points.negated().expect("what is waived is an amount");
            let (cause, account, source) = (change.cause(), change.account, change.source);
            let same = |known: &&mut Granted| known.cause == cause && known.account == account;
            match self.waived.iter_mut().find(same) {
                Some(known) => known.points = known.points.plus(points).expect("what is waived is an amount"),
                None => self.waived.push(Granted { cause, account, source, points }),
            }
        }
        self.waived.retain(|waived| !waived.points.is_zero());
    }
}

impl Rare {
    /// What is known before the first evaluation.
    pub(super) fn before(credited: &SaleCredited) -> Self {
        let (tags, counts_before) = (credited.tags.clone(), credited.counts_before.clone());
        Self::of(RareParts { tags, counts_before, ..RareParts::nothing() })
    }

    /// Adds what a credit says.
    pub(super) fn add(&mut self, credited: &SaleCredited) {
        let SaleCredited { forfeited, waived, acted, budgets, counted, .. } = credited;
        let says_nothing = forfeited.is_empty()
            && waived.is_empty()
            && acted.is_empty()
            && budgets.is_empty()
            && counted.is_empty();
        if says_nothing && self.forfeited.is_empty() {
            return;
        }
        let mut parts = self.0.take().map_or_else(RareParts::nothing, |parts| *parts);
        parts.add(credited);
        *self = Self::of(parts);
    }

    /// What the sale gave is another customer's now; none: this one's again.
    pub(super) fn set_moved(&mut self, moved: Option<Moved>) {
        let parts = self.0.take().map_or_else(RareParts::nothing, |parts| *parts);
        *self = Self::of(RareParts { moved, ..parts });
    }

    /// Nothing takes no place, so that equal records have equal forms.
    fn of(parts: RareParts) -> Self {
        Self((parts != NOTHING).then(|| Box::new(parts)))
    }
}

impl Deref for Rare {
    type Target = RareParts;
    fn deref(&self) -> &RareParts {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}
