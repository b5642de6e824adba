//! Commits and checkpoints without threads: whoever opened the store takes each step, and so decides when it happens.
//!
//! For an owner who has everything on one thread and wants the same run again, as a simulation does. Must not do
//! anything that the threads do not do: it only says when.

use crate::backup::{self, BackupError, BackupOrder, BackupReport};
use crate::checkpoint;
use crate::committer::Committer;
use crate::error::CheckpointError;
use crate::queue::Queue;
use crate::rotation::Wake;
use crate::shared::{Shared, lock};
use crate::store::CheckpointReport;
use std::sync::{Arc, Mutex, Weak};

/// The right to commit and to make checkpoints, step by step. All steps must be taken on one thread, and none inside
/// the listener. A [checkpoint](crate::Store::checkpoint) that leaves behind what was erased takes a commit step by
/// itself.
///
/// When it is dropped, nothing is written any more: what is queued is lost, as it is when a process is killed.
pub struct Steps<T> {
    committer: Arc<Mutex<Committer<T>>>,
    queue: Arc<Queue<T>>,
    shared: Arc<Shared>,
}

impl<T: Send + 'static> Steps<T> {
    pub(crate) fn new(shared: Arc<Shared>, queue: Arc<Queue<T>>, committer: Committer<T>) -> Self {
        Self { committer: Arc::new(Mutex::new(committer)), queue, shared }
    }

    /// For the store, which finishes when it is closed.
    pub(crate) fn committer(&self) -> Weak<Mutex<Committer<T>>> {
        Arc::downgrade(&self.committer)
    }

    /// How a checkpoint has the next segment begun: by a step, at once.
    pub(crate) fn rotating(&self) -> Wake {
        let (committer, queue) = (self.committer(), Arc::clone(&self.queue));
        Box::new(move || {
            queue.nudge();
            if let Some(committer) = committer.upgrade() {
                lock(&committer).step();
            }
        })
    }

    /// One round of the committer: what is queued at this moment becomes durable, or is lost, and the listener has
    /// been told. After a failed commit it first tries to make the journal writable again. Answers whether anything
    /// was done.
    pub fn commit(&self) -> bool {
        lock(&self.committer).step()
    }

    /// Makes a checkpoint if there is enough to do; nothing if not. After an error it stays due.
    ///
    /// # Errors
    /// [`CheckpointError`]; what was readable before is readable after.
    pub fn checkpoint_if_due(&self) -> Option<Result<CheckpointReport, CheckpointError>> {
        if !self.shared.checkpoint_due.take() {
            return None;
        }
        let done = checkpoint::run(&self.shared);
        if done.is_err() {
            self.shared.checkpoint_due.raise();
        }
        Some(done)
    }

    /// Makes a [backup](crate::Store::backup), which takes a commit step by itself.
    ///
    /// # Errors
    /// [`BackupError`]; the store goes on as if nothing had been.
    pub fn backup(&self, order: &BackupOrder) -> Result<BackupReport, BackupError> {
        backup::make(&self.shared, order)
    }
}

impl<T> Drop for Steps<T> {
    fn drop(&mut self) {
        self.queue.close();
        self.shared.rotation.end();
    }
}
