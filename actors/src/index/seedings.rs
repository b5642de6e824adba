//! Requests that have begun to seed points (incentives.md 7.18). Key: fingerprint of the request id.

use domain::customer::Fingerprint;
use store::{IndexChange, RowKey, codec};

use super::{SEEDINGS, VALUE_VERSION};
use crate::error::EngineError;

/// The key of a request id.
pub fn key(request: Fingerprint) -> RowKey {
    request.0.into_bytes().into()
}

/// The row of a request and what it wants to seed.
pub fn put(request: Fingerprint, body: Fingerprint) -> IndexChange {
    let value = codec::encode(VALUE_VERSION, &body).into();
    IndexChange::Put { index: SEEDINGS, key: key(request), value }
}

/// What the request of a row wants to seed.
pub fn read(value: &[u8]) -> Result<Fingerprint, EngineError> {
    codec::decode(value).map(|(_, body)| body).map_err(|error| {
        tracing::error!(%error, "a row of the requests that seed points does not decode");
        EngineError::Damaged
    })
}
