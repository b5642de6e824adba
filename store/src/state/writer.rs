//! Writing the tables inside one transaction of a checkpoint.

use super::known::{KnownKeys, Space};
use super::layout::{
    Bytes, HISTORY, INDEXES, KNOWN, META, META_KEY, Meta, OWED_KEY, PENDING, SNAPSHOTS, history_key,
    index_key, pending_key,
};
use crate::checksum::seal;
use crate::disk::Freeze;
use crate::error::{StorageFault, Table};
use crate::key::{EffectId, EntityKey, IndexId, Lsn};
use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};

type ByteTable<'a> = redb::Table<'a, Bytes, Bytes>;

/// The tables of one write transaction.
pub(crate) struct StateWriter<'a> {
    meta: redb::Table<'a, u8, Bytes>,
    snapshots: ByteTable<'a>,
    history: ByteTable<'a>,
    indexes: ByteTable<'a>,
    pending: ByteTable<'a>,
    known_rows: ByteTable<'a>,
    known: &'a mut KnownKeys,
    /// Reused for every value.
    value: Vec<u8>,
    failed: bool,
    freeze: Freeze,
}

impl<'a> StateWriter<'a> {
    pub(super) fn new(
        transaction: &'a WriteTransaction,
        freeze: Freeze,
        known: &'a mut KnownKeys,
    ) -> Result<Self, StorageFault> {
        Ok(Self {
            meta: transaction.open_table(META)?,
            snapshots: transaction.open_table(SNAPSHOTS)?,
            history: transaction.open_table(HISTORY)?,
            indexes: transaction.open_table(INDEXES)?,
            pending: transaction.open_table(PENDING)?,
            known_rows: transaction.open_table(KNOWN)?,
            known,
            value: Vec::new(),
            failed: false,
            freeze,
        })
    }

    /// Whether no write through this handle has failed, so that the database can go on after an abort.
    pub(super) fn is_whole(&self) -> bool {
        !self.failed
    }

    /// Stops at a failed write as soon as it has happened, instead of going on with pages that are not on the disk.
    fn note<R>(&mut self, result: Result<R, redb::StorageError>) -> Result<R, StorageFault> {
        self.failed |= result.is_err();
        self.freeze.check()?;
        Ok(result?)
    }

    pub(crate) fn put_snapshot(
        &mut self,
        entity: EntityKey,
        lsn: Lsn,
        bytes: &[u8],
    ) -> Result<(), StorageFault> {
        let key = entity.encode();
        seal(&mut self.value, Table::Snapshots, &key, &[&lsn.get().to_le_bytes(), bytes]);
        let done = self.snapshots.insert(&key[..], &self.value[..]).map(drop);
        self.known.add(Space::Snapshots, &key);
        self.note(done)
    }

    /// Removes the snapshot and all history of an entity.
    pub(crate) fn remove_entity(&mut self, entity: EntityKey) -> Result<(), StorageFault> {
        let removed = self.snapshots.remove(&entity.encode()[..]).map(drop);
        self.note(removed)?;
        self.remove_history(entity)
    }

    /// Removes all history of an entity.
    pub(crate) fn remove_history(&mut self, entity: EntityKey) -> Result<(), StorageFault> {
        let (first, last) = (history_key(entity, Lsn::ZERO), history_key(entity, Lsn::new(u64::MAX)));
        let keys = self.history.range::<&[u8]>(&first[..]..=&last[..]).and_then(|rows| {
            rows.map(|row| row.map(|(key, _)| key.value().to_vec())).collect::<Result<Vec<_>, _>>()
        });
        // One by one: a failed write must be noticed before the library goes on with what it has not written.
        for key in self.note(keys)? {
            let removed = self.history.remove(&key[..]).map(drop);
            self.note(removed)?;
        }
        Ok(())
    }

    pub(crate) fn put_history(
        &mut self,
        entity: EntityKey,
        lsn: Lsn,
        record: &[u8],
    ) -> Result<(), StorageFault> {
        let key = history_key(entity, lsn);
        seal(&mut self.value, Table::History, &key, &[record]);
        let done = self.history.insert(&key[..], &self.value[..]).map(drop);
        self.note(done)
    }

    /// Writes a row of an index, or deletes it if `value` is `None`.
    pub(crate) fn set_row(
        &mut self,
        index: IndexId,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), StorageFault> {
        let (row, key) = (key, index_key(index, key));
        let done = match value {
            None => self.indexes.remove(&key[..]).map(drop),
            Some(value) => {
                self.known.add(Space::Rows(index), row);
                seal(&mut self.value, Table::Indexes, &key, &[value]);
                self.indexes.insert(&key[..], &self.value[..]).map(drop)
            }
        };
        self.note(done)
    }

    pub(crate) fn put_pending(
        &mut self,
        effect: EffectId,
        entity: EntityKey,
        record: &[u8],
    ) -> Result<(), StorageFault> {
        let key = pending_key(effect);
        seal(&mut self.value, Table::Pending, &key, &[&entity.encode(), record]);
        let done = self.pending.insert(&key[..], &self.value[..]).map(drop);
        self.note(done)
    }

    /// Removes an effect; none is no error, since an effect may be consumed twice.
    pub(crate) fn remove_pending(&mut self, effect: EffectId) -> Result<(), StorageFault> {
        let removed = self.pending.remove(&pending_key(effect)[..]).map(drop);
        self.note(removed)
    }

    pub(crate) fn pending_len(&mut self) -> Result<u64, StorageFault> {
        let done = self.pending.len();
        self.note(done)
    }

    /// Something was erased: its bytes are still in pages that are free now, and perhaps in the journal.
    pub(crate) fn owe_erasure(&mut self) -> Result<(), StorageFault> {
        seal(&mut self.value, Table::Meta, &[OWED_KEY], &[]);
        let done = self.meta.insert(OWED_KEY, &self.value[..]).map(drop);
        self.note(done)
    }

    /// Writes a row as it is in another file, whatever its checksum says. The filter gets to know it.
    pub(crate) fn adopt(&mut self, table: Table, key: &[u8], sealed: &[u8]) -> Result<(), StorageFault> {
        match (table, key) {
            (Table::Snapshots, key) => self.known.add(Space::Snapshots, key),
            (Table::Indexes, [index, row @ ..]) => self.known.add(Space::Rows(IndexId(*index)), row),
            (Table::Indexes | Table::Meta | Table::History | Table::Pending | Table::Known, _) => {}
        }
        self.copy(table, key, sealed)
    }

    /// Writes a row as it is in another file, one of the filter too.
    pub(super) fn copy(&mut self, table: Table, key: &[u8], sealed: &[u8]) -> Result<(), StorageFault> {
        let rows = match table {
            Table::Snapshots => &mut self.snapshots,
            Table::History => &mut self.history,
            Table::Indexes => &mut self.indexes,
            Table::Pending => &mut self.pending,
            Table::Known => &mut self.known_rows,
            Table::Meta => unreachable!("the meta row is written by itself"),
        };
        let done = rows.insert(key, sealed).map(drop);
        self.note(done)
    }

    /// Writes what has changed of the filter of known keys: last, for only then are all keys in it.
    pub(super) fn put_known(&mut self) -> Result<(), StorageFault> {
        let done = self.known.write(&mut self.known_rows);
        self.note(done)
    }

    pub(crate) fn set_meta(&mut self, meta: &Meta) -> Result<(), StorageFault> {
        seal(&mut self.value, Table::Meta, &[META_KEY], &[&meta.encode()]);
        let done = self.meta.insert(META_KEY, &self.value[..]).map(drop);
        self.note(done)
    }
}
