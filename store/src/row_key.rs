//! The key of an index row. Owns how it is kept in memory.

use smallvec::SmallVec;
use std::borrow::Borrow;
use std::fmt::{self, Debug, Formatter};
use std::ops::Deref;

/// What fits in place: a store, a time and a sale, or a request id written as a GUID and the byte before it.
const IN_PLACE: usize = 40;

/// The key of an index row; ordered by its bytes.
///
/// Keys of at most 40 bytes are kept in place, without an allocation: the rows changed since the last checkpoint are
/// searched at every commit, and a key that lies elsewhere is a fetch from memory for each comparison.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey(SmallVec<[u8; IN_PLACE]>);

impl RowKey {
    /// The key made of these parts, one after the other.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut key = SmallVec::new();
        parts.iter().for_each(|part| key.extend_from_slice(part));
        Self(key)
    }
}

impl From<&[u8]> for RowKey {
    fn from(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(bytes))
    }
}

impl<const LEN: usize> From<[u8; LEN]> for RowKey {
    fn from(bytes: [u8; LEN]) -> Self {
        bytes.as_slice().into()
    }
}

impl Deref for RowKey {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

// Order, equality and hash are those of the bytes, as `Borrow` asks.
impl Borrow<[u8]> for RowKey {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Debug for RowKey {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
