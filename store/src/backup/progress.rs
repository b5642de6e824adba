//! How far a backup is, for whoever wants to know while it is being made.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what has been copied.
#[derive(Debug, Default)]
pub struct BackupProgress {
    rows: AtomicU64,
    rows_total: AtomicU64,
    bytes: AtomicU64,
}

/// How far a backup is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progressed {
    /// Rows of tables that are copied.
    pub rows: u64,
    /// Rows of tables there are; 0 until that is known.
    pub rows_total: u64,
    /// Bytes of journal and rows that are copied.
    pub bytes: u64,
}

impl BackupProgress {
    /// How far it is at this moment.
    pub fn now(&self) -> Progressed {
        Progressed {
            rows: self.rows.load(Ordering::Relaxed),
            rows_total: self.rows_total.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    pub(super) fn expect_rows(&self, rows: u64) {
        self.rows_total.store(rows, Ordering::Relaxed);
    }

    pub(super) fn add_rows(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}
