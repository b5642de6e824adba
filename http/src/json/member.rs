//! A scalar member, kept as the text it was sent as.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A member of a JSON object; absent and `null` are the same.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
pub struct Member<'a>(#[serde(borrow)] Option<&'a RawValue>);

/// What a member holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held<'a> {
    /// Nothing: absent, `null` or an empty text, which clients send for what they have not got (incentives.md 1.3).
    Nothing,
    /// A text, unescaped.
    Text(Cow<'a, str>),
    /// A number, as it was written.
    Number(&'a str),
    /// A boolean.
    Flag(bool),
    /// An array, as it was written.
    Array(&'a str),
    /// An object, as it was written.
    Object(&'a str),
}

impl<'a> Member<'a> {
    /// The member was sent, be it as `""`; `null` and absent are not told apart.
    pub fn was_sent(self) -> bool {
        self.0.is_some()
    }

    /// Its JSON text, as it was written; nothing when it is `null` or absent.
    pub fn json(self) -> Option<&'a str> {
        self.0.map(RawValue::get)
    }

    /// What it holds.
    pub fn held(self) -> Held<'a> {
        let Some(raw) = self.0 else { return Held::Nothing };
        let text = raw.get();
        match text.as_bytes() {
            [b'"', b'"'] => Held::Nothing,
            [b'"', ..] => unescaped(text),
            [b'{', ..] => Held::Object(text),
            [b'[', ..] => Held::Array(text),
            b"true" => Held::Flag(true),
            b"false" => Held::Flag(false),
            b"null" => Held::Nothing,
            _ => Held::Number(text),
        }
    }
}

fn unescaped(quoted: &str) -> Held<'_> {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.contains('\\') {
        return Held::Text(Cow::Borrowed(inner));
    }
    // A lone surrogate is the one escape that is well-formed JSON and yet no text; it reads as nothing to go by.
    serde_json::from_str::<String>(quoted)
        .map_or(Held::Text(Cow::Borrowed(inner)), |text| Held::Text(Cow::Owned(text)))
}
