//! Why there is no backup, or nothing was restored from one.

use crate::error::{OpenError, ReadError, StorageFault};
use std::io;

/// Why a backup was not made. The store goes on as before.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// One is being made.
    #[error("another backup is being made")]
    Running,
    /// The target holds something.
    #[error("{place} holds {found} already; a backup goes to an empty folder")]
    NotEmpty {
        /// The target.
        place: String,
        /// One of the files in it.
        found: String,
    },
    /// The moment of the backup could not be fixed.
    #[error("the backup cannot begin: {0}")]
    Begin(String),
    /// The store's tables cannot be read, or are not what was written.
    #[error("the tables cannot be copied: {0}")]
    Read(#[from] ReadError),
    /// The store's journal cannot be read, or is not what was written.
    #[error("the journal cannot be copied: {0}")]
    Journal(OpenError),
    /// The target cannot be written or read.
    #[error("{file} of the backup: {source}")]
    Write {
        /// The file.
        file: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The tables of the target cannot be written.
    #[error("the tables of the backup: {0}")]
    WriteTables(StorageFault),
    /// The store is being closed, or had to open its state file again after a failure of the disk.
    #[error("the store is closing, or had to open its files again; the backup was given up")]
    Interrupted,
}

impl From<StorageFault> for BackupError {
    fn from(fault: StorageFault) -> Self {
        Self::Read(fault.into())
    }
}

impl BackupError {
    pub(crate) fn write(file: &str, source: io::Error) -> Self {
        Self::Write { file: file.to_owned(), source }
    }
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is no manifest.
    #[error("{place} is no backup: it has no backup.json")]
    NoBackup {
        /// The folder.
        place: String,
    },
    /// The making of the backup was not finished.
    #[error("{place} is a backup that was not finished; nothing can be restored from it")]
    Unfinished {
        /// The folder.
        place: String,
    },
    /// It was made by a version of the program that this one does not know.
    #[error(
        "the backup has format {found}, this program reads format {supported}; use the program that made it"
    )]
    Format {
        /// The format found.
        found: u8,
        /// The format this program reads.
        supported: u8,
    },
    /// A file of the backup is not what was written.
    #[error("{file} of the backup is damaged: {what}")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file of the backup cannot be read.
    #[error("{file} of the backup: {source}")]
    Read {
        /// The file.
        file: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The target holds something.
    #[error("{place} holds {found} already; a backup is restored to an empty folder")]
    NotEmpty {
        /// The folder.
        place: String,
        /// One of the files in it.
        found: String,
    },
    /// The target is in use.
    #[error(transparent)]
    Target(OpenError),
    /// The target cannot be written.
    #[error("{file}: {source}")]
    Write {
        /// The file.
        file: String,
        /// What the operating system says.
        source: io::Error,
    },
}

impl RestoreError {
    pub(super) fn read(file: &str, source: io::Error) -> Self {
        Self::Read { file: file.to_owned(), source }
    }

    pub(super) fn write(file: &str, source: io::Error) -> Self {
        Self::Write { file: file.to_owned(), source }
    }

    pub(super) fn damaged(file: &str, what: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), what: what.into() }
    }
}
