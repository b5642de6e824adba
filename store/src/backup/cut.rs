//! The moment that a backup is of: tables that nobody changes, and where the journal ends that belongs to them.

use super::manifest::FORMAT;
use super::{BackupError, Manifest};
use crate::disk::Disk;
use crate::error::{CheckpointError, Hex};
use crate::journal::Position;
use crate::journal::writer::SegmentPart;
use crate::rotation::Rotated;
use crate::shared::Shared;
use crate::state::View;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is copied. While it lives, the state file can be neither closed nor opened anew, so it has to be asked
/// regularly whether the work may [go on](Self::go_on).
pub(super) struct Cut<'a> {
    shared: &'a Shared,
    /// As of the last checkpoint before the cut.
    pub(super) view: Arc<View>,
    /// The last frame that belongs to it.
    pub(super) position: Position,
    /// Where the frames between both are, in order.
    pub(super) parts: Vec<SegmentPart>,
    /// Milliseconds since 1970.
    pub(super) at_ms: u64,
    /// How long nothing was written.
    pub(super) pause: Duration,
    recalls: u64,
}

impl<'a> Cut<'a> {
    /// Takes the tables and has the next segment of the journal begun. The turn at the state file is held meanwhile, so
    /// that no checkpoint comes between.
    pub(super) fn make(shared: &'a Shared) -> Result<Self, BackupError> {
        let turn = shared.state.begin().map_err(|error| match error {
            CheckpointError::Closed => BackupError::Interrupted,
            other => BackupError::Begin(other.to_string()),
        })?;
        let recalls = shared.state.recalls();
        let view = turn.view()?;
        shared.segments.keep();
        let Rotated { position, pause } = shared.rotation.ask().map_err(BackupError::Begin)?;
        let parts = shared.segments.parts(view.mark().frame, position.frame);
        let at_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let at_ms = u64::try_from(at_ms).unwrap_or(u64::MAX);
        Ok(Self { shared, view, position, parts, at_ms, pause, recalls })
    }

    /// Where the segments are.
    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.shared.disk
    }

    /// An error if somebody waits for the tables to be given back: the store is being closed, or has to open its state
    /// file again after a failure.
    pub(super) fn go_on(&self) -> Result<(), BackupError> {
        if self.shared.state.recalls() == self.recalls { Ok(()) } else { Err(BackupError::Interrupted) }
    }

    /// What a backup of it says of itself, without its files.
    pub(super) fn manifest(&self, made_by: &str) -> Manifest {
        Manifest {
            format: FORMAT,
            made_by: made_by.to_owned(),
            store: Hex(&self.view.meta.store.0).to_string(),
            frame: self.position.frame,
            lsn: self.position.lsn.get(),
            cut_at_ms: self.at_ms,
            files: Vec::new(),
        }
    }
}
