//! The unit in which the journal is written: a sector with its own check.
//!
//! A disk writes a sector whole or not at all, in any order among the sectors of one write. So what a power cut leaves
//! of a frame is some of its sectors and blank ones; and a sector that is neither blank nor whole is damage. That is
//! how the two are told apart. Layout: `docs/storage-format.md`, section 2.2.

use super::StoreId;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a sector.
pub(crate) const SECTOR: usize = 512;
const CHECK: usize = 8;
const HEAD: usize = CHECK + 8;
/// Bytes of a sector that are the journal's own.
pub(crate) const PAYLOAD: usize = SECTOR - HEAD;

/// What a sector is part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The first of a frame.
    First,
    /// A later one of a frame.
    More,
    /// The journal was closed in order after this frame.
    End,
}

impl Kind {
    const fn tag(self) -> u8 {
        match self {
            Self::First => 1,
            Self::More => 2,
            Self::End => 3,
        }
    }

    fn of(tag: u8) -> Option<Self> {
        [Self::First, Self::More, Self::End].into_iter().find(|kind| kind.tag() == tag)
    }
}

/// A sector as it is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sector<'a> {
    /// Never written.
    Blank,
    /// As it was written, and where.
    Written { kind: Kind, frame: u64, payload: &'a [u8] },
    /// Neither.
    Broken,
}

/// What makes a sector belong to one segment: one that is found in another, or elsewhere in its own, is broken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Salt(u64);

impl Salt {
    pub(crate) fn of(store: StoreId, sequence: u64) -> Self {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&store.0);
        bytes[16..].copy_from_slice(&sequence.to_le_bytes());
        Self(xxh3_64(&bytes))
    }

    fn check(self, index: u64, rest: &[u8]) -> u64 {
        xxh3_64(rest) ^ self.0 ^ index
    }

    /// Appends the sector that is to stand at `index`; a payload that does not fill it is followed by zeros.
    pub(crate) fn seal(self, out: &mut Vec<u8>, index: u64, kind: Kind, frame: u64, payload: &[u8]) {
        assert!(payload.len() <= PAYLOAD, "a payload fits into a sector");
        let start = out.len();
        let head =
            frame.checked_mul(256).expect("a journal has fewer than 2^56 frames") | u64::from(kind.tag());
        out.extend_from_slice(&[0; CHECK]);
        out.extend_from_slice(&head.to_le_bytes());
        out.extend_from_slice(payload);
        out.resize(start + SECTOR, 0);
        let check = self.check(index, &out[start + CHECK..]);
        out[start..start + CHECK].copy_from_slice(&check.to_le_bytes());
    }

    /// Reads the sector found at `index`.
    pub(crate) fn open(self, sector: &[u8], index: u64) -> Sector<'_> {
        let Some((check, rest)) = sector.split_first_chunk() else { return Sector::Broken };
        if u64::from_le_bytes(*check) != self.check(index, rest) {
            return if sector.iter().all(|byte| *byte == 0) { Sector::Blank } else { Sector::Broken };
        }
        let Some((head, payload)) = rest.split_first_chunk() else { return Sector::Broken };
        match Kind::of(head[0]) {
            Some(kind) => Sector::Written { kind, frame: u64::from_le_bytes(*head) / 256, payload },
            None => Sector::Broken,
        }
    }

    /// Puts a broken sector right if one flipped bit is all that is wrong with it; answers whether it did. Of two
    /// sectors that check, one bit apart, there are as good as none: the check has 64 bits.
    pub(crate) fn mend(self, sector: &mut [u8], index: u64) -> bool {
        self.open(sector, index) == Sector::Broken
            && (0..sector.len() * 8).any(|bit| {
                let mask = 1 << (bit % 8);
                sector[bit / 8] ^= mask;
                let is_right = self.open(sector, index) != Sector::Broken;
                if !is_right {
                    sector[bit / 8] ^= mask;
                }
                is_right
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_is_whole_in_its_place_alone() {
        let salt = Salt::of(StoreId([1; 16]), 4);
        let mut bytes = Vec::new();
        salt.seal(&mut bytes, 7, Kind::More, 300, b"payload");
        assert_eq!(bytes.len(), SECTOR);
        let Sector::Written { kind: Kind::More, frame: 300, payload } = salt.open(&bytes, 7) else {
            panic!()
        };
        assert!(payload.starts_with(b"payload\0") && payload.len() == PAYLOAD);
        assert_eq!(salt.open(&bytes, 8), Sector::Broken, "elsewhere in the segment");
        for other in [Salt::of(StoreId([2; 16]), 4), Salt::of(StoreId([1; 16]), 5)] {
            assert_eq!(other.open(&bytes, 7), Sector::Broken, "in another segment");
        }
        for bit in 0..SECTOR * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(salt.open(&flipped, 7), Sector::Broken, "bit {bit}");
            if bit % 97 == 0 {
                assert!(salt.mend(&mut flipped, 7) && flipped == bytes, "bit {bit}");
                flipped[bit / 8] ^= 1 << (bit % 8);
                flipped[500] ^= 3;
                assert!(!salt.mend(&mut flipped, 7), "several bits are not put right");
            }
        }
        assert_eq!(salt.open(&[0; SECTOR], 7), Sector::Blank);
    }
}
