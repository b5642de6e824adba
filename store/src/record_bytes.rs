//! Shared bytes of one record. Owns nothing but the view: the bytes are those of the frame the record came in.

use crate::journal::frame_bytes::FrameBytes;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// The bytes of one record. Cloning is cheap: records that came in one frame share its buffer, so holding one record
/// for long keeps the whole frame (a few MiB at most) in memory.
#[derive(Clone)]
pub struct RecordBytes {
    buffer: Arc<FrameBytes>,
    range: Range<usize>,
}

impl RecordBytes {
    /// The part `range` of `buffer`. The range must lie inside the buffer.
    pub(crate) fn slice(buffer: Arc<FrameBytes>, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= buffer.len(), "a record lies inside its frame");
        Self { buffer, range }
    }
}

impl From<&[u8]> for RecordBytes {
    fn from(bytes: &[u8]) -> Self {
        Self { buffer: Arc::new(bytes.into()), range: 0..bytes.len() }
    }
}

impl Deref for RecordBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }
}

impl AsRef<[u8]> for RecordBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for RecordBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for RecordBytes {}

impl fmt::Debug for RecordBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecordBytes").field(&&**self).finish()
    }
}
