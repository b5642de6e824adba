//! Layout of a frame: what one group commit makes durable.

use super::fields::Fields;
use super::frame_bytes::FrameBytes;
use super::record::{RecordParts, RecordView};
use super::{FrameHash, Position};
use crate::key::{IndexChange, Lsn};
use std::sync::Arc;

pub(crate) const FRAME_VERSION: u8 = 1;
const COUNT_AT: usize = 17;
const HEADER_LEN: usize = COUNT_AT + 4 + FrameHash::LEN;

/// A frame being written. One is reused for all frames, so that its buffer is allocated once.
#[derive(Debug)]
pub(crate) struct FrameBuilder {
    bytes: Vec<u8>,
    count: u32,
    after: Position,
}

impl FrameBuilder {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::new(), count: 0, after: Position::ORIGIN }
    }

    /// Begins the frame that follows `after`.
    pub(crate) fn begin(&mut self, after: Position) {
        self.after = after;
        self.count = 0;
        self.bytes.clear();
        self.bytes.push(FRAME_VERSION);
        self.bytes.extend_from_slice(&self.number().to_le_bytes());
        self.bytes.extend_from_slice(&after.lsn.next().get().to_le_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&after.hash.0);
        debug_assert_eq!(self.bytes.len(), HEADER_LEN);
    }

    fn number(&self) -> u64 {
        self.after.frame.checked_add(1).expect("a journal has fewer than 2^64 frames")
    }

    /// Adds a record and answers where in the frame it begins.
    pub(crate) fn push(&mut self, parts: &RecordParts<'_>) -> u32 {
        let at = u32::try_from(self.bytes.len()).expect("a frame is far below 4 GiB");
        parts.write(&mut self.bytes);
        self.count += 1;
        at
    }

    /// Whether another record of this length may be added under these bounds. The first always may.
    pub(crate) fn has_room(&self, len: usize, bytes_max: usize, records_max: usize) -> bool {
        let records = usize::try_from(self.count).unwrap_or(usize::MAX);
        self.count == 0 || (records < records_max && self.bytes.len() + len <= bytes_max)
    }

    /// Closes the frame and answers the position after it.
    pub(crate) fn finish(&mut self) -> Position {
        assert!(self.count > 0, "a frame has at least one record");
        self.bytes[COUNT_AT..COUNT_AT + 4].copy_from_slice(&self.count.to_le_bytes());
        let hash = FrameHash::of(&self.bytes);
        self.bytes.extend_from_slice(&hash.0);
        Position { frame: self.number(), hash, lsn: self.after.lsn.plus(u64::from(self.count)) }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A frame that has been checked.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Arc<FrameBytes>,
    /// The position after it.
    pub(crate) position: Position,
    pub(crate) records: Vec<FrameRecord>,
}

/// A record of a checked frame.
#[derive(Debug)]
pub(crate) struct FrameRecord {
    pub(crate) lsn: Lsn,
    /// Where in the frame it begins.
    pub(crate) at: u32,
    pub(crate) view: RecordView,
    pub(crate) index: Vec<IndexChange>,
}

/// What is wrong with the bytes of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum FrameFault {
    #[error("it is too short")]
    Short,
    #[error("it has format version {0}")]
    Version(u8),
    #[error("its checksum does not match")]
    Checksum,
    #[error("it bears the number {0}")]
    Number(u64),
    #[error("it does not continue the frame before it")]
    Chain,
    #[error("its first record has position {found} instead of {expected}")]
    Lsn { found: Lsn, expected: Lsn },
    #[error("its records are not of the right form")]
    Records,
}

impl Frame {
    /// Checks bytes that should be the frame following `after`.
    pub(crate) fn check(bytes: Arc<FrameBytes>, after: Position) -> Result<Self, FrameFault> {
        let (body, hash) = bytes.split_last_chunk::<{ FrameHash::LEN }>().ok_or(FrameFault::Short)?;
        let mut fields = Fields::new(body, 0);
        match fields.u8().ok_or(FrameFault::Short)? {
            FRAME_VERSION => {}
            other => return Err(FrameFault::Version(other)),
        }
        let hash = FrameHash(*hash);
        if FrameHash::of(body) != hash {
            return Err(FrameFault::Checksum);
        }
        let (number, first, count, previous) =
            (|| Some((fields.u64()?, Lsn::new(fields.u64()?), fields.u32()?, FrameHash(fields.array()?))))()
                .ok_or(FrameFault::Short)?;
        if Some(number) != after.frame.checked_add(1) {
            return Err(FrameFault::Number(number));
        }
        if previous != after.hash {
            return Err(FrameFault::Chain);
        }
        let expected = after.lsn.next();
        if first != expected {
            return Err(FrameFault::Lsn { found: first, expected });
        }
        let records = read_records(body, first, count).ok_or(FrameFault::Records)?;
        let position = Position { frame: number, hash, lsn: after.lsn.plus(u64::from(count)) };
        Ok(Self { bytes, position, records })
    }
}

fn read_records(body: &[u8], first: Lsn, count: u32) -> Option<Vec<FrameRecord>> {
    let mut records = Vec::new();
    let mut at = HEADER_LEN;
    for place in 0..count {
        let view = RecordView::read(body, at)?;
        let (index, next) = view.index(body)?;
        records.push(FrameRecord {
            lsn: first.plus(u64::from(place)),
            at: u32::try_from(at).ok()?,
            view,
            index,
        });
        at = next;
    }
    (count > 0 && at == body.len()).then_some(records)
}

/// The hash that frame bytes end in; not checked.
pub(crate) fn stored_hash(bytes: &[u8]) -> Option<FrameHash> {
    bytes.last_chunk().map(|hash| FrameHash(*hash))
}
