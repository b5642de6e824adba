//! The state file: the tables that checkpoints write and reads start from.
//!
//! Owns `state.redb`, the switch of readers to new tables, and the reopening after a failure. Must not know tail or
//! overlay. Layout: `docs/storage-format.md`, section 3.

mod copying;
mod known;
mod layout;
mod pages;
mod rebuild;
mod view;
mod writer;

pub(crate) use copying::TableCopy;
pub(crate) use layout::{Meta, decode_pending, history_key, index_key, parse_history_key, pending_key};
pub(crate) use pages::{Hole, Pages, Piece};
pub(crate) use rebuild::write_state_file;
pub(crate) use view::View;
pub(crate) use writer::StateWriter;

use known::KnownKeys;

use crate::disk::{DatabaseOptions, Disk, Freeze, OpenDatabase, guarded, open_freezing};
use crate::error::{CheckpointError, OpenError, ReadError, StorageFault};
use crate::journal::{Position, StoreId};
use crate::shared::lock;
use redb::{Database, ReadTransaction, ReadableDatabase};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

pub(crate) const STATE_FILE: &str = "state.redb";

/// Which tables readers see.
enum Slot {
    Open(Arc<View>),
    Closed,
}

/// An open database, and what keeps its failures.
struct Handle {
    database: OpenDatabase,
    freeze: Freeze,
    /// As it is in the file, and what a transaction that was not committed has added.
    known: KnownKeys,
}

impl Handle {
    fn open(disk: &dyn Disk, database_options: DatabaseOptions) -> Result<Self, OpenError> {
        let (database, freeze) = open_freezing(disk, STATE_FILE, database_options)?;
        let transaction = begin_read(&database)?;
        // First, so that a file of another version is called that.
        View::new(&transaction, KnownKeys::new().reader())?;
        let known = KnownKeys::load(&transaction)?;
        Ok(Self { database, freeze, known })
    }

    fn view(&self) -> Result<View, OpenError> {
        View::new(&begin_read(&self.database)?, self.known.reader())
    }

    /// Runs `work` in one transaction.
    fn commit<E: From<StorageFault>>(
        &mut self,
        work: impl FnOnce(&mut StateWriter<'_>) -> Result<(), E>,
        is_usable: &mut bool,
    ) -> Result<(), E> {
        guarded(|| {
            let mut transaction = self.database.begin_write().map_err(StorageFault::from)?;
            // The file is large: without this, opening after a crash would walk all of it.
            transaction.set_quick_repair(true);
            let mut writer = StateWriter::new(&transaction, self.freeze.clone(), &mut self.known)?;
            let worked = work(&mut writer).and_then(|()| Ok(writer.put_known()?));
            let is_whole = writer.is_whole();
            drop(writer);
            if worked.is_err() {
                transaction.abort().map_err(StorageFault::from)?;
                *is_usable = is_whole && !self.freeze.is_frozen();
                return worked;
            }
            transaction.commit().map_err(StorageFault::from)?;
            self.freeze.check()?;
            self.known.is_written();
            Ok(())
        })
    }
}

fn begin_read(database: &Database) -> Result<ReadTransaction, OpenError> {
    guarded::<_, StorageFault>(|| Ok(database.begin_read()?))
        .map_err(|fault| OpenError::fault(STATE_FILE, fault))
}

/// The open state file.
pub(crate) struct StateFile {
    disk: Arc<dyn Disk>,
    database_options: DatabaseOptions,
    store: StoreId,
    slot: RwLock<Slot>,
    /// Whether the handle must be replaced before the next write.
    suspect: AtomicBool,
    /// How often readers have been waited for.
    recalls: AtomicU64,
    /// The one writer. `None` once closed.
    handle: Mutex<Option<Handle>>,
}

impl StateFile {
    /// Makes the file with empty tables.
    pub(crate) fn create(
        disk: Arc<dyn Disk>,
        database_options: DatabaseOptions,
        store: StoreId,
    ) -> Result<Self, OpenError> {
        let meta = Meta { store, mark: Position::ORIGIN };
        write_state_file(&*disk, database_options, &meta, |_| Ok(()))?;
        Self::open(disk, database_options)
    }

    /// Opens the file that is there.
    pub(crate) fn open(disk: Arc<dyn Disk>, database_options: DatabaseOptions) -> Result<Self, OpenError> {
        let handle = Handle::open(&*disk, database_options)?;
        let view = handle.view()?;
        let store = view.meta.store;
        let slot = RwLock::new(Slot::Open(Arc::new(view)));
        let (suspect, recalls, handle) =
            (AtomicBool::new(false), AtomicU64::new(0), Mutex::new(Some(handle)));
        Ok(Self { disk, database_options, store, slot, suspect, recalls, handle })
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    /// How often readers have been waited for. Whoever holds a view for long looks at this before he takes it and from
    /// time to time after that, and lets it go when it has changed.
    pub(crate) fn recalls(&self) -> u64 {
        self.recalls.load(Ordering::Acquire)
    }

    /// The tables as of the last checkpoint. Hold it briefly: the pages it sees cannot be reused meanwhile.
    pub(crate) fn view(&self) -> Result<Arc<View>, ReadError> {
        match &*self.slot.read().unwrap_or_else(PoisonError::into_inner) {
            Slot::Open(view) => Ok(Arc::clone(view)),
            Slot::Closed => Err(ReadError::Closed),
        }
    }

    /// Takes the writer; only one checkpoint runs at a time. Opens the file again if the handle has failed.
    pub(crate) fn begin(&self) -> Result<StateTurn<'_>, CheckpointError> {
        let mut handle = lock(&self.handle);
        let current = handle.as_ref().ok_or(CheckpointError::Closed)?;
        if self.suspect.load(Ordering::Acquire) || current.freeze.is_frozen() {
            current.freeze.freeze();
            self.replace(&mut handle)?;
            self.suspect.store(false, Ordering::Release);
        }
        Ok(StateTurn { file: self, handle })
    }

    /// Opens the file again. The old handle is frozen, so it goes on serving reads until the new one can, and longer if
    /// the file cannot be opened now.
    fn replace(&self, handle: &mut Option<Handle>) -> Result<(), OpenError> {
        let fresh = Handle::open(&*self.disk, self.database_options)?;
        let view = fresh.view()?;
        if let Slot::Open(old) = self.set_slot(Slot::Open(Arc::new(view))) {
            // Before the first write through the new handle, which may reuse pages that the old one still shows.
            self.wait_for_readers(old);
        }
        *handle = Some(fresh);
        Ok(())
    }

    /// A read has failed: the next turn opens the file again before it does anything.
    pub(crate) fn suspect(&self) {
        self.suspect.store(true, Ordering::Release);
    }

    fn set_slot(&self, to: Slot) -> Slot {
        std::mem::replace(&mut *self.slot.write().unwrap_or_else(PoisonError::into_inner), to)
    }

    /// Closes the file; reads answer `Closed` from now on.
    pub(crate) fn close(&self) {
        let mut handle = lock(&self.handle);
        if let Slot::Open(view) = self.set_slot(Slot::Closed) {
            self.wait_for_readers(view);
        }
        *handle = None;
    }

    fn wait_for_readers(&self, mut view: Arc<View>) {
        const PAUSE: Duration = Duration::from_millis(1);
        self.recalls.fetch_add(1, Ordering::AcqRel);
        loop {
            match Arc::try_unwrap(view) {
                Ok(_last) => return,
                Err(shared) => view = shared,
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// The turn of a checkpoint, or of a backup that begins, at the state file.
pub(crate) struct StateTurn<'a> {
    file: &'a StateFile,
    handle: MutexGuard<'a, Option<Handle>>,
}

impl StateTurn<'_> {
    /// The tables this turn starts from.
    pub(crate) fn view(&self) -> Result<Arc<View>, ReadError> {
        self.file.view()
    }

    /// Runs `work` in one transaction and switches readers to its outcome. After an error readers stay where they are.
    pub(crate) fn commit<E: From<StorageFault> + From<OpenError>>(
        &mut self,
        work: impl FnOnce(&mut StateWriter<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let handle = self.handle.as_mut().expect("a turn begins with an open file");
        let mut is_usable = false;
        let committed = handle.commit(work, &mut is_usable);
        match committed.and_then(|()| Ok(handle.view()?)) {
            Ok(view) => {
                drop(self.file.set_slot(Slot::Open(Arc::new(view))));
                Ok(())
            }
            Err(error) => {
                if !is_usable {
                    handle.freeze.freeze();
                }
                Err(error)
            }
        }
    }
}
