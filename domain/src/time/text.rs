//! The text forms of time on the wire: read all of them (catalog-transactions.md A.3), write the one the surface wants.

use jiff::civil;

use super::{Timestamp, Zone};

/// The text is no time in any accepted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date-time such as 2026-03-01T12:00:00.000Z")]
pub struct InvalidTime;

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// `2026-03-01T12:00:00Z`, with a fraction only when there is one, its trailing zeros trimmed.
    Iso,
    /// The same without `Z`: persisted columns of the incentives domain (incentives.md 1.3).
    IsoBare,
    /// `2026-03-01 12:00:00`, UTC without zone: customer time stamps (customers-campaigns.md A.8).
    Customer,
}

impl Timestamp {
    /// Reads `YYYY-MM-DD`, `T` or a blank, `HH:MM:SS`, 0 to 9 fraction digits, and `Z`, an offset or nothing. Without
    /// an offset the time is in `zone`. A date alone is its midnight. Fractions are cut to milliseconds.
    pub fn parse(text: &str, zone: &Zone) -> Result<Self, InvalidTime> {
        let bytes = text.trim().as_bytes();
        let date = read_date(bytes).ok_or(InvalidTime)?;
        let Some(rest) = bytes.get(10..).filter(|rest| !rest.is_empty()) else {
            return zone.instant(date.to_datetime(civil::Time::midnight())).ok_or(InvalidTime);
        };
        let (clock, rest) = read_clock(rest).ok_or(InvalidTime)?;
        let local = date.to_datetime(clock);
        match read_offset(rest).ok_or(InvalidTime)? {
            None => zone.instant(local).ok_or(InvalidTime),
            Some(offset_minutes) => {
                let utc = Zone::UTC.instant(local).ok_or(InvalidTime)?;
                Ok(utc.plus_millis(-i64::from(offset_minutes) * 60_000))
            }
        }
    }

    /// Writes the time in UTC.
    pub fn write(self, form: TimeForm) -> String {
        let datetime = Zone::UTC.civil(self);
        let (date, clock) = (datetime.date(), datetime.time());
        let separator = if form == TimeForm::Customer { ' ' } else { 'T' };
        let mut text = format!(
            "{:04}-{:02}-{:02}{separator}{:02}:{:02}:{:02}",
            date.year(),
            date.month(),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second()
        );
        if form != TimeForm::Customer && clock.millisecond() != 0 {
            let fraction = format!(".{:03}", clock.millisecond());
            text.push_str(fraction.trim_end_matches('0'));
        }
        if form == TimeForm::Iso {
            text.push('Z');
        }
        text
    }
}

fn number(bytes: &[u8]) -> Option<i16> {
    bytes.iter().try_fold(0_i16, |value, byte| {
        byte.is_ascii_digit().then(|| value.checked_mul(10)?.checked_add(i16::from(byte - b'0'))).flatten()
    })
}

fn small(bytes: &[u8]) -> Option<i8> {
    number(bytes).and_then(|value| i8::try_from(value).ok())
}

fn read_date(bytes: &[u8]) -> Option<civil::Date> {
    let separated = bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    let (year, month, day) = (number(bytes.get(..4)?)?, small(bytes.get(5..7)?)?, small(bytes.get(8..10)?)?);
    separated.then(|| civil::Date::new(year, month, day).ok()).flatten()
}

/// Reads `THH:MM[:SS[.fraction]]` and gives back what follows it.
fn read_clock(bytes: &[u8]) -> Option<(civil::Time, &[u8])> {
    if !matches!(bytes.first(), Some(b'T' | b't' | b' ')) || bytes.get(3) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (small(bytes.get(1..3)?)?, small(bytes.get(4..6)?)?);
    let (second, mut rest) = match bytes.get(6) {
        Some(b':') => (small(bytes.get(7..9)?)?, bytes.get(9..)?),
        _ => (0, bytes.get(6..)?),
    };
    let mut nanoseconds = 0_i32;
    if rest.first() == Some(&b'.') {
        let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > 9 {
            return None;
        }
        // Milliseconds are what is kept, so the digits behind the third are read and cut.
        let mut millis = 0_i32;
        for place in 0..3 {
            let digit = if place < digits { i32::from(rest[1 + place] - b'0') } else { 0 };
            millis = millis * 10 + digit;
        }
        nanoseconds = millis * 1_000_000;
        rest = &rest[1 + digits..];
    }
    Some((civil::Time::new(hour, minute, second, nanoseconds).ok()?, rest))
}

/// Reads `Z`, `+HH:MM`, `+HHMM` or `+HH` as minutes east of UTC; nothing is `Some(None)`, anything else `None`.
fn read_offset(bytes: &[u8]) -> Option<Option<i16>> {
    let (sign, digits) = match bytes {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(0)),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [_, _] => (number(digits)?, 0),
        [_, _, b':', _, _] => (number(&digits[..2])?, number(&digits[3..])?),
        [_, _, _, _] => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(Some(sign * (hours * 60 + minutes)))
}
