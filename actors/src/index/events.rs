//! Answers to events under a customer's keys (incentives.md 7.10). Key: customer, fingerprint of the key.

use domain::{
    customer::{AnsweredEvent, Fingerprint},
    id::CustomerId,
};
use store::{IndexChange, RowKey, codec};

use super::{EVENTS, VALUE_VERSION};
use crate::error::EngineError;

/// The key of an event's key.
pub fn key(customer: CustomerId, key: Fingerprint) -> RowKey {
    RowKey::of(&[&customer.bytes(), key.0.as_bytes()])
}

/// The row that remembers an answer.
pub fn put(customer: CustomerId, fingerprint: Fingerprint, answered: &AnsweredEvent) -> IndexChange {
    let value = codec::encode(VALUE_VERSION, answered).into();
    IndexChange::Put { index: EVENTS, key: key(customer, fingerprint), value }
}

/// The removal of a row.
pub fn delete(customer: CustomerId, fingerprint: Fingerprint) -> IndexChange {
    IndexChange::Delete { index: EVENTS, key: key(customer, fingerprint) }
}

/// The answer of a row.
pub fn read(value: &[u8]) -> Result<AnsweredEvent, EngineError> {
    codec::decode(value).map(|(_, answered)| answered).map_err(|error| {
        tracing::error!(%error, "the answer to an event does not decode");
        EngineError::Damaged
    })
}
