//! The journal: ordered frames of records in segments, hash-chained.
//!
//! Owns the layout of frames and segments and the one writer. Must not know tables of the state file, the tail or the
//! overlay; whoever replays or writes is handed frames and does the rest. Layout: `docs/storage-format.md`, section 2.

pub(crate) mod fields;
pub(crate) mod frame;
pub(crate) mod frame_bytes;
pub(crate) mod reached;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod scan;
mod sector;
pub(crate) mod segment;
pub(crate) mod spare;
pub(crate) mod writer;

use crate::key::Lsn;

/// The hash of a frame: its checksum, and the link to it from the next frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FrameHash(pub(crate) [u8; FrameHash::LEN]);

impl FrameHash {
    pub(crate) const LEN: usize = 16;

    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(xxhash_rust::xxh3::xxh3_128(bytes).to_le_bytes())
    }
}

/// A place between two frames: what the frame before it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Position {
    /// Number of the frame before.
    pub(crate) frame: u64,
    /// Its hash.
    pub(crate) hash: FrameHash,
    /// Its last record.
    pub(crate) lsn: Lsn,
}

impl Position {
    /// Before the first frame.
    pub(crate) const ORIGIN: Self = Self { frame: 0, hash: FrameHash([0; FrameHash::LEN]), lsn: Lsn::ZERO };
}

/// Identity of a store, so that a file of another one is not taken for one's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StoreId(pub(crate) [u8; 16]);

impl StoreId {
    /// A new identity, from the random keys that the standard library takes from the operating system.
    pub(crate) fn random() -> Self {
        use std::hash::{BuildHasher, RandomState};
        let halves = [(); 2].map(|()| RandomState::new().hash_one(0u8).to_le_bytes());
        let mut id = [0; 16];
        id[..8].copy_from_slice(&halves[0]);
        id[8..].copy_from_slice(&halves[1]);
        Self(id)
    }
}
