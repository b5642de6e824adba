//! Reading fixed-width little-endian fields one after the other. Answers `None` instead of reading past the end.

use super::{FrameHash, Position};
use crate::key::{EntityKey, Lsn};

/// A cursor over bytes.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A length of four bytes and as many bytes as it says.
    pub(crate) fn sized(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.u32()?).ok()?;
        self.take(count)
    }

    pub(crate) fn entity(&mut self) -> Option<EntityKey> {
        self.array().map(EntityKey::decode)
    }

    /// Frame number, hash and LSN.
    pub(crate) fn position(&mut self) -> Option<Position> {
        let frame = self.u64()?;
        let hash = FrameHash(self.array()?);
        Some(Position { frame, hash, lsn: Lsn::new(self.u64()?) })
    }
}

/// Appends a [`Position`] as [`Fields::position`] reads it.
pub(crate) fn put_position(out: &mut Vec<u8>, position: Position) {
    out.extend_from_slice(&position.frame.to_le_bytes());
    out.extend_from_slice(&position.hash.0);
    out.extend_from_slice(&position.lsn.get().to_le_bytes());
}

/// Appends a length of four bytes and the bytes.
///
/// # Panics
/// If there are 4 GiB or more; appends are refused long before.
pub(crate) fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    let count = u32::try_from(bytes.len()).expect("an append is at most 64 MiB");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(bytes);
}
