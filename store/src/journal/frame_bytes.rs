//! The bytes of a frame in memory, and the buffers they are kept in.
//!
//! The tail grows and shrinks by hundreds of MiB with every checkpoint. Given back to the system in between, that
//! memory would have to be fetched page by page again, on the way of every commit. So buffers of frames that a
//! checkpoint has folded serve the frames after it.

use crate::shared::lock;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

/// No buffer is smaller.
const BUFFER_MIN: usize = 4096;

/// Buffers that wait for their next frame.
#[derive(Debug)]
pub(crate) struct FrameBuffers {
    free: Mutex<Free>,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Free {
    /// By capacity; none of the lists is empty.
    by_capacity: BTreeMap<usize, Vec<Vec<u8>>>,
    bytes: usize,
}

/// The bytes of one frame. Their buffer goes back to where it came from when the last reader is gone.
#[derive(Debug)]
pub(crate) struct FrameBytes {
    bytes: Vec<u8>,
    from: Option<Arc<FrameBuffers>>,
}

impl FrameBuffers {
    /// Keeps at most so many bytes for later.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { free: Mutex::default(), bytes_max }
    }

    /// A copy of a frame.
    pub(crate) fn copy(self: &Arc<Self>, frame: &[u8]) -> Arc<FrameBytes> {
        let mut bytes = self.take(capacity_for(frame.len()));
        bytes.extend_from_slice(frame);
        Arc::new(FrameBytes { bytes, from: Some(Arc::clone(self)) })
    }

    fn take(&self, capacity: usize) -> Vec<u8> {
        let mut free = lock(&self.free);
        // Not a much larger one: it would hold more memory than the bounds of the tail count.
        let fits = free.by_capacity.range(capacity..=capacity.saturating_mul(2)).next();
        let Some(found) = fits.map(|(found, _)| *found) else { return Vec::with_capacity(capacity) };
        let list = free.by_capacity.get_mut(&found).expect("the capacity has just been found");
        let buffer = list.pop().expect("no list is empty");
        if list.is_empty() {
            free.by_capacity.remove(&found);
        }
        free.bytes -= found;
        buffer
    }

    fn give_back(&self, mut buffer: Vec<u8>) {
        let capacity = buffer.capacity();
        buffer.clear();
        let mut free = lock(&self.free);
        if free.bytes.saturating_add(capacity) <= self.bytes_max {
            free.bytes += capacity;
            free.by_capacity.entry(capacity).or_default().push(buffer);
        }
    }
}

/// A few capacities instead of any, so that buffers fit later frames; at most a quarter is left over.
fn capacity_for(len: usize) -> usize {
    let step = len.max(BUFFER_MIN).next_power_of_two() / 8;
    len.max(BUFFER_MIN).next_multiple_of(step)
}

impl Drop for FrameBytes {
    fn drop(&mut self) {
        if let Some(from) = self.from.take() {
            from.give_back(std::mem::take(&mut self.bytes));
        }
    }
}

impl Deref for FrameBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<&[u8]> for FrameBytes {
    fn from(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), from: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_serves_the_next_frame_of_its_size() {
        let buffers = Arc::new(FrameBuffers::new(1 << 20));
        let first = buffers.copy(&[1; 5000]);
        let place = first.as_ptr();
        drop(first);
        let second = buffers.copy(&[2; 5100]);
        assert_eq!(second.as_ptr(), place, "it is the same buffer");
        assert_eq!(**second, [2; 5100], "nothing of the first frame shows");
        let third = buffers.copy(&[3; 5100]);
        assert_ne!(third.as_ptr(), place, "a buffer has one frame at a time");
    }

    #[test]
    fn a_small_frame_holds_no_large_buffer() {
        let buffers = Arc::new(FrameBuffers::new(1 << 20));
        drop(buffers.copy(&[1; 500_000]));
        assert!(buffers.copy(&[2; 10]).bytes.capacity() <= 2 * BUFFER_MIN);
    }

    #[test]
    fn no_more_is_kept_than_allowed() {
        let buffers = Arc::new(FrameBuffers::new(20_000));
        let frames: Vec<_> = (0..10).map(|_| buffers.copy(&[1; 4096])).collect();
        drop(frames);
        assert_eq!(lock(&buffers.free).bytes, 16_384);
    }

    #[test]
    fn capacities_are_close_to_lengths() {
        for len in [0, 1, 4095, 4096, 4097, 6000, 65_536, 65_537, 1_000_000] {
            let capacity = capacity_for(len);
            assert!(capacity >= len && capacity <= BUFFER_MIN.max(len + len / 4), "{len}: {capacity}");
            assert_eq!(capacity_for(capacity), capacity, "a capacity is its own");
        }
    }
}
