//! Escapes that stand for no character: half of a surrogate pair. JSON's grammar lets them pass, and so does a parser
//! that skips a string or keeps it as it came; a strict reader of what we answer would refuse it.

/// The first escape in a JSON text that is half of a pair without the other half.
pub fn lone(text: &str) -> Option<&str> {
    let mut rest = text;
    // In JSON a backslash is in a string and begins an escape.
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at..];
        rest = match unit(escape) {
            Some(0xd800..0xdc00) => match escape.get(6..).and_then(unit) {
                Some(0xdc00..0xe000) => &escape[12..],
                _ => return Some(&escape[..6]),
            },
            Some(0xdc00..0xe000) => return Some(&escape[..6]),
            Some(_) => &escape[6..],
            // Another escape, of two characters.
            None => {
                let mut characters = escape.chars();
                let _escaped = (characters.next(), characters.next());
                characters.as_str()
            }
        };
    }
    None
}

/// The number of the escape of four digits that a text begins with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    // A sign is no digit here, but one for `from_str_radix`.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::lone;

    #[test]
    fn halves_are_found_and_pairs_are_not() {
        for sound in [
            r#""\ud83d\ude00""#,
            r#""\\ud800""#,
            r#""\u00e9\n\"\\""#,
            r#""\uD83D\uDE00\uD83D\uDE00""#,
            "{}",
            "\\",
        ] {
            assert_eq!(lone(sound), None, "{sound}");
        }
        for (broken, half) in [
            (r#""\ud800""#, r"\ud800"),
            (r#""\udc00""#, r"\udc00"),
            (r#""\ud83d\ud83d\ude00""#, r"\ud83d"),
            (r#""\\\ud800x""#, r"\ud800"),
            (r#""\ud83d\u0041""#, r"\ud83d"),
            (r#""\ud83d\ude00\ude00""#, r"\ude00"),
            (r"\uD800", r"\uD800"),
        ] {
            assert_eq!(lone(broken), Some(half), "{broken}");
        }
    }
}
