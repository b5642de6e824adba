//! The checkpoint: what is durable and in memory moves into the tables, and the journal before it goes.
//!
//! Must never hold a lock that the committer needs for longer than a few records take. Order of steps:
//! `docs/storage-format.md`, section 3.1.

use crate::error::CheckpointError;
use crate::journal::Position;
use crate::key::{EffectId, EntityKey, Lsn};
use crate::priority::yield_to_requests;
use crate::record_bytes::RecordBytes;
use crate::shared::Shared;
use crate::state::{Meta, StateTurn, StateWriter, View};
use crate::store::{CheckpointReport, Folded};
use crate::tail::TailRecord;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const RETRY: Duration = Duration::from_secs(1);

/// The checkpoint thread: works whenever there is enough to do, until the end.
pub(crate) fn run_in_background(shared: &Shared) {
    yield_to_requests();
    while shared.checkpoint_due.wait() {
        match run(shared) {
            Ok(report) => tracing::debug!(?report, "checkpoint"),
            Err(CheckpointError::Closed) => return,
            Err(error) => {
                tracing::error!(%error, "checkpoint failed; the journal grows until one succeeds");
                metrics::counter!("laurel_store_failed_checkpoints_total").increment(1);
                shared.checkpoint_due.pause(RETRY);
                shared.checkpoint_due.raise();
            }
        }
    }
}

/// Moves everything durable at this moment into the tables. If something was erased, now or before and not finished,
/// nothing of it is in any file afterwards, unless a backup runs.
pub(crate) fn run(shared: &Shared) -> Result<CheckpointReport, CheckpointError> {
    let begun = Instant::now();
    let mut turn = shared.state.begin()?;
    let mut report = CheckpointReport::default();
    let mut cut = shared.durable();
    move_through(shared, &mut turn, cut, &mut report)?;
    let owes_erasure = turn.view()?.owes_erasure;
    // A backup reads the present file to its end; it has the erasure finished when it is through.
    report.owes_erasure = owes_erasure && shared.backup_turn.is_taken();
    if owes_erasure && !report.owes_erasure {
        // The segment in use may hold what was erased. Everything before the next one goes into the tables too, so that
        // it can be removed.
        cut = shared.rotation.ask().map_err(CheckpointError::Rotate)?.position;
        move_through(shared, &mut turn, cut, &mut report)?;
        report.segments_removed = remove_segments(shared, cut)?;
        // Last, for it ends what is owed.
        turn.rebuild()?;
        drop(turn);
    } else {
        drop(turn);
        report.segments_removed = remove_segments(shared, cut)?;
    }
    shared.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
    metrics::histogram!("laurel_store_checkpoint_seconds").record(begun.elapsed());
    Ok(report)
}

fn move_through(
    shared: &Shared,
    turn: &mut StateTurn<'_>,
    cut: Position,
    report: &mut CheckpointReport,
) -> Result<(), CheckpointError> {
    let view = turn.view()?;
    report.through = cut.lsn;
    if cut != view.mark() {
        turn.commit(|writer| Fold { shared, view: &view, cut, report }.write(writer))?;
    }
    drop(view);
    // Also after an earlier attempt that wrote the tables and then could not show them.
    shared.tail.drop_through(cut.lsn);
    shared.overlay.drop_through(cut.lsn);
    Ok(())
}

fn remove_segments(shared: &Shared, cut: Position) -> Result<u64, CheckpointError> {
    let removed = shared.segments.remove_through(&*shared.disk, cut.frame);
    removed.map_err(|(file, source)| CheckpointError::Remove { file, source })
}

/// One checkpoint's work inside its transaction.
struct Fold<'a> {
    shared: &'a Shared,
    view: &'a View,
    cut: Position,
    report: &'a mut CheckpointReport,
}

/// Effects of the records being folded that none of them consumed, and those consumed.
#[derive(Default)]
struct Effects {
    produced: BTreeMap<EffectId, (EntityKey, RecordBytes)>,
    consumed: Vec<EffectId>,
}

impl Effects {
    fn note(&mut self, entity: EntityKey, record: &TailRecord) {
        let view = record.view();
        self.consumed.extend(view.consumes);
        for index in 0..view.effects {
            self.produced.insert(EffectId { lsn: record.lsn, index }, (entity, record.bytes()));
        }
    }
}

impl Fold<'_> {
    fn write(mut self, writer: &mut StateWriter<'_>) -> Result<(), CheckpointError> {
        let mut effects = Effects::default();
        for entity in self.shared.tail.entities_through(self.cut.lsn) {
            self.entity(entity, writer, &mut effects)?;
        }
        let cut = self.cut.lsn;
        let rows = &mut self.report.index_rows;
        self.shared.overlay.each_through(cut, |index, key, row| {
            *rows += 1;
            writer.set_row(index, key, row.value.as_deref())
        })?;
        self.pending(writer, effects)?;
        if self.report.erased > 0 {
            writer.owe_erasure()?;
        }
        writer.set_meta(&Meta { store: self.shared.state.store(), mark: self.cut })?;
        Ok(())
    }

    fn entity(
        &mut self,
        entity: EntityKey,
        writer: &mut StateWriter<'_>,
        effects: &mut Effects,
    ) -> Result<(), CheckpointError> {
        let mut records = self.shared.tail.records(entity, self.view.mark().lsn);
        records.retain(|record| record.lsn <= self.cut.lsn);
        let Some(through) = records.last().map(|last| last.lsn) else { return Ok(()) };
        let snapshot = self.view.snapshot(entity)?;
        let (snapshot, from) =
            match self.folded(entity, snapshot.map(|found| found.bytes), &records, through)? {
                Folded::Kept(snapshot) => (Some(snapshot), 0),
                Folded::Restated { snapshot, from } => {
                    writer.remove_history(entity)?;
                    self.report.erased += 1;
                    (Some(snapshot), from)
                }
                Folded::Gone => (None, 0),
                Folded::Erased => {
                    self.report.erased += 1;
                    (None, 0)
                }
            };
        match snapshot {
            None => {
                writer.remove_entity(entity)?;
                self.report.removed += 1;
            }
            Some(bytes) => {
                writer.put_snapshot(entity, through, &bytes)?;
                for record in &records[from..] {
                    writer.put_history(entity, record.lsn, &record.bytes())?;
                    self.report.records += 1;
                }
                self.report.snapshots += 1;
            }
        }
        records.iter().for_each(|record| effects.note(entity, record));
        Ok(())
    }

    fn folded(
        &self,
        entity: EntityKey,
        snapshot: Option<Vec<u8>>,
        records: &[TailRecord],
        through: Lsn,
    ) -> Result<Folded, CheckpointError> {
        let records: Vec<RecordBytes> = records.iter().map(TailRecord::bytes).collect();
        let slices: Vec<&[u8]> = records.iter().map(AsRef::as_ref).collect();
        self.shared.fold.fold(entity, snapshot.as_deref(), &slices).map_err(|source| CheckpointError::Fold {
            entity,
            through,
            source,
        })
    }

    fn pending(&mut self, writer: &mut StateWriter<'_>, effects: Effects) -> Result<(), CheckpointError> {
        let Effects { mut produced, consumed } = effects;
        for effect in consumed {
            if produced.remove(&effect).is_none() {
                writer.remove_pending(effect)?;
            }
        }
        for (effect, (entity, record)) in produced {
            writer.put_pending(effect, entity, &record)?;
        }
        self.report.pending_effects = writer.pending_len()?;
        Ok(())
    }
}
