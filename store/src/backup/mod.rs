//! A consistent copy of a running store on another disk, and the way back from it.
//!
//! A copy is of one position: the tables as of the last checkpoint, and the journal from there to that position. Owns
//! the order of steps and the form of the folder (`docs/storage-format.md`, section 8). Must not hold anything that a
//! commit needs: commits wait once, while the committer begins the next segment of the journal.

mod cut;
mod error;
mod journal;
mod manifest;
mod progress;
mod restore;
mod target;

pub use error::{BackupError, RestoreError};
pub use manifest::{BackupFile, Manifest};
pub use progress::{BackupProgress, Progressed};
pub use restore::restore;

use crate::disk::Disk;
use crate::priority::yield_to_requests;
use crate::shared::Shared;
use crate::state::{STATE_FILE, TableCopy};
use cut::Cut;
use manifest::MANIFEST_FILE;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use target::{Target, UNFINISHED_FILE};

/// Whether there is a backup on a disk, or a part of one; no store is opened there.
///
/// # Errors
/// What the operating system says.
pub fn is_in(disk: &dyn Disk) -> io::Result<bool> {
    Ok(disk.list()?.iter().any(|name| [MANIFEST_FILE, UNFINISHED_FILE].contains(&name.as_str())))
}

/// What is to be copied whereto.
pub struct BackupOrder {
    /// Where the copy goes; must be empty.
    pub target: Arc<dyn Disk>,
    /// Which program makes it, for the manifest.
    pub made_by: String,
    /// Small files that belong to the copy and that the store does not know; by name.
    pub attachments: Vec<(String, Vec<u8>)>,
    /// Where it is said how far the copy is.
    pub progress: Arc<BackupProgress>,
}

/// What a backup has come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupReport {
    /// What its folder says of it.
    pub manifest: Manifest,
    /// Rows of tables that were copied.
    pub rows: u64,
    /// How long the committer wrote nothing while the next segment of the journal was begun.
    pub pause: Duration,
}

/// Whether a backup is being made; one at a time.
#[derive(Default)]
pub(crate) struct BackupTurn(AtomicBool);

impl BackupTurn {
    pub(crate) fn is_taken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The turn of one backup. When it ends, segments may be removed again, and an erasure that had to wait is finished.
struct Turn<'a>(&'a Shared);

impl<'a> Turn<'a> {
    fn take(shared: &'a Shared) -> Result<Self, BackupError> {
        if shared.backup_turn.0.swap(true, Ordering::AcqRel) {
            return Err(BackupError::Running);
        }
        Ok(Self(shared))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Self(shared) = self;
        shared.segments.release();
        shared.backup_turn.0.store(false, Ordering::Release);
        let is_owed = shared.state.view().is_ok_and(|view| view.owes_erasure);
        if is_owed && shared.options.background_checkpoints {
            shared.checkpoint_due.raise();
        }
    }
}

/// Makes a backup; what there is of a failed one is removed.
pub(crate) fn make(shared: &Shared, order: &BackupOrder) -> Result<BackupReport, BackupError> {
    let turn = Turn::take(shared)?;
    yield_to_requests();
    let begun = Instant::now();
    let mut target = Target::begin(Arc::clone(&order.target))?;
    let made = copy(shared, order, &mut target);
    // First of all others get what was kept for the backup.
    drop(turn);
    match &made {
        Ok(_) => metrics::histogram!("laurel_store_backup_seconds").record(begun.elapsed()),
        Err(_) => {
            metrics::counter!("laurel_store_failed_backups_total").increment(1);
            target.discard();
        }
    }
    made
}

fn copy(shared: &Shared, order: &BackupOrder, target: &mut Target) -> Result<BackupReport, BackupError> {
    let progress = &order.progress;
    for (name, bytes) in &order.attachments {
        target.put(name, bytes)?;
    }
    let cut = Cut::make(shared)?;
    metrics::histogram!("laurel_store_backup_pause_seconds").record(cut.pause);
    progress.expect_rows(cut.view.rows_in_all()?);
    journal::copy(&cut, target, progress)?;
    shared.segments.release();
    let rows = copy_tables(&cut, target, progress)?;
    let (manifest, pause) = (cut.manifest(&order.made_by), cut.pause);
    // What follows needs the copy alone.
    drop(cut);
    target.take_in(STATE_FILE)?;
    let manifest = target.finish(manifest)?;
    Ok(BackupReport { manifest, rows, pause })
}

/// Writes the rows of all tables into a state file of the target.
fn copy_tables(cut: &Cut<'_>, target: &mut Target, progress: &BackupProgress) -> Result<u64, BackupError> {
    target.will_hold(STATE_FILE);
    let mut copy = TableCopy::begin(target.disk())?;
    let mut copied = 0;
    copy.rows(&cut.view, |rows, bytes| {
        copied += rows;
        progress.add_rows(rows);
        progress.add_bytes(bytes);
        cut.go_on()
    })?;
    copy.finish(target.disk(), &cut.view)?;
    Ok(copied)
}
