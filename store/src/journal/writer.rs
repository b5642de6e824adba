//! The one writer of the journal: frames into the segment in use, the next segment when it is full or has failed.

use super::reached::ReachedNote;
use super::segment::{Segment, SegmentHeader, segment_name};
use super::spare::{SPARE_FILE, Spares};
use super::{Position, StoreId};
use crate::disk::{CreateFailure, Disk};
use crate::error::OpenError;
use crate::shared::lock;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

/// Which part of the journal is in which segment, oldest first: sequence number and the frame it continues after.
/// Shared with the checkpoint, which removes from the front while the writer adds at the back, and with a backup, which
/// keeps them for a while.
#[derive(Clone, Debug, Default)]
pub(crate) struct SegmentList(Arc<Mutex<Segments>>);

#[derive(Debug, Default)]
struct Segments {
    list: VecDeque<(u64, u64)>,
    /// Whether none may be removed.
    are_kept: bool,
}

/// The part of a segment that belongs to a copy of the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SegmentPart {
    pub(crate) sequence: u64,
    /// Its last frame that counts; the one it continues after if none does.
    pub(crate) through: u64,
}

impl SegmentList {
    pub(crate) fn push(&self, header: &SegmentHeader) {
        lock(&self.0).list.push_back((header.sequence, header.after.frame));
    }

    pub(crate) fn len(&self) -> u64 {
        u64::try_from(lock(&self.0).list.len()).unwrap_or(u64::MAX)
    }

    /// Removes no segment from now on until they are [released](Self::release).
    pub(crate) fn keep(&self) {
        lock(&self.0).are_kept = true;
    }

    /// Segments may be removed again.
    pub(crate) fn release(&self) {
        lock(&self.0).are_kept = false;
    }

    /// What a copy of the journal consists of that begins above `mark` and ends with the frame `end`, after which a
    /// segment begins: every frame in between, and the bare beginning of that segment, which says where the frames
    /// end.
    pub(crate) fn parts(&self, mark: u64, end: u64) -> Vec<SegmentPart> {
        let segments = lock(&self.0);
        let list = &segments.list;
        let next_after = list.iter().skip(1).map(|(_, after)| *after).chain([u64::MAX]);
        let mut parts = Vec::new();
        for ((sequence, after), next_after) in list.iter().copied().zip(next_after) {
            if after >= end {
                parts.push(SegmentPart { sequence, through: after });
                break;
            }
            if next_after > mark {
                parts.push(SegmentPart { sequence, through: next_after });
            }
        }
        parts
    }

    /// Removes the segments that hold no frame above `mark`, and answers how many. The last segment always stays; all
    /// do while they are kept.
    pub(crate) fn remove_through(&self, disk: &dyn Disk, mark: u64) -> Result<u64, (String, io::Error)> {
        let mut removed = 0;
        while let Some(sequence) = self.first_below(mark) {
            let name = segment_name(sequence);
            match disk.remove(&name) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((name, error)),
            }
            // Two checkpoints may be removing at once: each segment leaves the list once.
            let mut segments = lock(&self.0);
            if segments.list.front().is_some_and(|(first, _)| *first == sequence) {
                segments.list.pop_front();
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn first_below(&self, mark: u64) -> Option<u64> {
        let segments = lock(&self.0);
        let (_, next_after) = segments.list.get(1)?;
        if segments.are_kept || *next_after > mark {
            return None;
        }
        segments.list.front().map(|(sequence, _)| *sequence)
    }
}

/// Writes frames in order.
pub(crate) struct JournalWriter {
    disk: Arc<dyn Disk>,
    store: StoreId,
    segment_bytes: u64,
    /// At this size of the segment the next one is due.
    rotate_at: u64,
    position: Position,
    sequence: u64,
    /// `None` after a failed commit, until the next segment stands.
    segment: Option<Segment>,
    segments: SegmentList,
    reached: ReachedNote,
    /// Where the next segment is laid out, once one has been filled.
    spares: Option<Spares>,
}

impl JournalWriter {
    /// Goes on in `segment`, the last one, after `position`, which is durable.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        segment_bytes: u64,
        segment: Segment,
        position: Position,
        segments: SegmentList,
    ) -> Self {
        let mut reached = ReachedNote::begin(&*disk, segment.header.store);
        reached.note(position.frame);
        Self {
            disk,
            store: segment.header.store,
            segment_bytes,
            rotate_at: segment_bytes,
            position,
            sequence: segment.header.sequence,
            segment: Some(segment),
            segments,
            reached,
            spares: None,
        }
    }

    /// From now on, segments after the first that is filled are laid out in advance.
    pub(crate) fn lay_out_segments(&mut self) {
        self.spares = Some(Spares::new(Arc::clone(&self.disk), self.segment_bytes));
    }

    /// The last durable frame.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Makes the frame after [`position`](Self::position) durable; `end` is the position after it. After an error
    /// nothing can be written until [`begin_anew`](Self::begin_anew) succeeds.
    pub(crate) fn write(&mut self, frame: &[u8], end: Position) -> io::Result<()> {
        self.rotate_if_due()?;
        let segment = self.segment.as_mut().expect("frames are written only while a segment stands");
        match segment.write(end.frame, frame) {
            Ok(()) => {
                self.position = end;
                self.reached.note(end.frame);
                Ok(())
            }
            Err(fault) => {
                self.segment = None;
                Err(fault)
            }
        }
    }

    /// Starts a segment that continues after the last durable frame, and so cuts off what the failed one may hold.
    pub(crate) fn begin_anew(&mut self) -> Result<(), OpenError> {
        self.segment = None;
        Ok(self.start_segment()?)
    }

    /// Begins the next segment, unless the present one holds no frame yet, and answers where it begins. After an error
    /// that says so nothing can be written until [`begin_anew`](Self::begin_anew) succeeds.
    pub(crate) fn rotate(&mut self) -> Result<Position, CreateFailure> {
        let is_fresh =
            |segment: &Segment| segment.header.after.frame == self.position.frame && !segment.is_torn();
        if self.segment.as_ref().is_some_and(is_fresh) {
            return Ok(self.position);
        }
        let started = self.start_segment();
        if matches!(started, Err(CreateFailure { may_be_named: true, .. })) {
            // The next segment may be on disk and cut the present one off here.
            self.segment = None;
        }
        started.map(|()| self.position)
    }

    fn rotate_if_due(&mut self) -> io::Result<()> {
        let bytes = match self.segment.as_ref() {
            Some(segment) if segment.bytes() >= self.rotate_at => segment.bytes(),
            Some(_) | None => return Ok(()),
        };
        match self.start_segment() {
            Ok(()) => {
                // Whoever has filled one will fill another; a store with little to do has no spare file.
                self.spares.iter_mut().for_each(Spares::begin);
                Ok(())
            }
            Err(CreateFailure { error, may_be_named: false }) => {
                // The present segment still takes frames; a full disk shows itself there if it must.
                tracing::warn!(%error, "the next journal segment cannot be created yet");
                self.rotate_at = bytes.saturating_add(self.segment_bytes / 4);
                Ok(())
            }
            Err(CreateFailure { error, may_be_named: true }) => {
                // The next segment may be on disk and cut the present one off here: a frame written to it could be
                // lost.
                self.segment = None;
                Err(io::Error::other(error))
            }
        }
    }

    fn start_segment(&mut self) -> Result<(), CreateFailure> {
        let sequence = self.sequence.checked_add(1).expect("a journal has fewer than 2^64 segments");
        let header = SegmentHeader { store: self.store, sequence, after: self.position };
        let segment = match self.spares.as_mut().and_then(Spares::take) {
            Some(file) => Segment::create_in(&*self.disk, header, SPARE_FILE, file)?,
            None => Segment::create(&*self.disk, header)?,
        };
        self.segments.push(&header);
        self.sequence = sequence;
        self.rotate_at = self.segment_bytes;
        self.segment = Some(segment);
        Ok(())
    }

    /// Whether frames can be written; if not, [`begin_anew`](Self::begin_anew) has to succeed first.
    pub(crate) fn stands(&self) -> bool {
        self.segment.is_some()
    }

    /// Marks the end of the journal. Nothing can be written afterwards.
    pub(crate) fn close(&mut self) {
        self.spares = None;
        if let Some(segment) = self.segment.take() {
            segment.mark_end();
        }
    }
}
