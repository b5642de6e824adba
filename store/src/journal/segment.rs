//! One segment of the journal: a file with a header and frames behind it, each in sectors of its own.
//!
//! Only ever written at its end. Layout: `docs/storage-format.md`, sections 2.1 and 2.2.

use super::fields::{Fields, put_position};
use super::frame_bytes::FrameBytes;
use super::scan::{Scan, ScanFault, Scanned};
use super::sector::{Kind, PAYLOAD, SECTOR, Salt};
use super::{FrameHash, Position, StoreId};
use crate::disk::{CreateFailure, Disk, DiskFile, NEW_SUFFIX, OpenMode};
use crate::error::OpenError;
use std::io;
use std::sync::Arc;

/// The mark of an orderly end stands at the start of a page, apart from the frame that it speaks of: no lost page takes
/// both away.
pub(crate) const PAGE: u64 = 4096;
const SECTOR_BYTES: u64 = 512;
/// Bytes before a frame in its first sector: its length.
pub(crate) const LENGTH: usize = 4;
pub(crate) const SEGMENT_VERSION: u8 = 1;
const RESERVED: [u8; 4] = [0; 4];
const HEADER_LEN: usize = 77;

/// The first sector of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SegmentHeader {
    pub(crate) store: StoreId,
    pub(crate) sequence: u64,
    /// Where the segment before it ends, whatever else is found in that one.
    pub(crate) after: Position,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![SEGMENT_VERSION];
        bytes.extend_from_slice(&self.store.0);
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        put_position(&mut bytes, self.after);
        bytes.extend_from_slice(&RESERVED);
        let hash = FrameHash::of(&bytes);
        bytes.extend_from_slice(&hash.0);
        bytes
    }

    fn decode(name: &str, sector: &[u8]) -> Result<Self, OpenError> {
        let (bytes, rest) = sector.split_at(HEADER_LEN);
        if bytes[0] != SEGMENT_VERSION && bytes.iter().any(|byte| *byte != 0) {
            let (file, found) = (name.to_owned(), bytes[0]);
            return Err(OpenError::Version { file, found, supported: SEGMENT_VERSION });
        }
        bytes
            .split_last_chunk()
            .filter(|_| rest.iter().all(|byte| *byte == 0))
            .filter(|(body, hash)| FrameHash::of(body) == FrameHash(**hash))
            .and_then(|(body, _)| {
                let mut fields = Fields::new(body, 1);
                let (store, sequence) = (StoreId(fields.array()?), fields.u64()?);
                Some(Self { store, sequence, after: fields.position()? })
            })
            .ok_or_else(|| OpenError::damaged(name, None, "the checksum of its header does not match"))
    }

    /// The header of a file that may be damaged, and whether one flipped bit in it was put right; or what is wrong with
    /// it. The outer error is the operating system's.
    pub(crate) fn salvage(name: &str, file: &dyn DiskFile) -> io::Result<Result<(Self, bool), OpenError>> {
        let mut sector = [0; SECTOR];
        let there = usize::try_from(file.size()?).unwrap_or(SECTOR).min(SECTOR);
        file.read(0, &mut sector[..there])?;
        let fault = match Self::decode(name, &sector) {
            Ok(header) => return Ok(Ok((header, false))),
            Err(error) => error,
        };
        for bit in 0..SECTOR * 8 {
            sector[bit / 8] ^= 1 << (bit % 8);
            if let Ok(header) = Self::decode(name, &sector) {
                return Ok(Ok((header, true)));
            }
            sector[bit / 8] ^= 1 << (bit % 8);
        }
        Ok(Err(fault))
    }
}

/// The file name of the segment with this sequence number.
pub(crate) fn segment_name(sequence: u64) -> String {
    format!("journal-{sequence:016}.log")
}

/// The sequence numbers of all segments among these files, ascending.
pub(crate) fn sequences(names: &[String]) -> Vec<u64> {
    let mut found: Vec<u64> = names
        .iter()
        .filter_map(|name| name.strip_prefix("journal-")?.strip_suffix(".log")?.parse().ok())
        .collect();
    found.sort_unstable();
    found
}

/// An open segment.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    file: Box<dyn DiskFile>,
    salt: Salt,
    /// Where the next frame goes.
    end: u64,
    /// Whether something is behind `end`, left by a power cut. Such a segment is not written any more.
    is_torn: bool,
    /// Number of the last frame since the last mark of an orderly end.
    unmarked: Option<u64>,
    sectors: Vec<u8>,
}

impl Segment {
    /// Makes a segment; it bears its name only when its header is durable.
    pub(crate) fn create(disk: &dyn Disk, header: SegmentHeader) -> Result<Self, CreateFailure> {
        let unfinished = format!("{}{NEW_SUFFIX}", segment_name(header.sequence));
        let file = disk.open(&unfinished, OpenMode::New).map_err(|source| CreateFailure {
            error: OpenError::io(&segment_name(header.sequence), source),
            may_be_named: false,
        })?;
        Self::create_in(disk, header, &unfinished, file)
    }

    /// Makes a segment of a file of zeros, or an empty one, that bears another name.
    pub(crate) fn create_in(
        disk: &dyn Disk,
        header: SegmentHeader,
        unfinished: &str,
        file: Box<dyn DiskFile>,
    ) -> Result<Self, CreateFailure> {
        let name = segment_name(header.sequence);
        let failed = |may_be_named| {
            let name = &name;
            move |source| CreateFailure { error: OpenError::io(name, source), may_be_named }
        };
        let mut sector = header.encode();
        sector.resize(SECTOR, 0);
        file.write(0, &sector).and_then(|()| file.sync()).map_err(failed(false))?;
        disk.rename(unfinished, &name).map_err(failed(true))?;
        Ok(Self::at(name, header, file, SECTOR_BYTES))
    }

    /// Makes a segment that has its frames already when it bears its name; `next` answers the number and the bytes of
    /// one after the other. There is a mark of an orderly end behind them.
    pub(crate) fn create_whole(
        disk: &dyn Disk,
        header: SegmentHeader,
        mut next: impl FnMut() -> Option<Result<(u64, Arc<FrameBytes>), OpenError>>,
    ) -> Result<(), OpenError> {
        let (name, unfinished) =
            (segment_name(header.sequence), format!("{}{NEW_SUFFIX}", segment_name(header.sequence)));
        let failed = |source| OpenError::io(&name, source);
        let file = disk.open(&unfinished, OpenMode::New).map_err(failed)?;
        let mut segment = Self::at(name.clone(), header, file, SECTOR_BYTES);
        while let Some(frame) = next() {
            let (number, bytes) = frame?;
            segment.write(number, &bytes).map_err(failed)?;
        }
        if let Some(last) = segment.unmarked {
            segment.seal_end(last).map_err(failed)?;
        }
        Ok(Self::create_in(disk, header, &unfinished, segment.file).map(drop)?)
    }

    fn at(name: String, header: SegmentHeader, file: Box<dyn DiskFile>, end: u64) -> Self {
        let salt = Salt::of(header.store, header.sequence);
        Self { name, header, file, salt, end, is_torn: false, unmarked: None, sectors: Vec::new() }
    }

    /// Opens a segment that must be there. Its frames have to be [walked](Self::frames) before it is written.
    pub(crate) fn open(disk: &dyn Disk, sequence: u64) -> Result<Self, OpenError> {
        let name = segment_name(sequence);
        let failed = |source| OpenError::io(&name, source);
        let file = disk.open(&name, OpenMode::Existing).map_err(failed)?;
        if file.size().map_err(failed)? < SECTOR_BYTES {
            return Err(OpenError::damaged(&name, None, "it is shorter than its header"));
        }
        let mut sector = [0; SECTOR];
        file.read(0, &mut sector).map_err(failed)?;
        let header = SegmentHeader::decode(&name, &sector)?;
        if header.sequence != sequence {
            let what = format!("it is segment {} under another name", header.sequence);
            return Err(OpenError::damaged(&name, None, what));
        }
        Ok(Self::at(name, header, file, SECTOR_BYTES))
    }

    /// Bytes that its frames take.
    pub(crate) fn bytes(&self) -> u64 {
        self.end - SECTOR_BYTES
    }

    /// Whether frames can be added behind those it has.
    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// Makes a frame durable. After an error the segment must not be written again.
    pub(crate) fn write(&mut self, number: u64, frame: &[u8]) -> io::Result<()> {
        assert!(!self.is_torn, "nothing is written in front of what a power cut left");
        self.sectors.clear();
        seal_frame(&mut self.sectors, self.salt, self.end / SECTOR_BYTES, number, frame);
        self.write_sectors()?;
        self.unmarked = Some(number);
        Ok(())
    }

    fn write_sectors(&mut self) -> io::Result<()> {
        self.file.write(self.end, &self.sectors)?;
        self.file.sync()?;
        let written = u64::try_from(self.sectors.len()).map_err(io::Error::other)?;
        self.end = self.end.checked_add(written).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(())
    }

    /// Hands over the frames in order, up to `through` if given, and finds the end, behind which nothing may stand but
    /// what a power cut left of the frame that was being written.
    pub(crate) fn frames<E: From<ScanFault>>(
        &mut self,
        through: Option<u64>,
        visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let scan = Scan::new(&*self.file, self.salt, self.header.after.frame);
        let Scanned { end, is_torn, unmarked } = scan.walk(through, visit)?;
        (self.end, self.is_torn, self.unmarked) = (end, is_torn, unmarked);
        Ok(())
    }

    /// Where its frames up to `through` end, in bytes; every sector up to there is checked.
    pub(crate) fn end_of(&mut self, through: u64) -> Result<u64, OpenError> {
        let walked = self.frames::<ScanFault>(Some(through), |_, _| Ok(()));
        walked.map_err(|fault| fault.in_segment(&self.name))?;
        Ok(self.end)
    }

    /// Fills `out` with its bytes from `offset`.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    /// Whether there is any frame in it.
    pub(crate) fn has_frames(&mut self) -> Result<bool, OpenError> {
        let mut any = false;
        let walked = self.frames::<ScanFault>(None, |_, _| {
            any = true;
            Ok(())
        });
        walked.map_err(|fault| fault.in_segment(&self.name))?;
        Ok(any)
    }

    /// Makes what was found in it durable: it may have been written by a process that was killed before its sync.
    pub(crate) fn settle(&self) -> Result<(), OpenError> {
        self.file.sync().map_err(|source| OpenError::io(&self.name, source))
    }

    /// Writes behind the last frame that it is the last, so that its loss would be noticed. A failure changes nothing:
    /// what counts is durable.
    pub(crate) fn mark_end(mut self) {
        let Some(last) = self.unmarked.filter(|_| !self.is_torn) else { return };
        if let Err(error) = self.seal_end(last) {
            tracing::debug!(segment = self.name, %error, "the mark of the end could not be written");
        }
    }

    fn seal_end(&mut self, last: u64) -> io::Result<()> {
        self.end = self.end.next_multiple_of(PAGE);
        self.sectors.clear();
        self.salt.seal(&mut self.sectors, self.end / SECTOR_BYTES, Kind::End, last, &[]);
        self.write_sectors()
    }
}

/// Lays a frame out over sectors: its length, then its bytes.
fn seal_frame(out: &mut Vec<u8>, salt: Salt, mut index: u64, number: u64, frame: &[u8]) {
    let length = u32::try_from(frame.len()).expect("a frame is far below 4 GiB").to_le_bytes();
    let (first, rest) = frame.split_at(frame.len().min(PAYLOAD - LENGTH));
    let mut payload = [0; PAYLOAD];
    payload[..LENGTH].copy_from_slice(&length);
    payload[LENGTH..LENGTH + first.len()].copy_from_slice(first);
    salt.seal(out, index, Kind::First, number, &payload);
    for more in rest.chunks(PAYLOAD) {
        index += 1;
        salt.seal(out, index, Kind::More, number, more);
    }
}
