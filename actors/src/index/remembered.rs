//! Answers under a customer's idempotency keys (incentives.md 4.8). Key: customer, fingerprint of the key.

use domain::{
    customer::{Fingerprint, Remembered},
    id::CustomerId,
};
use store::{IndexChange, RowKey, codec};

use super::{REMEMBERED, VALUE_VERSION};
use crate::error::EngineError;

/// The key of an idempotency key.
pub fn key(customer: CustomerId, key: Fingerprint) -> RowKey {
    RowKey::of(&[&customer.bytes(), key.0.as_bytes()])
}

/// The row that remembers an answer.
pub fn put(customer: CustomerId, fingerprint: Fingerprint, remembered: &Remembered) -> IndexChange {
    let value = codec::encode(VALUE_VERSION, remembered).into();
    IndexChange::Put { index: REMEMBERED, key: key(customer, fingerprint), value }
}

/// The removal of a row.
pub fn delete(customer: CustomerId, fingerprint: Fingerprint) -> IndexChange {
    IndexChange::Delete { index: REMEMBERED, key: key(customer, fingerprint) }
}

/// The answer of a row.
pub fn read(value: &[u8]) -> Result<Remembered, EngineError> {
    codec::decode(value).map(|(_, remembered)| remembered).map_err(|error| {
        tracing::error!(%error, "a remembered answer does not decode");
        EngineError::Damaged
    })
}
