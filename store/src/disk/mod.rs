//! What the store needs of a disk: a flat set of named files, and one owner at a time.
//!
//! Must not know what is in the files. Two implementations: a folder of real files, and memory with faults for tests.

mod database;
mod folder;
mod memory;
mod shadow;
mod summed;

pub(crate) use database::{
    CreateFailure, DatabaseOptions, Freeze, NEW_SUFFIX, OpenDatabase, create_database, guarded, new_database,
    open_freezing,
};
pub use folder::FolderDisk;
pub(crate) use folder::LOCK_FILE;
pub use memory::MemoryDisk;
pub(crate) use shadow::ShadowDisk;
pub(crate) use summed::{FORMAT, SummedFile};

use std::fmt::Debug;
use std::io;

/// How to open a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenMode {
    /// The file must be there.
    Existing,
    /// The file must be there and is not written; its file system may be read-only.
    Reading,
    /// The file is made empty if it is there, and made if it is not.
    New,
}

/// Why the disk could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Someone else owns it.
    #[error("in use by another owner")]
    Held,
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Ownership of a disk; ends when dropped.
pub trait DiskLock: Debug + Send + Sync {}

/// A flat set of named files. What `open` makes, `rename` and `remove` do must survive a power cut once they return.
pub trait Disk: Debug + Send + Sync {
    /// Where the files are, for messages.
    fn place(&self) -> String;

    /// Takes the disk for this process.
    ///
    /// # Errors
    /// [`LockError::Held`] if it is taken.
    fn lock(&self) -> Result<Box<dyn DiskLock>, LockError>;

    /// The names of all files, in any order.
    ///
    /// # Errors
    /// What the operating system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file.
    ///
    /// # Errors
    /// What the operating system says.
    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name, over a file that bears it.
    ///
    /// # Errors
    /// What the operating system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the operating system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Gives a file the same name in a subfolder too, which is made if it is not there. Whatever happens to the first
    /// name after that leaves the bytes under the second. Files in subfolders are not listed.
    ///
    /// # Errors
    /// `AlreadyExists` if there is a file of that name; else what the operating system says.
    fn keep(&self, name: &str, folder: &str) -> io::Result<()>;
}

/// An open file. Writes are lost in a power cut until `sync` has returned.
pub trait DiskFile: Debug + Send + Sync + 'static {
    /// Length in bytes.
    ///
    /// # Errors
    /// What the operating system says.
    fn size(&self) -> io::Result<u64>;

    /// Fills `out` from `offset`.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file ends before `out` is full; else what the operating system says.
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Writes all of `data` at `offset`.
    ///
    /// # Errors
    /// What the operating system says.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Cuts the file, or extends it with zeros.
    ///
    /// # Errors
    /// What the operating system says.
    fn resize(&self, size: u64) -> io::Result<()>;

    /// Makes everything written so far survive a power cut.
    ///
    /// # Errors
    /// What the operating system says. After an error nothing is known about what was written since the last success.
    fn sync(&self) -> io::Result<()>;
}
