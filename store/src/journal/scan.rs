//! Reading a segment from its header to its end: which frames are in it, and whether what is behind them may be there.
//!
//! Must not judge frames: whether they continue one another is for the replay.

mod salvage;

pub(crate) use salvage::{FoundFrame, Remains};

use super::sector::{Kind, PAYLOAD, SECTOR, Salt, Sector};
use super::segment::{LENGTH, PAGE};
use crate::disk::DiskFile;
use crate::error::OpenError;
use std::io;

const SECTOR_BYTES: u64 = 512;
/// Read at once.
const WINDOW: usize = 1 << 20;

/// Why a segment cannot be walked.
#[derive(Debug)]
pub(crate) enum ScanFault {
    Io(io::Error),
    /// The frame with this number is not as it was written.
    Damaged {
        frame: u64,
        what: &'static str,
    },
}

impl ScanFault {
    /// As an error of opening the segment of this name.
    pub(crate) fn in_segment(self, name: &str) -> OpenError {
        match self {
            Self::Io(source) => OpenError::io(name, source),
            Self::Damaged { frame, what } => OpenError::damaged(name, Some(frame), what),
        }
    }

    fn into_io(self) -> io::Error {
        match self {
            Self::Io(source) => source,
            Self::Damaged { frame, what } => io::Error::other(format!("frame {frame}: {what}")),
        }
    }
}

impl From<io::Error> for ScanFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// How a segment ends.
pub(crate) struct Scanned {
    /// Behind the last frame, or its mark.
    pub(crate) end: u64,
    /// Whether anything is behind that.
    pub(crate) is_torn: bool,
    /// The last frame, if no mark says that it is the last.
    pub(crate) unmarked: Option<u64>,
}

/// A walk over the sectors of one segment.
pub(crate) struct Scan<'a> {
    file: &'a dyn DiskFile,
    salt: Salt,
    /// Index of the sector after the last one looked at as part of the journal.
    next: u64,
    /// The last frame met.
    last: u64,
    window: Vec<u8>,
    /// Index of the first sector of the window.
    window_at: u64,
    /// Whether sectors with one flipped bit are put right, and how many were.
    mended: Option<u64>,
}

/// What a sector turns out to be, without its payload.
enum Found {
    Frame,
    Mark,
    Blank,
}

impl<'a> Scan<'a> {
    /// Before the first frame, which follows the frame `after`.
    pub(crate) fn new(file: &'a dyn DiskFile, salt: Salt, after: u64) -> Self {
        Self { file, salt, next: 1, last: after, window: Vec::new(), window_at: 0, mended: None }
    }

    /// Hands over all frames, or those up to `through`.
    pub(crate) fn walk<E: From<ScanFault>>(
        mut self,
        through: Option<u64>,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<Scanned, E> {
        let mut unmarked = None;
        let mut frame = Vec::new();
        while through != Some(self.last) {
            match self.find_next()? {
                Found::Frame => {
                    if !self.read_frame(&mut frame)? {
                        break;
                    }
                    visit(self.last, &frame)?;
                    unmarked = Some(self.last);
                }
                Found::Mark => unmarked = None,
                Found::Blank => break,
            }
        }
        let is_torn = through.is_none() && self.something_follows()?;
        Ok(Scanned { end: self.next * SECTOR_BYTES, is_torn, unmarked })
    }

    /// What stands where the next frame would begin; a mark is stepped over.
    fn find_next(&mut self) -> Result<Found, ScanFault> {
        let (here, last) = (self.next, self.last);
        match self.sector(here)? {
            Sector::Written { kind: Kind::First, frame, .. } if frame == last + 1 => Ok(Found::Frame),
            Sector::Written { kind: Kind::End, frame, .. } if frame == last => {
                self.next += 1;
                Ok(Found::Mark)
            }
            Sector::Written { kind: Kind::More, frame, .. } if frame == last + 1 => Ok(Found::Blank),
            Sector::Blank => {
                let page = here.next_multiple_of(PAGE / SECTOR_BYTES);
                match self.sector(page)? {
                    Sector::Written { kind: Kind::End, frame, .. } if page != here && frame == last => {
                        self.next = page + 1;
                        Ok(Found::Mark)
                    }
                    Sector::Blank | Sector::Broken | Sector::Written { .. } => Ok(Found::Blank),
                }
            }
            Sector::Written { .. } => Err(self.damaged("another one stands in its place")),
            Sector::Broken => Err(self.damaged("a sector of it is not what was written")),
        }
    }

    /// Reads the frame that begins at the next sector, unless a power cut left a part of it only.
    fn read_frame(&mut self, frame: &mut Vec<u8>) -> Result<bool, ScanFault> {
        let (start, number) = (self.next, self.last + 1);
        frame.clear();
        let Sector::Written { payload, .. } = self.sector(start)? else {
            return Err(self.damaged("its first sector cannot be read twice"));
        };
        let (length, first) =
            payload.split_first_chunk::<LENGTH>().expect("a payload is longer than a length");
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(io::Error::other)?;
        frame.extend_from_slice(&first[..length.min(PAYLOAD - LENGTH)]);
        let mut index = start;
        while frame.len() < length {
            index += 1;
            match self.sector(index)? {
                Sector::Written { kind: Kind::More, frame: of, payload } if of == number => {
                    frame.extend_from_slice(&payload[..PAYLOAD.min(length - frame.len())]);
                }
                Sector::Blank => return Ok(false),
                Sector::Written { .. } => return Err(self.damaged("a sector of another one stands in it")),
                Sector::Broken => return Err(self.damaged("a sector of it is not what was written")),
            }
        }
        self.next = index + 1;
        self.last = number;
        Ok(true)
    }

    /// Whether sectors of the frame after the last are found, in any number. Anything else behind the end means that
    /// frames before it are missing.
    fn something_follows(&mut self) -> Result<bool, ScanFault> {
        let sectors = self.file.size()?.div_ceil(SECTOR_BYTES);
        let torn = self.last + 1;
        let mut found = false;
        for index in self.next..sectors {
            match self.sector(index)? {
                Sector::Blank => {}
                Sector::Written { kind: Kind::First | Kind::More, frame, .. } if frame == torn => {
                    found = true
                }
                Sector::Written { .. } => return Err(self.damaged("it is missing, and later ones are there")),
                Sector::Broken => {
                    return Err(self.damaged("a sector behind its start is not what was written"));
                }
            }
        }
        Ok(found)
    }

    fn damaged(&self, what: &'static str) -> ScanFault {
        ScanFault::Damaged { frame: self.last + 1, what }
    }

    /// The sector with this index; behind the end of the file all are blank.
    fn sector(&mut self, index: u64) -> Result<Sector<'_>, ScanFault> {
        let in_window = |window_at: u64, window: &[u8]| {
            let start = usize::try_from(index.checked_sub(window_at)?).ok()?.checked_mul(SECTOR)?;
            (start + SECTOR <= window.len()).then_some(start)
        };
        let start = match in_window(self.window_at, &self.window) {
            Some(start) => start,
            None => {
                self.read_window(index)?;
                0
            }
        };
        let sector = &mut self.window[start..start + SECTOR];
        if let Some(mended) = &mut self.mended
            && self.salt.mend(sector, index)
        {
            *mended += 1;
        }
        Ok(self.salt.open(&self.window[start..start + SECTOR], index))
    }

    /// Reads from this sector on; what is behind the end of the file is zeros.
    fn read_window(&mut self, index: u64) -> io::Result<()> {
        let at = index.checked_mul(SECTOR_BYTES).ok_or(io::ErrorKind::FileTooLarge)?;
        let left = usize::try_from(self.file.size()?.saturating_sub(at)).map_err(io::Error::other)?;
        let count = left.min(WINDOW);
        self.window.clear();
        self.window.resize(count.next_multiple_of(SECTOR).max(SECTOR), 0);
        self.window_at = index;
        if count > 0 { self.file.read(at, &mut self.window[..count]) } else { Ok(()) }
    }
}
