//! The names of things: entities, journal positions, epochs, effects, index rows.
//!
//! Owns only identity and its byte form. Nothing here knows what an entity or an index means.

use crate::row_key::RowKey;
use std::fmt;

/// The name of one entity: its kind and its 16-byte id. Encodes to 17 bytes whose order is the order of the type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityKey {
    /// Which sort of entity; the numbers belong to the layer above.
    pub kind: u8,
    /// The entity's id, usually a UUID.
    pub id: [u8; 16],
}

impl EntityKey {
    /// Length of the encoded key in bytes.
    pub const ENCODED_LEN: usize = 17;

    /// The key as bytes: kind, then id.
    pub fn encode(&self) -> [u8; Self::ENCODED_LEN] {
        let mut bytes = [0; Self::ENCODED_LEN];
        bytes[0] = self.kind;
        bytes[1..].copy_from_slice(&self.id);
        bytes
    }

    /// The key that [`encode`](Self::encode) made these bytes from.
    pub fn decode(bytes: [u8; Self::ENCODED_LEN]) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[1..]);
        Self { kind: bytes[0], id }
    }
}

impl fmt::Display for EntityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind)?;
        self.id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Position of a record in the journal: dense, from 1. A position whose commit failed is given to another record later,
/// under a higher [`Epoch`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Lsn(u64);

impl Lsn {
    /// Before the first record.
    pub const ZERO: Self = Self(0);

    /// The position with this number.
    pub const fn new(position: u64) -> Self {
        Self(position)
    }

    /// The number of the position.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The position `count` records later.
    pub(crate) fn plus(self, count: u64) -> Self {
        Self(self.0.checked_add(count).expect("a journal has fewer than 2^64 records"))
    }

    /// The position after this one.
    pub(crate) fn next(self) -> Self {
        self.plus(1)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Counts how often the journal had to be begun anew after a failed commit. Local to one open store, from 1: an append
/// that was prepared on state of an earlier epoch is refused, because that state contained records that were lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Epoch(u32);

impl Epoch {
    /// The epoch of a store just opened.
    pub const FIRST: Self = Self(1);

    /// The number of the epoch.
    pub const fn get(self) -> u32 {
        self.0
    }

    pub(crate) fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("a process sees fewer than 2^32 failed commits"))
    }
}

/// The `index`-th effect of the record at `lsn`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EffectId {
    /// Position of the record that carries the effect.
    pub lsn: Lsn,
    /// Place of the effect inside the record, from 0.
    pub index: u16,
}

/// One of up to 256 secondary indexes; the numbers belong to the layer above.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IndexId(pub u8);

/// A change of one index row, visible together with the record it is appended with. Within one append a later change
/// of the same key wins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IndexChange {
    /// Writes the row, over an older one if there is one.
    Put {
        /// The index the row is in.
        index: IndexId,
        /// Key of the row; rows are ordered by its bytes.
        key: RowKey,
        /// Value of the row.
        value: Box<[u8]>,
    },
    /// Removes the row if it is there.
    Delete {
        /// The index the row is in.
        index: IndexId,
        /// Key of the row.
        key: RowKey,
    },
}
