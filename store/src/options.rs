//! How large the parts of the store may grow. Owns the defaults and their reasons.

use crate::disk::DatabaseOptions;

/// Whether opening a file looks at every page of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageCheck {
    /// Pages are checked when they are read. Opening takes no longer for a large file.
    Skip,
    /// Every page of the state file is read and checked, so that damage is found before anything is served. Reads the
    /// whole file.
    All,
}

/// Sizes and bounds of a store. All bounds are soft by at most one append or one frame.
#[derive(Clone, Debug)]
pub struct Options {
    /// A segment of the journal is followed by a new one at this size. Small, because the journal goes in whole
    /// segments, and the one in use stays.
    pub segment_bytes: u64,
    /// Whether a thread lays out the next segment once one has been filled: a commit into it writes the frame alone,
    /// and not the length of the file as well. Costs one more segment of space and writes the journal twice.
    pub segments_in_advance: bool,
    /// Upper bound of one frame; a single larger record has a frame of its own.
    pub frame_bytes: usize,
    /// Upper bound of the records in one frame.
    pub frame_records: usize,
    /// Appends are refused with `Full` while this much waits for the committer.
    pub queue_bytes: usize,
    /// Appends are refused with `Full` while this much durable state waits in memory for a checkpoint. A checkpoint is
    /// started in the background at half of it.
    pub tail_bytes: usize,
    /// A checkpoint is started in the background when this many records wait for one.
    pub checkpoint_records: u64,
    /// Page cache of the state file.
    pub state_cache_bytes: usize,
    /// Whether opening looks at every page.
    pub page_check: PageCheck,
    /// Whether checkpoints start by themselves. Off, they happen only when asked for.
    pub background_checkpoints: bool,
    /// By what the files of a store that is made now know each other; none: something random.
    pub identity: Option<[u8; 16]>,
}

impl Options {
    /// How the state file is opened.
    pub(crate) fn state(&self) -> DatabaseOptions {
        DatabaseOptions { cache_bytes: self.state_cache_bytes, page_check: self.page_check }
    }
}

impl Default for Options {
    fn default() -> Self {
        const MIB: usize = 1 << 20;
        Self {
            segment_bytes: 64 << 20,
            segments_in_advance: false,
            frame_bytes: 4 * MIB,
            frame_records: 8192,
            queue_bytes: 64 * MIB,
            tail_bytes: 1024 * MIB,
            checkpoint_records: 1_000_000,
            state_cache_bytes: 256 * MIB,
            page_check: PageCheck::Skip,
            background_checkpoints: true,
            identity: None,
        }
    }
}
