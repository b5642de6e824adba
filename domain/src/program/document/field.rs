//! One member of a document: absent, read, or unreadable.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// A member. `null` and `""` are absent (incentives.md 1.3).
#[derive(Debug, Default)]
pub(in crate::program) enum Field<T> {
    /// Not there.
    #[default]
    Absent,
    /// There, and of the right shape.
    Present(T),
    /// There, but of no use; says why.
    Invalid(String),
}

/// An array whose elements can fail one by one.
pub(in crate::program) type Items<T> = Field<Vec<Field<T>>>;

impl<T> Field<T> {
    /// Something is there, readable or not.
    pub(in crate::program) const fn is_there(&self) -> bool {
        match self {
            Self::Absent => false,
            Self::Present(_) | Self::Invalid(_) => true,
        }
    }

    /// The value, if it could be read.
    pub(in crate::program) const fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Invalid(_) => None,
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        if matches!(text, "null" | "\"\"") {
            return Ok(Self::Absent);
        }
        Ok(match serde_json::from_str(text) {
            Ok(value) => Self::Present(value),
            Err(error) => Self::Invalid(without_position(&error.to_string()).to_owned()),
        })
    }
}

/// The position in a message counts from the start of the member, which would mislead; the path says where.
fn without_position(message: &str) -> &str {
    message.rfind(" at line ").map_or(message, |end| &message[..end])
}
