//! Who a customer is (customers-campaigns.md B1.3, B1.4) and how that changes.
//!
//! Owns the form of every standard attribute and the rules of identifiers and phones. Whether an identifier is free
//! is not known here: that is what claims are for.

mod change;
mod identifiers;
mod phones;
mod places;
mod referrer;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use change::{Change, ProfileChange, ProfileFault, ProfileFaultReason};
pub use identifiers::IdentifierChange;
pub use phones::PhoneChange;

use crate::time::Timestamp;

/// The personal part of a customer. Texts are kept as they are shown; absent ones are `None`, never empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Unique e-mail address, trimmed, compared in lower case.
    pub email: Option<Box<str>>,
    /// The customer's ids in other systems, in the order in which they were mapped (B1.6).
    pub identifiers: Vec<ExternalId>,
    /// Which of them is shown as `external_id`.
    pub shown: Option<usize>,
    /// Member of the loyalty program. Out: earns nothing, balances stay (B1.10).
    pub opted_in: bool,
    /// `first_name` and `last_name`.
    pub names: Names,
    /// Postal address and place.
    pub address: Address,
    /// `YYYY-MM-DD`.
    pub dob: Option<Box<str>>,
    /// `m` or `f`.
    pub gender: Option<Box<str>>,
    /// Lower case with `-`.
    pub locale: Option<Box<str>>,
    /// Phone numbers; replaced as a whole.
    pub phones: Vec<Phone>,
    /// Custom attributes: name to JSON text (B2).
    pub attributes: BTreeMap<Box<str>, Box<str>>,
    /// Made for tests.
    pub test_account: bool,
    /// When the customer registered elsewhere, for imports; none: when the customer came into being.
    pub registered_at: Option<Timestamp>,
    /// The name part of the referral code, fixed by the names at creation; empty without one (B1.8).
    pub referrer_stem: Box<str>,
}

/// An id in another system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalId {
    /// The id; opaque.
    pub value: Box<str>,
    /// Which system; none: `default`, which is not echoed.
    pub kind: Option<Box<str>>,
}

/// A person's names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// First name.
    pub first: Option<Box<str>>,
    /// Last name.
    pub last: Option<Box<str>>,
}

/// Where a person lives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// First line.
    pub line1: Option<Box<str>>,
    /// Second line.
    pub line2: Option<Box<str>>,
    /// City.
    pub city: Option<Box<str>>,
    /// State; two letters for the USA.
    pub state: Option<Box<str>>,
    /// Postal code.
    pub zip: Option<Box<str>>,
    /// ISO 3166 alpha-3.
    pub country: Option<Box<str>>,
    /// Market area code.
    pub dma: Option<Box<str>>,
    /// Decimal text as sent.
    pub latitude: Option<Box<str>>,
    /// Decimal text as sent.
    pub longitude: Option<Box<str>>,
}

/// A phone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Digits only.
    pub number: Box<str>,
    /// `mobile`, `home`, `work` or `other`.
    pub kind: Box<str>,
    /// At most one is.
    pub primary: bool,
    /// Proven by a message.
    pub verified: bool,
}

impl Profile {
    /// The id shown as `external_id`.
    pub fn shown_identifier(&self) -> Option<&ExternalId> {
        self.shown.and_then(|place| self.identifiers.get(place))
    }

    /// Some identifier has a type, so that writes answer with all of them (B1.2).
    pub fn has_typed_identifier(&self) -> bool {
        self.identifiers.iter().any(|known| known.kind.is_some())
    }
}
