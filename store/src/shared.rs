//! What the threads of one open store share, and how they wake the checkpoint thread. Owns no files itself.

use crate::backup::BackupTurn;
use crate::disk::{Disk, DiskLock};
use crate::error::AppendError;
use crate::journal::Position;
use crate::journal::frame_bytes::FrameBuffers;
use crate::journal::writer::SegmentList;
use crate::key::Lsn;
use crate::options::Options;
use crate::overlay::Overlay;
use crate::rotation::Rotation;
use crate::state::StateFile;
use crate::store::{Fold, NotAppended};
use crate::tail::Tail;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Locks, also after a panic of another holder: every critical section here leaves its data whole at each step.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The parts of an open store.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) fold: Arc<dyn Fold>,
    pub(crate) state: StateFile,
    pub(crate) tail: Tail,
    pub(crate) overlay: Overlay,
    pub(crate) segments: SegmentList,
    /// For the frames of the tail; as many as there are when a checkpoint starts.
    pub(crate) frame_buffers: Arc<FrameBuffers>,
    pub(crate) checkpoint_due: Signal,
    pub(crate) rotation: Rotation,
    pub(crate) backup_turn: BackupTurn,
    pub(crate) counters: Counters,
    durable: Mutex<Position>,
    durable_lsn: AtomicU64,
    /// The last field, so that the disk is given up after every file on it.
    owned: Mutex<Option<Box<dyn DiskLock>>>,
}

/// What has been counted since the store was opened.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) frames: AtomicU64,
    pub(crate) failed_commits: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
}

/// Everything replay found, before there are threads.
pub(crate) struct Memory {
    pub(crate) tail: Tail,
    pub(crate) overlay: Overlay,
}

/// The disk and the right to it.
pub(crate) struct OwnedDisk {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) lock: Box<dyn DiskLock>,
}

impl Shared {
    pub(crate) fn new(
        options: Options,
        owned: OwnedDisk,
        fold: Arc<dyn Fold>,
        state: StateFile,
        memory: Memory,
        segments: SegmentList,
        durable: Position,
    ) -> Self {
        let frame_buffers = Arc::new(FrameBuffers::new(options.tail_bytes / 2));
        Self {
            options,
            disk: owned.disk,
            fold,
            state,
            tail: memory.tail,
            overlay: memory.overlay,
            segments,
            frame_buffers,
            checkpoint_due: Signal::default(),
            rotation: Rotation::default(),
            backup_turn: BackupTurn::default(),
            counters: Counters::default(),
            durable: Mutex::new(durable),
            durable_lsn: AtomicU64::new(durable.lsn.get()),
            owned: Mutex::new(Some(owned.lock)),
        }
    }

    /// Gives up the disk; the files must be closed.
    pub(crate) fn let_go(&self) {
        lock(&self.owned).take();
    }

    /// The last durable frame.
    pub(crate) fn durable(&self) -> Position {
        *lock(&self.durable)
    }

    /// The last durable record.
    pub(crate) fn durable_lsn(&self) -> Lsn {
        Lsn::new(self.durable_lsn.load(Ordering::Acquire))
    }

    /// A frame is durable, and tail and overlay show it.
    pub(crate) fn advance(&self, to: Position) {
        *lock(&self.durable) = to;
        self.durable_lsn.store(to.lsn.get(), Ordering::Release);
    }

    /// Bytes that wait in memory for a checkpoint.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.tail.bytes() + self.overlay.bytes()
    }

    pub(crate) fn memory_is_full(&self) -> bool {
        self.memory_bytes() >= self.options.tail_bytes
    }

    /// Starts a checkpoint in the background if there is enough to do.
    pub(crate) fn start_checkpoint_if_due(&self) {
        let due = self.memory_bytes() >= self.options.tail_bytes / 2
            || self.tail.len() >= self.options.checkpoint_records;
        if due && self.options.background_checkpoints {
            self.checkpoint_due.raise();
        }
    }

    /// The error of an append that cannot be taken for want of memory; wakes what makes room.
    pub(crate) fn note_full<T>(&self, result: Result<Lsn, NotAppended<T>>) -> Result<Lsn, NotAppended<T>> {
        if let Err(NotAppended { error: AppendError::Full, .. }) = result {
            self.start_checkpoint_if_due();
        }
        result
    }
}

/// A flag that one thread waits for, and an end.
#[derive(Default)]
pub(crate) struct Signal {
    raised: Mutex<bool>,
    wake: Condvar,
    ended: AtomicBool,
}

impl Signal {
    pub(crate) fn raise(&self) {
        let mut raised = lock(&self.raised);
        if !*raised {
            *raised = true;
            self.wake.notify_all();
        }
    }

    /// Waits until raised, and lowers it again; `false` at the end.
    pub(crate) fn wait(&self) -> bool {
        let mut raised = lock(&self.raised);
        while !*raised && !self.is_ended() {
            raised = self.wake.wait(raised).unwrap_or_else(PoisonError::into_inner);
        }
        *raised = false;
        !self.is_ended()
    }

    /// Lowers it without waiting; answers whether it was raised.
    pub(crate) fn take(&self) -> bool {
        std::mem::take(&mut *lock(&self.raised))
    }

    /// Waits for a while or until the end.
    pub(crate) fn pause(&self, at_most: Duration) {
        let raised = lock(&self.raised);
        drop(self.wake.wait_timeout_while(raised, at_most, |_| !self.is_ended()));
    }

    pub(crate) fn end(&self) {
        // Under the lock, or a waiter between its look and its sleep would miss it.
        let _raised = lock(&self.raised);
        self.ended.store(true, Ordering::Release);
        self.wake.notify_all();
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}
