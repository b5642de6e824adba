//! Copying all rows into a state file on another disk, while this one goes on being used.
//!
//! In many small transactions, so that neither memory nor the disk has much to do at once. The row that says what the
//! tables are as of comes with the last.

use super::known::KnownKeys;
use super::rebuild::COPIED;
use super::{STATE_FILE, StateWriter, View};
use crate::backup::BackupError;
use crate::checksum::unseal;
use crate::disk::{DatabaseOptions, Disk, Freeze, NEW_SUFFIX, OpenDatabase, guarded, new_database};
use crate::error::{ReadError, StorageFault, Table};
use crate::options::PageCheck;

/// Bytes of rows in one transaction, about: little enough to be no burden to the commits beside it.
const STEP: usize = 1 << 20;
/// Rows come in order, so only the pages at the right edge of each tree are needed again.
const CACHE_BYTES: usize = 16 << 20;

/// A state file that is being written.
pub(crate) struct TableCopy {
    database: OpenDatabase,
    rows: Rows,
}

/// Rows on their way into the next transaction.
#[derive(Default)]
struct Rows {
    bytes: Vec<u8>,
    /// For each row its table, and where key and value end.
    ends: Vec<(Table, usize, usize)>,
}

impl Rows {
    fn push(&mut self, table: Table, key: &[u8], sealed: &[u8]) {
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(sealed);
        self.ends.push((table, key_end, self.bytes.len()));
    }

    fn write(&self, writer: &mut StateWriter<'_>) -> Result<(), StorageFault> {
        let mut start = 0;
        for (table, key_end, end) in &self.ends {
            writer.copy(*table, &self.bytes[start..*key_end], &self.bytes[*key_end..*end])?;
            start = *end;
        }
        Ok(())
    }

    /// How many there are, and their bytes.
    fn size(&self) -> (u64, u64) {
        let [rows, bytes] =
            [self.ends.len(), self.bytes.len()].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
        (rows, bytes)
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

impl TableCopy {
    /// Begins a file on another disk.
    pub(crate) fn begin(disk: &dyn Disk) -> Result<Self, BackupError> {
        let options = DatabaseOptions { cache_bytes: CACHE_BYTES, page_check: PageCheck::Skip };
        let database = new_database(disk, STATE_FILE, options).map_err(unwritten)?;
        Ok(Self { database, rows: Rows::default() })
    }

    /// Copies the rows of all tables, each with its checksum as it is; one that does not match is an error. `step` is
    /// told after each transaction how many rows and bytes were in it, and may end the work.
    pub(crate) fn rows(
        &mut self,
        view: &View,
        mut step: impl FnMut(u64, u64) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        for table in COPIED {
            guarded(|| {
                view.each_sealed(table, |key, sealed| {
                    if unseal(table, key, sealed).is_none() {
                        return Err(ReadError::damaged(table, key).into());
                    }
                    self.rows.push(table, key, sealed);
                    if self.rows.bytes.len() >= STEP { self.write(&mut step) } else { Ok(()) }
                })
            })?;
        }
        self.write(&mut step)
    }

    fn write(
        &mut self,
        step: &mut impl FnMut(u64, u64) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let rows = &self.rows;
        self.commit(|writer| rows.write(writer))?;
        let (rows, bytes) = self.rows.size();
        self.rows.clear();
        step(rows, bytes)
    }

    fn commit(
        &self,
        work: impl FnOnce(&mut StateWriter<'_>) -> Result<(), StorageFault>,
    ) -> Result<(), BackupError> {
        guarded::<_, StorageFault>(|| {
            let transaction = self.database.begin_write()?;
            // Nothing is added to it: the rows of the filter are copied like all others.
            let mut known = KnownKeys::new();
            work(&mut StateWriter::new(&transaction, Freeze::default(), &mut known)?)?;
            Ok(transaction.commit()?)
        })
        .map_err(unwritten)
    }

    /// Says what the tables are as of, and gives the file its name.
    pub(crate) fn finish(self, disk: &dyn Disk, view: &View) -> Result<(), BackupError> {
        // An erasure that the original owes is none of the copy's: in this file nothing was ever removed, and the first
        // checkpoint drops all segments beside it, because a bare one follows them.
        self.commit(|writer| writer.set_meta(&view.meta))?;
        self.database.close().map_err(unwritten)?;
        let named = disk.rename(&format!("{STATE_FILE}{NEW_SUFFIX}"), STATE_FILE);
        named.map_err(|source| BackupError::write(STATE_FILE, source))
    }
}

fn unwritten(fault: StorageFault) -> BackupError {
    match fault {
        StorageFault::Redb(redb::Error::Io(source)) => BackupError::write(STATE_FILE, source),
        fault => BackupError::WriteTables(fault),
    }
}

impl View {
    /// Rows of all tables.
    pub(crate) fn rows_in_all(&self) -> Result<u64, StorageFault> {
        guarded(|| COPIED.iter().map(|table| self.rows_of(*table)).sum())
    }
}
