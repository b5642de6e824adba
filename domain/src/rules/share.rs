//! How several payers share one sale (pos-offers.md B.4, "Who gets the credit").

use serde::{Deserialize, Serialize};

use crate::amount::{AmountError, Money, Rounding, divide_rounded};

/// One payer's part of a sale: the payer's amount against the amounts of all payers, anonymous ones included.
///
/// Amounts are split to the cent: everybody's part is cut to 0.01 and what remains goes to the largest payer, so that
/// the parts of all payers sum to the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// What each payer paid, none negative. Empty: one payer has it all.
    paid: Vec<Money>,
    /// Which of them this is.
    payer: usize,
}

impl Share {
    /// The whole sale.
    pub const fn whole() -> Self {
        Self { paid: Vec::new(), payer: 0 }
    }

    /// The share of `paid[payer]`. Everything when nobody paid anything, for the first payer; nothing for the others.
    pub fn of(paid: Vec<Money>, payer: usize) -> Self {
        assert!(payer < paid.len(), "the payer is one of those who paid");
        Self { paid: paid.into_iter().map(|amount| amount.max(Money::ZERO)).collect(), payer }
    }

    /// The payer to whom remainders and quantities go: the one with the largest amount, the first of equals.
    pub fn is_largest(&self) -> bool {
        self.largest() == self.payer
    }

    fn largest(&self) -> usize {
        let mut largest = 0;
        for (payer, amount) in self.paid.iter().enumerate() {
            if *amount > self.paid[largest] {
                largest = payer;
            }
        }
        largest
    }

    /// This payer's part of an amount.
    pub fn part(&self, amount: Money) -> Result<Money, AmountError> {
        const CENT: i128 = 100;
        let total = Money::sum(self.paid.iter().copied())?;
        if self.paid.len() <= 1 || total.is_zero() {
            return Ok(if self.payer == 0 { amount } else { Money::ZERO });
        }
        let cut = |paid: Money| -> Result<Money, AmountError> {
            let scaled = amount.wide().checked_mul(paid.wide()).ok_or(AmountError::OutOfRange)?;
            let cents = divide_rounded(scaled, total.wide() * CENT, Rounding::Down)?;
            Money::from_wide(cents * CENT)
        };
        if !self.is_largest() {
            return cut(self.paid[self.payer]);
        }
        let mut rest = amount;
        for (payer, paid) in self.paid.iter().enumerate() {
            if payer != self.payer {
                rest = rest.minus(cut(*paid)?)?;
            }
        }
        Ok(rest)
    }
}
