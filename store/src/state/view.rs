//! Reading the tables as of one checkpoint. Every value's checksum is checked on the way out.

use super::STATE_FILE;
use super::known::{Known, Space};
use super::layout::{
    Bytes, HISTORY, INDEXES, KNOWN, META, META_KEY, Meta, OWED_KEY, PENDING, SNAPSHOTS, history_key,
    index_key, parse_history_key,
};
use crate::checksum::unseal;
use crate::disk::guarded;
use crate::error::{OpenError, ReadError, StorageFault, Table};
use crate::journal::Position;
use crate::journal::fields::Fields;
use crate::key::{EntityKey, IndexId, Lsn};
use crate::overlay::KeyBounds;
use crate::record_bytes::RecordBytes;
use crate::store::{Direction, IndexRow};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};
use std::ops::Bound;

type ByteTable = ReadOnlyTable<Bytes, Bytes>;

/// A snapshot and the position it is as of.
pub(crate) struct StoredSnapshot {
    pub(crate) lsn: Lsn,
    pub(crate) bytes: Vec<u8>,
}

/// The tables as of one checkpoint.
pub(crate) struct View {
    pub(crate) meta: Meta,
    /// Bytes of what was erased may be left in this file or in old segments.
    pub(crate) owes_erasure: bool,
    snapshots: ByteTable,
    history: ByteTable,
    indexes: ByteTable,
    pending: ByteTable,
    known_rows: ByteTable,
    known: Known,
}

impl View {
    pub(super) fn new(transaction: &ReadTransaction, known: Known) -> Result<Self, OpenError> {
        guarded::<_, StorageFault>(|| {
            let rows = transaction.open_table(META)?;
            let meta = rows.get(META_KEY)?.map(|row| row.value().to_vec());
            let owes_erasure = rows.get(OWED_KEY)?.is_some();
            let open = |table| transaction.open_table(table);
            let tables = [open(SNAPSHOTS)?, open(HISTORY)?, open(INDEXES)?, open(PENDING)?, open(KNOWN)?];
            Ok((meta, owes_erasure, tables))
        })
        .map_err(|fault| OpenError::fault(STATE_FILE, fault))
        .and_then(|(meta, owes_erasure, [snapshots, history, indexes, pending, known_rows])| {
            let meta = meta.ok_or_else(|| OpenError::damaged(STATE_FILE, None, "it has no meta row"))?;
            let meta = Meta::decode(&meta)?;
            Ok(Self { meta, owes_erasure, snapshots, history, indexes, pending, known_rows, known })
        })
    }

    /// The low-water mark of these tables.
    pub(crate) fn mark(&self) -> Position {
        self.meta.mark
    }

    pub(crate) fn snapshot(&self, entity: EntityKey) -> Result<Option<StoredSnapshot>, ReadError> {
        let key = entity.encode();
        if !self.known.may_hold(Space::Snapshots, &key) {
            return Ok(None);
        }
        let Some(body) = get(&self.snapshots, Table::Snapshots, &key)? else {
            // Every entity with a history has a snapshot; without this look, a damaged key would make an entity seem
            // new.
            return if self.history(entity, Lsn::ZERO, 1)?.is_empty() {
                Ok(None)
            } else {
                Err(ReadError::damaged(Table::Snapshots, &key))
            };
        };
        let lsn = Fields::new(&body, 0).u64().ok_or_else(|| ReadError::damaged(Table::Snapshots, &key))?;
        Ok(Some(StoredSnapshot { lsn: Lsn::new(lsn), bytes: body[8..].to_vec() }))
    }

    /// At most `limit` records of an entity above a position.
    pub(crate) fn history(
        &self,
        entity: EntityKey,
        after: Lsn,
        limit: usize,
    ) -> Result<Vec<(Lsn, RecordBytes)>, ReadError> {
        let (start, end) = (history_key(entity, after), history_key(entity, Lsn::new(u64::MAX)));
        let mut found = Vec::new();
        if start == end || limit == 0 {
            return Ok(found);
        }
        let bounds = (Bound::Excluded(&start[..]), Bound::Included(&end[..]));
        walk(&self.history, Table::History, bounds, Direction::Forward, |key, body| {
            let (_, lsn) = parse_history_key(key).ok_or_else(|| ReadError::damaged(Table::History, key))?;
            found.push((lsn, RecordBytes::from(body)));
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }

    pub(crate) fn record(&self, entity: EntityKey, lsn: Lsn) -> Result<Option<RecordBytes>, ReadError> {
        let body = get(&self.history, Table::History, &history_key(entity, lsn))?;
        Ok(body.map(|body| RecordBytes::from(body.as_slice())))
    }

    pub(crate) fn row(&self, index: IndexId, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        if !self.known.may_hold(Space::Rows(index), key) {
            return Ok(None);
        }
        get(&self.indexes, Table::Indexes, &index_key(index, key))
    }

    /// Hands over the rows of an index inside the bounds, until `visit` answers `false`.
    pub(crate) fn rows(
        &self,
        index: IndexId,
        (start, end): KeyBounds<'_>,
        direction: Direction,
        mut visit: impl FnMut(IndexRow) -> bool,
    ) -> Result<(), ReadError> {
        let start = match start {
            Bound::Included(key) => Bound::Included(index_key(index, key)),
            Bound::Excluded(key) => Bound::Excluded(index_key(index, key)),
            Bound::Unbounded => Bound::Included(vec![index.0]),
        };
        let end = match end {
            Bound::Included(key) => Bound::Included(index_key(index, key)),
            Bound::Excluded(key) => Bound::Excluded(index_key(index, key)),
            Bound::Unbounded => {
                index.0.checked_add(1).map_or(Bound::Unbounded, |next| Bound::Excluded(vec![next]))
            }
        };
        let bounds = (as_slice(&start), as_slice(&end));
        walk(&self.indexes, Table::Indexes, bounds, direction, |key, body| {
            Ok(visit((key[1..].to_vec(), body.to_vec())))
        })
    }

    /// Whether the filter lets a look-up of a row through that is in the table.
    pub(crate) fn knows(&self, table: Table, key: &[u8]) -> bool {
        match (table, key) {
            (Table::Snapshots, key) => self.known.may_hold(Space::Snapshots, key),
            (Table::Indexes, [index, key @ ..]) => self.known.may_hold(Space::Rows(IndexId(*index)), key),
            (Table::Indexes | Table::Meta | Table::History | Table::Pending | Table::Known, _) => true,
        }
    }

    /// Hands over every row of `pending` as key and unsealed value, in journal order.
    pub(crate) fn pending(
        &self,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let all = (Bound::Unbounded, Bound::Unbounded);
        walk(&self.pending, Table::Pending, all, Direction::Forward, |key, body| {
            visit(key, body).map(|()| true)
        })
    }

    /// Hands over every row of a table with whatever its checksum says: `None` if it does not match.
    pub(crate) fn inspect(
        &self,
        table: Table,
        mut visit: impl FnMut(&[u8], Option<&[u8]>),
    ) -> Result<(), StorageFault> {
        guarded(|| {
            self.each_sealed(table, |key, sealed| {
                visit(key, unseal(table, key, sealed));
                Ok(())
            })
        })
    }

    /// Hands over every row of a table as it is in the file, in key order.
    pub(super) fn each_sealed<E: From<StorageFault>>(
        &self,
        table: Table,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(rows) = self.table(table) else { return Ok(()) };
        for row in ReadableTable::iter(rows).map_err(StorageFault::from)? {
            let (key, value) = row.map_err(StorageFault::from)?;
            visit(key.value(), value.value())?;
        }
        Ok(())
    }

    /// How many rows a table has.
    pub(super) fn rows_of(&self, table: Table) -> Result<u64, StorageFault> {
        self.table(table).map_or(Ok(0), |rows| Ok(rows.len()?))
    }

    fn table(&self, table: Table) -> Option<&ByteTable> {
        match table {
            Table::Snapshots => Some(&self.snapshots),
            Table::History => Some(&self.history),
            Table::Indexes => Some(&self.indexes),
            Table::Pending => Some(&self.pending),
            Table::Known => Some(&self.known_rows),
            // Its rows were checked when the view was opened.
            Table::Meta => None,
        }
    }
}

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

fn get(rows: &ByteTable, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
    guarded(|| {
        let Some(value) = ReadableTable::get(rows, key).map_err(StorageFault::from)? else { return Ok(None) };
        let body = unseal(table, key, value.value()).ok_or_else(|| ReadError::damaged(table, key))?;
        Ok(Some(body.to_vec()))
    })
}

/// Whether the bounds contain a key at all; redb asserts that they do.
fn is_empty_range(bounds: KeyBounds<'_>) -> bool {
    match bounds {
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (Bound::Included(start) | Bound::Excluded(start), Bound::Excluded(end))
        | (Bound::Excluded(start), Bound::Included(end)) => start >= end,
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}

fn walk(
    rows: &ByteTable,
    table: Table,
    bounds: KeyBounds<'_>,
    direction: Direction,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    if is_empty_range(bounds) {
        return Ok(());
    }
    guarded(|| {
        let mut range = ReadableTable::range::<&[u8]>(rows, bounds).map_err(StorageFault::from)?;
        loop {
            let row = match direction {
                Direction::Forward => range.next(),
                Direction::Backward => range.next_back(),
            };
            let Some(row) = row else { return Ok(()) };
            let (key, value) = row.map_err(StorageFault::from)?;
            let key = key.value();
            let body = unseal(table, key, value.value()).ok_or_else(|| ReadError::damaged(table, key))?;
            if !visit(key, body)? {
                return Ok(());
            }
        }
    })
}
