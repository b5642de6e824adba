//! How many points an outcome gives: exact until it is rounded, and rounded once (incentives.md 4.9).

use super::{Scene, lines::LineSet};
use crate::{
    amount::{AmountError, Money, Points, Quantity, Rate, Rounding, divide_rounded},
    program::tree::{AmountBasis, AwardRule, Combine, DataLevel, PerAmount, PerQuantity, Value, ValueKind},
};

/// What an outcome is worth for a payer, before limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// The amount or quantity is below the hurdle.
    BelowHurdle,
    /// There is nothing to earn on.
    Nothing,
    /// So much.
    Earns(ExactAward),
}

/// Points before rounding, and how they are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExactAward {
    /// In units of [`Points`].
    points: Ratio,
    rounding: Rounding,
    /// The result is a multiple of so many units.
    step: i64,
    max: Option<Points>,
}

/// A fraction; the denominator is above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    fn times(self, numerator: i128, denominator: i128) -> Result<Self, AmountError> {
        let product = |a: i128, b: i128, c: i128, d: i128| Some((a.checked_mul(b)?, c.checked_mul(d)?));
        // Reducing costs many divisions, so it is left to the numbers that need it.
        let plain = product(self.numerator, numerator, self.denominator, denominator);
        let (numerator, denominator) = plain
            .or_else(|| {
                let (left, right) =
                    (divisor(self.numerator, denominator), divisor(numerator, self.denominator));
                product(
                    self.numerator / left,
                    numerator / right,
                    self.denominator / right,
                    denominator / left,
                )
            })
            .ok_or(AmountError::OutOfRange)?;
        Ok(Self { numerator, denominator })
    }
}

/// The greatest common divisor of a number that is not below zero and one above zero.
fn divisor(mut a: i128, mut b: i128) -> i128 {
    while a != 0 {
        (a, b) = (b % a, a);
    }
    b
}

/// What an outcome was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inputs {
    /// 1: so many points.
    Fixed {
        /// As configured.
        points: Points,
    },
    /// 2: an amount.
    Amount {
        /// Which amount.
        basis: AmountBasis,
        /// What of the ticket is eligible, whoever paid it.
        of_ticket: Money,
        /// The payer's part of it.
        eligible: Money,
        /// Points for each `per_amount`.
        rate: Rate,
        /// As configured.
        per_amount: Money,
        /// As configured.
        hurdle: Option<Money>,
        /// As configured.
        max_points: Option<Points>,
    },
    /// 4: a quantity.
    Quantity {
        /// Units of the payer, or of the event.
        units: Quantity,
        /// Points for each `quantity_per_award`.
        points: Points,
        /// As configured.
        quantity_per_award: Quantity,
        /// As configured.
        hurdle: Option<Quantity>,
        /// As configured.
        max_points: Option<Points>,
    },
    /// 4096: a factor on what others give.
    Multiplier {
        /// As configured.
        factor: Rate,
        /// As configured.
        combine: Combine,
    },
}

/// What an award's outcome is computed from.
pub(super) fn inputs(
    award: &AwardRule,
    scene: &Scene<'_>,
    qualifying: &LineSet,
) -> Result<Inputs, AmountError> {
    Ok(match award {
        AwardRule::Fixed(points) => Inputs::Fixed { points: *points },
        AwardRule::PerAmount(rule) => {
            let (of_ticket, eligible) = match scene.current_ticket() {
                None => (Money::ZERO, Money::ZERO),
                Some(ticket) => {
                    let eligible = ticket.eligible(rule.basis, qualifying)?;
                    (eligible, ticket.purchase.share.part(eligible)?)
                }
            };
            let PerAmount { basis, rate, per_amount, hurdle, max_points, .. } = *rule;
            Inputs::Amount { basis, of_ticket, eligible, rate, per_amount, hurdle, max_points }
        }
        AwardRule::PerQuantity(rule) => {
            let PerQuantity { points, quantity_per_award, hurdle, max_points, .. } = *rule;
            let units = units(rule, scene, qualifying)?;
            Inputs::Quantity { units, points, quantity_per_award, hurdle, max_points }
        }
    })
}

/// The units that count for this payer, or of the event. They cannot be split: they are the largest payer's.
fn units(rule: &PerQuantity, scene: &Scene<'_>, qualifying: &LineSet) -> Result<Quantity, AmountError> {
    match scene.current_ticket() {
        None if rule.field.is_some() => field_quantity(rule, scene, None),
        None => Ok(scene.event.map_or(Quantity::ZERO, |event| event.quantity)),
        Some(ticket) if !ticket.purchase.share.is_largest() => Ok(Quantity::ZERO),
        Some(ticket) if rule.field.is_none() => ticket.quantity(qualifying),
        Some(_) => field_quantity(rule, scene, Some(qualifying)),
    }
}

/// What an award's outcome gives for an event, or to this payer for these lines.
pub(super) fn worth(
    award: &AwardRule,
    scene: &Scene<'_>,
    qualifying: &LineSet,
) -> Result<Worth, AmountError> {
    let Some(ticket) = scene.current_ticket() else {
        return worth_of_event(award, scene);
    };
    match award {
        // Fixed points cannot be split either: given to every payer, a second payment of a cent would double them.
        AwardRule::Fixed(_) if ticket.is_net_return()? || !ticket.purchase.share.is_largest() => {
            Ok(Worth::Nothing)
        }
        AwardRule::Fixed(points) => Ok(Worth::Earns(ExactAward::settled(*points, None))),
        AwardRule::PerAmount(rule) => {
            let eligible = ticket.eligible(rule.basis, qualifying)?;
            per_amount(rule, ticket.purchase.share.part(eligible)?)
        }
        AwardRule::PerQuantity(rule) => per_quantity(rule, units(rule, scene, qualifying)?),
    }
}

fn worth_of_event(award: &AwardRule, scene: &Scene<'_>) -> Result<Worth, AmountError> {
    match award {
        AwardRule::Fixed(points) => Ok(Worth::Earns(ExactAward::settled(*points, None))),
        // The compiler keeps these out of event trees.
        AwardRule::PerAmount(_) => Ok(Worth::Nothing),
        AwardRule::PerQuantity(rule) => per_quantity(rule, units(rule, scene, LineSet::NONE)?),
    }
}

/// The number in a field; of several the sum, of lines that of the qualifying ones. What is no number counts nothing.
fn field_quantity(
    rule: &PerQuantity,
    scene: &Scene<'_>,
    qualifying: Option<&LineSet>,
) -> Result<Quantity, AmountError> {
    let number = |text: &str| match ValueKind::Number.read(text) {
        Some(Value::Number(number)) => number,
        _ => Quantity::ZERO,
    };
    let Some(path) = &rule.field else { return Ok(Quantity::ZERO) };
    if path.level == DataLevel::Trigger {
        return Ok(scene.datum(path).map_or(Quantity::ZERO, |text| number(&text)));
    }
    let counts = |place: &usize| match (path.level, qualifying) {
        (DataLevel::Item, Some(lines)) => lines.has(*place),
        (_, _) => true,
    };
    let found = scene.data(path).into_iter().filter(|(place, _)| counts(place));
    Quantity::sum(found.map(|(_, text)| number(&text)))
}

fn per_amount(rule: &PerAmount, base: Money) -> Result<Worth, AmountError> {
    const RATE_TO_POINTS: i128 = 10_i128.pow(Rate::SCALE - Points::SCALE);
    if rule.hurdle.is_some_and(|hurdle| base < hurdle) {
        return Ok(Worth::BelowHurdle);
    }
    if !base.is_positive() {
        return Ok(Worth::Nothing);
    }
    let whole = Ratio { numerator: base.wide(), denominator: rule.per_amount.wide() };
    let points = whole.times(rule.rate.wide(), RATE_TO_POINTS)?;
    Ok(Worth::Earns(ExactAward::new(points, rule.rounding, rule.precision, rule.max_points)))
}

fn per_quantity(rule: &PerQuantity, quantity: Quantity) -> Result<Worth, AmountError> {
    if rule.hurdle.is_some_and(|hurdle| quantity < hurdle) {
        return Ok(Worth::BelowHurdle);
    }
    if !quantity.is_positive() {
        return Ok(Worth::Nothing);
    }
    let parts = 10_i128.pow(rule.decimal_precision);
    let scaled = quantity.wide().checked_mul(parts).ok_or(AmountError::OutOfRange)?;
    let awards = divide_rounded(scaled, rule.quantity_per_award.wide(), Rounding::Down)?;
    let points = Ratio { numerator: awards, denominator: parts }.times(rule.points.wide(), 1)?;
    Ok(Worth::Earns(ExactAward::new(points, rule.rounding, rule.precision, rule.max_points)))
}

impl ExactAward {
    fn new(points: Ratio, rounding: Rounding, precision: u32, max: Option<Points>) -> Self {
        let step = match rounding {
            Rounding::None => 1,
            Rounding::Down | Rounding::Up | Rounding::Nearest | Rounding::HalfEven => {
                10_i64.pow(Points::SCALE.saturating_sub(precision))
            }
        };
        Self { points, rounding, step, max }
    }

    /// Points that need no rounding.
    fn settled(points: Points, max: Option<Points>) -> Self {
        Self::new(Ratio { numerator: points.wide(), denominator: 1 }, Rounding::None, 0, max)
    }

    /// The award when a limit has left only so many points of it: multipliers multiply what is left, rounded as before.
    pub(super) fn cut_to(self, points: Points) -> Self {
        Self { points: Ratio { numerator: points.wide(), denominator: 1 }, ..self }
    }

    /// Without multipliers.
    pub(super) fn base(&self) -> Result<Points, AmountError> {
        self.rounded(self.points)
    }

    /// With multipliers.
    pub(super) fn multiplied(&self, factors: &Factors) -> Result<Points, AmountError> {
        self.rounded(factors.apply(self.points)?)
    }

    fn rounded(&self, points: Ratio) -> Result<Points, AmountError> {
        let step = i128::from(self.step);
        let unit = points.denominator.checked_mul(step).ok_or(AmountError::OutOfRange)?;
        let steps = divide_rounded(points.numerator, unit, self.rounding)?;
        let rounded = Points::from_wide(steps.checked_mul(step).ok_or(AmountError::OutOfRange)?)?;
        Ok(self.max.map_or(rounded, |max| rounded.min(max)))
    }
}

/// The multipliers on one award: combined within each kind, and the kinds multiplied (incentives.md 6.5).
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors {
    sum: i128,
    product: Ratio,
    largest: i128,
}

impl Factors {
    const ONE: i128 = 10_i128.pow(Rate::SCALE);

    /// No multiplier yet.
    pub(super) const NONE: Self =
        Self { sum: Self::ONE, product: Ratio { numerator: 1, denominator: 1 }, largest: Self::ONE };

    /// One more multiplier.
    pub(super) fn with(mut self, factor: Rate, combine: Combine) -> Result<Self, AmountError> {
        match combine {
            Combine::Add => {
                self.sum = self.sum.checked_add(factor.wide() - Self::ONE).ok_or(AmountError::OutOfRange)?
            }
            Combine::Multiply => self.product = self.product.times(factor.wide(), Self::ONE)?,
            Combine::Max => self.largest = self.largest.max(factor.wide()),
        }
        Ok(self)
    }

    fn apply(&self, points: Ratio) -> Result<Ratio, AmountError> {
        points
            .times(self.sum, Self::ONE)?
            .times(self.product.numerator, self.product.denominator)?
            .times(self.largest, Self::ONE)
    }
}
