//! Walking a whole store and listing everything that is not as it was written. Works while no store is open on the
//! disk.
//!
//! Changes nothing: what the database library would finish in a file it opens, it finishes in memory.

use crate::disk::{Disk, ShadowDisk};
use crate::error::{Hex, OpenError, Table};
use crate::journal::replay::replay;
use crate::journal::segment::{Segment, sequences};
use crate::journal::{Position, StoreId};
use crate::key::{EntityKey, Lsn};
use crate::open::{in_state, take_disk};
use crate::options::{Options, PageCheck};
use crate::state::{Pages, Piece, STATE_FILE, StateFile, View, decode_pending, parse_history_key};
use crate::store::{Fold, Folded};
use std::fmt;
use std::io;
use std::sync::Arc;

/// Something that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// Where in the file: a frame, or a table and a key.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.file, self.place, self.what)
    }
}

/// What has been looked at, and what was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VerifyReport {
    /// Frames of the journal above the low-water mark.
    pub frames: u64,
    /// Records in them.
    pub journal_records: u64,
    /// Records of the history.
    pub history_records: u64,
    /// Snapshots, each compared with the fold of its whole history.
    pub snapshots: u64,
    /// Rows of indexes.
    pub index_rows: u64,
    /// Pending effects.
    pub pending_effects: u64,
    /// Everything that is wrong, in the order it was met.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    fn find(&mut self, file: &str, place: impl fmt::Display, what: impl fmt::Display) {
        let (place, what) = (place.to_string(), what.to_string());
        self.findings.push(Finding { file: file.to_owned(), place, what });
    }
}

/// Walks journal and tables and recomputes every snapshot. Changes nothing.
///
/// # Errors
/// [`OpenError`] if the disk is taken, a file is of another format version, or the operating system refuses something;
/// damage is listed in the report.
pub fn verify(options: &Options, disk: &Arc<dyn Disk>, fold: &dyn Fold) -> Result<VerifyReport, OpenError> {
    let _owned = take_disk(&**disk)?;
    inspect(options, disk, fold)
}

/// [`verify`] on a disk that is taken already.
pub(crate) fn inspect(
    options: &Options,
    disk: &Arc<dyn Disk>,
    fold: &dyn Fold,
) -> Result<VerifyReport, OpenError> {
    let options = &Options { page_check: PageCheck::All, ..options.clone() };
    let disk: Arc<dyn Disk> = Arc::new(ShadowDisk(Arc::clone(disk)));
    let names = disk.list().map_err(|source| OpenError::io(&disk.place(), source))?;
    let sequences = sequences(&names);
    let mut report = VerifyReport::default();
    match (names.iter().any(|name| name == STATE_FILE), sequences.as_slice()) {
        (false, []) => return Ok(report),
        // A creation that was interrupted is finished by the next open.
        (false, [1])
            if matches!(Segment::open(&*disk, 1).and_then(|mut first| first.has_frames()), Ok(false)) =>
        {
            return Ok(report);
        }
        (false, _) => report.find(STATE_FILE, "file", "it is missing while the journal is there"),
        (true, []) => {
            report.find("journal", "file", "all its segments are missing while the tables are there")
        }
        (true, _) => {}
    }
    let known = if report.findings.is_empty() { tables(&disk, options, fold, &mut report)? } else { None };
    if let Some((store, mark)) = known {
        journal(&*disk, store, mark, &sequences, &mut report)?;
    }
    Ok(report)
}

/// Walks the tables; answers whose they are, and their low-water mark, if that can be told.
fn tables(
    disk: &Arc<dyn Disk>,
    options: &Options,
    fold: &dyn Fold,
    report: &mut VerifyReport,
) -> Result<Option<(StoreId, Position)>, OpenError> {
    let state = match StateFile::open(Arc::clone(disk), options.state()) {
        Ok(state) => state,
        Err(OpenError::Damaged { what, .. }) => return pages(&**disk, what, report),
        Err(OpenError::Unreadable { fault, .. }) => return pages(&**disk, fault, report),
        Err(other) => return Err(other),
    };
    let view = state.view().map_err(in_state)?;
    let walked = snapshots(&view, fold, report).and_then(|()| rows(&view, report));
    match walked {
        Err(OpenError::Unreadable { fault, .. }) => report.find(STATE_FILE, "file", fault),
        walked => walked?,
    }
    let known = (state.store(), view.mark());
    drop(view);
    state.close();
    Ok(Some(known))
}

/// Which pages of a file are damaged that the database library refuses.
fn pages(
    disk: &dyn Disk,
    refusal: impl fmt::Display,
    report: &mut VerifyReport,
) -> Result<Option<(StoreId, Position)>, OpenError> {
    report.find(STATE_FILE, "file", refusal);
    let Some(pages) = Pages::open(disk)?.into_iter().next() else { return Ok(None) };
    for table in [Table::Snapshots, Table::History, Table::Indexes, Table::Pending, Table::Known] {
        let walked = pages.walk(table, &[], None, &mut |piece| {
            if let Piece::Hole(hole) = piece {
                report.find(STATE_FILE, format!("{table}, page {}", hole.page), "it is not what was written");
            }
            Ok::<(), io::Error>(())
        });
        walked.map_err(|source| OpenError::io(STATE_FILE, source))?;
    }
    match pages.mended_pages() {
        0 => {}
        count => report.find(STATE_FILE, format!("{count} pages"), "one bit of each is flipped"),
    }
    Ok(Some((pages.meta.store, pages.meta.mark)))
}

fn journal(
    disk: &dyn Disk,
    store: StoreId,
    mark: Position,
    sequences: &[u64],
    report: &mut VerifyReport,
) -> Result<(), OpenError> {
    let (mut frames, mut records) = (0, 0);
    let walked = replay(disk, store, mark, sequences, |frame| {
        frames += 1;
        records += u64::try_from(frame.records.len()).unwrap_or(0);
    });
    report.frames = frames;
    report.journal_records = records;
    match walked {
        Ok(_) => {}
        Err(OpenError::Damaged { file, frame, what }) => {
            let place = frame.map_or_else(|| "segment".to_owned(), |frame| format!("frame {frame}"));
            report.find(&file, place, what);
        }
        Err(OpenError::Unreadable { file, fault }) => report.find(&file, "file", fault),
        Err(error @ OpenError::Version { .. }) => {
            let file = match &error {
                OpenError::Version { file, .. } => file.clone(),
                _ => String::new(),
            };
            report.find(&file, "segment", error);
        }
        Err(other) => return Err(other),
    }
    Ok(())
}

/// The history of one entity as the walk comes through it.
struct History {
    entity: EntityKey,
    records: Vec<Vec<u8>>,
    last: Lsn,
    is_whole: bool,
}

fn snapshots(view: &View, fold: &dyn Fold, report: &mut VerifyReport) -> Result<(), OpenError> {
    let mut current: Option<History> = None;
    let walked = view.inspect(Table::History, |key, body| {
        report.history_records += 1;
        let Some((entity, lsn)) = parse_history_key(key) else {
            return report.find(STATE_FILE, place(Table::History, key), "the key is not of the right form");
        };
        if current.as_ref().is_some_and(|history| history.entity != entity)
            && let Some(done) = current.take()
        {
            compare(view, fold, &done, report);
        }
        let history =
            current.get_or_insert(History { entity, records: Vec::new(), last: lsn, is_whole: true });
        history.last = lsn;
        match body {
            Some(body) => history.records.push(body.to_vec()),
            None => {
                history.is_whole = false;
                report.find(STATE_FILE, place(Table::History, key), "the checksum does not match");
            }
        }
    });
    walked.map_err(|fault| OpenError::fault(STATE_FILE, fault))?;
    if let Some(done) = current {
        compare(view, fold, &done, report);
    }
    orphans(view, report)
}

/// Compares the stored snapshot of an entity with the fold of its history.
fn compare(view: &View, fold: &dyn Fold, history: &History, report: &mut VerifyReport) {
    let entity = history.entity;
    let at = format!("snapshots, entity {entity}");
    let stored = match view.snapshot(entity) {
        Ok(Some(stored)) => stored,
        Ok(None) => return report.find(STATE_FILE, at, "there is a history and no snapshot"),
        Err(error) => return report.find(STATE_FILE, at, error),
    };
    if !history.is_whole {
        return;
    }
    if stored.lsn != history.last {
        let what = format!("it is as of position {}, the history ends at {}", stored.lsn, history.last);
        report.find(STATE_FILE, &at, what);
    }
    let records: Vec<&[u8]> = history.records.iter().map(Vec::as_slice).collect();
    match fold.fold(entity, None, &records) {
        Ok(Folded::Kept(folded) | Folded::Restated { snapshot: folded, from: 0 })
            if folded == stored.bytes => {}
        Ok(Folded::Kept(_) | Folded::Restated { from: 0, .. }) => {
            report.find(STATE_FILE, at, "it is not what its history folds to");
        }
        Ok(Folded::Restated { .. }) => {
            report.find(STATE_FILE, at, "its history begins before what should have been forgotten");
        }
        Ok(Folded::Gone | Folded::Erased) => {
            report.find(STATE_FILE, at, "by its history the entity is gone");
        }
        Err(error) => report.find(STATE_FILE, at, format!("its history does not fold: {error}")),
    }
}

/// Snapshots that are damaged or have no history.
fn orphans(view: &View, report: &mut VerifyReport) -> Result<(), OpenError> {
    let mut without_history = Vec::new();
    let walked = view.inspect(Table::Snapshots, |key, body| {
        report.snapshots += 1;
        let entity = key.try_into().ok().map(EntityKey::decode);
        match (entity, body) {
            (None, _) => {
                report.find(STATE_FILE, place(Table::Snapshots, key), "the key is not of the right form");
            }
            (Some(entity), None) => {
                let at = format!("snapshots, entity {entity}");
                // Already listed if it was compared with its history.
                if !report.findings.iter().any(|finding| finding.place == at) {
                    report.find(STATE_FILE, at, "the checksum does not match");
                }
            }
            // A damaged record still is a history; it has been listed.
            (Some(entity), Some(_)) if matches!(view.history(entity, Lsn::ZERO, 1), Ok(found) if found.is_empty()) => {
                without_history.push(entity);
            }
            (Some(_), Some(_)) => {}
        }
        known(view, Table::Snapshots, key, report);
    });
    walked.map_err(|fault| OpenError::fault(STATE_FILE, fault))?;
    for entity in without_history {
        report.find(STATE_FILE, format!("snapshots, entity {entity}"), "it has no history");
    }
    Ok(())
}

fn rows(view: &View, report: &mut VerifyReport) -> Result<(), OpenError> {
    for table in [Table::Indexes, Table::Pending] {
        let mut count = 0;
        let walked = view.inspect(table, |key, body| {
            count += 1;
            match body {
                None => report.find(STATE_FILE, place(table, key), "the checksum does not match"),
                Some(body) if table == Table::Pending && decode_pending(key, body).is_none() => {
                    report.find(STATE_FILE, place(table, key), "the row is not of the right form");
                }
                Some(_) => {}
            }
            known(view, table, key, report);
        });
        walked.map_err(|fault| OpenError::fault(STATE_FILE, fault))?;
        match table {
            Table::Indexes => report.index_rows = count,
            Table::Pending => report.pending_effects = count,
            Table::Meta | Table::Snapshots | Table::History | Table::Known => {}
        }
    }
    Ok(())
}

/// A row that the filter does not know would not be found by whoever looks for it.
fn known(view: &View, table: Table, key: &[u8], report: &mut VerifyReport) {
    if !view.knows(table, key) {
        report.find(STATE_FILE, place(table, key), "the filter of known keys does not have it");
    }
}

fn place(table: Table, key: &[u8]) -> String {
    format!("{table}, key {}", Hex(key))
}
