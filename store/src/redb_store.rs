//! The embedded backend: the [`Store`] face over journal, memory and tables.
//!
//! Owns the joining of memory and tables in reads, and the end of whoever writes.

use crate::backup::{self, BackupError, BackupOrder, BackupReport};
use crate::checkpoint;
use crate::committer::Committer;
use crate::error::{CheckpointError, CloseError, ReadError};
use crate::key::{EntityKey, Epoch, IndexId, Lsn};
use crate::overlay::{KeyBounds, KeyedRow};
use crate::pending::{Pending, PendingEffect};
use crate::queue::Queue;
use crate::record_bytes::RecordBytes;
use crate::shared::{Shared, lock};
use crate::store::{
    Append, CheckpointReport, Direction, IndexRow, Loaded, NotAppended, ScanRange, Stats, Store,
};
use crate::tail::TailRecord;
use std::ops::Bound;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, TryLockError, Weak};
use std::thread::{self, JoinHandle, ThreadId};

/// How many changed rows a scan looks at in one step beyond its limit; deleted rows fill no answer.
const SCAN_STEP: usize = 256;

/// The threads of an open store.
pub(crate) struct Threads {
    pub(crate) committer: JoinHandle<()>,
    pub(crate) checkpoint: JoinHandle<()>,
}

/// Who commits and makes checkpoints.
pub(crate) enum Writers<T> {
    Threads(Threads),
    /// Whoever has the [`Steps`](crate::Steps). He may be gone.
    Steps(Weak<Mutex<Committer<T>>>),
}

/// A store in redb files. Made by [`open`](crate::open()) or [`open_stepped`](crate::open_stepped()).
pub struct RedbStore<T> {
    shared: Arc<Shared>,
    queue: Arc<Queue<T>>,
    /// Beside the handles, so that the listener can be told apart while another thread waits for the committer.
    committer: Option<ThreadId>,
    writers: Mutex<Option<Writers<T>>>,
}

impl<T> RedbStore<T> {
    pub(crate) fn new(shared: Arc<Shared>, queue: Arc<Queue<T>>, writers: Writers<T>) -> Self {
        let committer = match &writers {
            Writers::Threads(threads) => Some(threads.committer.thread().id()),
            Writers::Steps(_) => None,
        };
        Self { shared, queue, committer, writers: Mutex::new(Some(writers)) }
    }

    /// After a failed read the library refuses all work on the file, so it has to be opened again.
    fn noting_faults<R>(&self, result: Result<R, ReadError>) -> Result<R, ReadError> {
        if matches!(result, Err(ReadError::Storage(_))) {
            self.note_fault();
        }
        result
    }

    fn note_fault(&self) {
        self.shared.state.suspect();
        if self.shared.options.background_checkpoints {
            self.shared.checkpoint_due.raise();
        }
    }

    fn read_loaded(&self, entity: EntityKey) -> Result<Loaded, ReadError> {
        let durable = self.shared.durable_lsn();
        let mut records = self.shared.tail.records(entity, Lsn::ZERO);
        let view = self.shared.state.view()?;
        let mark = view.mark().lsn;
        records.retain(|record| record.lsn > mark);
        let snapshot = view.snapshot(entity)?;
        let last = records.last().map_or(Lsn::ZERO, |record| record.lsn);
        Ok(Loaded {
            snapshot: snapshot.map(|found| found.bytes),
            records: records.iter().map(TailRecord::bytes).collect(),
            through: durable.max(mark).max(last),
        })
    }

    fn read_history(
        &self,
        entity: EntityKey,
        after: Lsn,
        limit: usize,
    ) -> Result<Vec<(Lsn, RecordBytes)>, ReadError> {
        let tail = self.shared.tail.records(entity, after);
        let view = self.shared.state.view()?;
        let mark = view.mark().lsn;
        let mut found = view.history(entity, after, limit)?;
        let room = limit - found.len();
        let newer = tail.iter().filter(|record| record.lsn > mark).take(room);
        found.extend(newer.map(|record| (record.lsn, record.bytes())));
        Ok(found)
    }

    fn read_record(&self, entity: EntityKey, lsn: Lsn) -> Result<Option<RecordBytes>, ReadError> {
        let tail = self.shared.tail.records(entity, Lsn::ZERO);
        let view = self.shared.state.view()?;
        match tail.binary_search_by_key(&lsn, |record| record.lsn) {
            Ok(place) if lsn > view.mark().lsn => Ok(Some(tail[place].bytes())),
            Ok(_) | Err(_) => view.record(entity, lsn),
        }
    }

    fn read_pending(&self) -> Result<Vec<PendingEffect>, ReadError> {
        let tail = self.shared.tail.all();
        let view = self.shared.state.view()?;
        let mark = view.mark().lsn;
        let mut pending = Pending::from_tables(&view)?;
        for (entity, record) in tail.iter().filter(|(_, record)| record.lsn > mark) {
            pending.note(*entity, record);
        }
        Ok(pending.into_effects())
    }

    fn read_row(&self, index: IndexId, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        let changed = self.shared.overlay.get(index, key);
        let view = self.shared.state.view()?;
        match changed {
            Some(row) => Ok(row.value.map(Vec::from)),
            None => view.row(index, key),
        }
    }

    fn read_rows(
        &self,
        index: IndexId,
        range: ScanRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<IndexRow>, ReadError> {
        let ScanRange { mut start, mut end } = range;
        let mut found = Vec::new();
        while found.len() < limit && !is_empty(&start, &end) {
            let step = (limit - found.len()).saturating_add(SCAN_STEP);
            let bounds = (slice(&start), slice(&end));
            let changed = self.shared.overlay.range(index, bounds, direction, step);
            let is_last = changed.len() < step;
            let reached = changed.last().map(|(key, _)| key.to_vec());
            // Up to the last changed row seen, table and overlay are both known.
            let (step_start, step_end) = match (&reached, is_last, direction) {
                (Some(key), false, Direction::Forward) => (slice(&start), Bound::Included(key.as_slice())),
                (Some(key), false, Direction::Backward) => (Bound::Included(key.as_slice()), slice(&end)),
                (None, _, _) | (Some(_), true, _) => bounds,
            };
            self.merge(index, changed, (step_start, step_end), direction, limit, &mut found)?;
            match (reached, is_last, direction) {
                (Some(key), false, Direction::Forward) => start = Bound::Excluded(key),
                (Some(key), false, Direction::Backward) => end = Bound::Excluded(key),
                (None, _, _) | (Some(_), true, _) => break,
            }
        }
        Ok(found)
    }

    /// Adds the rows inside the bounds to `found`, up to `limit`: those of the table, with the changed ones in their
    /// place.
    fn merge(
        &self,
        index: IndexId,
        changed: Vec<KeyedRow>,
        bounds: KeyBounds<'_>,
        direction: Direction,
        limit: usize,
        found: &mut Vec<IndexRow>,
    ) -> Result<(), ReadError> {
        let mut changed = changed.into_iter().peekable();
        let view = self.shared.state.view()?;
        view.rows(index, bounds, direction, |(key, value)| {
            let is_before = |other: &[u8]| match direction {
                Direction::Forward => *other < *key,
                Direction::Backward => *other > *key,
            };
            while let Some((changed_key, row)) = changed.next_if(|(other, _)| is_before(other)) {
                found.extend(row.value.map(|value| (changed_key.to_vec(), value.into_vec())));
            }
            match changed.next_if(|(other, _)| **other == *key) {
                None => found.push((key, value)),
                Some((_, row)) => found.extend(row.value.map(|value| (key, value.into_vec()))),
            }
            found.len() < limit
        })?;
        if found.len() < limit {
            found.extend(
                changed.filter_map(|(key, row)| row.value.map(|value| (key.to_vec(), value.into_vec()))),
            );
        }
        // Several changed rows can come before one row of the table.
        found.truncate(limit);
        Ok(())
    }
}

fn slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

/// Whether no key lies between the bounds; ordered maps panic on such a range.
fn is_empty(start: &Bound<Vec<u8>>, end: &Bound<Vec<u8>>) -> bool {
    match (start, end) {
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (Bound::Included(start) | Bound::Excluded(start), Bound::Excluded(end))
        | (Bound::Excluded(start), Bound::Included(end)) => start >= end,
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}

impl<T: Send> Store<T> for RedbStore<T> {
    fn append(&self, epoch: Epoch, append: Append<T>) -> Result<Lsn, NotAppended<T>> {
        self.shared.note_full(self.queue.push(epoch, append, self.shared.memory_is_full()))
    }

    fn hurry(&self) {
        self.queue.hurry();
    }

    fn load(&self, entity: EntityKey) -> Result<Loaded, ReadError> {
        self.noting_faults(self.read_loaded(entity))
    }

    fn history(
        &self,
        entity: EntityKey,
        after: Lsn,
        limit: usize,
    ) -> Result<Vec<(Lsn, RecordBytes)>, ReadError> {
        self.noting_faults(self.read_history(entity, after, limit))
    }

    fn record(&self, entity: EntityKey, lsn: Lsn) -> Result<Option<RecordBytes>, ReadError> {
        self.noting_faults(self.read_record(entity, lsn))
    }

    fn get(&self, index: IndexId, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.noting_faults(self.read_row(index, key))
    }

    fn scan(
        &self,
        index: IndexId,
        range: ScanRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<IndexRow>, ReadError> {
        self.noting_faults(self.read_rows(index, range, direction, limit))
    }

    fn pending_effects(&self) -> Result<Vec<PendingEffect>, ReadError> {
        self.noting_faults(self.read_pending())
    }

    fn checkpoint(&self) -> Result<CheckpointReport, CheckpointError> {
        checkpoint::run(&self.shared)
    }

    fn backup(&self, order: &BackupOrder) -> Result<BackupReport, BackupError> {
        let made = backup::make(&self.shared, order);
        if matches!(made, Err(BackupError::Read(ReadError::Storage(_)))) {
            self.note_fault();
        }
        made
    }

    fn durable(&self) -> Lsn {
        self.shared.durable_lsn()
    }

    fn epoch(&self) -> Epoch {
        self.queue.epoch()
    }

    fn stats(&self) -> Stats {
        let (queue_bytes, queue_records) = self.queue.load();
        let counters = &self.shared.counters;
        Stats {
            queue_bytes,
            queue_records,
            tail_bytes: self.shared.memory_bytes(),
            tail_records: self.shared.tail.len(),
            overlay_rows: self.shared.overlay.len(),
            frames: counters.frames.load(Ordering::Relaxed),
            failed_commits: counters.failed_commits.load(Ordering::Relaxed),
            segments: self.shared.segments.len(),
            checkpoints: counters.checkpoints.load(Ordering::Relaxed),
            checkpointed: self.shared.state.view().map_or(Lsn::ZERO, |view| view.mark().lsn),
        }
    }

    fn close(&self) -> Result<(), CloseError> {
        self.end()
    }
}

impl<T> RedbStore<T> {
    fn end(&self) -> Result<(), CloseError> {
        self.queue.close();
        if self.committer == Some(thread::current().id()) {
            // The threads end by themselves, and the files go with the last of them.
            self.shared.checkpoint_due.end();
            return Err(CloseError::FromListener);
        }
        let mut writers = lock(&self.writers);
        let committed = match writers.take() {
            None => return Ok(()),
            Some(Writers::Threads(threads)) => self.join(threads),
            Some(Writers::Steps(committer)) => {
                if !finish(&committer) {
                    *writers = Some(Writers::Steps(committer));
                    return Err(CloseError::FromListener);
                }
                Ok(())
            }
        };
        self.shared.checkpoint_due.end();
        self.shared.state.close();
        self.shared.let_go();
        committed
    }

    fn join(&self, Threads { committer, checkpoint }: Threads) -> Result<(), CloseError> {
        let committed = committer.join();
        self.shared.checkpoint_due.end();
        if checkpoint.join().is_err() {
            tracing::error!("the checkpoint thread had stopped on a panic");
        }
        committed.map_err(|_| CloseError::CommitterPanicked)
    }
}

/// Writes what is left in the queue, unless whoever had the steps is gone. `false` if a step is under way, and this was
/// called from inside it.
fn finish<T>(committer: &Weak<Mutex<Committer<T>>>) -> bool {
    let Some(committer) = committer.upgrade() else { return true };
    let free = match committer.try_lock() {
        Ok(free) => Some(free),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    };
    let Some(mut committer) = free else { return false };
    committer.finish();
    true
}

impl<T> Drop for RedbStore<T> {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "store not closed in order");
        }
    }
}
