//! A JSON value with exact numbers: they stay the text they were written as.
//!
//! What a retailer configures is kept as it was sent, with the members that no compiler reads. Edits change single
//! members of it, so it must be taken apart and put together again without a loss.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::program::NESTING_MAX;

/// A JSON value. The members of objects are in the order of their names; of a name that comes twice the last counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number, as it was written.
    Number(Box<str>),
    /// A text, unescaped.
    Text(Box<str>),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(BTreeMap<Box<str>, Json>),
}

impl Json {
    /// Arrays and objects may be nested so deep: reading, walking and dropping them takes stack. What the compiler of
    /// programs takes must be readable here.
    const NESTING_MAX: usize = NESTING_MAX;

    /// The value of a text; in words what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::read(raw.get(), 0)
    }

    fn read(text: &str, depth: usize) -> Result<Self, String> {
        if depth > Self::NESTING_MAX {
            return Err(format!("nested deeper than {} levels", Self::NESTING_MAX));
        }
        let wrong = |error: serde_json::Error| error.to_string();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Flag(true),
            Some(b'f') => Self::Flag(false),
            Some(b'"') => Self::Text(serde_json::from_str(text).map_err(wrong)?),
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
                let elements = elements.into_iter().map(|element| Self::read(element.get(), depth + 1));
                Self::Array(elements.collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let members: BTreeMap<Box<str>, &RawValue> = serde_json::from_str(text).map_err(wrong)?;
                let members = members
                    .into_iter()
                    .map(|(name, member)| Self::read(member.get(), depth + 1).map(|member| (name, member)));
                Self::Object(members.collect::<Result<_, _>>()?)
            }
            _ => Self::Number(text.into()),
        })
    }

    /// An object of these members; nothing where there is no value.
    pub fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Self {
        let there = members.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
        Self::Object(there.collect())
    }

    /// A text.
    pub fn text(text: impl fmt::Display) -> Self {
        Self::Text(text.to_string().into())
    }

    /// A whole number.
    pub fn whole(number: impl Into<i64>) -> Self {
        Self::Number(number.into().to_string().into())
    }

    /// A member of an object; nothing when it is `null`, `""` or not there (incentives.md 1.3).
    pub fn get(&self, name: &str) -> Option<&Json> {
        let Self::Object(members) = self else { return None };
        members.get(name).filter(|member| !member.is_nothing())
    }

    /// A member that is a text.
    pub fn get_text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Self::Text(text) => Some(text),
            Self::Null | Self::Flag(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// A member that is an id.
    pub fn get_id(&self, name: &str) -> Option<Uuid> {
        Uuid::parse_str(self.get_text(name)?.trim()).ok()
    }

    /// A member that is a whole number, `2.0` included.
    pub fn get_whole(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Self::Number(number) => {
                let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
                fraction.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok()).flatten()
            }
            Self::Null | Self::Flag(_) | Self::Text(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// A member that is a boolean, also as the texts `"true"` and `"false"`.
    pub fn get_flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Self::Flag(flag) => Some(*flag),
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Self::Null | Self::Number(_) | Self::Text(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The elements of a member that is an array; none of any other.
    pub fn elements(&self, name: &str) -> &[Json] {
        match self.get(name) {
            Some(Self::Array(elements)) => elements,
            Some(Self::Null | Self::Flag(_) | Self::Number(_) | Self::Text(_) | Self::Object(_)) | None => {
                &[]
            }
        }
    }

    /// The elements of a member that is an array, to be changed; none of any other.
    pub fn elements_mut(&mut self, name: &str) -> &mut [Json] {
        match self {
            Self::Object(members) => match members.get_mut(name) {
                Some(Self::Array(elements)) => elements,
                Some(Self::Null | Self::Flag(_) | Self::Number(_) | Self::Text(_) | Self::Object(_))
                | None => &mut [],
            },
            Self::Null | Self::Flag(_) | Self::Number(_) | Self::Text(_) | Self::Array(_) => &mut [],
        }
    }

    /// Sets a member of an object. Anything else stays as it is.
    pub fn set(&mut self, name: &str, value: Json) {
        if let Self::Object(members) = self {
            members.insert(name.into(), value);
        }
    }

    /// Takes a member out of an object.
    pub fn take(&mut self, name: &str) -> Option<Json> {
        match self {
            Self::Object(members) => members.remove(name),
            Self::Null | Self::Flag(_) | Self::Number(_) | Self::Text(_) | Self::Array(_) => None,
        }
    }

    /// Takes over the members of another object: `null` removes one, `""` is not supplied.
    pub fn merge(&mut self, other: Json) {
        let (Self::Object(members), Self::Object(others)) = (self, other) else { return };
        for (name, value) in others {
            match value {
                Json::Null => {
                    members.remove(&name);
                }
                Json::Text(text) if text.is_empty() => {}
                Json::Flag(_) | Json::Number(_) | Json::Text(_) | Json::Array(_) | Json::Object(_) => {
                    members.insert(name, value);
                }
            }
        }
    }

    /// Removes members that are `null`, at every depth (incentives.md 1.3).
    pub fn without_nulls(self) -> Self {
        match self {
            Self::Array(elements) => Self::Array(elements.into_iter().map(Self::without_nulls).collect()),
            Self::Object(members) => {
                let there = members.into_iter().filter(|(_, member)| *member != Self::Null);
                Self::Object(there.map(|(name, member)| (name, member.without_nulls())).collect())
            }
            Self::Null | Self::Flag(_) | Self::Number(_) | Self::Text(_) => self,
        }
    }

    /// An id stands in it somewhere: as a text, or as the name of a member.
    pub fn mentions(&self, id: Uuid) -> bool {
        let is = |text: &str| Uuid::parse_str(text).is_ok_and(|known| known == id);
        match self {
            Self::Null | Self::Flag(_) | Self::Number(_) => false,
            Self::Text(text) => is(text),
            Self::Array(elements) => elements.iter().any(|element| element.mentions(id)),
            Self::Object(members) => members.iter().any(|(name, member)| is(name) || member.mentions(id)),
        }
    }

    /// `null` or `""`: what clients send for what they have not got.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Flag(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => false,
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => {
                RawValue::from_string(number.to_string()).map_err(S::Error::custom)?.serialize(serializer)
            }
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(elements) => elements.serialize(serializer),
            Self::Object(members) => members.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(<&RawValue>::deserialize(deserializer)?.get(), 0).map_err(D::Error::custom)
    }
}
