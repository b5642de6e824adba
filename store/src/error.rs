//! What can go wrong, one enum per thing a caller does. Each message names the place and, where there is something to
//! do, says it. Must not decide how an error is shown to a client.

use crate::key::{EntityKey, Lsn};
use std::fmt;
use std::io;

/// A failure of the database library or of the file below it.
#[derive(Debug, thiserror::Error)]
pub enum StorageFault {
    /// The library or the operating system answered with an error.
    #[error(transparent)]
    Redb(#[from] redb::Error),
    /// A panic while the file was worked on. The library asserts its invariants, and some damaged pages break one.
    #[error("stopped by a panic: {0}")]
    Panicked(String),
}

macro_rules! fault_from {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for StorageFault {
            fn from(error: redb::$error) -> Self {
                Self::Redb(error.into())
            }
        }
    )*};
}

fault_from!(CommitError, DatabaseError, SetDurabilityError, StorageError, TableError, TransactionError);

impl From<io::Error> for StorageFault {
    fn from(error: io::Error) -> Self {
        Self::Redb(redb::Error::Io(error))
    }
}

pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// A table of the state file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Table {
    /// Format version, store id, low-water mark.
    Meta,
    /// Entity to state.
    Snapshots,
    /// Entity and position to record.
    History,
    /// Rows of all secondary indexes.
    Indexes,
    /// Effects nobody has consumed yet.
    Pending,
    /// Filter of the keys of snapshots and indexes.
    Known,
}

impl Table {
    /// The byte that stands for the table in checksums.
    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Meta => 1,
            Self::Snapshots => 2,
            Self::History => 3,
            Self::Indexes => 4,
            Self::Pending => 5,
            Self::Known => 6,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Meta => "meta",
            Self::Snapshots => "snapshots",
            Self::History => "history",
            Self::Indexes => "indexes",
            Self::Pending => "pending",
            Self::Known => "known",
        })
    }
}

/// Bytes as hexadecimal digits, for keys in messages.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why a record was not queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppendError {
    /// The queue, or the state waiting for a checkpoint, has reached its bound. Try again later.
    #[error("the store has as much waiting as it may hold")]
    Full,
    /// The append was prepared on state of an epoch that has ended. Load again and decide again.
    #[error("records of this epoch were lost; the state it was decided on does not stand")]
    StaleEpoch,
    /// The journal cannot be written at present (disk full or failing). The store keeps trying; reads go on.
    #[error("the journal cannot be written at present")]
    Unavailable,
    /// The record with its index changes is larger than a frame may ever be.
    #[error("the record is larger than 64 MiB")]
    TooLarge,
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a frame did not become durable.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommitFailure {
    /// No room left on the disk.
    #[error("the disk is full")]
    DiskFull,
    /// Any other failure, in the words of the operating system or the database library.
    #[error("the commit failed: {0}")]
    Fault(String),
}

impl From<&io::Error> for CommitFailure {
    fn from(error: &io::Error) -> Self {
        if is_disk_full(error) { Self::DiskFull } else { Self::Fault(error.to_string()) }
    }
}

/// Why a read gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The value is not what was written under this key.
    #[error(
        "table {table} of state.redb holds a damaged value under key {key}; run verify and restore a backup"
    )]
    Damaged {
        /// The table.
        table: Table,
        /// The key, in hexadecimal digits.
        key: String,
    },
    /// The file could not be read.
    #[error("state.redb: {0}")]
    Storage(#[from] StorageFault),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

impl ReadError {
    /// Whether the same read may go well another time: the system failed, and the bytes may be sound.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Storage(StorageFault::Redb(redb::Error::Io(_) | redb::Error::PreviousIo)) => true,
            Self::Storage(_) | Self::Damaged { .. } | Self::Closed => false,
        }
    }

    pub(crate) fn damaged(table: Table, key: &[u8]) -> Self {
        Self::Damaged { table, key: Hex(key).to_string() }
    }
}

/// The layer above could not fold records into a snapshot.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}")]
pub struct FoldError {
    /// What is wrong with the snapshot or the records.
    pub what: String,
}

/// Why a checkpoint changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The records of an entity do not fold.
    #[error("entity {entity} does not fold at position {through}: {source}")]
    Fold {
        /// The entity.
        entity: EntityKey,
        /// Position of the last record that was to be folded.
        through: Lsn,
        /// What the layer above says.
        source: FoldError,
    },
    /// A table value or a file could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The state file could not be written.
    #[error("state.redb: {0}")]
    Storage(#[from] StorageFault),
    /// The state file could not be opened again after a failed write.
    #[error(transparent)]
    Reopen(#[from] OpenError),
    /// A journal segment that is no longer needed could not be removed. The tables are written all the same.
    #[error("{file} is no longer needed and cannot be removed: {source}")]
    Remove {
        /// The segment.
        file: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// What was erased may still be in the journal's segment in use, and the next one cannot be begun. The tables are
    /// written all the same; the next checkpoint tries again.
    #[error("the next journal segment cannot be begun to leave behind what was erased: {0}")]
    Rotate(String),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a store did not close in order. It is closed all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CloseError {
    /// `close` was called by the listener, on the thread it would have to wait for.
    #[error("the store cannot be closed from inside its listener")]
    FromListener,
    /// The committer had stopped on a broken invariant; what was queued then was not written.
    #[error("the committer thread had stopped on a panic")]
    CommitterPanicked,
}

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another store, in this process or another, owns the place.
    #[error("{place} is in use by another process; stop that one or choose another folder")]
    Locked {
        /// The folder.
        place: String,
    },
    /// The place or a file in it may not be written.
    #[error(
        "{file} is not writable; check its owner, its mode and whether the file system is mounted read-only"
    )]
    ReadOnly {
        /// The file or folder.
        file: String,
    },
    /// No room left.
    #[error("no space left while opening {file}; free some and start again, nothing is lost")]
    DiskFull {
        /// The file.
        file: String,
    },
    /// Any other answer of the operating system.
    #[error("{file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file was written by a version this program does not know.
    #[error(
        "{file} has format version {found}, this program reads version {supported}; use the program that wrote it"
    )]
    Version {
        /// The file.
        file: String,
        /// The version found.
        found: u8,
        /// The version this program reads.
        supported: u8,
    },
    /// The database library cannot read the file.
    #[error(
        "{file} is damaged and cannot be opened ({fault}); keep it, and restore the folder from a backup"
    )]
    Unreadable {
        /// The file.
        file: String,
        /// What the library says.
        fault: StorageFault,
    },
    /// The file can be read and is not what was written.
    #[error("{file}{} is damaged: {what}; keep it, run verify, and restore the folder from a backup",
        frame.map(|frame| format!(", frame {frame},")).unwrap_or_default())]
    Damaged {
        /// The file.
        file: String,
        /// The frame of the journal, where it is one.
        frame: Option<u64>,
        /// What is wrong with it.
        what: String,
    },
    /// It is a backup, or one that was not finished, or a folder that one was not wholly restored to.
    #[error("{place} holds a backup or a part of one; restore it to a folder of its own")]
    Backup {
        /// The folder.
        place: String,
    },
    /// A thread could not be started.
    #[error("cannot start a thread: {source}")]
    Thread {
        /// What the operating system says.
        source: io::Error,
    },
}

impl OpenError {
    pub(crate) fn io(file: &str, source: io::Error) -> Self {
        let file = file.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { file },
            _ if is_disk_full(&source) => Self::DiskFull { file },
            _ => Self::Io { file, source },
        }
    }

    pub(crate) fn fault(file: &str, fault: StorageFault) -> Self {
        match fault {
            // redb answers InvalidData and UnexpectedEof to a file that is not, or no longer, one of its own.
            StorageFault::Redb(redb::Error::Io(source))
                if !matches!(source.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
            {
                Self::io(file, source)
            }
            fault => Self::Unreadable { file: file.to_owned(), fault },
        }
    }

    pub(crate) fn damaged(file: &str, frame: Option<u64>, what: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), frame, what: what.into() }
    }
}
