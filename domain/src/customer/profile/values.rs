//! The forms of standard attributes (customers-campaigns.md A.8, B1.3).

use std::collections::BTreeMap;

use super::{
    Address, ProfileFaultReason,
    change::Findings,
    places::{alpha3, state_code},
};
use crate::{
    amount::Quantity,
    time::{Span, Timestamp, Unit, Zone},
};

/// Characters of an e-mail address at most.
const EMAIL_MAX: usize = 254;
/// Customers are at least this old.
const AGE_MIN: Span = Span { value: 13, unit: Unit::Year };
/// Custom attributes of a customer at most (B2), and bytes of a value.
const ATTRIBUTES_MAX: usize = 200;
const ATTRIBUTE_BYTES_MAX: usize = 4_000;

/// The form an attribute has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// Any text of at most so many characters.
    Text(usize),
    /// One `@`, and a dot behind it. Clients park withdrawn addresses with odd endings, so no more is asked (B1.10).
    Email,
    /// `YYYY-MM-DD`, at least 13 years ago.
    BirthDate,
    /// `m` or `f`.
    Gender,
    /// Language and region.
    Locale,
    /// A country.
    Country,
    /// Decimal degrees between plus and minus so many.
    Degrees(i64),
}

impl Form {
    /// The value in its stored form.
    pub(super) fn of(self, value: &str, now: Timestamp) -> Result<Box<str>, ProfileFaultReason> {
        match self {
            Self::Text(max) if value.chars().count() > max => Err(ProfileFaultReason::TooLong(max)),
            Self::Text(_) => Ok(value.into()),
            Self::Email => email(value),
            Self::BirthDate => birth_date(value, now),
            Self::Gender => match value.to_ascii_lowercase().as_str() {
                "m" | "male" => Ok("m".into()),
                "f" | "female" => Ok("f".into()),
                _ => Err(ProfileFaultReason::NotInList),
            },
            Self::Locale => locale(value),
            Self::Country => alpha3(value).map(Into::into).ok_or(ProfileFaultReason::NotInList),
            Self::Degrees(max) => degrees(value, max),
        }
    }
}

fn email(value: &str) -> Result<Box<str>, ProfileFaultReason> {
    let value = value.trim();
    if value.chars().count() > EMAIL_MAX {
        return Err(ProfileFaultReason::TooLong(EMAIL_MAX));
    }
    let well_formed = value
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.contains('@') && host.contains('.'));
    let blank = value.chars().any(char::is_whitespace);
    if well_formed && !blank { Ok(value.into()) } else { Err(ProfileFaultReason::Format) }
}

fn birth_date(value: &str, now: Timestamp) -> Result<Box<str>, ProfileFaultReason> {
    if value.len() != "YYYY-MM-DD".len() {
        return Err(ProfileFaultReason::Format);
    }
    let born = Timestamp::parse(value, &Zone::UTC).map_err(|_| ProfileFaultReason::Format)?;
    let old_enough = Zone::UTC.later(born, AGE_MIN).is_some_and(|birthday| birthday <= now);
    if old_enough { Ok(value.into()) } else { Err(ProfileFaultReason::TooYoung) }
}

fn locale(value: &str) -> Result<Box<str>, ProfileFaultReason> {
    let locale = value.trim().to_ascii_lowercase().replace('_', "-");
    let mut parts = locale.split('-');
    let language = parts.next().is_some_and(|part| {
        matches!(part.len(), 2 | 3) && part.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    let rest = parts
        .all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if language && rest { Ok(locale.into()) } else { Err(ProfileFaultReason::Format) }
}

fn degrees(value: &str, max: i64) -> Result<Box<str>, ProfileFaultReason> {
    let degrees: Quantity = value.parse().map_err(|_| ProfileFaultReason::Format)?;
    let within = degrees.wide().abs() <= i128::from(max) * i128::from(Quantity::UNIT);
    if within { Ok(value.into()) } else { Err(ProfileFaultReason::OutOfRange) }
}

/// A full name of a state of the USA becomes its code; elsewhere the text stays.
pub(super) fn shorten_state(address: &mut Address) {
    if address.country.as_deref().is_some_and(|country| country != "USA") {
        return;
    }
    if let Some(code) = address.state.as_deref().and_then(state_code) {
        address.state = Some(code.into());
    }
}

/// Merges by name; nothing removes.
pub(super) fn merge_attributes(
    attributes: &mut BTreeMap<Box<str>, Box<str>>,
    changes: BTreeMap<Box<str>, Option<Box<str>>>,
    findings: &mut Findings,
) {
    for (name, value) in changes {
        let well_formed = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if name.is_empty() || name.len() > 100 || !well_formed {
            findings.add(format!("user_profile.{name}"), ProfileFaultReason::Format);
            continue;
        }
        match value {
            None => {
                attributes.remove(&name);
            }
            Some(value) if value.len() > ATTRIBUTE_BYTES_MAX => {
                findings
                    .add(format!("user_profile.{name}"), ProfileFaultReason::TooLong(ATTRIBUTE_BYTES_MAX));
            }
            Some(value) => {
                attributes.insert(name, value);
            }
        }
    }
    if attributes.len() > ATTRIBUTES_MAX {
        findings.add("user_profile", ProfileFaultReason::Limit(ATTRIBUTES_MAX));
    }
}
