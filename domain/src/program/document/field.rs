//! One member of a document: absent, read, or unreadable.

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned},
};
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
            // `2.0` is a whole number too.
            Err(error) => match whole(text).and_then(|whole| serde_json::from_str(whole).ok()) {
                Some(value) => Self::Present(value),
                None => Self::Invalid(without_position(&error.to_string()).to_owned()),
            },
        })
    }
}

/// A number without its fraction, where that is of zeros.
fn whole(text: &str) -> Option<&str> {
    let (whole, fraction) = text.split_once('.')?;
    fraction.bytes().all(|digit| digit == b'0').then_some(whole)
}

/// A value with the text it was read from.
#[derive(Debug)]
pub(in crate::program) struct Worded<T> {
    /// The value.
    pub(in crate::program) value: T,
    /// Its JSON text.
    pub(in crate::program) text: String,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Worded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let value = serde_json::from_str(text)
            .map_err(|error| de::Error::custom(without_position(&error.to_string())))?;
        Ok(Self { value, text: text.to_owned() })
    }
}

/// A string, a number or a boolean, as text.
#[derive(Debug)]
pub(in crate::program) struct Scalar {
    /// The string, or the JSON text of what is none.
    pub(in crate::program) text: String,
    /// It is a number.
    pub(in crate::program) is_number: bool,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        match text.as_bytes().first() {
            Some(b'"') => {
                let text = serde_json::from_str(text).map_err(de::Error::custom)?;
                Ok(Self { text, is_number: false })
            }
            Some(b'{' | b'[') | None => Err(de::Error::custom("neither text, number nor boolean")),
            Some(first) => Ok(Self { text: text.to_owned(), is_number: matches!(first, b'0'..=b'9' | b'-') }),
        }
    }
}

/// A length of time: so many units (incentives.md 3.1).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct SpanDocument {
    pub(in crate::program) value: Field<i64>,
    pub(in crate::program) uom: Field<i64>,
}

/// The position in a message counts from the start of the member, which would mislead; the path says where.
fn without_position(message: &str) -> &str {
    message.rfind(" at line ").map_or(message, |end| &message[..end])
}
