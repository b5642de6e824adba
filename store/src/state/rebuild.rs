//! Writing the state file anew, so that nothing is left in it but what its tables hold.
//!
//! redb keeps removed bytes in pages that are free, and beside what lives in pages that are not. A file into which only
//! what lives was ever written has none of them. The new file takes the place of the old one by renaming, so there is a
//! whole one at every moment.

use super::known::KnownKeys;
use super::{Meta, STATE_FILE, StateFile, StateTurn, StateWriter, View};
use crate::disk::{CreateFailure, DatabaseOptions, Disk, Freeze, create_database};
use crate::error::{CheckpointError, OpenError, StorageFault, Table};
use std::sync::atomic::Ordering;

/// What is copied row by row; the row of `meta` is written by itself.
pub(super) const COPIED: [Table; 5] =
    [Table::Snapshots, Table::History, Table::Indexes, Table::Pending, Table::Known];

impl StateTurn<'_> {
    /// Writes the file anew and moves readers over. After it nothing is owed to erasure. The caller must hold no view.
    pub(crate) fn rebuild(&mut self) -> Result<(), CheckpointError> {
        let view = self.view()?;
        let written = self.file.write_anew(&view);
        drop(view);
        match written {
            Ok(()) => {}
            Err(CreateFailure { error, may_be_named }) => {
                // The old file may have lost its name: what is written to it then would be lost.
                if may_be_named {
                    self.file.suspect.store(true, Ordering::Release);
                }
                return Err(error.into());
            }
        }
        let old = self.handle.as_ref().expect("a turn begins with an open file");
        old.freeze.freeze();
        Ok(self.file.replace(&mut self.handle)?)
    }
}

impl StateFile {
    fn write_anew(&self, view: &View) -> Result<(), CreateFailure> {
        write_state_file(&*self.disk, self.database_options, &view.meta, |writer| {
            // The filter is made anew from the keys.
            COPIED
                .into_iter()
                .filter(|table| *table != Table::Known)
                .try_for_each(|table| view.each_sealed(table, |key, sealed| writer.adopt(table, key, sealed)))
        })
    }
}

/// Writes a state file and gives it its name, over one that bears it. `fill` writes the rows.
pub(crate) fn write_state_file(
    disk: &dyn Disk,
    options: DatabaseOptions,
    meta: &Meta,
    fill: impl FnOnce(&mut StateWriter<'_>) -> Result<(), StorageFault>,
) -> Result<(), CreateFailure> {
    let database = create_database(disk, STATE_FILE, options, |transaction| {
        let mut known = KnownKeys::new();
        let mut writer = StateWriter::new(transaction, Freeze::default(), &mut known)?;
        fill(&mut writer)?;
        writer.put_known()?;
        writer.set_meta(meta)
    })?;
    database
        .close()
        .map_err(|fault| CreateFailure { error: OpenError::fault(STATE_FILE, fault), may_be_named: true })
}
