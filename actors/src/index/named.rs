//! Sales that name a customer whose history does not know them, because they have given nothing: such as are not closed
//! yet. Key: customer, sale. An erasure finds them here (incentives.md 7.17).

use domain::{
    id::{CustomerId, SaleId},
    sale::{Revision, Sale},
};
use store::{IndexChange, RowKey, ScanRange};

use super::NAMED;
use crate::error::EngineError;

fn key(customer: CustomerId, sale: SaleId) -> RowKey {
    RowKey::of(&[&customer.bytes(), &sale.bytes()])
}

/// The removal of a row.
pub fn delete(customer: CustomerId, sale: SaleId) -> IndexChange {
    IndexChange::Delete { index: NAMED, key: key(customer, sale) }
}

/// The changes that a version brings: whom it names and does not credit. Those whom it credits are known as such.
pub fn changes(
    before: &Sale,
    revision: &Revision,
    credits: Option<&[CustomerId]>,
) -> impl Iterator<Item = IndexChange> {
    let credited = |customer: &CustomerId| credits.is_some_and(|credits| credits.contains(customer));
    let named_before = before.current().map_or(&[][..], |current| &current.payers);
    let known = named_before.iter().map(|payer| payer.customer).filter(credited);
    let known = known.map(|customer| delete(customer, revision.id));
    let unknown = revision.payers.iter().map(|payer| payer.customer).filter(|named| !credited(named));
    let unknown = unknown.map(|customer| IndexChange::Put {
        index: NAMED,
        key: key(customer, revision.id),
        value: Box::default(),
    });
    known.chain(unknown).collect::<Vec<_>>().into_iter()
}

/// The rows of a customer.
pub fn of(customer: CustomerId) -> ScanRange {
    ScanRange::prefix(&customer.bytes())
}

/// Reads a row.
pub fn read(key: &[u8]) -> Result<SaleId, EngineError> {
    key.get(16..).and_then(|bytes| bytes.try_into().ok()).map(SaleId::from_bytes).ok_or_else(|| {
        tracing::error!("a row of the index of sales that name a customer does not decode");
        EngineError::Damaged
    })
}
