//! Decimal text to scaled integer and back, exactly.

use std::fmt;

/// The longest decimal text that is read. Longer texts are refused before they cost anything.
pub const MAX_DECIMAL_TEXT: usize = 64;

/// Why a text or a calculation gives no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text is not a JSON number.
    #[error("not a decimal number")]
    NotANumber,
    /// The value, or a result on the way, does not fit.
    #[error("the number is out of range")]
    OutOfRange,
}

/// Reads a JSON number into an integer of `10^-scale` units. Digits beyond the scale are rounded half away from zero:
/// tills that calculate in binary floating point really send `0.30000000000000004`.
pub(super) fn parse_scaled(text: &str, scale: u32) -> Result<i64, AmountError> {
    if text.len() > MAX_DECIMAL_TEXT {
        return Err(AmountError::OutOfRange);
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = split_exponent(unsigned)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let well_formed = !whole.is_empty()
        && (whole == "0" || !whole.starts_with('0'))
        && whole.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit())
        && !mantissa.ends_with('.');
    if !well_formed {
        return Err(AmountError::NotANumber);
    }
    let (places, fraction_places) =
        (i64::try_from(whole.len() + fraction.len()), i64::try_from(fraction.len()));
    let (Ok(places), Ok(fraction_places)) = (places, fraction_places) else {
        return Err(AmountError::OutOfRange);
    };
    let shift = i64::from(scale) + exponent - fraction_places;
    let magnitude = shift_digits(whole.bytes().chain(fraction.bytes()), places, shift)?;
    let signed = if negative { -magnitude } else { magnitude };
    i64::try_from(signed).map_err(|_| AmountError::OutOfRange)
}

fn split_exponent(text: &str) -> Result<(&str, i64), AmountError> {
    match text.split_once(['e', 'E']) {
        None => Ok((text, 0)),
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(AmountError::NotANumber);
            }
            let value: i16 = exponent.parse().map_err(|_| AmountError::OutOfRange)?;
            Ok((mantissa, i64::from(value)))
        }
    }
}

/// Reads so many digits as an integer moved by `shift` decimal places, rounding half away from zero where digits fall
/// off.
fn shift_digits(digits: impl Iterator<Item = u8>, places: i64, shift: i64) -> Result<i128, AmountError> {
    let kept = places + shift.min(0);
    let mut value: i128 = 0;
    // Of the digits that fall off, the first alone decides which way to round; a long fraction is no reason to
    // overflow.
    for (place, digit) in (0..=kept).zip(digits) {
        let digit = i128::from(digit - b'0');
        let (factor, digit) = if place < kept { (10, digit) } else { (1, i128::from(digit >= 5)) };
        value = value
            .checked_mul(factor)
            .and_then(|value| value.checked_add(digit))
            .ok_or(AmountError::OutOfRange)?;
    }
    if value == 0 || shift <= 0 {
        return Ok(value);
    }
    let factor = u32::try_from(shift).ok().and_then(|shift| 10_i128.checked_pow(shift));
    factor.and_then(|factor| value.checked_mul(factor)).ok_or(AmountError::OutOfRange)
}

/// Writes an integer of `10^-scale` units without trailing zeros: `640`, `12.5`, `-0.25`.
pub(super) fn write_scaled(value: i64, scale: u32, out: &mut impl fmt::Write) -> fmt::Result {
    let unit = 10_u64.pow(scale);
    let magnitude = value.unsigned_abs();
    let (whole, mut fraction) = (magnitude / unit, magnitude % unit);
    if value < 0 {
        out.write_char('-')?;
    }
    write!(out, "{whole}")?;
    if fraction != 0 {
        let mut width = usize::try_from(scale).unwrap_or(usize::MAX);
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            width -= 1;
        }
        write!(out, ".{fraction:0width$}")?;
    }
    Ok(())
}
