//! Page tokens (catalog-transactions.md A.5): where a page ended, for which query, and when; signed, so that nobody
//! writes one.

use actors::SaleCursor;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::{TransactionsCode, TransactionsError};
use crate::auth::Verifier;

/// A token is good for so long: 24 hours.
const LIFE_MS: i64 = 24 * 3_600_000;
/// Bytes of an HMAC-SHA-256.
const SIGNATURE: usize = 32;

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
pub struct PageToken {
    /// The last sale of the page.
    after: SaleCursor,
    /// Fingerprint of the query.
    query: u64,
    /// When paging went on.
    at: Timestamp,
}

impl PageToken {
    /// A token for the page behind `after`.
    pub const fn new(after: SaleCursor, query: u64, at: Timestamp) -> Self {
        Self { after, query, at }
    }

    /// The token as text.
    pub fn write(&self, verifier: &Verifier) -> String {
        let text = serde_json::to_vec(self).expect("texts and numbers are JSON");
        let mut signed = verifier.sign(&text).to_vec();
        signed.extend_from_slice(&text);
        URL_SAFE_NO_PAD.encode(signed)
    }

    /// Where to go on: the token must be ours, of this query, and not too old.
    pub fn read(
        text: &str,
        query: u64,
        now: Timestamp,
        verifier: &Verifier,
    ) -> Result<SaleCursor, TransactionsError> {
        let mismatch = || {
            let message = "The pagination_token is not one of this query.";
            TransactionsError::new(TransactionsCode::PaginationTokenMismatch, message)
        };
        let signed = URL_SAFE_NO_PAD.decode(text).map_err(|_| mismatch())?;
        let (signature, text) = signed.split_at_checked(SIGNATURE).ok_or_else(mismatch)?;
        if !verifier.signed(text, signature) {
            return Err(mismatch());
        }
        let token: Self = serde_json::from_slice(text).map_err(|_| mismatch())?;
        if token.query != query {
            return Err(mismatch());
        }
        if token.at.plus_millis(LIFE_MS) < now {
            let message = "The pagination_token is older than 24 hours.";
            return Err(TransactionsError::new(TransactionsCode::PaginationTokenExpired, message));
        }
        Ok(token.after)
    }
}

#[cfg(test)]
mod tests {
    use actors::SaleCursor;
    use domain::{
        Timestamp,
        id::{RetailerId, SaleId},
    };

    use super::{LIFE_MS, PageToken};
    use crate::auth::{Credentials, Verifier};

    #[test]
    fn a_token_is_good_for_its_query_for_a_day_and_cannot_be_written_by_others() {
        let verifier = Verifier::new(&Credentials::generate(RetailerId::from_bytes([1; 16])).0);
        let others = Verifier::new(&Credentials::generate(RetailerId::from_bytes([1; 16])).0);
        let at = Timestamp::from_millis(1_000_000);
        let after = SaleCursor { key: "2026".into(), id: SaleId::from_bytes([3; 16]) };
        let text = PageToken::new(after.clone(), 7, at).write(&verifier);

        assert_eq!(PageToken::read(&text, 7, at.plus_millis(LIFE_MS), &verifier).unwrap(), after);
        assert!(PageToken::read(&text, 8, at, &verifier).is_err(), "another query");
        assert!(PageToken::read(&text, 7, at.plus_millis(LIFE_MS + 1), &verifier).is_err(), "a day and more");
        assert!(PageToken::read(&text, 7, at, &others).is_err(), "signed by somebody else");
        assert!(PageToken::read("", 7, at, &verifier).is_err());
        assert!(PageToken::read("AAAA", 7, at, &verifier).is_err());
    }
}
