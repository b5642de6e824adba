//! What is on disk when an engine has been closed: nothing is pending, the rows of due moments are those of the
//! customers, and verification finds nothing.

use std::{collections::BTreeSet, sync::Arc};

use actors::{EntityFold, Kind};
use domain::{Timestamp, customer::Customer, id::CustomerId};
use store::{
    CommitFailure, Committed, Direction, Disk, Epoch, Fold, Folded, IndexId, Listener, MemoryDisk, Options,
    ScanRange, Stepped, Store, codec, verify::VerifyReport,
};

use super::Model;
use crate::report::{Violation, hold};

/// Customers by the moment at which something becomes due (docs/storage-format.md).
const DUE: IndexId = IndexId(4);

/// Nothing is appended.
struct Nobody;

impl Listener<()> for Nobody {
    fn committed(&self, _: Committed<()>) {}

    fn failed(&self, _: Epoch, _: Vec<()>, _: CommitFailure) {}
}

/// Looks at a disk that nobody uses.
pub fn check(model: &Model, disk: &MemoryDisk, options: &Options) -> Result<(), Violation> {
    verified(disk, options)?;
    let (store, recovered, _steps) = opened(disk, options)?;
    let pending = recovered.pending_effects.len();
    hold!(pending == 0, "{pending} effects are pending: {:?}", recovered.pending_effects.first());
    due(model, &*store)
}

/// The store on a disk that stays as it is.
pub(super) fn opened(disk: &MemoryDisk, options: &Options) -> Result<Stepped<()>, Violation> {
    let image: Arc<dyn Disk> = Arc::new(disk.copy());
    let opened = store::open_stepped(options.clone(), image, Arc::new(EntityFold), Arc::new(Nobody));
    opened.map_err(|error| Violation::of(format!("does not open: {error}")))
}

/// Verification finds nothing.
pub fn verified(disk: &MemoryDisk, options: &Options) -> Result<VerifyReport, Violation> {
    let image: Arc<dyn Disk> = Arc::new(disk.copy());
    let report = store::verify(options, &image, &EntityFold)
        .map_err(|error| Violation::of(format!("cannot be verified: {error}")))?;
    hold!(report.findings.is_empty(), "verification finds {:?}", report.findings);
    Ok(report)
}

/// None of these texts is anywhere on the disk.
pub fn forgotten(disk: &MemoryDisk, markers: &[String]) -> Result<(), Violation> {
    for name in disk.names() {
        let bytes = disk.contents(&name).unwrap_or_default();
        for marker in markers {
            let marker = marker.as_bytes();
            let found = bytes.windows(marker.len()).any(|window| window == marker);
            hold!(!found, "{name} holds {} of somebody who was erased", String::from_utf8_lossy(marker));
        }
    }
    Ok(())
}

fn due(model: &Model, store: &dyn Store<()>) -> Result<(), Violation> {
    let unreadable = |what: &dyn std::fmt::Display| Violation::of(format!("cannot be read: {what}"));
    let rows = store.scan(DUE, ScanRange::all(), Direction::Forward, usize::MAX);
    let mut found = BTreeSet::new();
    for (key, _) in rows.map_err(|error| unreadable(&error))? {
        let time = key.get(..8).and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes);
        let id = key.get(8..).and_then(|bytes| bytes.try_into().ok()).map(CustomerId::from_bytes);
        let (Some(time), Some(id)) = (time, id) else { return Err(unreadable(&"a row of due moments")) };
        found.insert((Timestamp::from_millis(time ^ i64::MIN), id));
    }
    let mut expected = BTreeSet::new();
    for id in model.everybody() {
        let key = Kind::Customer.key(id.bytes());
        let loaded = store.load(key).map_err(|error| unreadable(&error))?;
        let records: Vec<&[u8]> = loaded.records.iter().map(AsRef::as_ref).collect();
        let folded = EntityFold.fold(key, loaded.snapshot.as_deref(), &records);
        let folded = folded.map_err(|error| unreadable(&error))?;
        if let Folded::Kept(bytes) | Folded::Restated { snapshot: bytes, .. } = folded {
            let (_, customer) = codec::decode::<Customer>(&bytes).map_err(|error| unreadable(&error))?;
            expected.extend(customer.due().map(|due| (due, id)));
        }
    }
    let unknown = found.iter().find(|row| !expected.contains(row));
    hold!(unknown.is_none(), "there is a row of a due moment of nobody: {unknown:?}");
    let missing = expected.iter().find(|row| !found.contains(row));
    hold!(missing.is_none(), "a due moment has no row: {missing:?}");
    Ok(())
}
