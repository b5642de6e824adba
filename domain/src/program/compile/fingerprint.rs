//! What a counting node counts, as a number: it changes when, and only when, its constraints do.
//!
//! Taken from the words of the document and not from the compiled form, so that neither a new catalog nor a new
//! release resets counters.

use super::constraints::Documents;
use crate::time::{Span, Unit};

/// Members that say nothing about what is counted.
const MEANINGLESS: [&str; 6] = ["id", "rule_id", "rank", "version", "is_new", "retailer_id"];

/// The constraints in words, whatever their layout.
pub(super) fn words(constraints: &Documents) -> String {
    let mut all: Vec<_> = constraints
        .iter()
        .filter_map(|(_, constraint)| serde_json::from_str::<serde_json::Value>(&constraint.text).ok())
        .map(|mut constraint| {
            if let Some(members) = constraint.as_object_mut() {
                members.retain(|name, value| !MEANINGLESS.contains(&name.as_str()) && !value.is_null());
                // The names of accounts are shown, not compared.
                if let Some(accounts) = members.get_mut("point_accounts").and_then(|map| map.as_object_mut())
                {
                    accounts.values_mut().for_each(|name| *name = serde_json::Value::Null);
                }
            }
            constraint.to_string()
        })
        .collect();
    all.sort();
    all.join("\n")
}

/// What is counted, beside the constraints: the type of the node, its basis, the event, the time looked back. The text
/// is stored in effect: its form never changes.
pub(super) fn what(
    number: i64,
    distinct: bool,
    basis: i64,
    lookup: Option<&str>,
    lookback: Option<Span>,
) -> String {
    let lookup = lookup.unwrap_or_default();
    let lookback = lookback.map_or(String::new(), |span| {
        let unit = match span.unit {
            Unit::Day => 0,
            Unit::Week => 1,
            Unit::Month => 2,
            Unit::Year => 3,
            Unit::Hour => 4,
            Unit::Minute => 5,
            Unit::Quarter => 6,
            Unit::Forever => 7,
        };
        format!("{}*{unit}", span.value)
    });
    format!("{number} {} {basis} {lookup} {lookback}", u8::from(distinct))
}

/// FNV-1a over the texts. Stored in customers' states: it never changes.
pub(super) fn of(texts: &[&str]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let bytes = texts.iter().flat_map(|text| text.bytes().chain(std::iter::once(0)));
    bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}
