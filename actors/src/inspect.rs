//! One customer, looked at without an engine: for people, while no server runs on the folder.

use std::sync::Arc;

use domain::{
    customer::Customer,
    id::CustomerId,
    identifier::{Claim, Identifier},
};
use store::{CommitFailure, Committed, Disk, Epoch, FoldError, Listener, Lsn, OpenError, ReadError, Store};

use crate::{
    cell::Companion,
    fold::{EntityFold, Inspected, inspect_record},
    kinds::{Durable, Kind},
    record::recover,
};

/// How many records of a history are read at once.
const PAGE: usize = 256;

/// A customer as it is on disk.
#[derive(Debug)]
pub struct CustomerInspection {
    /// Who it is.
    pub id: CustomerId,
    /// What it has.
    pub state: Customer,
    /// Every record of it with its position, oldest first.
    pub history: Vec<(Lsn, Inspected)>,
}

/// Why a customer cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The store does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Stored data cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record does not decode.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The store did not close.
    #[error(transparent)]
    Close(#[from] store::CloseError),
}

/// Nothing is appended while something is only looked at.
struct Nobody;

impl Listener<Companion> for Nobody {
    fn committed(&self, _: Committed<Companion>) {}

    fn failed(&self, _: Epoch, _: Vec<Companion>, _: CommitFailure) {}
}

/// Looks at the customer of that id, external id or e-mail address; nothing when there is none.
pub fn inspect_customer(disk: Arc<dyn Disk>, who: &str) -> Result<Option<CustomerInspection>, InspectError> {
    let options = store::Options { background_checkpoints: false, ..store::Options::default() };
    let (store, _) = store::open::<Companion>(options, disk, Arc::new(EntityFold), Arc::new(Nobody))?;
    let inspection = inspect(store.as_ref(), who);
    store.close()?;
    inspection
}

fn inspect(store: &dyn Store<Companion>, who: &str) -> Result<Option<CustomerInspection>, InspectError> {
    let by_identifier = [Identifier::external(who), Identifier::email(who)];
    let mut id = who.parse::<CustomerId>().ok();
    for identifier in &by_identifier {
        if id.is_none() {
            id = load::<Claim>(store, identifier.id().bytes())?.holder();
        }
    }
    let Some(id) = id else { return Ok(None) };
    let state: Customer = load(store, id.bytes())?;
    if state.identity().is_none() {
        return Ok(None);
    }
    let key = Kind::Customer.key(id.bytes());
    let (mut history, mut after) = (Vec::new(), Lsn::ZERO);
    loop {
        let page = store.history(key, after, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (lsn, bytes) in &page {
            history.push((*lsn, inspect_record(key, bytes)?));
        }
    }
    Ok(Some(CustomerInspection { id, state, history }))
}

fn load<E: Durable>(store: &dyn Store<Companion>, id: [u8; 16]) -> Result<E, InspectError> {
    let loaded = store.load(E::KIND.key(id))?;
    Ok(recover(loaded.snapshot.as_deref(), loaded.records.iter().map(AsRef::as_ref))?)
}
