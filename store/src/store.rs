//! The face of every store: what a backend must do, and what it asks of the layer above.
//!
//! Must stay free of anything that only one backend has: no files, no segments, no tables.

use crate::backup::{BackupError, BackupOrder, BackupReport};
use crate::error::{AppendError, CheckpointError, CloseError, CommitFailure, FoldError, ReadError};
use crate::key::{EffectId, EntityKey, Epoch, IndexChange, IndexId, Lsn};
use crate::pending::PendingEffect;
use crate::record_bytes::RecordBytes;
use std::ops::Bound;
use std::time::Duration;

/// One record to be written.
#[derive(Clone, Debug)]
pub struct Append<T> {
    /// The entity the record belongs to.
    pub entity: EntityKey,
    /// The record, opaque here; encoded by the caller with [`codec`](crate::codec).
    pub record: Vec<u8>,
    /// How many effects are inside the record, each to be consumed by another record later.
    pub effects: u16,
    /// The effect this record answers, if it answers one.
    pub consumes: Option<EffectId>,
    /// Index rows that become visible together with the record.
    pub index: Vec<IndexChange>,
    /// How soon it must become durable.
    pub haste: Haste,
    /// What the caller wants handed back when the record is durable or lost. Never stored.
    pub companion: T,
}

/// How soon a record must become durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Haste {
    /// Somebody waits for it: at once.
    Now,
    /// Nobody waits for it: with the next record that somebody waits for, or within [`Haste::SOON_MAX`]. Spares
    /// commits that only delay those that are waited for.
    Soon,
}

impl Haste {
    /// How long a record that nobody waits for may lie in the queue.
    pub const SOON_MAX: Duration = Duration::from_millis(5);
}

/// What is known of one entity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// State as of the last checkpoint, if the entity had one.
    pub snapshot: Option<Vec<u8>>,
    /// Durable records since then, in order.
    pub records: Vec<RecordBytes>,
    /// Every record of this entity up to here is in the answer.
    pub through: Lsn,
}

/// Which rows of an index to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScanRange {
    /// Where the range begins.
    pub start: Bound<Vec<u8>>,
    /// Where the range ends.
    pub end: Bound<Vec<u8>>,
}

impl ScanRange {
    /// All rows of the index.
    pub fn all() -> Self {
        Self { start: Bound::Unbounded, end: Bound::Unbounded }
    }

    /// All rows whose key begins with these bytes.
    pub fn prefix(prefix: &[u8]) -> Self {
        let end = match prefix.iter().rposition(|&byte| byte != u8::MAX) {
            None => Bound::Unbounded,
            Some(last) => {
                let mut end = prefix[..=last].to_vec();
                end[last] += 1;
                Bound::Excluded(end)
            }
        };
        Self { start: Bound::Included(prefix.to_vec()), end }
    }
}

/// In which order rows are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Ascending keys.
    Forward,
    /// Descending keys.
    Backward,
}

/// Key and value of one row of an index.
pub type IndexRow = (Vec<u8>, Vec<u8>);

/// What a checkpoint did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CheckpointReport {
    /// Everything up to here is in the tables.
    pub through: Lsn,
    /// Entities whose snapshot was written.
    pub snapshots: u64,
    /// Entities that were gone and were removed with their history.
    pub removed: u64,
    /// Entities that nothing, or nothing older, may remain of; after them the tables were written anew.
    pub erased: u64,
    /// Records moved into the history.
    pub records: u64,
    /// Index rows written or deleted.
    pub index_rows: u64,
    /// Effects nobody has consumed yet.
    pub pending_effects: u64,
    /// Pieces of the journal that were dropped.
    pub segments_removed: u64,
    /// What was erased is still in the files, because a backup is being made; it goes when that has ended.
    pub owes_erasure: bool,
}

/// Sizes of a running store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Bytes of records not yet durable.
    pub queue_bytes: usize,
    /// Records not yet durable.
    pub queue_records: u64,
    /// Bytes of durable records and index rows that wait in memory for a checkpoint.
    pub tail_bytes: usize,
    /// Durable records that wait in memory for a checkpoint.
    pub tail_records: u64,
    /// Index rows that wait in memory for a checkpoint.
    pub overlay_rows: u64,
    /// Frames committed since the store was opened.
    pub frames: u64,
    /// Commits that failed since the store was opened.
    pub failed_commits: u64,
    /// Segments of the journal on disk.
    pub segments: u64,
    /// Checkpoints completed since the store was opened.
    pub checkpoints: u64,
    /// Everything up to here is in the tables.
    pub checkpointed: Lsn,
}

/// An append that was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotAppended<T> {
    /// Why.
    pub error: AppendError,
    /// What was handed along with the record.
    pub companion: T,
}

/// Ordered durable storage of records, with snapshots, history and indexes made from them. `T` is the companion of an
/// append.
pub trait Store<T>: Send + Sync {
    /// Queues a record and answers its position at once. The record is *not* durable until the listener is told.
    /// Records become durable in the order of their positions.
    ///
    /// # Errors
    /// [`NotAppended`], with the companion; the record is dropped.
    fn append(&self, epoch: Epoch, append: Append<T>) -> Result<Lsn, NotAppended<T>>;

    /// Somebody waits for what is queued: makes it durable at once, whatever its [`Haste`].
    fn hurry(&self);

    /// The snapshot of an entity and the durable records after it.
    ///
    /// # Errors
    /// [`ReadError`].
    fn load(&self, entity: EntityKey) -> Result<Loaded, ReadError>;

    /// At most `limit` durable records of an entity after a position, in order.
    ///
    /// # Errors
    /// [`ReadError`].
    fn history(
        &self,
        entity: EntityKey,
        after: Lsn,
        limit: usize,
    ) -> Result<Vec<(Lsn, RecordBytes)>, ReadError>;

    /// The durable record of an entity at a position, if there is one.
    ///
    /// # Errors
    /// [`ReadError`].
    fn record(&self, entity: EntityKey, lsn: Lsn) -> Result<Option<RecordBytes>, ReadError>;

    /// The durable value of an index row.
    ///
    /// # Errors
    /// [`ReadError`].
    fn get(&self, index: IndexId, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError>;

    /// At most `limit` durable rows of an index. A row that does not change meanwhile is answered exactly once; of rows
    /// that change while a long scan runs, either state may be seen.
    ///
    /// # Errors
    /// [`ReadError`].
    fn scan(
        &self,
        index: IndexId,
        range: ScanRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<IndexRow>, ReadError>;

    /// The effects that no durable record has consumed, in the order in which they were caused. Looks at every record
    /// that waits for a checkpoint: for use after a failure, not in passing.
    ///
    /// # Errors
    /// [`ReadError`].
    fn pending_effects(&self) -> Result<Vec<PendingEffect>, ReadError>;

    /// Folds what is durable into the tables and drops the journal before it. Blocks until done; one runs at a time, a
    /// second caller waits and then does its own.
    ///
    /// # Errors
    /// [`CheckpointError`]; what was readable before is readable after.
    fn checkpoint(&self) -> Result<CheckpointReport, CheckpointError>;

    /// Makes a copy of the store on another disk: everything up to one position, which lies at or above everything that
    /// was durable when it began. Appends, reads and checkpoints go on; appends wait once, while the next piece of the
    /// journal is begun. What is erased meanwhile goes from the files when the copy is through. Blocks until done and
    /// gives the calling thread a lower priority for good: for a thread of its own.
    ///
    /// # Errors
    /// [`BackupError`]; the store goes on as if nothing had been, and what was written of the copy is removed if that
    /// is possible.
    fn backup(&self, order: &BackupOrder) -> Result<BackupReport, BackupError>;

    /// Position of the last durable record.
    fn durable(&self) -> Lsn;

    /// The epoch that appends must carry.
    fn epoch(&self) -> Epoch;

    /// Sizes of the store at this moment.
    fn stats(&self) -> Stats;

    /// Refuses new appends, writes what is queued, stops the threads and lets the files go. Closing twice is no error.
    ///
    /// # Errors
    /// [`CloseError`]; the store is closed all the same.
    fn close(&self) -> Result<(), CloseError>;
}

/// What only the layer above knows: how records change a snapshot. Must be pure, and must give the same bytes whether
/// the records come in one call or in several.
pub trait Fold: Send + Sync {
    /// What the entity is after `records`.
    ///
    /// # Errors
    /// [`FoldError`] if snapshot or records do not decode.
    fn fold(
        &self,
        entity: EntityKey,
        snapshot: Option<&[u8]>,
        records: &[&[u8]],
    ) -> Result<Folded, FoldError>;
}

/// What an entity is after its records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Folded {
    /// This is its snapshot.
    Kept(Vec<u8>),
    /// This is its snapshot, and nothing older than one of its records may remain anywhere.
    Restated {
        /// The snapshot.
        snapshot: Vec<u8>,
        /// The place of that record among those that were given. It says all that the entity is by then, so that the
        /// snapshot is the fold of what follows.
        from: usize,
    },
    /// Nothing of it needs to be kept: its snapshot and its history are removed.
    Gone,
    /// It is gone, and nothing of it may remain anywhere.
    Erased,
}

/// A record that has become durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommittedRecord<T> {
    /// Its position.
    pub lsn: Lsn,
    /// The entity it belongs to.
    pub entity: EntityKey,
    /// How many effects are inside it.
    pub effects: u16,
    /// What the caller gave along.
    pub companion: T,
}

/// Records that have become durable together, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Committed<T> {
    /// The epoch they were appended in.
    pub epoch: Epoch,
    /// Position of the last of them.
    pub through: Lsn,
    /// The records.
    pub records: Vec<CommittedRecord<T>>,
}

/// Who is told what became of appends. Called on the committer thread, in order; while a call runs nothing is
/// committed, so it should hand over and return. It may append, and must not wait for anything to become durable.
pub trait Listener<T>: Send + Sync {
    /// The records are durable and every read sees them.
    fn committed(&self, batch: Committed<T>);

    /// The commit failed: the records of these companions, in order, were lost. `epoch` is the new epoch.
    fn failed(&self, epoch: Epoch, lost: Vec<T>, cause: CommitFailure);
}
