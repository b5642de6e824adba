//! Reading the journal at open: every frame above the low-water mark, checked, in order.

use super::frame::{FRAME_VERSION, Frame, FrameFault, stored_hash};
use super::reached::{REACHED_FILE, reached};
use super::scan::ScanFault;
use super::segment::Segment;
use super::writer::SegmentList;
use super::{Position, StoreId};
use crate::disk::Disk;
use crate::error::OpenError;
use std::sync::Arc;

/// The journal after a replay.
pub(crate) struct Replayed {
    /// The last segment, to go on in.
    pub(crate) segment: Segment,
    /// The last frame that counts.
    pub(crate) position: Position,
    pub(crate) segments: SegmentList,
}

/// Hands every frame above `mark` to `visit`.
pub(crate) fn replay(
    disk: &dyn Disk,
    store: StoreId,
    mark: Position,
    sequences: &[u64],
    mut visit: impl FnMut(Frame),
) -> Result<Replayed, OpenError> {
    let segments = SegmentList::default();
    let mut position = mark;
    let mut current: Option<Segment> = None;
    for &sequence in sequences {
        let next = Segment::open(disk, sequence)?;
        check_header(&next, store, mark, current.as_ref())?;
        if let Some(done) = current.take() {
            position = replay_segment(done, Some(next.header.after), mark, position, &mut visit)?.1;
        }
        segments.push(&next.header);
        current = Some(next);
    }
    let last = current.ok_or_else(|| OpenError::damaged("journal", None, "all its segments are missing"))?;
    let (segment, position) = replay_segment(last, None, mark, position, &mut visit)?;
    let reached = reached(disk, store).map_err(|source| OpenError::io(REACHED_FILE, source))?;
    if let Some(reached) = reached.filter(|reached| *reached > position.frame) {
        let what = format!("the journal ends before this frame, and had come to frame {reached}");
        return Err(OpenError::damaged(&segment.name, Some(position.frame + 1), what));
    }
    Ok(Replayed { segment, position, segments })
}

fn check_header(
    next: &Segment,
    store: StoreId,
    mark: Position,
    previous: Option<&Segment>,
) -> Result<(), OpenError> {
    let damaged = |what: String| Err(OpenError::damaged(&next.name, None, what));
    if next.header.store != store {
        return damaged("it belongs to another store".to_owned());
    }
    match previous {
        None if next.header.after.frame > mark.frame => damaged(format!(
            "it is the first segment and continues after frame {}, but the tables end at frame {}; \
             segments are missing",
            next.header.after.frame, mark.frame
        )),
        Some(previous) if next.header.sequence != previous.header.sequence + 1 => {
            damaged(format!("the segment before it is missing; {} is the last before the gap", previous.name))
        }
        Some(previous) if next.header.after.frame < previous.header.after.frame => {
            damaged("it continues before the segment before it begins".to_owned())
        }
        None | Some(_) => Ok(()),
    }
}

/// An error while frames are walked: of the file, or of one frame.
enum Broken {
    Scan(ScanFault),
    Frame(u64, FrameFault),
    Mark,
}

impl From<ScanFault> for Broken {
    fn from(fault: ScanFault) -> Self {
        Self::Scan(fault)
    }
}

/// Walks the frames of a segment that count: up to `end` if another segment follows. Closes it in that case.
fn replay_segment(
    mut segment: Segment,
    end: Option<Position>,
    mark: Position,
    mut position: Position,
    visit: &mut impl FnMut(Frame),
) -> Result<(Segment, Position), OpenError> {
    let after = segment.header.after;
    let name = segment.name.clone();
    if after.frame >= mark.frame && after != position {
        return Err(OpenError::damaged(
            &name,
            None,
            format!(
                "it continues after frame {}, but the journal before it ends at frame {}",
                after.frame, position.frame
            ),
        ));
    }
    let mut mark_seen = after.frame >= mark.frame || end.is_some_and(|end| end.frame < mark.frame);
    let walked = segment.frames(end.map(|end| end.frame), |number, bytes| {
        if number < mark.frame {
            return Ok(());
        }
        if number == mark.frame {
            mark_seen = true;
            return if stored_hash(bytes) == Some(mark.hash) { Ok(()) } else { Err(Broken::Mark) };
        }
        let expected = position.frame + 1;
        if number != expected {
            return Err(Broken::Frame(expected, FrameFault::Number(number)));
        }
        let frame =
            Frame::check(Arc::new(bytes.into()), position).map_err(|fault| Broken::Frame(number, fault))?;
        position = frame.position;
        visit(frame);
        Ok(())
    });
    walked.map_err(|broken| explain(&name, broken, mark))?;
    if !mark_seen {
        let what =
            "the tables contain this frame and the journal does not; an older copy of the file was put back";
        return Err(OpenError::damaged(&name, Some(mark.frame), what));
    }
    match end {
        Some(end) if end.frame >= mark.frame && position != end => Err(OpenError::damaged(
            &name,
            Some(position.frame + 1),
            format!(
                "the frame is missing or is another one: the next segment continues after frame {}",
                end.frame
            ),
        )),
        None | Some(_) => Ok((segment, position)),
    }
}

fn explain(name: &str, broken: Broken, mark: Position) -> OpenError {
    match broken {
        Broken::Scan(fault) => fault.in_segment(name),
        Broken::Frame(_, FrameFault::Version(found)) => {
            OpenError::Version { file: name.to_owned(), found, supported: FRAME_VERSION }
        }
        Broken::Frame(number, FrameFault::Number(_)) => {
            OpenError::damaged(name, Some(number), "the frame is missing")
        }
        Broken::Frame(number, fault) => OpenError::damaged(name, Some(number), fault.to_string()),
        Broken::Mark => {
            OpenError::damaged(name, Some(mark.frame), "it is not the frame that the tables end at")
        }
    }
}
