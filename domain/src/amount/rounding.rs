//! Rounding modes of awards (incentives.md 3.9) and exact division.

use serde::{Deserialize, Serialize};

use super::AmountError;

/// How an award is brought to its precision (`rounding_mode`, incentives.md 3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rounding {
    /// 0: keep what the ledger can hold, cut the rest toward zero.
    None,
    /// 1: toward zero. A negative award is the mirror of the positive one, so that a return takes back what was given.
    Down,
    /// 2: away from zero.
    Up,
    /// 3: to the nearest, halves away from zero.
    Nearest,
    /// 4: to the nearest, halves to the even neighbour.
    HalfEven,
}

/// `numerator / denominator` rounded to an integer. Refuses a denominator of zero and results out of range.
pub fn divide_rounded(numerator: i128, denominator: i128, rounding: Rounding) -> Result<i128, AmountError> {
    let quotient = numerator.checked_div(denominator).ok_or(AmountError::OutOfRange)?;
    let remainder = numerator.checked_rem(denominator).ok_or(AmountError::OutOfRange)?;
    if remainder == 0 {
        return Ok(quotient);
    }
    let twice = remainder.unsigned_abs().checked_mul(2).ok_or(AmountError::OutOfRange)?;
    let against_half = twice.cmp(&denominator.unsigned_abs());
    let away_from_zero = match rounding {
        Rounding::None | Rounding::Down => false,
        Rounding::Up => true,
        Rounding::Nearest => against_half.is_ge(),
        Rounding::HalfEven => against_half.is_gt() || (against_half.is_eq() && quotient % 2 != 0),
    };
    let step = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    if away_from_zero { quotient.checked_add(step).ok_or(AmountError::OutOfRange) } else { Ok(quotient) }
}
