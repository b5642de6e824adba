//! Carrying a repair out: new files beside the old ones, the old ones kept in a subfolder, then one taking the place of
//! the other.
//!
//! A crash at any moment leaves a folder that still shows damage or one that is repaired. The new state file takes the
//! old one's name by renaming. The new segment follows all others by its number and continues after the low-water mark,
//! so it counts alone as soon as it is there, and while older ones go, oldest first, the journal is whole or misses its
//! beginning.

use super::entities::{Histories, Treatment};
use super::plan::{NewJournal, NewTables, OldTables, Plan};
use crate::disk::Disk;
use crate::error::{OpenError, StorageFault, Table};
use crate::journal::reached::REACHED_FILE;
use crate::journal::segment::{Segment, segment_name};
use crate::key::{EntityKey, IndexId};
use crate::options::Options;
use crate::state::{Piece, STATE_FILE, StateWriter, decode_pending, parse_history_key, write_state_file};
use crate::store::{Fold, Folded};
use std::io;
use std::sync::Arc;

/// Writes what is planned.
pub(super) fn carry_out(
    options: &Options,
    disk: &Arc<dyn Disk>,
    fold: &dyn Fold,
    plan: &Plan,
    aside: &str,
) -> Result<(), OpenError> {
    let names = disk.list().map_err(|source| OpenError::io(&disk.place(), source))?;
    let keep = |name: &str| disk.keep(name, aside).map_err(|source| OpenError::io(name, source));
    if let Some(tables) = &plan.tables {
        if names.iter().any(|name| name == STATE_FILE) {
            keep(STATE_FILE)?;
        }
        write_tables(options, &**disk, fold, tables)?;
    }
    if let Some(journal) = &plan.journal {
        let old: Vec<_> = plan.sequences.iter().map(|sequence| segment_name(*sequence)).collect();
        old.iter().try_for_each(|name| keep(name))?;
        if journal.is_short {
            keep(REACHED_FILE)?;
        }
        write_journal(&**disk, plan, journal)?;
        for name in &old {
            disk.remove(name).map_err(|source| OpenError::io(name, source))?;
        }
        // Last, for until then it shows that the end is missing.
        if journal.is_short {
            disk.remove(REACHED_FILE).map_err(|source| OpenError::io(REACHED_FILE, source))?;
        }
    }
    Ok(())
}

fn write_journal(disk: &dyn Disk, plan: &Plan, journal: &NewJournal) -> Result<(), OpenError> {
    let mut frames = journal.frames.iter();
    Segment::create_whole(disk, journal.header, || {
        let read = frames.next()?.read(disk, plan.store);
        Some(read.map(|frame| (frame.position.frame, frame.bytes)))
    })
}

fn write_tables(
    options: &Options,
    disk: &dyn Disk,
    fold: &dyn Fold,
    tables: &NewTables,
) -> Result<(), OpenError> {
    Ok(write_state_file(disk, options.state(), &tables.meta, |writer| match &tables.old {
        Some(old) => copy(old, fold, writer),
        None => Ok(()),
    })?)
}

fn copy(old: &OldTables, fold: &dyn Fold, writer: &mut StateWriter<'_>) -> Result<(), StorageFault> {
    for table in [Table::Snapshots, Table::History, Table::Indexes, Table::Pending] {
        old.pages.walk(table, &[], None, &mut |piece| match piece {
            Piece::Row(key, sealed) if stays(old, table, key) => writer.adopt(table, key, sealed),
            Piece::Row(..) | Piece::Hole(_) => Ok(()),
        })?;
    }
    for (key, body) in &old.history {
        if let Some((entity, lsn)) = parse_history_key(key).filter(|_| is_kept(old, key)) {
            writer.put_history(entity, lsn, body)?;
        }
    }
    for (key, body) in &old.indexes {
        if let [index, key @ ..] = key.as_slice() {
            writer.set_row(IndexId(*index), key, Some(body))?;
        }
    }
    for (key, body) in &old.pending {
        if let Some((effect, entity, record)) = decode_pending(key, body) {
            writer.put_pending(effect, entity, record)?;
        }
    }
    for (entity, treatment) in &old.treatments {
        put_fold(old, fold, (*entity, *treatment), writer)?;
    }
    if old.pages.owes_erasure { writer.owe_erasure() } else { Ok(()) }
}

/// Whether a row that is as it was written belongs into the new file.
fn stays(old: &OldTables, table: Table, key: &[u8]) -> bool {
    let is_bad = old.bad.get(&table.tag()).is_some_and(|bad| bad.contains(key));
    !is_bad
        && match table {
            Table::Snapshots => {
                key.try_into().is_ok_and(|key| !old.treatments.contains_key(&EntityKey::decode(key)))
            }
            Table::History => is_kept(old, key),
            Table::Indexes | Table::Pending => true,
            Table::Meta | Table::Known => false,
        }
}

/// Whether a row of the history is of an entity that stays, and not forgotten.
fn is_kept(old: &OldTables, key: &[u8]) -> bool {
    parse_history_key(key).is_some_and(|(entity, lsn)| match old.treatments.get(&entity) {
        None | Some(Treatment::Fold) => true,
        Some(Treatment::ForgetBefore(first)) => lsn >= *first,
        Some(Treatment::Remove) => false,
    })
}

/// Writes the snapshot of an entity that cannot keep the one it had.
fn put_fold(
    old: &OldTables,
    fold: &dyn Fold,
    (entity, treatment): (EntityKey, Treatment),
    writer: &mut StateWriter<'_>,
) -> Result<(), StorageFault> {
    if treatment == Treatment::Remove {
        return Ok(());
    }
    let records = Histories { pages: &old.pages, recovered: &old.history }.of(entity)?;
    let slices: Vec<&[u8]> = records.iter().map(|(_, record)| record.as_slice()).collect();
    let last = records.last().map(|(lsn, _)| *lsn);
    match (fold.fold(entity, None, &slices), last) {
        (Ok(Folded::Kept(snapshot) | Folded::Restated { snapshot, .. }), Some(last)) => {
            writer.put_snapshot(entity, last, &snapshot)
        }
        (Ok(Folded::Kept(_) | Folded::Restated { .. } | Folded::Gone | Folded::Erased), _) => Ok(()),
        (Err(error), _) => Err(io::Error::other(format!("entity {entity} does not fold: {error}")).into()),
    }
}
