//! Where state is kept: journal, snapshots, history, indexes, checkpoint and recovery.
//!
//! The crate knows bytes and keys, not loyalty. It must not know what a record means, read a clock into a record, or
//! depend on any other crate of the workspace. There is no async in it: one thread commits, one thread checkpoints, and
//! callers are told through a [`Listener`]. Or the caller takes these [`Steps`] himself.
//!
//! The way of a record: [`Store::append`] queues it; the committer writes everything queued as one frame of the
//! journal, makes it durable, puts it into the in-memory tail and overlay and tells the listener; a checkpoint later
//! folds it into the tables of the state file. Reads are always *tables + memory*. The bytes on disk are described in
//! `docs/storage-format.md`.

pub mod backup;
mod checkpoint;
mod checksum;
pub mod codec;
mod committer;
pub mod disk;
mod error;
mod journal;
mod key;
mod open;
mod options;
mod overlay;
mod pending;
mod priority;
mod queue;
mod record_bytes;
mod redb_store;
pub mod repair;
mod rotation;
mod row_key;
mod shared;
mod state;
mod steps;
mod store;
mod tail;
pub mod verify;

pub use disk::{Disk, FolderDisk, MemoryDisk};
pub use error::{
    AppendError, CheckpointError, CloseError, CommitFailure, FoldError, OpenError, ReadError, Table,
};
pub use key::{EffectId, EntityKey, Epoch, IndexChange, IndexId, Lsn};
pub use open::{Recovered, Stepped, open, open_stepped};
pub use options::{Options, PageCheck};
pub use pending::PendingEffect;
pub use record_bytes::RecordBytes;
pub use redb_store::RedbStore;
pub use repair::repair;
pub use row_key::RowKey;
pub use steps::Steps;
pub use store::{
    Append, CheckpointReport, Committed, CommittedRecord, Direction, Fold, Folded, Haste, IndexRow, Listener,
    Loaded, NotAppended, ScanRange, Stats, Store,
};
pub use verify::verify;
