//! Phone numbers (customers-campaigns.md B1.3). Not unique: several customers may share one.

use super::{Phone, ProfileFaultReason, change::Findings};

/// Numbers of one customer at most (B1.5).
const PHONES_MAX: usize = 10;
/// Digits of a number at most; an international number has fifteen.
const DIGITS_MAX: usize = 20;
const KINDS: [&str; 4] = ["mobile", "home", "work", "other"];

/// A phone number as a caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneChange {
    /// Digits, and whatever people put between them.
    pub number: Box<str>,
    /// `mobile` when not named.
    pub kind: Option<Box<str>>,
    /// Flagged as primary.
    pub primary: bool,
}

/// The new list. A number that was verified stays so; without a primary one the first is.
pub(super) fn replaced(before: &[Phone], wanted: Vec<PhoneChange>, findings: &mut Findings) -> Vec<Phone> {
    if wanted.len() > PHONES_MAX {
        findings.add("phone_numbers", ProfileFaultReason::Limit(PHONES_MAX));
        return Vec::new();
    }
    if wanted.iter().filter(|phone| phone.primary).count() > 1 {
        findings.add("phone_numbers", ProfileFaultReason::SecondPrimary);
    }
    let none_primary = wanted.iter().all(|phone| !phone.primary);
    let mut phones = Vec::with_capacity(wanted.len());
    for (place, PhoneChange { number, kind, primary }) in wanted.into_iter().enumerate() {
        let number = findings.keep(&format!("phone_numbers[{place}].phone_number"), digits(&number));
        let kind = kind.map_or("mobile".into(), |kind| kind.to_lowercase().into_boxed_str());
        if !KINDS.contains(&&*kind) {
            findings.add(format!("phone_numbers[{place}].phone_type"), ProfileFaultReason::NotInList);
        }
        let Some(number) = number else { continue };
        let verified = before.iter().any(|known| known.verified && known.number == number);
        phones.push(Phone { number, kind, primary: primary || (none_primary && place == 0), verified });
    }
    phones
}

fn digits(number: &str) -> Result<Box<str>, ProfileFaultReason> {
    let kept: String = number.chars().filter(|character| !" .-()[]+".contains(*character)).collect();
    if kept.is_empty() {
        return Err(ProfileFaultReason::Required);
    }
    let fits = kept.len() <= DIGITS_MAX && kept.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(kept.into()) } else { Err(ProfileFaultReason::Format) }
}
