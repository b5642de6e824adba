//! A purchase priced and looked up once, for all trees (incentives.md 6.6).

use super::{Line, Payment, Purchase, lines::LineSet};
use crate::{
    amount::{AmountError, Money, Quantity, Rounding, divide_rounded},
    program::{
        Program,
        tree::{AmountBasis, ItemKey, ItemSet},
    },
};

/// The payment type that is not money, in any letter case (incentives.md 6.6).
const POINTS_PAYMENT: &str = "points";

/// A purchase as trees look at it.
pub(crate) struct Ticket<'a> {
    pub(super) purchase: &'a Purchase<'a>,
    lines: Vec<PricedLine>,
    /// All of its lines.
    all: LineSet,
    /// The lines that count for something: discounts have not taken all of them.
    valued: LineSet,
    /// What all lines count for together.
    total: Result<Money, AmountError>,
    /// The ticket's subtotal after discounts, with tax when tax counts.
    order_amount: Money,
    /// What counts of an amount when a part was paid with points.
    paid_with_money: Option<Fraction>,
}

/// A line with what it counts for and where it stands in the catalog.
struct PricedLine {
    amount: Money,
    quantity: Quantity,
    keys: [Option<ItemKey>; 4],
}

/// A part of a whole, both in units of money; the whole is above zero and the part within it.
#[derive(Clone, Copy)]
struct Fraction {
    part: i128,
    whole: i128,
}

impl<'a> Ticket<'a> {
    pub(super) fn new(program: &Program, purchase: &'a Purchase<'a>) -> Result<Self, AmountError> {
        let switches = &program.retailer().switches;
        let mut lines = Vec::with_capacity(purchase.lines.len());
        let mut order_amount = purchase.subtotal;
        for line in purchase.lines {
            order_amount = order_amount.minus(line.discount)?;
            lines.push(PricedLine {
                amount: line_amount(line, switches.include_tax)?,
                quantity: line.quantity,
                keys: keys(program, line.item_id),
            });
        }
        if switches.include_tax {
            order_amount = order_amount.plus(purchase.tax_total)?;
        }
        let paid_with_money =
            if switches.exclude_points_payments { paid_with_money(purchase.payments)? } else { None };
        Ok(Self {
            purchase,
            all: LineSet::of(lines.len(), |_| true),
            valued: LineSet::of(lines.len(), |place| !lines[place].amount.is_zero()),
            total: Money::sum(lines.iter().map(|line| line.amount)),
            lines,
            order_amount,
            paid_with_money,
        })
    }

    /// What it prices.
    pub(crate) fn purchase(&self) -> &'a Purchase<'a> {
        self.purchase
    }

    /// What item sets may name of its lines, line by line.
    pub(crate) fn keys(&self) -> impl Iterator<Item = ItemKey> {
        self.lines.iter().flat_map(|line| line.keys.into_iter().flatten())
    }

    /// The lines that constraints select from.
    pub(super) fn counting(&self, include_fully_discounted: bool) -> &LineSet {
        if include_fully_discounted { &self.all } else { &self.valued }
    }

    /// The item set selects the line.
    pub(super) fn selects(&self, set: &ItemSet, place: usize) -> bool {
        let line = &self.lines[place];
        let listed = line.keys.iter().flatten().any(|key| set.keys.binary_search(key).is_ok());
        listed == set.include && set.min_item_value.is_none_or(|min| line.amount >= min)
    }

    /// One of the lines is this item, or of this category, brand or department.
    pub(super) fn matches_key(&self, lines: &LineSet, key: ItemKey) -> bool {
        lines.places().any(|place| self.lines[place].keys.contains(&Some(key)))
    }

    /// How many units the lines have together.
    pub(super) fn quantity(&self, lines: &LineSet) -> Result<Quantity, AmountError> {
        Quantity::sum(lines.places().map(|place| self.lines[place].quantity))
    }

    /// The eligible amount of the whole ticket, before payers share it.
    pub(super) fn eligible(&self, basis: AmountBasis, qualifying: &LineSet) -> Result<Money, AmountError> {
        let amount = match basis {
            AmountBasis::Items => self.total?,
            AmountBasis::Subtotal => self.order_amount,
            AmountBasis::Qualifying => Money::sum(qualifying.places().map(|place| self.lines[place].amount))?,
            AmountBasis::TotalSpend if qualifying.is_empty() => Money::ZERO,
            AmountBasis::TotalSpend => self.total?,
        };
        match self.paid_with_money {
            None => Ok(amount),
            Some(Fraction { part, whole }) => {
                let scaled = amount.wide().checked_mul(part).ok_or(AmountError::OutOfRange)?;
                Money::from_wide(divide_rounded(scaled, whole, Rounding::Down)?)
            }
        }
    }

    /// More goes back than is bought.
    pub(super) fn is_net_return(&self) -> Result<bool, AmountError> {
        Ok(self.purchase.subtotal.is_negative() || self.total?.is_negative())
    }
}

fn line_amount(line: &Line<'_>, include_tax: bool) -> Result<Money, AmountError> {
    let amount = line.subtotal.minus(line.discount)?;
    if include_tax { Ok(amount) } else { amount.minus(line.tax_included) }
}

fn keys(program: &Program, item_id: &str) -> [Option<ItemKey>; 4] {
    let sku = program.sku_symbol(item_id).map(ItemKey::Sku);
    match program.catalog().item(item_id) {
        None => [sku, None, None, None],
        Some(item) => [
            sku,
            item.category.map(ItemKey::Category),
            item.brand.map(ItemKey::Brand),
            item.department.map(ItemKey::Department),
        ],
    }
}

/// The part of the payments that was not made with points; none when all of it is money, or when nothing was paid.
fn paid_with_money(payments: &[Payment]) -> Result<Option<Fraction>, AmountError> {
    let with_points = payments.iter().filter(|payment| payment.kind.eq_ignore_ascii_case(POINTS_PAYMENT));
    let with_points = Money::sum(with_points.map(|payment| payment.amount))?;
    let total = Money::sum(payments.iter().map(|payment| payment.amount))?;
    if !with_points.is_positive() || !total.is_positive() {
        return Ok(None);
    }
    let part = total.minus(with_points)?.max(Money::ZERO);
    Ok(Some(Fraction { part: part.wide(), whole: total.wide() }))
}
