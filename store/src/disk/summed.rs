//! A file of pages with a checksum of each page beside it.
//!
//! The database library has checksums of its pages too, in the pages above them, but compares them only when it checks
//! a whole file. So a page put back, exchanged, or changed in its keys would be read as if it were right. Here every
//! page is compared when it is read, with a sum that is kept in another page.
//!
//! Must not know what is in the pages. Layout: `docs/storage-format.md`, section 3.4.

use super::DiskFile;
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The version of the format of a file with sums; one before had none.
pub(crate) const FORMAT: u8 = 3;
/// What a page of sums begins with.
pub(super) const HEAD: [u8; 8] = [b'L', b'A', b'U', b'R', b'E', b'L', 0, FORMAT];
/// Bytes of a page.
pub(super) const PAGE: u64 = 4096;
const PAGE_LEN: usize = 4096;
const SUM_LEN: usize = 8;
/// Pages that one page of sums is for.
const GROUP: u64 = 511;
const GROUP_LEN: usize = 511;

/// The pages in it, numbered from 0 as if the sums were not there. The first is the database's header, which is written
/// in place and in part; it has checks of its own and no sum.
#[derive(Debug)]
pub(crate) struct SummedFile {
    file: Box<dyn DiskFile>,
    sums: RwLock<Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    /// By group, as far as they have been needed.
    groups: Vec<Option<Box<[u64; GROUP_LEN]>>>,
    /// What has changed since the last sync.
    dirty: BTreeSet<usize>,
}

impl SummedFile {
    /// A file that may have pages already.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn new(file: Box<dyn DiskFile>) -> io::Result<Self> {
        let groups = index((file.size()? / PAGE).div_ceil(GROUP + 1))?;
        let sums = RwLock::new(Sums { groups: vec![None; groups], dirty: BTreeSet::new() });
        Ok(Self { file, sums })
    }

    /// Length in bytes, without the sums.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn size(&self) -> io::Result<u64> {
        let there = self.file.size()? / PAGE;
        Ok((there - there.div_ceil(GROUP + 1)) * PAGE)
    }

    /// Fills `out` from `offset` and compares. If a page of it is not what was written, all is zeros, and the first
    /// such page is answered. Zeros are no page of a database: whoever needs it is refused, while after an error the
    /// library would refuse all reads of the file.
    ///
    /// # Errors
    /// As [`DiskFile::read`].
    pub(super) fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<Option<u64>> {
        let found = self.read_runs(offset, out, |run, bytes| self.unsound(run, bytes))?;
        if found.is_some() {
            out.fill(0);
        }
        Ok(found)
    }

    /// Fills `out` from `offset` as it is, for somebody who compares by other means.
    ///
    /// # Errors
    /// As [`DiskFile::read`].
    pub(crate) fn read_unchecked(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.read_runs(offset, out, |_, _| Ok(None)).map(drop)
    }

    /// Fills `out`, and lets `look` at each run of pages until it finds something.
    fn read_runs(
        &self,
        offset: u64,
        out: &mut [u8],
        look: impl Fn(&Run, &[u8]) -> io::Result<Option<u64>>,
    ) -> io::Result<Option<u64>> {
        let Some(runs) = runs(offset, out.len())? else {
            self.file.read(PAGE + offset, out)?;
            return Ok(None);
        };
        for run in runs {
            let bytes = &mut out[run.bytes.clone()];
            self.file.read(place_of(run.pages.start), bytes)?;
            if let Some(page) = look(&run, bytes)? {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    fn sums(&self) -> RwLockReadGuard<'_, Sums> {
        self.sums.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn sums_mut(&self) -> RwLockWriteGuard<'_, Sums> {
        self.sums.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that the sums of a group are in memory. Until they are, nothing of them has changed.
    fn load(&self, group: u64) -> io::Result<usize> {
        let place = index(group)?;
        let known = self.sums().groups.get(place).map(Option::is_some);
        match known {
            Some(true) => return Ok(place),
            Some(false) => {}
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        let mut page = [0; PAGE_LEN];
        self.file.read(group * (GROUP + 1) * PAGE, &mut page)?;
        let mut entries = Box::new([0; GROUP_LEN]);
        for (entry, bytes) in entries.iter_mut().zip(page[SUM_LEN..].chunks_exact(SUM_LEN)) {
            *entry = u64::from_le_bytes(bytes.try_into().expect("a chunk is eight bytes"));
        }
        if let Some(unknown @ None) = self.sums_mut().groups.get_mut(place) {
            *unknown = Some(entries);
        }
        Ok(place)
    }

    /// The first of these pages of one group that is not what was written.
    fn unsound(&self, run: &Run, bytes: &[u8]) -> io::Result<Option<u64>> {
        let place = self.load(run.pages.start / GROUP)?;
        let sums = self.sums();
        let entries = sums.groups.get(place).and_then(Option::as_deref);
        let entries = entries.ok_or(io::ErrorKind::UnexpectedEof)?;
        for (page, bytes) in run.pages.clone().zip(bytes.chunks_exact(PAGE_LEN)) {
            let is_sound = match entries[index(page % GROUP)?] {
                0 => bytes.iter().all(|byte| *byte == 0),
                written => written == sum(page, bytes),
            };
            if page != 0 && !is_sound {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// Writes the sums that have changed.
    fn write_sums(&self) -> io::Result<()> {
        loop {
            let mut page = [0; PAGE_LEN];
            let group = {
                let mut sums = self.sums_mut();
                let Some(group) = sums.dirty.pop_first() else { return Ok(()) };
                let entries = sums.groups[group].as_deref().expect("what has changed is in memory");
                page[..SUM_LEN].copy_from_slice(&HEAD);
                for (bytes, entry) in page[SUM_LEN..].chunks_exact_mut(SUM_LEN).zip(entries) {
                    bytes.copy_from_slice(&entry.to_le_bytes());
                }
                group
            };
            let at = u64::try_from(group).map_err(io::Error::other)? * (GROUP + 1) * PAGE;
            if let Err(error) = self.file.write(at, &page) {
                self.sums_mut().dirty.insert(group);
                return Err(error);
            }
        }
    }

    /// Writes all of `data` at `offset`.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let Some(runs) = runs(offset, data.len())? else { return self.file.write(PAGE + offset, data) };
        for run in runs {
            let bytes = &data[run.bytes.clone()];
            let place = self.load(run.pages.start / GROUP)?;
            self.file.write(place_of(run.pages.start), bytes)?;
            let mut sums = self.sums_mut();
            sums.dirty.insert(place);
            let entries = sums.groups[place].as_deref_mut().expect("it has just been loaded");
            for (page, bytes) in run.pages.zip(bytes.chunks_exact(PAGE_LEN)) {
                entries[index(page % GROUP)?] = sum(page, bytes);
            }
        }
        Ok(())
    }

    /// Cuts the file, or extends it with pages that were never written.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn resize(&self, size: u64) -> io::Result<()> {
        let pages = whole_pages(size)?;
        let groups = index(pages.div_ceil(GROUP))?;
        // Pages behind the end have no sums, so that they count as never written when the file grows again.
        let old = self.sums().groups.len();
        if groups <= old && !pages.is_multiple_of(GROUP) {
            self.cut(pages / GROUP, pages % GROUP)?;
        }
        let mut sums = self.sums_mut();
        sums.groups.resize_with(groups, || Some(Box::new([0; GROUP_LEN])));
        sums.dirty.retain(|group| *group < groups);
        sums.dirty.extend(old..groups);
        drop(sums);
        self.file.resize(place_of_end(pages))
    }

    /// Makes everything written so far survive a power cut, with its sums.
    ///
    /// # Errors
    /// As [`DiskFile::sync`].
    pub(super) fn sync(&self) -> io::Result<()> {
        self.write_sums()?;
        self.file.sync()
    }

    /// Forgets the sums of a group from one of its pages on.
    fn cut(&self, group: u64, page: u64) -> io::Result<()> {
        let (place, page) = (self.load(group)?, index(page)?);
        let mut sums = self.sums_mut();
        let entries = sums.groups[place].as_deref_mut().expect("it has just been loaded");
        if entries[page..].iter().any(|entry| *entry != 0) {
            entries[page..].fill(0);
            sums.dirty.insert(place);
        }
        Ok(())
    }
}

/// Neighbouring pages of one group, and which bytes of an access they are.
#[derive(Debug)]
struct Run {
    pages: Range<u64>,
    bytes: Range<usize>,
}

/// The runs of pages that an access is to; none if it is to a part of the header.
fn runs(offset: u64, len: usize) -> io::Result<Option<Vec<Run>>> {
    if offset < PAGE && len < PAGE_LEN {
        return Ok(None);
    }
    let end = whole_pages(offset + u64::try_from(len).map_err(io::Error::other)?)?;
    let mut page = whole_pages(offset)?;
    let mut at = 0;
    let mut runs = Vec::with_capacity(1);
    while page < end {
        let through = end.min((page / GROUP + 1) * GROUP);
        let count = index(through - page)? * PAGE_LEN;
        runs.push(Run { pages: page..through, bytes: at..at + count });
        (page, at) = (through, at + count);
    }
    Ok(Some(runs))
}

/// Where a page is in the file: behind those before it, and the pages of sums.
fn place_of(page: u64) -> u64 {
    (page + page / GROUP + 1) * PAGE
}

/// Where a file of so many pages ends.
fn place_of_end(pages: u64) -> u64 {
    (pages + pages.div_ceil(GROUP)) * PAGE
}

fn whole_pages(bytes: u64) -> io::Result<u64> {
    if bytes.is_multiple_of(PAGE) {
        Ok(bytes / PAGE)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "an access to a part of a page"))
    }
}

fn index(number: u64) -> io::Result<usize> {
    usize::try_from(number).map_err(io::Error::other)
}

/// The sum of a page. One at another place has another. 0 is that of no page: it stands for one never written.
fn sum(page: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, page).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Disk, MemoryDisk, OpenMode};

    const NAME: &str = "a";

    fn opened(disk: &MemoryDisk, mode: OpenMode) -> SummedFile {
        SummedFile::new(disk.open(NAME, mode).unwrap()).unwrap()
    }

    fn page(fill: u8) -> Vec<u8> {
        vec![fill; PAGE_LEN]
    }

    fn at(page: u64) -> u64 {
        page * PAGE
    }

    fn read(file: &SummedFile, from: u64, pages: usize) -> Vec<u8> {
        let mut out = vec![9; pages * PAGE_LEN];
        file.read(at(from), &mut out).expect("a disk without faults is read");
        out
    }

    /// Three groups, the last of them not full; two pages on either side of the first border are written.
    fn three_groups() -> MemoryDisk {
        let disk = MemoryDisk::new();
        let file = opened(&disk, OpenMode::New);
        file.resize(at(2 * GROUP + 10)).unwrap();
        file.write(7, b"header").unwrap();
        file.write(at(GROUP - 2), &[page(1), page(2), page(3), page(4)].concat()).unwrap();
        file.sync().unwrap();
        disk
    }

    #[test]
    fn pages_are_where_they_were_written() {
        let disk = three_groups();
        let file = opened(&disk, OpenMode::Existing);
        assert_eq!(file.size().unwrap(), at(2 * GROUP + 10));
        assert_eq!(disk.contents(NAME).unwrap().len(), (2 * GROUP_LEN + 10 + 3) * PAGE_LEN);
        assert_eq!(read(&file, GROUP - 2, 4), [page(1), page(2), page(3), page(4)].concat());
        assert_eq!(read(&file, GROUP - 4, 2), vec![0; 2 * PAGE_LEN], "nothing was written there");
        let mut header = [0; 6];
        file.read(7, &mut header).unwrap();
        assert_eq!(&header, b"header");
        assert!(file.read(at(2 * GROUP + 9), &mut vec![0; 2 * PAGE_LEN]).is_err(), "it ends there");
        assert!(file.read(at(3) + 1, &mut page(0)).is_err(), "no page begins there");
    }

    #[test]
    fn a_page_that_was_not_written_so_is_blank_and_no_other_is() {
        let disk = three_groups();
        let sound = disk.contents(NAME).unwrap();
        let (first, second) = (GROUP_LEN * PAGE_LEN, (GROUP_LEN + 2) * PAGE_LEN);
        let flipped = |at: usize| {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            bytes
        };
        let mut swapped = sound.clone();
        swapped[first..first + PAGE_LEN].fill(3);
        swapped[second..second + PAGE_LEN].fill(2);
        // The sum of the last page of the first group, and a page that was never written.
        let (sum, unwritten) = (flipped(PAGE_LEN - 1), flipped(4 * PAGE_LEN));
        let cases =
            [(flipped(first + 9), vec![510], 511), (swapped, vec![510, 511], 509), (sum, vec![510], 511)];
        for (bytes, blank, fine) in cases.into_iter().chain([(unwritten, vec![3], 510)]) {
            let file = opened(&disk.copy_with(NAME, bytes), OpenMode::Existing);
            assert!(
                blank.iter().all(|page| read(&file, *page, 1).iter().all(|byte| *byte == 0)),
                "{blank:?}"
            );
            assert!(read(&file, fine, 1).iter().all(|byte| *byte != 0));
        }
    }

    #[test]
    fn a_large_page_is_blank_as_a_whole() {
        let disk = three_groups();
        let mut bytes = disk.contents(NAME).unwrap();
        bytes[GROUP_LEN * PAGE_LEN] ^= 1;
        let file = opened(&disk.copy_with(NAME, bytes), OpenMode::Existing);
        assert_eq!(read(&file, GROUP - 2, 4), vec![0; 4 * PAGE_LEN]);
    }

    #[test]
    fn what_is_cut_off_is_unwritten_when_it_grows_again() {
        let disk = three_groups();
        let file = opened(&disk, OpenMode::Existing);
        for pages in [GROUP + 1, GROUP, GROUP - 1] {
            file.resize(at(pages)).unwrap();
            assert_eq!(file.size().unwrap(), at(pages));
        }
        file.resize(at(GROUP + 5)).unwrap();
        assert_eq!(read(&file, GROUP - 2, 4), [page(1), page(0), page(0), page(0)].concat());
        file.write(at(GROUP), &page(5)).unwrap();
        file.sync().unwrap();
        let again = opened(&disk, OpenMode::Existing);
        assert_eq!(read(&again, GROUP - 2, 4), [page(1), page(0), page(5), page(0)].concat());
    }

    /// Half of a page of sums arrives: the sums of pages that nobody has written since are the same in both halves.
    #[test]
    fn a_torn_page_of_sums_takes_no_older_page_away() {
        let disk = three_groups();
        let before = disk.contents(NAME).unwrap();
        let file = opened(&disk, OpenMode::Existing);
        for number in 1..GROUP - 2 {
            file.write(at(number), &page(6)).unwrap();
        }
        file.sync().unwrap();
        for torn in (0..PAGE_LEN).step_by(512) {
            let mut bytes = disk.contents(NAME).unwrap();
            bytes[torn..PAGE_LEN].copy_from_slice(&before[torn..PAGE_LEN]);
            let file = opened(&disk.copy_with(NAME, bytes), OpenMode::Existing);
            assert_eq!(read(&file, GROUP - 2, 4), [page(1), page(2), page(3), page(4)].concat());
        }
    }
}
