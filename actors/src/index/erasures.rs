//! Erasures that were asked for (incentives.md 7.17). Key: fingerprint of the request id. Says nothing of who it was.

use domain::{
    Timestamp,
    customer::{Fingerprint, Forgotten},
    id::CustomerId,
};
use serde::{Deserialize, Serialize};
use store::{IndexChange, RowKey, codec};

use super::{ERASURES, VALUE_VERSION};
use crate::error::EngineError;

/// An erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// When.
    pub at: Timestamp,
    /// Fingerprint of what was asked.
    pub body: Fingerprint,
    /// Under whom the ledger rows stay.
    pub tombstone: CustomerId,
}

/// The key of a request id.
pub fn key(request: Fingerprint) -> RowKey {
    request.0.into_bytes().into()
}

/// The row of an erasure.
pub fn put(forgotten: &Forgotten) -> IndexChange {
    let Forgotten { at, request, body, tombstone, .. } = forgotten;
    let erasure = Erasure { at: *at, body: *body, tombstone: *tombstone };
    let value = codec::encode(VALUE_VERSION, &erasure).into();
    IndexChange::Put { index: ERASURES, key: key(*request), value }
}

/// The erasure of a row.
pub fn read(value: &[u8]) -> Result<Erasure, EngineError> {
    codec::decode(value).map(|(_, erasure)| erasure).map_err(|error| {
        tracing::error!(%error, "an erasure does not decode");
        EngineError::Damaged
    })
}
