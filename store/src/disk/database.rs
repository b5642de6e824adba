//! redb databases on a [`Disk`]: opening, creating without half-made files, and turning panics into errors.
//!
//! Must not know any table.

use super::summed::{HEAD, PAGE};
use super::{Disk, DiskFile, FORMAT, OpenMode, SummedFile};
use crate::error::{OpenError, StorageFault};
use crate::options::PageCheck;
use crate::shared::lock;
use redb::{Builder, Database, StorageBackend, WriteTransaction};
use std::collections::BTreeSet;
use std::io;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What the name of a file ends in until its first rows are durable.
pub(crate) const NEW_SUFFIX: &str = ".new";

/// Guards a file whose readers must outlive a failed write. redb answers every later operation on a handle with an
/// error once a write has failed, reads included. So the failure is kept here instead, and from then on nothing reaches
/// the file any more: what was committed stays as it is and stays readable, and the handle is replaced before the next
/// write. Whoever commits must ask [`check`](Self::check) afterwards.
#[derive(Clone, Debug, Default)]
pub(crate) struct Freeze(Arc<FreezeState>);

#[derive(Debug, Default)]
struct FreezeState {
    armed: AtomicBool,
    frozen: AtomicBool,
    cause: Mutex<Option<io::Error>>,
}

impl Freeze {
    /// Lets nothing reach the file from now on.
    pub(crate) fn freeze(&self) {
        self.0.frozen.store(true, Ordering::Release);
    }

    fn is_armed(&self) -> bool {
        self.0.armed.load(Ordering::Acquire)
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.0.frozen.load(Ordering::Acquire)
    }

    /// The failure that froze the file, if one did.
    pub(crate) fn check(&self) -> Result<(), StorageFault> {
        if !self.is_frozen() {
            return Ok(());
        }
        let cause = lock(&self.0.cause).take();
        Err(StorageFault::Redb(cause.map_or(redb::Error::PreviousIo, redb::Error::Io)))
    }

    fn change(&self, change: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        if self.is_frozen() {
            return Ok(());
        }
        match change() {
            Err(error) if self.is_armed() => {
                *lock(&self.0.cause) = Some(error);
                self.freeze();
                Ok(())
            }
            result => result,
        }
    }
}

/// A file as redb sees it. Locking is left out: the whole disk is locked once. Without an armed freeze, errors pass.
#[derive(Debug)]
struct Backend {
    file: SummedFile,
    name: String,
    freeze: Freeze,
    /// Pages that are not what was written and have been told of.
    told: Mutex<BTreeSet<u64>>,
    /// Where something was to be written since the freeze. What is there is older than what the library believes, and
    /// it may go on for ever with it.
    held_back: Mutex<BTreeSet<u64>>,
}

impl Backend {
    fn new(file: Box<dyn DiskFile>, name: &str, freeze: Freeze) -> io::Result<Self> {
        let (told, held_back) = Default::default();
        Ok(Self { file: SummedFile::new(file)?, name: name.to_owned(), freeze, told, held_back })
    }

    /// While the file is opened, the library may look at a commit that a power cut has torn, and take the one before.
    fn tell(&self, page: u64) {
        if self.freeze.is_armed() && lock(&self.told).insert(page) {
            let file = &self.name;
            tracing::error!(file, page, "a page is not what was written; what needs it is refused");
        }
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        // What was to lie there was held back. An error would make the library refuse all reads of the file; it meets
        // nothing instead, in a transaction that fails anyway.
        if self.freeze.is_frozen() && lock(&self.held_back).contains(&offset) {
            out.fill(0);
            return Ok(());
        }
        if let Some(page) = self.file.read(offset, out)? {
            self.tell(page);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.freeze.change(|| self.file.resize(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.freeze.change(|| self.file.sync())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let written = self.freeze.change(|| self.file.write(offset, data));
        // All but the header, whose place has never been another page's.
        if offset > 0 && self.freeze.is_frozen() {
            lock(&self.held_back).insert(offset);
        }
        written
    }
}

/// Runs `work` and turns a panic into an error. redb asserts its invariants, and a damaged file can break one anywhere
/// in it; that must stop one file, not the process. What `work` leaves half-done is only the database handle, which
/// callers drop after an error.
pub(crate) fn guarded<R, E: From<StorageFault>>(work: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let message = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(StorageFault::Panicked(message.to_owned()).into())
    })
}

/// An open database. The library writes when it closes one, also when it is only dropped, and can panic on a damaged
/// page then as anywhere else.
pub(crate) struct OpenDatabase(Option<Database>);

impl OpenDatabase {
    /// Closes it, and says whether that went well.
    pub(crate) fn close(mut self) -> Result<(), StorageFault> {
        self.end()
    }

    fn end(&mut self) -> Result<(), StorageFault> {
        match self.0.take() {
            Some(database) => guarded(|| Ok(database.close()?)),
            None => Ok(()),
        }
    }
}

impl Deref for OpenDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.0.as_ref().expect("it is open until it is closed or dropped")
    }
}

impl Drop for OpenDatabase {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::debug!(%error, "a database file closed with an error");
        }
    }
}

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DatabaseOptions {
    pub(crate) cache_bytes: usize,
    pub(crate) page_check: PageCheck,
}

/// Opens a database that must be there, and freezes it at the first failed write after that.
pub(crate) fn open_freezing(
    disk: &dyn Disk,
    name: &str,
    options: DatabaseOptions,
) -> Result<(OpenDatabase, Freeze), OpenError> {
    let file = disk.open(name, OpenMode::Existing).map_err(|source| OpenError::io(name, source))?;
    // redb makes a new database in an empty file, which would turn a lost file into a fresh one.
    if file.size().map_err(|source| OpenError::io(name, source))? == 0 {
        return Err(OpenError::damaged(name, None, "the file is empty"));
    }
    known_format(&*file, name)?;
    let freeze = Freeze::default();
    let backend = Backend::new(file, name, freeze.clone()).map_err(|source| OpenError::io(name, source))?;
    let database = build(backend, options).map_err(|fault| OpenError::fault(name, fault))?;
    freeze.0.armed.store(true, Ordering::Release);
    Ok((database, freeze))
}

/// A file of the format before is called that, and no damaged one. It was one of the library's own.
fn known_format(file: &dyn DiskFile, name: &str) -> Result<(), OpenError> {
    const BARE: &[u8] = b"redb";
    let mut heads = [[0; HEAD.len()]; 2];
    for (head, offset) in heads.iter_mut().zip([0, PAGE]) {
        match file.read(offset, head) {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(OpenError::io(name, error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    let [first, second] = heads;
    if first == HEAD {
        Ok(())
    } else if first.starts_with(BARE) && second != HEAD {
        Err(OpenError::Version { file: name.to_owned(), found: FORMAT - 1, supported: FORMAT })
    } else {
        Err(OpenError::damaged(name, None, "it does not begin with a page of sums"))
    }
}

/// Why a database was not created.
#[derive(Debug)]
pub(crate) struct CreateFailure {
    pub(crate) error: OpenError,
    /// Whether the file may bear its name all the same: the renaming itself failed, perhaps only in its last step.
    pub(crate) may_be_named: bool,
}

impl From<CreateFailure> for OpenError {
    fn from(failure: CreateFailure) -> Self {
        failure.error
    }
}

/// Creates a database whose first rows `fill` writes. The file bears its name only once they are durable.
pub(crate) fn create_database(
    disk: &dyn Disk,
    name: &str,
    options: DatabaseOptions,
    fill: impl FnOnce(&WriteTransaction) -> Result<(), StorageFault>,
) -> Result<OpenDatabase, CreateFailure> {
    let unfinished = format!("{name}{NEW_SUFFIX}");
    let unnamed = |error| CreateFailure { error, may_be_named: false };
    let database =
        new_database(disk, name, options).map_err(|fault| unnamed(OpenError::fault(name, fault)))?;
    guarded::<_, StorageFault>(|| {
        let transaction = database.begin_write()?;
        fill(&transaction)?;
        Ok(transaction.commit()?)
    })
    .map_err(|fault| unnamed(OpenError::fault(name, fault)))?;
    disk.rename(&unfinished, name)
        .map_err(|source| CreateFailure { error: OpenError::io(name, source), may_be_named: true })?;
    Ok(database)
}

/// An empty database in an unfinished file.
pub(crate) fn new_database(
    disk: &dyn Disk,
    name: &str,
    options: DatabaseOptions,
) -> Result<OpenDatabase, StorageFault> {
    let file = disk.open(&format!("{name}{NEW_SUFFIX}"), OpenMode::New).map_err(redb::Error::Io)?;
    build(Backend::new(file, name, Freeze::default()).map_err(redb::Error::Io)?, options)
}

fn build(backend: Backend, options: DatabaseOptions) -> Result<OpenDatabase, StorageFault> {
    guarded(|| {
        let mut builder = Builder::new();
        builder.set_cache_size(options.cache_bytes);
        builder.set_check_integrity_on_open(options.page_check == PageCheck::All);
        Ok(OpenDatabase(Some(builder.create_with_backend(backend)?)))
    })
}
