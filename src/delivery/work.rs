//! What is delivered: how a line becomes a request, whom it belongs to, and what an answer to it means.

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
};

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::verdict::{self, Verdict};
use crate::{client::Answer, keys::Keys};

/// A kind of lines.
pub trait Work: Send + Sync + 'static {
    /// Path that single lines are posted to.
    fn path(&self) -> &str;
    /// Path that a stream of lines is posted to, where there is one.
    fn bulk_path(&self) -> &str;
    /// Value of the `Authorization` header.
    fn authorization(&self) -> &str;
    /// Whose line it is.
    fn owner(&self, line: &[u8]) -> Owner;
    /// The request's body.
    fn body(&self, line: Vec<u8>) -> Bytes;
    /// What the answer to a line means.
    fn judge(&self, body: &Bytes, answer: &Answer) -> Verdict;
}

/// Whose line it is; members are known by a hash.
#[derive(Debug, PartialEq, Eq)]
pub enum Owner {
    /// One member, or nobody known: then any value that keeps lines of one sale together.
    One(u64),
    /// Several members, ordered, without repetition.
    Several(Vec<u64>),
}

/// A line on its way.
pub struct Job {
    /// Number of the line in its source, from 1.
    pub line: u64,
    /// Body of its request.
    pub body: Bytes,
    /// Whose it is.
    pub owner: Owner,
    /// How much of the source it took, for the progress bar.
    pub source_bytes: u64,
}

/// Sales, as bodies of `POST /api/2.0/send_transaction`.
pub struct Sales {
    authorization: String,
}

impl Sales {
    /// Sales sent with a retailer's keys.
    pub fn new(keys: &Keys) -> Self {
        Self { authorization: keys.pos.authorization() }
    }
}

impl Work for Sales {
    fn path(&self) -> &str {
        "/api/2.0/send_transaction"
    }

    fn bulk_path(&self) -> &str {
        "/api/2.0/send_transactions"
    }

    fn authorization(&self) -> &str {
        &self.authorization
    }

    fn owner(&self, line: &[u8]) -> Owner {
        sale_owner(line)
    }

    fn body(&self, line: Vec<u8>) -> Bytes {
        line.into()
    }

    fn judge(&self, _: &Bytes, answer: &Answer) -> Verdict {
        verdict::of_sale(answer)
    }
}

/// Members, as `user` objects of the customer API.
pub struct Members {
    authorization: String,
    path: String,
}

impl Members {
    /// Members created with a retailer's keys.
    pub fn new(keys: &Keys) -> Self {
        Self {
            authorization: keys.core.authorization(),
            path: format!("/priv/v1/apps/{}/users", keys.core.key),
        }
    }
}

impl Work for Members {
    fn path(&self) -> &str {
        &self.path
    }

    fn bulk_path(&self) -> &str {
        &self.path
    }

    fn authorization(&self) -> &str {
        &self.authorization
    }

    fn owner(&self, line: &[u8]) -> Owner {
        Owner::One(hash(line))
    }

    fn body(&self, line: Vec<u8>) -> Bytes {
        [br#"{"user":"#, line.as_slice(), b"}"].concat().into()
    }

    fn judge(&self, body: &Bytes, answer: &Answer) -> Verdict {
        verdict::of_member(body, answer)
    }
}

/// The parts of a sale that say whose it is (pos-offers.md B.4). Everything else is skipped without being looked at.
#[derive(Deserialize)]
struct SaleLine<'a> {
    #[serde(borrow)]
    request_payload: SalePayload<'a>,
}

#[derive(Deserialize)]
struct SalePayload<'a> {
    #[serde(borrow, default)]
    transaction_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    payments: Option<Vec<Named<'a>>>,
    #[serde(borrow, default)]
    discounts: Option<Vec<Named<'a>>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    user_id: Option<&'a RawValue>,
}

/// The members are those that the payments name and, where they name none, those of the discounts ("Who gets the
/// credit", pos-offers.md B.4). Nobody named: the sale itself, so that its versions stay together. A line that is no
/// sale belongs to nobody; the server is the one to refuse it.
///
/// Known by the identifier that is sent: a member named once by e-mail and once by card number counts as two.
fn sale_owner(line: &[u8]) -> Owner {
    let Ok(SaleLine { request_payload: sale }) = serde_json::from_slice::<SaleLine<'_>>(line) else {
        return Owner::One(hash(line));
    };
    let mut named = members(sale.payments.as_deref().unwrap_or_default());
    if named.is_empty() {
        named = members(sale.discounts.as_deref().unwrap_or_default());
    }
    match named.as_slice() {
        [] => Owner::One(sale.transaction_id.map_or_else(|| hash(line), |id| hash(id.get().as_bytes()))),
        [one] => Owner::One(*one),
        [_, _, ..] => Owner::Several(named),
    }
}

fn members(named: &[Named<'_>]) -> Vec<u64> {
    let mut members: Vec<u64> = named.iter().filter_map(|named| member(named.user_id?.get())).collect();
    members.sort_unstable();
    members.dedup();
    members
}

/// A member's hash, whatever letter case and escapes the identifier is written with; `""` and `null` name nobody.
fn member(raw: &str) -> Option<u64> {
    let text: Cow<'_, str> = match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => plain.into(),
        Some(_) => serde_json::from_str::<String>(raw).ok()?.into(),
        None if raw == "null" => return None,
        None => raw.into(),
    };
    if text.is_empty() {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    text.bytes().for_each(|byte| hasher.write_u8(byte.to_ascii_lowercase()));
    Some(hasher.finish())
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(payments: &str, discounts: &str) -> Owner {
        let line = format!(
            r#"{{"request_id":"r","request_payload":{{"items":[{{"line_id":"1","custom_data":{{"user_id":"x"}}}}],
               "transaction_id":"T","payments":{payments},"discounts":{discounts}}}}}"#
        );
        sale_owner(line.as_bytes())
    }

    #[test]
    fn payments_name_the_member() {
        let one = sale(r#"[{"user_id":"A-1","amount":1.0}]"#, "[]");
        assert_eq!(one, sale(r#"[{"amount":2},{"user_id":"a-1"},{"user_id":"\u0041-1"}]"#, "null"));
        assert_ne!(one, sale(r#"[{"user_id":"A-2"}]"#, "[]"));
    }

    #[test]
    fn discounts_name_the_member_only_where_no_payment_does() {
        let one = sale(r#"[{"user_id":"A-1"}]"#, r#"[{"user_id":"B"}]"#);
        assert_eq!(one, sale("[]", r#"[{"user_id":"A-1"}]"#));
        assert_eq!(one, sale(r#"[{"user_id":""},{"user_id":null}]"#, r#"[{"user_id":"A-1"}]"#));
    }

    #[test]
    fn a_split_payment_has_several_members_in_one_order() {
        let split = sale(r#"[{"user_id":"A"},{"user_id":"B"}]"#, "[]");
        assert!(matches!(&split, Owner::Several(members) if members.len() == 2));
        assert_eq!(split, sale(r#"[{"user_id":"B"},{"user_id":"A"},{"user_id":"B"}]"#, "[]"));
    }

    #[test]
    fn an_anonymous_sale_stays_with_its_own_versions() {
        assert_eq!(sale("[]", "[]"), sale(r#"[{"amount":1}]"#, "null"));
    }

    #[test]
    fn what_is_no_sale_still_has_a_lane() {
        assert!(matches!(sale_owner(b"{broken"), Owner::One(_)));
        assert!(matches!(sale_owner(br#"{"request_payload":7}"#), Owner::One(_)));
    }

    #[test]
    fn members_are_wrapped_into_the_request() {
        let keys: Keys = serde_json::from_str(
            r#"{"retailer_id":"6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10","core":{"key":"k","secret":"s"},
                "pos":{"key":"p","secret":"s"},"admin_key":"a"}"#,
        )
        .unwrap();
        let members = Members::new(&keys);
        assert_eq!(&members.body(br#"{"external_id":"9"}"#.to_vec())[..], br#"{"user":{"external_id":"9"}}"#);
        assert_eq!(members.path(), "/priv/v1/apps/k/users");
    }
}
