//! Sales of a store by opening time (catalog-transactions.md D.4). Key: store, opening time, sale.

use domain::{
    Money, Timestamp,
    id::{SaleId, StoreId},
    sale::Content,
};
use serde::{Deserialize, Serialize};
use store::{IndexChange, RowKey, codec};

use super::{SALES, VALUE_VERSION, ordered};
use crate::error::EngineError;

/// What can be filtered and sorted by without reading the sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Last change, as the till says.
    pub modified: Timestamp,
    /// When the version in force was recorded.
    pub processed: Timestamp,
    /// What was spent (catalog-transactions.md B.2, `check_amount`).
    pub check_amount: Money,
    /// Settled.
    pub is_closed: bool,
    /// Cancelled.
    pub is_voided: bool,
    /// The till's own id.
    pub transaction_id: Box<str>,
}

/// A row, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When the sale began.
    pub opened: Timestamp,
    /// The sale.
    pub sale: SaleId,
    /// The rest.
    pub summary: Summary,
}

/// The first possible key of a store at a time.
pub fn bound(store: StoreId, opened: Timestamp) -> Vec<u8> {
    [store.bytes().as_slice(), ordered(opened).as_slice()].concat()
}

fn key(sale: SaleId, content: &Content) -> RowKey {
    RowKey::of(&[&content.store.bytes(), &ordered(content.open_time), &sale.bytes()])
}

/// The row of a sale.
pub fn put(sale: SaleId, content: &Content, processed: Timestamp, include_tax: bool) -> IndexChange {
    let taxed = content.subtotal.plus(content.tax_total).unwrap_or(content.subtotal);
    let summary = Summary {
        modified: content.modified_time,
        processed,
        check_amount: if include_tax { taxed } else { content.subtotal },
        is_closed: content.is_closed,
        is_voided: content.is_voided,
        transaction_id: content.transaction_id.clone(),
    };
    let value = codec::encode(VALUE_VERSION, &summary).into();
    IndexChange::Put { index: SALES, key: key(sale, content), value }
}

/// The removal of a sale's row.
pub fn delete(sale: SaleId, content: &Content) -> IndexChange {
    IndexChange::Delete { index: SALES, key: key(sale, content) }
}

/// Reads a row.
pub fn read(key: &[u8], value: &[u8]) -> Result<Row, EngineError> {
    let damaged = || {
        tracing::error!("a row of the sales index does not decode");
        EngineError::Damaged
    };
    let opened = key.get(16..24).and_then(|bytes| bytes.try_into().ok()).ok_or_else(damaged)?;
    let sale = key.get(24..).and_then(|bytes| bytes.try_into().ok()).ok_or_else(damaged)?;
    let (_, summary) = codec::decode(value).map_err(|_| damaged())?;
    let opened = Timestamp::from_millis(i64::from_be_bytes(opened) ^ i64::MIN);
    Ok(Row { opened, sale: SaleId::from_bytes(sale), summary })
}
