//! Reading a state file that may be damaged, page by page, and without the database library.
//!
//! Every page of a tree is named by its parent together with its checksum, up to the commit slot, which has a checksum
//! of its own. A page that matches is what was written last; one that does not is a hole. The library does not compare
//! checksums when it reads, and stops, panics or goes astray in a hole; this walks on behind it.
//!
//! Must not judge rows. Layout: the design document of redb, file format 3.

mod page;

use super::STATE_FILE;
use super::layout::{META_KEY, Meta, OWED_KEY};
use crate::disk::{Disk, OpenMode, SummedFile};
use crate::error::{OpenError, Table};
use crate::journal::{Position, StoreId};
use page::{Keys, Page, PageRef, mend};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::io;

const PAGE: u64 = 4096;
const HEADER_LEN: usize = 320;
const GEOMETRY: usize = 16;
const SLOTS: [usize; 2] = [64, 192];
const SLOT_LEN: usize = 128;
const FORMAT: u8 = 3;
/// What a new file has: regions without a header page, of 4 GiB.
const GEOMETRY_NEW: [u32; 2] = [0, 1 << 20];
/// No tree of the library is deeper.
const DEPTH_MAX: usize = 128;

/// A tree of pages: its root, and how many rows it has.
#[derive(Clone, Copy, Debug)]
struct Tree {
    root: Option<PageRef>,
    rows: u64,
}

/// A damaged part of a table.
#[derive(Clone, Debug)]
pub(crate) struct Hole {
    /// The page.
    pub(crate) page: String,
    /// Rows found in it or below it, as they are there. They may be older than the table.
    pub(crate) loose: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What the walk through a table comes to, in order.
pub(crate) enum Piece<'a> {
    /// Key and sealed value of a row in a page that is as it was written.
    Row(&'a [u8], &'a [u8]),
    Hole(Hole),
}

/// The tables of one commit, as far as they are there.
pub(crate) struct Pages {
    file: SummedFile,
    geometry: [u32; 2],
    tables: Vec<(Table, Tree)>,
    pub(crate) meta: Meta,
    pub(crate) owes_erasure: bool,
    /// Damaged pages that were met, as they are with one bit put right, if that is all that was wrong.
    damaged: RefCell<BTreeMap<u64, Option<Vec<u8>>>>,
}

/// Where the walk through a tree is allowed to go.
struct Walk<'v, E> {
    keys: Keys,
    /// Rows outside are left out, as far as whole pages can be.
    low: &'v [u8],
    high: Option<&'v [u8]>,
    visit: &'v mut dyn FnMut(Piece<'_>) -> Result<(), E>,
}

const TABLES: [(Table, &str); 6] = [
    (Table::Meta, "meta"),
    (Table::Snapshots, "snapshots"),
    (Table::History, "history"),
    (Table::Indexes, "indexes"),
    (Table::Pending, "pending"),
    (Table::Known, "known"),
];

impl Pages {
    /// The tables of each commit of the file whose table of tables and meta row are whole, the newest first.
    ///
    /// # Errors
    /// What the operating system says; a file that is not there or too short to be one has no tables.
    pub(crate) fn open(disk: &dyn Disk) -> Result<Vec<Self>, OpenError> {
        let failed = |source| OpenError::io(STATE_FILE, source);
        let mut header = [0; HEADER_LEN];
        let reading = || SummedFile::new(disk.open(STATE_FILE, OpenMode::Reading)?);
        let file = match reading() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file.map_err(failed)?,
        };
        if file.size().map_err(failed)? < PAGE {
            return Ok(Vec::new());
        }
        file.read_unchecked(0, &mut header).map_err(failed)?;
        let mut slots: Vec<Slot> =
            SLOTS.iter().filter_map(|at| Slot::read(&header[*at..at + SLOT_LEN])).collect();
        slots.sort_by_key(|slot| std::cmp::Reverse(slot.transaction));
        let geometries = [read_geometry(&header), GEOMETRY_NEW];
        let mut found = Vec::new();
        for slot in slots {
            for geometry in geometries {
                if let Some(pages) = Self::of(reading().map_err(failed)?, geometry, slot.root)? {
                    found.push(pages);
                    break;
                }
            }
        }
        Ok(found)
    }

    fn of(file: SummedFile, geometry: [u32; 2], root: PageRef) -> Result<Option<Self>, OpenError> {
        let failed = |source| OpenError::io(STATE_FILE, source);
        let meta = Meta { store: StoreId([0; 16]), mark: Position::ORIGIN };
        let mut pages = Self {
            file,
            geometry,
            tables: Vec::new(),
            meta,
            owes_erasure: false,
            damaged: RefCell::default(),
        };
        let mut tables = Vec::new();
        let mut is_whole = true;
        let mut visit = |piece: Piece<'_>| {
            match piece {
                Piece::Hole(_) => is_whole = false,
                Piece::Row(name, definition) => {
                    let table = TABLES.iter().find(|(_, known)| known.as_bytes() == name);
                    let tree = table.zip(read_definition(definition));
                    tables.extend(tree.map(|((table, _), tree)| (*table, tree)));
                }
            }
            Ok::<(), io::Error>(())
        };
        let all = &mut Walk { keys: Keys::Variable, low: &[], high: None, visit: &mut visit };
        pages.walk_page(root, all, 0).map_err(failed)?;
        if !is_whole || tables.len() != TABLES.len() {
            return Ok(None);
        }
        pages.tables = tables;
        let (mut meta, mut owes_erasure) = (None, false);
        let mut visit = |piece: Piece<'_>| {
            match piece {
                Piece::Row([META_KEY], sealed) => meta = Some(Meta::decode(sealed)),
                Piece::Row([OWED_KEY], _) => owes_erasure = true,
                Piece::Row(..) | Piece::Hole(_) => {}
            }
            Ok::<(), io::Error>(())
        };
        pages.walk(Table::Meta, &[], None, &mut visit).map_err(failed)?;
        pages.meta = match meta {
            Some(Ok(meta)) => meta,
            Some(Err(error @ OpenError::Version { .. })) => return Err(error),
            None | Some(Err(_)) => return Ok(None),
        };
        pages.owes_erasure = owes_erasure;
        Ok(Some(pages))
    }

    /// How many rows a table has, by the table of tables.
    pub(crate) fn rows(&self, table: Table) -> u64 {
        self.tables.iter().find(|(of, _)| *of == table).map_or(0, |(_, tree)| tree.rows)
    }

    /// How many pages that were met so far are right but for one bit, and taken to be as they were.
    pub(crate) fn mended_pages(&self) -> usize {
        self.damaged.borrow().values().flatten().count()
    }

    /// A damaged page with one bit put right, if it can be; searched for once.
    fn mended(&self, at: PageRef, bytes: &[u8], keys: Keys) -> Option<Vec<u8>> {
        let mut damaged = self.damaged.borrow_mut();
        damaged.entry(at.number).or_insert_with(|| mend(bytes, keys, at.checksum)).clone()
    }

    /// Hands over the rows and holes of a table in order. Rows from `low` to `high` are all among them, others may be.
    ///
    /// # Errors
    /// Those of `visit`, and what the operating system says.
    pub(crate) fn walk<E: From<io::Error>>(
        &self,
        table: Table,
        low: &[u8],
        high: Option<&[u8]>,
        visit: &mut dyn FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let keys = if table == Table::Meta { Keys::OneByte } else { Keys::Variable };
        let tree = self.tables.iter().find(|(of, _)| *of == table);
        let root = tree.and_then(|(_, tree)| tree.root);
        root.map_or(Ok(()), |root| self.walk_page(root, &mut Walk { keys, low, high, visit }, 0))
    }

    fn walk_page<E: From<io::Error>>(
        &self,
        at: PageRef,
        walk: &mut Walk<'_, E>,
        depth: usize,
    ) -> Result<(), E> {
        let hole = |loose| Piece::Hole(Hole { page: at.to_string(), loose });
        let Some(bytes) = self.read(at)? else { return (walk.visit)(hole(Vec::new())) };
        let page = Page::new(&bytes, walk.keys);
        let mended;
        let page = if page.matches(at.checksum) {
            page
        } else if let Some(right) = self.mended(at, &bytes, walk.keys) {
            mended = right;
            Page::new(&mended, walk.keys)
        } else {
            let mut loose = Vec::new();
            self.gather(&page, walk.keys, &mut loose, &mut HashSet::from([at.number]), depth)?;
            loose.sort();
            loose.dedup();
            return (walk.visit)(hole(loose));
        };
        let mut before: Option<&[u8]> = None;
        match page {
            Page::Leaf(leaf) => {
                for (key, value) in leaf.rows().flatten() {
                    (walk.visit)(Piece::Row(key, value))?;
                }
            }
            Page::Branch(branch) if depth < DEPTH_MAX => {
                for (child, up_to) in branch.children() {
                    let is_below = up_to.is_some_and(|up_to| up_to < walk.low);
                    let is_above = before.zip(walk.high).is_some_and(|(before, high)| before >= high);
                    before = up_to;
                    match child {
                        _ if is_below || is_above => {}
                        Some(child) => self.walk_page(child, walk, depth + 1)?,
                        None => (walk.visit)(hole(Vec::new()))?,
                    }
                }
            }
            Page::Branch(_) | Page::Neither => (walk.visit)(hole(Vec::new()))?,
        }
        Ok(())
    }

    /// Gathers rows out of a damaged page and, as far as it still names them with their checksums, the pages below it.
    fn gather(
        &self,
        page: &Page<'_>,
        keys: Keys,
        loose: &mut Vec<(Vec<u8>, Vec<u8>)>,
        seen: &mut HashSet<u64>,
        depth: usize,
    ) -> io::Result<()> {
        match page {
            Page::Leaf(leaf) => {
                loose.extend(leaf.rows().flatten().map(|(key, value)| (key.to_vec(), value.to_vec())));
            }
            Page::Branch(branch) if depth < DEPTH_MAX => {
                for child in branch.children().filter_map(|(child, _)| child) {
                    if !seen.insert(child.number) {
                        continue;
                    }
                    let Some(bytes) = self.read(child)? else { continue };
                    let below = Page::new(&bytes, keys);
                    if below.matches(child.checksum) {
                        self.gather(&below, keys, loose, seen, depth + 1)?;
                    }
                }
            }
            Page::Branch(_) | Page::Neither => {}
        }
        Ok(())
    }

    /// The bytes of a page, if the file has it.
    fn read(&self, at: PageRef) -> io::Result<Option<Vec<u8>>> {
        let Some(range) = at.range(self.geometry) else { return Ok(None) };
        let size = self.file.size()?;
        if range.end > size {
            return Ok(None);
        }
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
        self.file.read_unchecked(range.start, &mut bytes)?;
        Ok(Some(bytes))
    }
}

/// One of the two commits that a file remembers.
struct Slot {
    root: PageRef,
    transaction: u64,
}

impl Slot {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = bytes.to_vec();
        let (body, sum) = bytes.split_last_chunk::<16>()?;
        if page::checksum(body) != u128::from_le_bytes(*sum) {
            let sound = |bytes: &[u8]| {
                bytes
                    .split_last_chunk::<16>()
                    .is_some_and(|(body, sum)| page::checksum(body) == u128::from_le_bytes(*sum))
            };
            page::flip_until(&mut bytes, sound).then_some(())?;
        }
        let has_root = bytes[0] == FORMAT && bytes[1] != 0;
        let transaction = u64::from_le_bytes(*bytes.get(104..)?.first_chunk()?);
        has_root.then_some(Self { root: PageRef::read(&bytes, 8)?, transaction })
    }
}

fn read_geometry(header: &[u8]) -> [u32; 2] {
    [GEOMETRY, GEOMETRY + 4].map(|at| {
        header.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
    })
}

/// Root and length of a table.
fn read_definition(bytes: &[u8]) -> Option<Tree> {
    let rows = u64::from_le_bytes(*bytes.get(1..)?.first_chunk()?);
    let root = if *bytes.get(9)? == 0 { None } else { Some(PageRef::read(bytes, 10)?) };
    Some(Tree { root, rows })
}
