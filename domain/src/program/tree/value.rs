//! Comparisons of data that tills and callers send as they like: text, numbers, dates (incentives.md 3.3, 6.2, 6.3).

use super::Comparison;
use crate::{
    amount::Quantity,
    time::{Timestamp, Zone},
};

/// What a piece of data is compared with. What is missing, blank or of another kind fails, negated or not.
#[derive(Debug, Clone)]
pub struct ValueTest {
    /// How.
    pub comparison: ValueComparison,
    /// With what: one value, two for [`ValueComparison::Between`], none for [`ValueComparison::Exists`].
    pub values: Vec<Value>,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Text, in lower case: letter case does not count.
    Text(Box<str>),
    /// A number.
    Number(Quantity),
    /// A date or a time.
    Time(Timestamp),
}

/// What kind of data is compared (`data_type`, incentives.md 7.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// `string`, `bool`, `guid`
    Text,
    /// `number`, `integer`, `decimal`
    Number,
    /// `date`
    Time,
}

/// `comparison` of data with values (incentives.md 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueComparison {
    /// 0 to 5
    One(Comparison),
    /// 6: both ends included.
    Between,
    /// 7
    In,
    /// 8
    NotIn,
    /// 9: one of the values stands in the text.
    Contains,
    /// 10
    Exists,
}

impl ValueKind {
    /// The kind behind a `data_type`, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, ValueKind); 7] = [
            ("string", ValueKind::Text),
            ("bool", ValueKind::Text),
            ("guid", ValueKind::Text),
            ("number", ValueKind::Number),
            ("integer", ValueKind::Number),
            ("decimal", ValueKind::Number),
            ("date", ValueKind::Time),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
    }

    /// Data of this kind from its text; nothing when it is blank or of another kind. Times without a zone are UTC.
    pub fn read(self, text: &str) -> Option<Value> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match self {
            Self::Text => Some(Value::Text(text.to_lowercase().into())),
            Self::Number => text.parse().ok().map(Value::Number),
            Self::Time => Timestamp::parse(text, &Zone::UTC).ok().map(Value::Time),
        }
    }
}

impl Value {
    /// Its kind.
    pub const fn kind(&self) -> ValueKind {
        match self {
            Self::Text(_) => ValueKind::Text,
            Self::Number(_) => ValueKind::Number,
            Self::Time(_) => ValueKind::Time,
        }
    }
}

impl ValueComparison {
    /// The comparison behind a wire number.
    pub const fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            6 => Self::Between,
            7 => Self::In,
            8 => Self::NotIn,
            9 => Self::Contains,
            10 => Self::Exists,
            other => match Comparison::from_number(other) {
                Some(comparison) => Self::One(comparison),
                None => return None,
            },
        })
    }

    /// Its wire number.
    pub const fn number(self) -> u8 {
        match self {
            Self::One(comparison) => comparison.number(),
            Self::Between => 6,
            Self::In => 7,
            Self::NotIn => 8,
            Self::Contains => 9,
            Self::Exists => 10,
        }
    }
}

impl ValueTest {
    /// Whether data, as its text, satisfies the test.
    pub fn holds(&self, text: &str) -> bool {
        if text.trim().is_empty() {
            return false;
        }
        let Some(kind) = self.values.first().map(Value::kind) else {
            return self.comparison == ValueComparison::Exists;
        };
        kind.read(text).is_some_and(|found| self.holds_for(&found))
    }

    /// Whether a value satisfies the test.
    pub fn holds_for(&self, found: &Value) -> bool {
        match (self.comparison, self.values.as_slice()) {
            (ValueComparison::Exists, _) => true,
            (ValueComparison::One(comparison), [value, ..]) => comparison.holds(found, value),
            (ValueComparison::Between, [from, to, ..]) => from <= found && found <= to,
            (ValueComparison::In, values) => values.contains(found),
            (ValueComparison::NotIn, values) => !values.contains(found),
            (ValueComparison::Contains, values) => values.iter().any(|value| match (found, value) {
                (Value::Text(found), Value::Text(part)) => found.contains(&**part),
                (found, value) => found == value,
            }),
            // The compiler asks for the values that a comparison needs.
            (ValueComparison::One(_) | ValueComparison::Between, _) => false,
        }
    }
}
