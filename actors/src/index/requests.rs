//! Answers under request ids (pos-offers.md B.3; incentives.md 7.16). Key: endpoint, request id.

use domain::{
    Timestamp,
    sale::{Endpoint, Receipt},
};
use serde::{Deserialize, Serialize};
use store::{IndexChange, RowKey, codec};

use super::{REQUESTS, VALUE_VERSION};
use crate::error::EngineError;

/// The endpoint, as the first byte of the key: a request id counts per endpoint.
const SEND_TRANSACTION: u8 = 1;
const INGEST: u8 = 2;
/// Thirty days; then the id may be used again (pos-offers.md B.3).
const RETENTION_MS: i64 = 30 * 86_400_000;

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// When.
    pub at: Timestamp,
    /// Fingerprint of the body it was given to.
    pub body: u64,
    /// The answer.
    pub receipt: Receipt,
}

/// The key of a request id. What is ingested is found by its own id, which is made of the request's.
pub fn key(endpoint: Endpoint, request_id: &str) -> RowKey {
    match endpoint {
        Endpoint::SendTransaction => RowKey::of(&[&[SEND_TRANSACTION], request_id.as_bytes()]),
        Endpoint::Ingest(id) => RowKey::of(&[&[INGEST], id.as_bytes()]),
    }
}

/// The row that remembers an answer.
pub fn put(key: RowKey, body: u64, receipt: &Receipt, at: Timestamp) -> IndexChange {
    let answered = Answered { at, body, receipt: receipt.clone() };
    let value = codec::encode(VALUE_VERSION, &answered).into();
    IndexChange::Put { index: REQUESTS, key, value }
}

/// The answer of a row, unless it is older than answers are remembered.
pub fn read(value: &[u8], now: Timestamp) -> Result<Option<Answered>, EngineError> {
    let (_, answered) = codec::decode::<Answered>(value).map_err(|error| {
        tracing::error!(%error, "a remembered answer does not decode");
        EngineError::Damaged
    })?;
    Ok((answered.at.plus_millis(RETENTION_MS) > now).then_some(answered))
}
