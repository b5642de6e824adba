//! What is left of the journal: every whole frame on the disk, and which of them count.
//!
//! A frame counts if it can be followed, hash by hash, from or to the low-water mark of the tables. Must not know the
//! tables.

use crate::disk::Disk;
use crate::error::OpenError;
use crate::journal::frame::Frame;
use crate::journal::scan::{FoundFrame, Remains};
use crate::journal::segment::segment_name;
use crate::journal::{Position, StoreId};
use std::collections::HashMap;

/// The whole frames of all segments.
pub(super) struct Journal {
    store: StoreId,
    pub(super) segments: Vec<Remains>,
}

/// Where the journal above the mark ends before its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Break {
    pub(super) file: String,
    /// The first frame that cannot be had, if it was there.
    pub(super) frame: u64,
    pub(super) what: String,
}

/// The frames that count, seen from a low-water mark.
pub(super) struct Chain {
    /// Those above the mark, in order.
    pub(super) above: Vec<FoundFrame>,
    /// Position after the last of them.
    pub(super) end: Position,
    pub(super) broken: Option<Break>,
    /// Those up to the mark, in order and without a gap.
    pub(super) below: Vec<FoundFrame>,
    /// Whole frames behind the break.
    pub(super) behind: Vec<FoundFrame>,
}

impl Chain {
    /// Whether nothing is missing from the first frame of the store to the mark.
    pub(super) fn reaches_the_origin(&self, mark: Position) -> bool {
        self.below.first().map_or(mark, |first| first.after) == Position::ORIGIN
    }

    /// Whether the chain comes by this position.
    pub(super) fn passes(&self, mark: Position, position: Position) -> bool {
        position == mark || self.above.iter().any(|frame| frame.position == position)
    }
}

impl Journal {
    /// Looks through the segments of these numbers.
    pub(super) fn survey(disk: &dyn Disk, store: StoreId, sequences: &[u64]) -> Result<Self, OpenError> {
        let segments = sequences.iter().map(|sequence| Remains::find(disk, store, *sequence));
        Ok(Self { store, segments: segments.collect::<Result<_, _>>()? })
    }

    /// The frames one after the other.
    pub(super) fn read<'a>(
        &self,
        disk: &'a dyn Disk,
        frames: &'a [FoundFrame],
    ) -> impl Iterator<Item = Result<Frame, OpenError>> + use<'a> {
        let store = self.store;
        frames.iter().map(move |frame| frame.read(disk, store))
    }

    /// The frames that count, seen from this mark.
    pub(super) fn chain(&self, mark: Position) -> Chain {
        let mut chain =
            Chain { above: Vec::new(), end: mark, broken: None, below: self.below(mark), behind: Vec::new() };
        let mut last: Option<&Remains> = None;
        for segment in &self.segments {
            if chain.broken.is_none()
                && let Err(broken) = begin(&mut chain, mark, last, segment)
            {
                chain.broken = Some(broken);
            }
            if chain.broken.is_none() {
                follow(&mut chain, segment);
            }
            last = Some(segment);
        }
        if chain.broken.is_none() {
            chain.broken = end(&chain, mark, last);
        }
        let end = chain.end.frame;
        let frames = self.segments.iter().flat_map(|segment| &segment.frames);
        chain.behind =
            frames.filter(|frame| chain.broken.is_some() && frame.number() > end).copied().collect();
        chain
    }

    fn below(&self, mark: Position) -> Vec<FoundFrame> {
        let frames = self.segments.iter().flat_map(|segment| &segment.frames);
        let by_end: HashMap<_, _> =
            frames.map(|frame| ((frame.position.frame, frame.position.hash.0), *frame)).collect();
        let mut below = Vec::new();
        let mut next = mark;
        while let Some(frame) =
            by_end.get(&(next.frame, next.hash.0)).filter(|frame| frame.position.lsn == next.lsn)
        {
            below.push(*frame);
            next = frame.after;
        }
        below.reverse();
        below
    }
}

/// Comes to the next segment: what it says ends the one before.
fn begin(chain: &mut Chain, mark: Position, last: Option<&Remains>, segment: &Remains) -> Result<(), Break> {
    let Some(after) = segment.after else {
        // Nothing can be read of it, not even whether anything was in it.
        return Err(Break {
            file: segment.name.clone(),
            frame: chain.end.frame + 1,
            what: segment.header_fault.clone().unwrap_or_default(),
        });
    };
    if after.frame < mark.frame || after == chain.end {
        return Ok(());
    }
    if after.frame < chain.end.frame
        && (after == mark || chain.above.iter().any(|frame| frame.position == after))
    {
        // The frames behind do not exist: their commit had failed.
        chain.above.retain(|frame| frame.number() <= after.frame);
        chain.end = after;
        return Ok(());
    }
    let missed = chain.end.frame + 1;
    let fault = last.and_then(|last| {
        last.faults.iter().find(|(frame, _)| *frame == missed).map(|(_, what)| (last, *what))
    });
    Err(match fault {
        Some((last, what)) => Break { file: last.name.clone(), frame: missed, what: what.to_owned() },
        None => Break {
            file: last
                .filter(|last| last.sequence + 1 == segment.sequence)
                .map_or_else(|| segment_name(segment.sequence.saturating_sub(1)), |last| last.name.clone()),
            frame: missed,
            what: format!("it is missing; {} continues after frame {}", segment.name, after.frame),
        },
    })
}

/// Takes the frames of a segment that continue the chain.
fn follow(chain: &mut Chain, segment: &Remains) {
    for frame in &segment.frames {
        if frame.after == chain.end {
            chain.above.push(*frame);
            chain.end = frame.position;
        }
    }
}

/// What is wrong with the end of the last segment, as far as it is above the mark.
fn end(chain: &Chain, mark: Position, last: Option<&Remains>) -> Option<Break> {
    let missed = chain.end.frame + 1;
    let Some(last) = last else {
        let what = "the whole journal is missing".to_owned();
        return Some(Break { file: segment_name(1), frame: missed, what });
    };
    let broken = |what: &str| Some(Break { file: last.name.clone(), frame: missed, what: what.to_owned() });
    if let Some(beyond) = last.frames.iter().find(|frame| frame.number() > chain.end.frame) {
        let fault = last.faults.iter().find(|(frame, _)| *frame == missed);
        let what = format!("it is missing, and frame {} is there", beyond.number());
        return broken(fault.map_or(&what, |(_, what)| *what));
    }
    if last.closed_after == Some(chain.end.frame) {
        return None;
    }
    if let Some((_, what)) = last.faults.iter().find(|(frame, _)| *frame >= chain.end.frame) {
        return broken(what);
    }
    let is_met = chain.end != mark || last.after == Some(mark) || chain.below.last().is_some();
    if is_met {
        None
    } else {
        broken("the tables end at the frame before it, which the journal does not reach")
    }
}
