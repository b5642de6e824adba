//! Customers by the moment at which something becomes due for them. Key: moment, customer. One row for each customer,
//! none for those with nothing due.

use std::ops::Bound;

use domain::{Timestamp, id::CustomerId};
use store::{IndexChange, RowKey, ScanRange};

use super::{DUE, ordered};
use crate::error::EngineError;

fn key(due: Timestamp, customer: CustomerId) -> RowKey {
    RowKey::of(&[&ordered(due), &customer.bytes()])
}

/// The row of a customer.
pub fn put(due: Timestamp, customer: CustomerId) -> IndexChange {
    IndexChange::Put { index: DUE, key: key(due, customer), value: Box::default() }
}

/// The removal of a customer's row.
pub fn delete(due: Timestamp, customer: CustomerId) -> IndexChange {
    IndexChange::Delete { index: DUE, key: key(due, customer) }
}

/// The rows from one moment until another, both included; none: from the first row on.
pub fn between(from: Option<Timestamp>, until: Timestamp) -> ScanRange {
    let start = from.map_or(Bound::Unbounded, |from| Bound::Included(ordered(from).to_vec()));
    ScanRange { start, end: Bound::Excluded(ordered(until.plus_millis(1)).to_vec()) }
}

/// Reads a row.
pub fn read(key: &[u8]) -> Result<(Timestamp, CustomerId), EngineError> {
    let due = key.get(..8).and_then(|bytes| bytes.try_into().ok());
    let customer = key.get(8..).and_then(|bytes| bytes.try_into().ok());
    let (Some(due), Some(customer)) = (due, customer) else {
        tracing::error!("a row of the index of due moments does not decode");
        return Err(EngineError::Damaged);
    };
    let due = Timestamp::from_millis(i64::from_be_bytes(due) ^ i64::MIN);
    Ok((due, CustomerId::from_bytes(customer)))
}
