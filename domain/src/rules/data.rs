//! Looking into the JSON text that tills and callers send along.

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The scalar at the end of a path through JSON objects, as text. Nothing when there is none, when it is null or
/// blank, or when the text is no JSON.
pub(super) fn scalar<'a>(json: &'a str, path: &[Box<str>]) -> Option<Cow<'a, str>> {
    let mut text = json;
    for member in path {
        text = Member(member).deserialize(&mut serde_json::Deserializer::from_str(text)).ok()??.get();
    }
    scalar_text(text)
}

/// A JSON scalar as text: strings without their quotes. Nothing for null, blanks, arrays and objects.
pub fn scalar_text(json: &str) -> Option<Cow<'_, str>> {
    let found = match json.as_bytes().first()? {
        b'{' | b'[' => return None,
        b'"' => Text::deserialize(&mut serde_json::Deserializer::from_str(json)).ok()?.0,
        _ if json == "null" => return None,
        _ => Cow::Borrowed(json),
    };
    (!found.trim().is_empty()).then_some(found)
}

/// A string, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

/// One member of an object.
struct Member<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Text(name)) = members.next_key::<Text<'de>>()? {
            if name == self.0 {
                if found.is_some() {
                    return Err(A::Error::custom("a member is there twice"));
                }
                found = Some(members.next_value::<&RawValue>()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::scalar;

    fn find(json: &str, path: &[&str]) -> Option<String> {
        let path: Vec<Box<str>> = path.iter().map(|member| (*member).into()).collect();
        scalar(json, &path).map(std::borrow::Cow::into_owned)
    }

    #[test]
    fn scalars_are_found_along_the_path() {
        let json = r#"{"a": {"b": 1.50, "c": "x\ty", "d": null, "e": " "}, "f": true, "g": [1]}"#;
        assert_eq!(find(json, &["a", "b"]).as_deref(), Some("1.50"));
        assert_eq!(find(json, &["a", "c"]).as_deref(), Some("x\ty"));
        assert_eq!(find(json, &["f"]).as_deref(), Some("true"));
        for nowhere in [&["a"][..], &["a", "d"], &["a", "e"], &["a", "x"], &["f", "x"], &["g"], &["h"]] {
            assert_eq!(find(json, nowhere), None, "{nowhere:?}");
        }
        assert_eq!(find("no JSON", &["a"]), None);
    }
}
