//! A change of a profile: what a caller wants, checked as a whole, all or nothing.

use std::collections::BTreeMap;

use super::{ExternalId, IdentifierChange, PhoneChange, Profile, identifiers, phones, referrer, values};
use crate::time::Timestamp;

/// What is to become of one attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Not mentioned.
    #[default]
    Keep,
    /// Away with it.
    Clear,
    /// This.
    Set(T),
}

/// What a caller wants of a profile. Not mentioned: stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// One more id in another system, in front of `identifiers` (B1.6).
    pub external_id: Option<ExternalId>,
    /// More ids, or ids to be removed.
    pub identifiers: Vec<IdentifierChange>,
    /// All present ids go first.
    pub clear_identifiers: bool,
    /// E-mail address.
    pub email: Change<Box<str>>,
    /// Member of the loyalty program.
    pub opted_in: Option<bool>,
    /// First name.
    pub first_name: Change<Box<str>>,
    /// Last name.
    pub last_name: Change<Box<str>>,
    /// First address line.
    pub address: Change<Box<str>>,
    /// Second address line.
    pub address2: Change<Box<str>>,
    /// City.
    pub city: Change<Box<str>>,
    /// State, by name or code.
    pub state: Change<Box<str>>,
    /// Postal code.
    pub zip: Change<Box<str>>,
    /// Country, alpha-2 or alpha-3.
    pub country: Change<Box<str>>,
    /// Market area code.
    pub dma: Change<Box<str>>,
    /// Decimal text.
    pub latitude: Change<Box<str>>,
    /// Decimal text.
    pub longitude: Change<Box<str>>,
    /// `YYYY-MM-DD`.
    pub dob: Change<Box<str>>,
    /// `m`, `f`, `male`, `female`.
    pub gender: Change<Box<str>>,
    /// Any case, `-` or `_`.
    pub locale: Change<Box<str>>,
    /// The new list of phones.
    pub phones: Option<Vec<PhoneChange>>,
    /// Custom attributes, merged: JSON text, or nothing to remove one.
    pub attributes: BTreeMap<Box<str>, Option<Box<str>>>,
    /// Made for tests; at creation only.
    pub test_account: Option<bool>,
    /// Registration elsewhere; at creation only.
    pub registered_at: Option<Timestamp>,
}

/// One attribute that cannot be as the caller wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileFault {
    /// Which: `dob`, `phone_numbers[1].phone_type`.
    pub field: String,
    /// Why.
    pub reason: ProfileFaultReason,
}

/// Why an attribute cannot be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileFaultReason {
    /// A customer has at least one key: an e-mail address or an id in another system.
    #[error("a customer needs an email or an external_id")]
    KeyRequired,
    /// A part of an element that must be there.
    #[error("is required")]
    Required,
    /// Not of its form.
    #[error("has not the form it must have")]
    Format,
    /// More characters than allowed.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// Not one of the known values.
    #[error("is not a known value")]
    NotInList,
    /// Outside its range.
    #[error("is out of range")]
    OutOfRange,
    /// A customer is at least 13 years old.
    #[error("customers are at least 13 years old")]
    TooYoung,
    /// Too many of them.
    #[error("must be at most {0}")]
    Limit(usize),
    /// More than one phone is primary.
    #[error("at most one phone is primary")]
    SecondPrimary,
}

/// Gathers faults while a profile is being changed.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<ProfileFault>);

impl Findings {
    pub(super) fn add(&mut self, field: impl Into<String>, reason: ProfileFaultReason) {
        self.0.push(ProfileFault { field: field.into(), reason });
    }

    /// The value, or nothing and a fault.
    pub(super) fn keep<T>(&mut self, field: &str, checked: Result<T, ProfileFaultReason>) -> Option<T> {
        checked.map_err(|reason| self.add(field, reason)).ok()
    }
}

impl Profile {
    /// The profile of a new customer.
    pub fn create(change: ProfileChange, now: Timestamp) -> Result<Self, Vec<ProfileFault>> {
        let (test_account, registered_at) = (change.test_account.unwrap_or(false), change.registered_at);
        let new = Self { opted_in: true, test_account, registered_at, ..Self::default() };
        let mut created = new.changed(change, now)?;
        created.referrer_stem = referrer::stem(&created.names);
        Ok(created)
    }

    /// The profile after a change, or everything that is wrong with the change.
    pub fn changed(&self, change: ProfileChange, now: Timestamp) -> Result<Self, Vec<ProfileFault>> {
        let mut next = self.clone();
        let mut findings = Findings::default();
        identifiers::apply(
            &mut next,
            change.external_id,
            change.identifiers,
            change.clear_identifiers,
            &mut findings,
        );
        if let Some(wanted) = change.phones {
            next.phones = phones::replaced(&self.phones, wanted, &mut findings);
        }
        next.opted_in = change.opted_in.unwrap_or(self.opted_in);
        let mut set = |slot: &mut Option<Box<str>>,
                       field: &str,
                       wanted: Change<Box<str>>,
                       form: values::Form| match wanted {
            Change::Keep => {}
            Change::Clear => *slot = None,
            Change::Set(value) => *slot = findings.keep(field, form.of(&value, now)),
        };
        set(&mut next.email, "email", change.email, values::Form::Email);
        set(&mut next.names.first, "first_name", change.first_name, values::Form::Text(100));
        set(&mut next.names.last, "last_name", change.last_name, values::Form::Text(100));
        set(&mut next.dob, "dob", change.dob, values::Form::BirthDate);
        set(&mut next.gender, "gender", change.gender, values::Form::Gender);
        set(&mut next.locale, "locale", change.locale, values::Form::Locale);
        let address = &mut next.address;
        set(&mut address.line1, "address", change.address, values::Form::Text(255));
        set(&mut address.line2, "address2", change.address2, values::Form::Text(255));
        set(&mut address.city, "city", change.city, values::Form::Text(100));
        set(&mut address.state, "state", change.state, values::Form::Text(100));
        set(&mut address.zip, "zip", change.zip, values::Form::Text(20));
        set(&mut address.country, "country", change.country, values::Form::Country);
        set(&mut address.dma, "dma", change.dma, values::Form::Text(20));
        set(&mut address.latitude, "latitude", change.latitude, values::Form::Degrees(90));
        set(&mut address.longitude, "longitude", change.longitude, values::Form::Degrees(180));
        values::shorten_state(address);
        values::merge_attributes(&mut next.attributes, change.attributes, &mut findings);
        if next.email.is_none() && next.identifiers.is_empty() && findings.0.is_empty() {
            findings.add("external_id", ProfileFaultReason::KeyRequired);
        }
        if findings.0.is_empty() { Ok(next) } else { Err(findings.0) }
    }
}
