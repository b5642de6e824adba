//! Query strings of the core surface (customers-campaigns.md A.2, B1.2).

/// What to show besides the plain customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// `user[user_profile]`: custom attributes.
    pub user_profile: bool,
    /// `expand_incentives`: `tier_details`.
    pub incentives: bool,
    /// `show_identifiers`: all ids in other systems.
    pub identifiers: bool,
}

impl Shown {
    /// Reads a query. A later `?` stands for `&`: clients join lists that way. Unknown names are ignored.
    pub fn of(query: &str) -> Self {
        let mut shown = Self::default();
        for pair in query.split(['&', '?']) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let slot = match decoded(name, true).as_str() {
                "user[user_profile]" => &mut shown.user_profile,
                "expand_incentives" => &mut shown.incentives,
                "show_identifiers" => &mut shown.identifiers,
                _ => continue,
            };
            *slot = decoded(value, true).eq_ignore_ascii_case("true") || value == "1";
        }
        shown
    }
}

/// Decodes percent escapes once; `+` is a blank in a query and itself in a path. What is no UTF-8 is replaced.
pub fn decoded(text: &str, plus_is_blank: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let escaped = match (first, behind) {
            (b'%', [high, low, ..]) => {
                hexadecimal(*high).zip(hexadecimal(*low)).map(|(high, low)| high << 4 | low)
            }
            _ => None,
        };
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(if first == b'+' && plus_is_blank { b' ' } else { first });
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Shown, decoded};

    #[test]
    fn queries_are_read_as_real_clients_write_them() {
        let all = Shown { user_profile: true, incentives: true, identifiers: true };
        assert_eq!(Shown::of("user[user_profile]=true&expand_incentives=true&show_identifiers=true"), all);
        assert_eq!(
            Shown::of("user%5Buser_profile%5D=true?expand_incentives=true&&r=17?show_identifiers=True"),
            all
        );
        assert_eq!(Shown::of("locale=en&expand_incentives=false"), Shown::default());
        assert_eq!(Shown::of(""), Shown::default());
    }

    #[test]
    fn an_id_in_a_path_is_decoded_once() {
        assert_eq!(decoded("ann%40example.com", false), "ann@example.com");
        assert_eq!(decoded("a%2Fb+c%20d", false), "a/b+c d");
        assert_eq!(decoded("50%2525", false), "50%25");
        assert_eq!(decoded("50%", false), "50%");
        assert_eq!(decoded("%c3%a9", false), "é");
    }
}
