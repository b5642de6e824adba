//! Planning a repair: from which tables and frames the store is put together, what that restores, and what it loses.
//!
//! Must not change anything.

use super::chain::{Break, Chain, Journal};
use super::damage::Damage;
use super::entities::{Histories, Judgement, Treatment, judge};
use super::rows::{FromFrames, Made, Missing, Rows, loose_rows, row_place, wanted_records};
use super::{Loss, Remedy};
use crate::disk::{Disk, OpenMode, ShadowDisk};
use crate::error::{OpenError, Table};
use crate::journal::reached::{REACHED_FILE, reached};
use crate::journal::replay::replay;
use crate::journal::scan::FoundFrame;
use crate::journal::segment::{SegmentHeader, segment_name, sequences};
use crate::journal::{Position, StoreId};
use crate::key::{EntityKey, Lsn};
use crate::state::{Meta, Pages, Piece, STATE_FILE, parse_history_key};
use crate::store::{Fold, Folded};
use crate::verify::VerifyReport;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

/// Frames behind a break are listed one by one up to so many.
const BEHIND_MAX: usize = 50;

/// A repair that has not been carried out.
pub(super) struct Plan {
    pub(super) remedies: Vec<Remedy>,
    pub(super) losses: Vec<Loss>,
    /// The state file that is to be written, if it is.
    pub(super) tables: Option<NewTables>,
    /// The segment that is to take the place of all others, if one is.
    pub(super) journal: Option<NewJournal>,
    pub(super) sequences: Vec<u64>,
    pub(super) store: StoreId,
}

/// What a new state file is made of.
pub(super) struct NewTables {
    pub(super) meta: Meta,
    /// The tables whose rows are copied; none for a store that begins anew or is replayed from its first frame.
    pub(super) old: Option<OldTables>,
}

/// The tables that a new state file continues.
pub(super) struct OldTables {
    pub(super) pages: Pages,
    /// Rows that are not copied.
    pub(super) bad: BTreeMap<u8, BTreeSet<Vec<u8>>>,
    pub(super) history: Rows,
    pub(super) indexes: Rows,
    pub(super) pending: Rows,
    pub(super) treatments: BTreeMap<EntityKey, Treatment>,
}

/// What a new journal is made of.
pub(super) struct NewJournal {
    /// Whether it ends before the frame that the journal is noted to have come to.
    pub(super) is_short: bool,
    pub(super) header: SegmentHeader,
    pub(super) frames: Vec<FoundFrame>,
}

/// Everything that a plan is made from.
struct Ground<'a> {
    disk: &'a Arc<dyn Disk>,
    fold: &'a dyn Fold,
    store: StoreId,
    sequences: Vec<u64>,
    journal: Journal,
}

/// Plans the repair of a disk on which something was found.
pub(super) fn plan(disk: &Arc<dyn Disk>, fold: &dyn Fold, found: &VerifyReport) -> Result<Plan, OpenError> {
    let names = disk.list().map_err(|source| OpenError::io(&disk.place(), source))?;
    let sequences = sequences(&names);
    let mut commits = Pages::open(&**disk)?.into_iter();
    let newest = commits.next();
    let store = match &newest {
        Some(pages) => pages.meta.store,
        None => store_of_segments(&**disk, &sequences)?,
    };
    let journal = Journal::survey(&**disk, store, &sequences)?;
    let ground = Ground { disk, fold, store, sequences, journal };
    let Some(newest) = newest else { return ground.without_tables() };
    let mark = newest.meta.mark;
    let damages = Damages::of(&newest)?;
    if !damages.is_none() {
        for older in commits {
            let chain = ground.journal.chain(older.meta.mark);
            if chain.broken.is_none() && chain.passes(older.meta.mark, mark) && Damages::of(&older)?.is_none()
            {
                let mut plan = ground.on_tables(older, Damages::default(), true)?;
                let how =
                    "the tables of the checkpoint before it are taken, and the journal has everything since";
                plan.remedies.insert(0, remedy(STATE_FILE, "the last checkpoint", how));
                return Ok(plan);
            }
        }
    }
    let is_found = found.findings.iter().any(|finding| finding.file == STATE_FILE);
    let plan = ground.on_tables(newest, damages, is_found)?;
    let chain = ground.journal.chain(mark);
    if plan.losses.is_empty() || chain.broken.is_some() || !chain.reaches_the_origin(mark) {
        return Ok(plan);
    }
    // Only what the tables lack can be had from the frames: the end of a journal is as lost without them.
    let replayed = ground.without_tables()?;
    Ok(if replayed.losses.len() < plan.losses.len() { replayed } else { plan })
}

fn remedy(file: &str, place: impl ToString, how: impl ToString) -> Remedy {
    Remedy { file: file.to_owned(), place: place.to_string(), how: how.to_string() }
}

fn loss(file: &str, place: impl ToString, what: impl ToString) -> Loss {
    Loss { file: file.to_owned(), place: place.to_string(), what: what.to_string() }
}

/// By which identity the segments know each other.
fn store_of_segments(disk: &dyn Disk, sequences: &[u64]) -> Result<StoreId, OpenError> {
    for sequence in sequences {
        let name = segment_name(*sequence);
        let failed = |source| OpenError::io(&name, source);
        let file = disk.open(&name, OpenMode::Reading).map_err(failed)?;
        if let Ok((header, _)) = SegmentHeader::salvage(&name, &*file).map_err(failed)? {
            return Ok(header.store);
        }
    }
    Err(OpenError::damaged(STATE_FILE, None, "nothing is left that says which store this is"))
}

/// What is missing of the tables.
#[derive(Default)]
struct Damages {
    snapshots: Damage,
    history: Damage,
    indexes: Damage,
    pending: Damage,
    known: Damage,
    /// Pages in which one bit was put right.
    mended: usize,
}

impl Damages {
    fn of(pages: &Pages) -> Result<Self, OpenError> {
        let of = |table| Damage::of(pages, table);
        Ok(Self {
            snapshots: of(Table::Snapshots)?,
            history: of(Table::History)?,
            indexes: of(Table::Indexes)?,
            pending: of(Table::Pending)?,
            known: of(Table::Known)?,
            mended: pages.mended_pages(),
        })
    }

    fn is_none(&self) -> bool {
        [&self.snapshots, &self.history, &self.indexes, &self.pending, &self.known]
            .into_iter()
            .all(Damage::is_none)
    }

    fn into_bad(self) -> BTreeMap<u8, BTreeSet<Vec<u8>>> {
        let Self { snapshots, history, indexes, pending, known: _, mended: _ } = self;
        [
            (Table::Snapshots, snapshots),
            (Table::History, history),
            (Table::Indexes, indexes),
            (Table::Pending, pending),
        ]
        .map(|(table, damage)| (table.tag(), damage.bad))
        .into()
    }
}

impl Ground<'_> {
    /// On tables whose mark is known.
    fn on_tables(&self, pages: Pages, damages: Damages, is_found: bool) -> Result<Plan, OpenError> {
        let mark = pages.meta.mark;
        let chain = self.journal.chain(mark);
        let mut plan = self.empty_plan();
        self.plan_journal(&chain, mark, &mut plan)?;
        if !is_found && damages.is_none() && damages.mended == 0 {
            return Ok(plan);
        }
        if damages.mended > 0 {
            let how = "one flipped bit is put right; the page is then what its checksum says";
            plan.remedies.push(remedy(STATE_FILE, format!("{} pages", damages.mended), how));
        }
        let missing =
            Missing { history: &damages.history, indexes: &damages.indexes, pending: &damages.pending };
        let mut frames = FromFrames::gather(&missing, self.journal.read(&**self.disk, &chain.below))?;
        let history = self.history(&pages, &damages.history, &frames.history)?;
        let none = Damage::default();
        let lost = if history.is_whole { &none } else { &damages.history };
        let histories = Histories { pages: &pages, recovered: &history.rows };
        let judgements = judge(&histories, lost, self.fold)?;
        let indexes = frames.indexes(&damages.indexes);
        let records = wanted(&pages, &damages.pending)?;
        let pending = frames.pending(&damages.pending, &records);
        note_rows(Table::History, &damages.history, &history, &mut plan);
        note_rows(Table::Indexes, &damages.indexes, &indexes, &mut plan);
        note_rows(Table::Pending, &damages.pending, &pending, &mut plan);
        let treatments = note_entities(judgements, &mut plan);
        let how = "it is written anew, with all rows that are as they were written; the filter of known keys is made \
                   from their keys";
        plan.remedies.push(remedy(STATE_FILE, "file", how));
        let meta = pages.meta;
        let (history, indexes, pending) = (history.rows, indexes.rows, pending.rows);
        let bad = damages.into_bad();
        plan.tables = Some(NewTables {
            meta,
            old: Some(OldTables { pages, bad, history, indexes, pending, treatments }),
        });
        Ok(plan)
    }

    /// On the journal alone: from its first frame if it has that, else from nothing.
    fn without_tables(&self) -> Result<Plan, OpenError> {
        let mut plan = self.empty_plan();
        let mark = Position::ORIGIN;
        plan.tables = Some(NewTables { meta: Meta { store: self.store, mark }, old: None });
        let chain = self.journal.chain(mark);
        if self.journal.segments.first().and_then(|first| first.after) == Some(mark) {
            let how = "it is made anew, empty: the journal begins with the first frame, and all is replayed from it";
            plan.remedies.push(remedy(STATE_FILE, "file", how));
            self.plan_journal(&chain, mark, &mut plan)?;
            return Ok(plan);
        }
        let what =
            "neither its tables nor the frames they were made from can be had: everything in it is lost";
        plan.losses.push(loss(STATE_FILE, "file", what));
        for segment in &self.journal.segments {
            let what = format!("{} frames build on what is lost and go with it", segment.frames.len());
            plan.losses.push(loss(&segment.name, "segment", what));
        }
        let is_short = self.reached(mark.frame)?.is_some();
        plan.journal = Some(NewJournal { is_short, header: self.next_segment(mark)?, frames: Vec::new() });
        Ok(plan)
    }

    fn empty_plan(&self) -> Plan {
        Plan {
            remedies: Vec::new(),
            losses: Vec::new(),
            tables: None,
            journal: None,
            sequences: self.sequences.clone(),
            store: self.store,
        }
    }

    fn next_segment(&self, after: Position) -> Result<SegmentHeader, OpenError> {
        let last = self.sequences.last().copied().unwrap_or(0);
        let sequence = last.checked_add(1).ok_or_else(|| {
            OpenError::damaged(&segment_name(last), None, "no segment can follow this number")
        })?;
        Ok(SegmentHeader { store: self.store, sequence, after })
    }

    /// Writes the frames above the mark anew if the journal cannot be replayed as it is.
    fn plan_journal(&self, chain: &Chain, mark: Position, plan: &mut Plan) -> Result<(), OpenError> {
        let looked_at = ShadowDisk(Arc::clone(self.disk));
        if replay(&looked_at, self.store, mark, &self.sequences, drop).is_ok() {
            return Ok(());
        }
        let mended: u64 = self.journal.segments.iter().map(|segment| segment.mended).sum();
        if mended > 0 {
            let how = "one flipped bit in each is put right; they are then what their checks say";
            plan.remedies.push(remedy("journal", format!("{mended} sectors"), how));
        }
        let reached = self.reached(chain.end.frame)?;
        if let Some(broken) = &chain.broken {
            self.note_break(broken, chain, plan)?;
        } else if let Some(reached) = reached {
            let what = "they were durable, and are gone without a trace";
            plan.losses.push(loss("journal", format!("frames {} to {reached}", chain.end.frame + 1), what));
        }
        let header = self.next_segment(mark)?;
        let how = match chain.above.len() {
            0 => {
                "it takes the place of the segments before it; all their frames are in the tables".to_owned()
            }
            count => format!(
                "it takes the place of the segments before it, with the {count} frames that the tables do not have, \
                 up to frame {}",
                chain.end.frame
            ),
        };
        plan.remedies.push(remedy(&segment_name(header.sequence), "segment", how));
        let is_short = reached.is_some();
        plan.journal = Some(NewJournal { is_short, header, frames: chain.above.clone() });
        Ok(())
    }

    /// How far the journal had come, if that is farther.
    fn reached(&self, end: u64) -> Result<Option<u64>, OpenError> {
        let reached =
            reached(&**self.disk, self.store).map_err(|source| OpenError::io(REACHED_FILE, source))?;
        Ok(reached.filter(|reached| *reached > end))
    }

    fn note_break(&self, broken: &Break, chain: &Chain, plan: &mut Plan) -> Result<(), OpenError> {
        let Break { file, frame, what } = broken;
        let rest = match chain.behind.len() {
            0 => "no whole frame is behind it".to_owned(),
            count => format!("{count} whole frames are behind it and are lost with it, for they build on it"),
        };
        let what = format!("{what}; this frame and whatever followed it is lost; {rest}");
        plan.losses.push(loss(file, format!("frame {frame}"), what));
        for (found, read) in
            chain.behind.iter().zip(self.journal.read(&**self.disk, &chain.behind)).take(BEHIND_MAX)
        {
            let records = read?.records;
            let entities: BTreeSet<_> = records.iter().map(|record| record.view.entity.to_string()).collect();
            let entities: Vec<_> = entities.into_iter().collect();
            let what = format!("{} records, of {}", records.len(), entities.join(", "));
            plan.losses.push(loss(&segment_name(found.sequence), format!("frame {}", found.number()), what));
        }
        Ok(())
    }

    /// Missing records: from frames, and from damaged pages, for a record that was written once is never another.
    fn history(&self, pages: &Pages, damage: &Damage, frames: &Rows) -> Result<Made, OpenError> {
        if damage.is_none() {
            return Ok(Made { is_whole: true, ..Made::default() });
        }
        let mut rows = loose_rows(damage, |_| true);
        let proven = rows.clone();
        rows.extend(frames.iter().map(|(key, body)| (key.clone(), body.clone())));
        self.forget_gone(pages, &mut rows)?;
        if damage.is_made_good_by(&rows) {
            return Ok(Made { rows, is_whole: true, unproven: 0 });
        }
        // A record of an entity that may be gone since must not come back.
        rows.retain(|key, _| proven.contains_key(key) || damage.bad.contains(key));
        Ok(Made { rows, is_whole: false, unproven: 0 })
    }

    /// Drops the records that their entity's later records have done away with.
    fn forget_gone(&self, pages: &Pages, rows: &mut Rows) -> Result<(), OpenError> {
        let entities: BTreeSet<EntityKey> =
            rows.keys().filter_map(|key| parse_history_key(key)).map(|(entity, _)| entity).collect();
        let mut gone: Vec<(EntityKey, Lsn)> = Vec::new();
        for entity in entities {
            let records = Histories { pages, recovered: rows }
                .of(entity)
                .map_err(|source| OpenError::io(STATE_FILE, source))?;
            let slices: Vec<&[u8]> = records.iter().map(|(_, record)| record.as_slice()).collect();
            let before = match self.fold.fold(entity, None, &slices) {
                Ok(Folded::Restated { from, .. }) => records.get(from).map_or(Lsn::ZERO, |(lsn, _)| *lsn),
                Ok(Folded::Gone | Folded::Erased) => Lsn::new(u64::MAX),
                Ok(Folded::Kept(_)) | Err(_) => Lsn::ZERO,
            };
            gone.push((entity, before));
        }
        let gone: BTreeMap<EntityKey, Lsn> = gone.into_iter().collect();
        rows.retain(|key, _| {
            parse_history_key(key)
                .is_some_and(|(entity, lsn)| gone.get(&entity).is_none_or(|before| lsn >= *before))
        });
        Ok(())
    }
}

/// The records of pending effects whose rows are damaged, from the history.
fn wanted(pages: &Pages, damage: &Damage) -> Result<BTreeMap<Lsn, (EntityKey, Vec<u8>)>, OpenError> {
    let positions = wanted_records(damage);
    let mut found = BTreeMap::new();
    if positions.is_empty() {
        return Ok(found);
    }
    let walked = pages.walk(Table::History, &[], None, &mut |piece| {
        if let Piece::Row(key, sealed) = piece
            && let Some((entity, lsn)) = parse_history_key(key).filter(|(_, lsn)| positions.contains(lsn))
            && let Some(body) = crate::checksum::unseal(Table::History, key, sealed)
        {
            found.insert(lsn, (entity, body.to_vec()));
        }
        Ok::<(), io::Error>(())
    });
    walked.map_err(|source| OpenError::io(STATE_FILE, source))?;
    Ok(found)
}

/// Takes note of what becomes of the missing rows of a table.
fn note_rows(table: Table, damage: &Damage, made: &Made, plan: &mut Plan) {
    if damage.is_none() {
        return;
    }
    if made.is_whole {
        let how = format!("{} damaged rows are restored, all that it misses", made.rows.len());
        return plan.remedies.push(remedy(STATE_FILE, table, how));
    }
    let rest = format!(
        "of the {} rows that the table misses {} can be proven, and {} are taken from damaged pages as they are there; \
         the others are lost",
        damage.missing,
        made.rows.len() - made.unproven,
        made.unproven
    );
    for gap in &damage.gaps {
        plan.losses.push(loss(STATE_FILE, format!("{table}, {gap}"), &rest));
    }
    for key in damage.bad.iter().filter(|key| !made.rows.contains_key(*key)) {
        let what = match parse_history_key(key) {
            Some((entity, lsn)) if table == Table::History => {
                format!("the record of {entity} at position {lsn}")
            }
            _ => "the row".to_owned(),
        };
        plan.losses.push(loss(STATE_FILE, row_place(table, key), format!("{what} is lost")));
    }
}

fn note_entities(
    judgements: BTreeMap<EntityKey, Judgement>,
    plan: &mut Plan,
) -> BTreeMap<EntityKey, Treatment> {
    let mut treatments = BTreeMap::new();
    for (entity, Judgement { treatment, why, loses }) in judgements {
        let place = format!("snapshots, entity {entity}");
        if loses {
            plan.losses.push(loss(STATE_FILE, place, why));
        } else {
            plan.remedies.push(remedy(STATE_FILE, place, why));
        }
        treatments.insert(entity, treatment);
    }
    treatments
}
