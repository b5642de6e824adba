//! What is left of a damaged segment: every whole frame in it, also behind a break.
//!
//! For a repair. Must not decide which of the frames count: that is a question about the whole journal.

use super::{Found, SECTOR_BYTES, Scan, ScanFault};
use crate::disk::{Disk, OpenMode};
use crate::error::OpenError;
use crate::journal::fields::Fields;
use crate::journal::frame::{FRAME_VERSION, Frame};
use crate::journal::sector::{Kind, Salt, Sector};
use crate::journal::segment::{SegmentHeader, segment_name};
use crate::journal::{FrameHash, Position, StoreId};
use crate::key::Lsn;
use std::io;
use std::sync::Arc;

/// A whole frame, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundFrame {
    pub(crate) sequence: u64,
    /// Index of its first sector in the segment.
    sector: u64,
    /// What it says is before it.
    pub(crate) after: Position,
    /// The position after it.
    pub(crate) position: Position,
}

impl FoundFrame {
    pub(crate) fn number(&self) -> u64 {
        self.position.frame
    }

    /// Reads it again.
    pub(crate) fn read(&self, disk: &dyn Disk, store: StoreId) -> Result<Frame, OpenError> {
        let name = segment_name(self.sequence);
        let failed = |source| OpenError::io(&name, source);
        let file = disk.open(&name, OpenMode::Reading).map_err(failed)?;
        let mut scan = Scan::new(&*file, Salt::of(store, self.sequence), self.after.frame);
        (scan.next, scan.mended) = (self.sector, Some(0));
        let mut bytes = Vec::new();
        scan.read_frame(&mut bytes).map_err(|fault| fault.in_segment(&name))?;
        Frame::check(Arc::new(bytes.as_slice().into()), self.after)
            .map_err(|fault| OpenError::damaged(&name, Some(self.number()), fault.to_string()))
    }
}

/// What is left of a segment.
#[derive(Debug)]
pub(crate) struct Remains {
    pub(crate) name: String,
    pub(crate) sequence: u64,
    /// Where the journal before it ends, as its header says or, without one, its first frame.
    pub(crate) after: Option<Position>,
    /// What is wrong with the header.
    pub(crate) header_fault: Option<String>,
    /// In the order they stand. There may be gaps.
    pub(crate) frames: Vec<FoundFrame>,
    /// What is wrong, with the number of the frame that is missed there.
    pub(crate) faults: Vec<(u64, &'static str)>,
    /// The last frame, if the journal was closed in order after it.
    pub(crate) closed_after: Option<u64>,
    /// Sectors in which one bit was put right.
    pub(crate) mended: u64,
    /// Version of a frame that is whole and of another form.
    newer_frame: Option<u8>,
}

impl Remains {
    /// Looks through the segment of this number.
    ///
    /// # Errors
    /// What the operating system says, and another format version; damage is in the answer.
    pub(crate) fn find(disk: &dyn Disk, store: StoreId, sequence: u64) -> Result<Self, OpenError> {
        let name = segment_name(sequence);
        let failed = |source| OpenError::io(&name, source);
        let file = disk.open(&name, OpenMode::Reading).map_err(failed)?;
        let header = SegmentHeader::salvage(&name, &*file).map_err(failed)?;
        let mut of_another_version = None;
        let (header, header_fault, mended) = match header {
            Ok((header, _)) if header.store != store => {
                (None, Some("it belongs to another store".to_owned()), false)
            }
            Ok((header, _)) if header.sequence != sequence => {
                (None, Some(format!("it is segment {} under another name", header.sequence)), false)
            }
            Ok((header, mended)) => (Some(header), None, mended),
            Err(error) => {
                let what = error.to_string();
                of_another_version = Some(error).filter(|error| matches!(error, OpenError::Version { .. }));
                (None, Some(what), false)
            }
        };
        let after = header.map(|header| header.after);
        let mut remains = Self {
            name: name.clone(),
            sequence,
            after,
            header_fault,
            frames: Vec::new(),
            faults: Vec::new(),
            closed_after: None,
            mended: u64::from(mended),
            newer_frame: None,
        };
        let mut scan = Scan::new(&*file, Salt::of(store, sequence), after.map_or(0, |after| after.frame));
        scan.mended = Some(0);
        remains.walk(&mut scan, after.is_some()).map_err(failed)?;
        remains.mended += scan.mended.unwrap_or(0);
        remains.after = after.or_else(|| remains.frames.first().map(|first| first.after));
        // Sectors of our own form under a header of another are those of a header that is damaged.
        if let Some(error) = of_another_version.filter(|_| remains.frames.is_empty()) {
            return Err(error);
        }
        match remains.newer_frame {
            Some(found) => Err(OpenError::Version { file: name, found, supported: FRAME_VERSION }),
            None => Ok(remains),
        }
    }

    /// Goes through all sectors; behind a break, from the next sector on that a frame begins with.
    fn walk(&mut self, scan: &mut Scan<'_>, starts_in_order: bool) -> io::Result<()> {
        let mut bytes = Vec::new();
        let mut goes_on = starts_in_order || self.resume(scan)?;
        while goes_on {
            let here = scan.next;
            let step = match scan.find_next() {
                Ok(Found::Frame) => {
                    scan.read_frame(&mut bytes).map(|is_whole| is_whole && self.take(scan, here, &bytes))
                }
                Ok(Found::Mark) => {
                    self.closed_after = Some(scan.last);
                    Ok(true)
                }
                Ok(Found::Blank) => Ok(false),
                Err(fault) => Err(fault),
            };
            goes_on = match step {
                Ok(true) => true,
                Ok(false) => self.resume(scan)?,
                Err(ScanFault::Io(error)) => return Err(error),
                Err(ScanFault::Damaged { frame, what }) => {
                    self.note(frame, what);
                    self.resume(scan)?
                }
            };
        }
        Ok(())
    }

    /// What is found behind the mark of an end says that frames followed it.
    fn note(&mut self, missed: u64, what: &'static str) {
        self.closed_after = None;
        self.faults.push((missed, what));
    }

    /// Takes the bytes of a frame in if they are one.
    fn take(&mut self, scan: &mut Scan<'_>, sector: u64, bytes: &[u8]) -> bool {
        let checked = claimed_after(bytes)
            .filter(|after| after.frame.checked_add(1) == Some(scan.last))
            .and_then(|after| Frame::check(Arc::new(bytes.into()), after).ok().map(|frame| (after, frame)));
        match checked {
            Some((after, frame)) => {
                let (sequence, position) = (self.sequence, frame.position);
                self.frames.push(FoundFrame { sequence, sector, after, position });
                self.closed_after = None;
                true
            }
            None => {
                self.newer_frame =
                    self.newer_frame.or(bytes.first().copied().filter(|version| *version != FRAME_VERSION));
                self.note(scan.last, "its bytes are not those of a frame");
                scan.next = sector;
                scan.last -= 1;
                false
            }
        }
    }

    /// Finds the next sector that a frame begins with, whatever its number; answers whether there is one. Takes note of
    /// everything on the way that a power cut does not leave.
    fn resume(&mut self, scan: &mut Scan<'_>) -> io::Result<bool> {
        let (last, missed) = (scan.last, scan.last + 1);
        let sectors = scan.file.size()?.div_ceil(SECTOR_BYTES);
        for index in scan.next..sectors {
            let sector = scan.sector(index).map_err(ScanFault::into_io)?;
            match sector {
                Sector::Blank => {}
                Sector::Written { kind: Kind::First, frame, .. } if frame > missed => {
                    self.note(missed, "it is missing, and later ones are there");
                    (scan.next, scan.last) = (index, frame - 1);
                    return Ok(true);
                }
                Sector::Written { kind: Kind::First | Kind::More, frame, .. } if frame == missed => {}
                Sector::Written { kind: Kind::End, frame, .. } if frame == last => {
                    self.closed_after = Some(last);
                    scan.next = index + 1;
                    return Ok(true);
                }
                Sector::Written { .. } => self.note(missed, "it is missing, and later ones are there"),
                Sector::Broken => self.note(missed, "a sector behind its start is not what was written"),
            }
        }
        Ok(false)
    }
}

/// What the bytes of a frame say is before it; nothing is checked.
fn claimed_after(bytes: &[u8]) -> Option<Position> {
    let mut fields = Fields::new(bytes, 1);
    let (number, first) = (fields.u64()?, fields.u64()?);
    fields.u32()?;
    let hash = FrameHash(fields.array()?);
    Some(Position { frame: number.checked_sub(1)?, hash, lsn: Lsn::new(first.checked_sub(1)?) })
}
