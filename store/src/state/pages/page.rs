//! One page of a tree: its form, its checksum, and the search for a flipped bit.
//!
//! The bytes may be anything; nothing here reads outside of them.

use crate::journal::fields::Fields;
use std::fmt;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_128;

const PAGE_BYTES: u64 = 4096;
const LEAF: u8 = 1;
const BRANCH: u8 = 2;
/// In pages larger than this no flipped bit is searched for: it takes a checksum for each bit.
const MEND_MAX: usize = 1 << 16;

pub(super) fn checksum(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// Flips each bit in turn until `is_right`; answers whether one was. If none, the bytes are as before.
pub(super) fn flip_until(bytes: &mut [u8], is_right: impl Fn(&[u8]) -> bool) -> bool {
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        if is_right(bytes) {
            return true;
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    false
}

/// Where a page is, and what it must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageRef {
    pub(super) number: u64,
    pub(super) checksum: u128,
}

impl PageRef {
    /// Page number and checksum, one after the other.
    pub(super) fn read(bytes: &[u8], at: usize) -> Option<Self> {
        let mut fields = Fields::new(bytes, at);
        Some(Self { number: fields.u64()?, checksum: u128::from_le_bytes(fields.array()?) })
    }

    /// Region, place in the region counted in pages of its size, and how often that is twice the smallest.
    fn parts(self) -> (u64, u64, u64) {
        let order = self.number >> 59;
        ((self.number >> 20) & 0xf_ffff, self.number & (0xf_ffff >> order), order)
    }

    /// Its bytes in a file whose regions have so many pages for a header and for data.
    pub(super) fn range(self, [header_pages, data_pages]: [u32; 2]) -> Option<Range<u64>> {
        let (region, place, order) = self.parts();
        if order > 20 {
            return None;
        }
        let len = PAGE_BYTES << order;
        let region_len = (u64::from(header_pages) + u64::from(data_pages)).checked_mul(PAGE_BYTES)?;
        let within = u64::from(header_pages).checked_mul(PAGE_BYTES)?.checked_add(place.checked_mul(len)?)?;
        let start = PAGE_BYTES.checked_add(region.checked_mul(region_len)?)?.checked_add(within)?;
        Some(start..start.checked_add(len)?)
    }
}

impl fmt::Display for PageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (region, place, order) = self.parts();
        write!(f, "{region}.{place}/{order}")
    }
}

/// How long the keys of a tree are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keys {
    OneByte,
    Variable,
}

/// A page by its first byte.
pub(super) enum Page<'a> {
    Leaf(Leaf<'a>),
    Branch(Branch<'a>),
    Neither,
}

impl<'a> Page<'a> {
    pub(super) fn new(bytes: &'a [u8], keys: Keys) -> Self {
        let count = bytes
            .get(2..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |count| usize::from(u16::from_le_bytes(*count)));
        match bytes.first() {
            Some(&LEAF) => Self::Leaf(Leaf { bytes, count, keys }),
            Some(&BRANCH) => Self::Branch(Branch { bytes, count, keys }),
            Some(_) | None => Self::Neither,
        }
    }

    /// Whether the part of it that is in use is what this is the checksum of.
    pub(super) fn matches(&self, expected: u128) -> bool {
        let (bytes, end) = match self {
            Self::Leaf(leaf) => (leaf.bytes, leaf.end()),
            Self::Branch(branch) => (branch.bytes, branch.end()),
            Self::Neither => return false,
        };
        end.and_then(|end| bytes.get(..end)).is_some_and(|used| checksum(used) == expected)
    }
}

/// The page as it was, if one bit is all that is wrong with it.
pub(super) fn mend(bytes: &[u8], keys: Keys, expected: u128) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    (bytes.len() <= MEND_MAX && flip_until(&mut bytes, |bytes| Page::new(bytes, keys).matches(expected)))
        .then_some(bytes)
}

fn offset(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(Fields::new(bytes, at).u32()?).ok()
}

/// A page of rows: their number, where each key ends, where each value ends, keys, values. Values are of any length.
pub(super) struct Leaf<'a> {
    bytes: &'a [u8],
    count: usize,
    keys: Keys,
}

impl<'a> Leaf<'a> {
    const HEAD: usize = 4;

    fn key_ends(&self) -> usize {
        match self.keys {
            Keys::OneByte => 0,
            Keys::Variable => 4 * self.count,
        }
    }

    fn key_end(&self, place: usize) -> Option<usize> {
        match self.keys {
            Keys::OneByte => Some(Self::HEAD + 4 * self.count + place + 1),
            Keys::Variable => offset(self.bytes, Self::HEAD + 4 * place),
        }
    }

    fn value_end(&self, place: usize) -> Option<usize> {
        offset(self.bytes, Self::HEAD + self.key_ends() + 4 * place)
    }

    fn end(&self) -> Option<usize> {
        self.value_end(self.count.checked_sub(1)?)
    }

    /// Its rows; `None` where the page does not say where one is.
    pub(super) fn rows(&self) -> impl Iterator<Item = Option<(&'a [u8], &'a [u8])>> {
        (0..self.count).map(|place| {
            let first_key = Self::HEAD + self.key_ends() + 4 * self.count;
            let previous = place.checked_sub(1);
            let key_start = previous.map_or(Some(first_key), |previous| self.key_end(previous))?;
            let value_start = match previous {
                Some(previous) => self.value_end(previous)?,
                None => self.key_end(self.count - 1)?,
            };
            let key = self.bytes.get(key_start..self.key_end(place)?)?;
            Some((key, self.bytes.get(value_start..self.value_end(place)?)?))
        })
    }
}

/// A page of pages: the number of its keys, the checksums of its children, their numbers, where each key ends, keys.
pub(super) struct Branch<'a> {
    bytes: &'a [u8],
    count: usize,
    keys: Keys,
}

/// A child, and the key that none of its keys is above.
type Child<'a> = (Option<PageRef>, Option<&'a [u8]>);

impl<'a> Branch<'a> {
    const HEAD: usize = 8;

    fn children_end(&self) -> usize {
        Self::HEAD + (16 + 8) * (self.count + 1)
    }

    fn key_end(&self, place: usize) -> Option<usize> {
        match self.keys {
            Keys::OneByte => Some(self.children_end() + place + 1),
            Keys::Variable => offset(self.bytes, self.children_end() + 4 * place),
        }
    }

    fn end(&self) -> Option<usize> {
        self.key_end(self.count.checked_sub(1)?)
    }

    fn key(&self, place: usize) -> Option<&'a [u8]> {
        let first = match self.keys {
            Keys::OneByte => self.children_end(),
            Keys::Variable => self.children_end() + 4 * self.count,
        };
        let start = place.checked_sub(1).map_or(Some(first), |previous| self.key_end(previous))?;
        self.bytes.get(start..self.key_end(place)?)
    }

    /// Its children in order.
    pub(super) fn children(&self) -> impl Iterator<Item = Child<'a>> {
        (0..=self.count).map(|place| {
            let checksum = Fields::new(self.bytes, Self::HEAD + 16 * place).array().map(u128::from_le_bytes);
            let number = Fields::new(self.bytes, Self::HEAD + 16 * (self.count + 1) + 8 * place).u64();
            let child = checksum.zip(number).map(|(checksum, number)| PageRef { number, checksum });
            let key = if place < self.count { self.key(place) } else { None };
            (child, key)
        })
    }
}
