//! Index rows changed since the last checkpoint, over the rows of the table. In memory only.
//!
//! Must not read tables: whoever reads joins overlay and tables, overlay first.

use crate::key::{IndexChange, IndexId, Lsn};
use crate::row_key::RowKey;
use crate::store::Direction;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What a row costs in memory beside key and value.
const ROW_OVERHEAD: usize = 96;
/// How many rows a checkpoint looks at while it holds the lock once.
const CHUNK: usize = 512;

/// The newest change of a row; `value` is `None` if the row was deleted.
#[derive(Clone, Debug)]
pub(crate) struct OverlayRow {
    pub(crate) lsn: Lsn,
    pub(crate) value: Option<Box<[u8]>>,
}

type Rows = BTreeMap<RowKey, OverlayRow>;

/// A row with its key.
pub(crate) type KeyedRow = (RowKey, OverlayRow);

/// Bounds borrowed from a scan.
pub(crate) type KeyBounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// All index rows changed above the low-water mark.
#[derive(Default)]
pub(crate) struct Overlay {
    indexes: RwLock<BTreeMap<IndexId, Rows>>,
    bytes: AtomicUsize,
    rows: AtomicU64,
}

impl Overlay {
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<IndexId, Rows>> {
        self.indexes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<IndexId, Rows>> {
        self.indexes.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the changes of one frame visible, all at once.
    pub(crate) fn apply(&self, changes: impl Iterator<Item = (Lsn, IndexChange)>) {
        let mut changes = changes.peekable();
        if changes.peek().is_none() {
            return;
        }
        let mut indexes = self.write();
        for (lsn, change) in changes {
            let (index, key, value) = match change {
                IndexChange::Put { index, key, value } => (index, key, Some(value)),
                IndexChange::Delete { index, key } => (index, key, None),
            };
            let key_len = key.len();
            let row = OverlayRow { lsn, value };
            self.bytes.fetch_add(cost(key_len, &row), Ordering::Relaxed);
            match indexes.entry(index).or_default().insert(key, row) {
                None => {
                    self.rows.fetch_add(1, Ordering::Relaxed);
                }
                Some(older) => {
                    self.bytes.fetch_sub(cost(key_len, &older), Ordering::Relaxed);
                }
            }
        }
    }

    /// The change of a row, if it has one here.
    pub(crate) fn get(&self, index: IndexId, key: &[u8]) -> Option<OverlayRow> {
        self.read().get(&index)?.get(key).cloned()
    }

    /// The first `limit` changes inside the bounds, in this direction.
    pub(crate) fn range(
        &self,
        index: IndexId,
        bounds: KeyBounds<'_>,
        direction: Direction,
        limit: usize,
    ) -> Vec<KeyedRow> {
        let indexes = self.read();
        let Some(rows) = indexes.get(&index) else { return Vec::new() };
        let range = rows.range::<[u8], _>(bounds);
        match direction {
            Direction::Forward => range.take(limit).map(|(key, row)| (key.clone(), row.clone())).collect(),
            Direction::Backward => {
                range.rev().take(limit).map(|(key, row)| (key.clone(), row.clone())).collect()
            }
        }
    }

    /// Hands over every row whose newest change is at or below `cut`, in order of index and key.
    pub(crate) fn each_through<E>(
        &self,
        cut: Lsn,
        mut visit: impl FnMut(IndexId, &[u8], &OverlayRow) -> Result<(), E>,
    ) -> Result<(), E> {
        for index in self.indexes() {
            let mut after: Option<RowKey> = None;
            loop {
                let start = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
                let rows = self.range(index, (start, Bound::Unbounded), Direction::Forward, CHUNK);
                let Some((last, _)) = rows.last() else { break };
                after = Some(last.clone());
                for (key, row) in rows.iter().filter(|(_, row)| row.lsn <= cut) {
                    visit(index, key, row)?;
                }
            }
        }
        Ok(())
    }

    /// Forgets every row whose newest change is at or below `cut`.
    pub(crate) fn drop_through(&self, cut: Lsn) {
        for index in self.indexes() {
            let mut after: Option<RowKey> = None;
            while let Some(last) = self.drop_chunk(index, after.as_deref(), cut) {
                after = Some(last);
            }
        }
    }

    /// Drops among the next rows after a key; answers the last key it looked at.
    fn drop_chunk(&self, index: IndexId, after: Option<&[u8]>, cut: Lsn) -> Option<RowKey> {
        let mut indexes = self.write();
        let rows = indexes.get_mut(&index)?;
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let looked_at: Vec<(RowKey, bool)> = rows
            .range::<[u8], _>((start, Bound::Unbounded))
            .take(CHUNK)
            .map(|(key, row)| (key.clone(), row.lsn <= cut))
            .collect();
        for (key, _) in looked_at.iter().filter(|(_, due)| *due) {
            if let Some(row) = rows.remove(key) {
                self.bytes.fetch_sub(cost(key.len(), &row), Ordering::Relaxed);
                self.rows.fetch_sub(1, Ordering::Relaxed);
            }
        }
        looked_at.into_iter().last().map(|(key, _)| key)
    }

    fn indexes(&self) -> Vec<IndexId> {
        self.read().keys().copied().collect()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn len(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}

fn cost(key_len: usize, row: &OverlayRow) -> usize {
    ROW_OVERHEAD + key_len + row.value.as_ref().map_or(0, |value| value.len())
}
