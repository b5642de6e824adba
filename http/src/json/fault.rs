//! What is wrong with a body.

use super::Place;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which member: `request_payload.items[1].line_id`.
    pub field: String,
    /// What kind of fault.
    pub code: FaultCode,
    /// In words.
    pub message: String,
}

impl Fault {
    /// The member as a JSON pointer: `/request_payload/items/1/line_id`.
    pub fn pointer(&self) -> String {
        let parts = self.field.split(['.', '[']).map(|part| part.trim_end_matches(']'));
        parts.filter(|part| !part.is_empty()).fold(String::new(), |pointer, part| pointer + "/" + part)
    }
}

/// The kind of a fault (customers-campaigns.md A.7, "detail codes"; pos-offers.md B.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// Must be there and is not.
    Required,
    /// Another JSON type was expected.
    Type,
    /// The text has not the form it must have.
    Format,
    /// A number that does not fit, or is outside its range.
    OutOfRange,
    /// A text with too many characters.
    TooLong,
    /// Not one of the known words.
    NotInList,
    /// Must be unique and is not.
    Duplicate,
    /// Names a line that is not there.
    UnknownLine,
    /// Too many elements.
    Limit,
    /// Too young a customer.
    TooYoung,
    /// Contradicts another member.
    Conflict,
    /// The platform knows it; this release does not offer it.
    NotOffered,
}

impl FaultCode {
    /// Its wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Type => "type",
            Self::Format => "format",
            Self::OutOfRange => "out_of_range",
            Self::TooLong => "too_long",
            Self::NotInList => "not_in_list",
            Self::Duplicate => "duplicate",
            Self::UnknownLine => "unknown_line",
            Self::Limit => "limit",
            Self::TooYoung => "too_young",
            Self::Conflict => "conflict",
            Self::NotOffered => "not_offered",
        }
    }
}

/// So many faults are listed; a body that is wrong throughout does not get an answer larger than itself.
const LISTED_MAX: usize = 100;

/// The faults of a body, in the order in which they were met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    listed: Vec<Fault>,
}

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, place: &Place<'_>, code: FaultCode, message: impl Into<String>) {
        if self.listed.len() < LISTED_MAX {
            self.listed.push(Fault { field: place.dotted(), code, message: message.into() });
        }
    }

    /// Nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The faults.
    pub fn listed(&self) -> &[Fault] {
        &self.listed
    }

    /// `value` when nothing is wrong, otherwise the faults.
    pub fn none_or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}
