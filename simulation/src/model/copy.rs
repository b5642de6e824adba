//! A backup is what the store was: restored, it is opened and read from end to end, and compared.

use std::collections::BTreeSet;

use store::{
    Direction, EntityKey, IndexId, Lsn, MemoryDisk, Options, PendingEffect, RecordBytes, ScanRange, Store,
    backup::restore,
};

use super::{
    Model,
    stored::{opened, verified},
};
use crate::report::{Violation, hold};

/// Indexes have numbers below this (docs/storage-format.md).
const INDEXES: u8 = 64;

/// Restored, a backup has the same as the disk that it is of.
pub fn check(
    model: &Model,
    backup: &MemoryDisk,
    original: &MemoryDisk,
    options: &Options,
) -> Result<(), Violation> {
    let restored = MemoryDisk::new();
    let done = restore(backup, &restored);
    hold!(done.is_ok(), "a backup cannot be restored: {done:?}");
    let known = model.known().entities();
    let there = Contents::of(&restored, options, &known)?;
    let here = Contents::of(original, options, &known)?;
    hold!(there.last == here.last, "a backup ends at {:?}, and the store at {:?}", there.last, here.last);
    hold!(there.records == here.records, "a backup has {} records of {}", there.records, here.records);
    hold!(there.entities == here.entities, "the customers and sales of a backup are not those of the store");
    hold!(there.rows == here.rows, "the indexes of a backup are not those of the store");
    hold!(there.pending == here.pending, "the effects that wait in a backup are not those of the store");
    Ok(())
}

/// A backup that has failed leaves nothing, or what nobody takes for one if the disk fails again when it is removed.
pub fn is_none(target: &MemoryDisk) -> Result<(), Violation> {
    let restored = restore(target, &MemoryDisk::new());
    hold!(restored.is_err(), "a backup that has failed leaves one: {:?}", target.names());
    Ok(())
}

/// What there is to compare. That states are those of their histories, verification has said.
struct Contents {
    last: Lsn,
    records: u64,
    rows: BTreeSet<(u8, Vec<u8>, Vec<u8>)>,
    pending: Vec<PendingEffect>,
    entities: Vec<(Option<Vec<u8>>, Vec<RecordBytes>)>,
}

impl Contents {
    fn of(disk: &MemoryDisk, options: &Options, known: &[EntityKey]) -> Result<Self, Violation> {
        let unreadable = |what: &dyn std::fmt::Display| Violation::of(format!("cannot be read: {what}"));
        let report = verified(disk, options)?;
        let (store, recovered, _steps) = opened(disk, options)?;
        let mut rows = BTreeSet::new();
        for index in 0..INDEXES {
            let found = store.scan(IndexId(index), ScanRange::all(), Direction::Forward, usize::MAX);
            let found = found.map_err(|error| unreadable(&error))?;
            rows.extend(found.into_iter().map(|(key, value)| (index, key, value)));
        }
        let load = |key: &EntityKey| {
            let loaded = store.load(*key).map_err(|error| unreadable(&error))?;
            Ok((loaded.snapshot, loaded.records))
        };
        Ok(Self {
            last: store.durable(),
            records: report.history_records + report.journal_records,
            rows,
            pending: recovered.pending_effects,
            entities: known.iter().map(load).collect::<Result<_, Violation>>()?,
        })
    }
}
