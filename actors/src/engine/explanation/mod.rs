//! Why a row of the ledger, a change of level, or what a sale gave, is as it is: read from the durable history, and
//! decided once more (incentives.md 7.3). Nothing is written, and no actor is held up.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::ControlFlow,
    sync::Arc,
};

use domain::{
    Points, Timestamp,
    customer::{
        About, AuditLog, AuditRow, CreditSale, Customer, Effect, Event, Explained, LotTouched,
        MissingProgram, Past, Programs, Recorded, RowPart, RowPlace, TierMovement,
    },
    id::{CustomerId, JobId, LedgerRowId, RuleTreeId, TierMovementId},
    job::Work,
    program::Program,
};

use uuid::Uuid;

use super::Engine;
use crate::{error::EngineError, history, kinds::Durable, programs, record::Record};

mod sales;

pub use sales::{ExplainedMember, ExplainedSale, ExplainedVersion, MemberState};

/// A record of a customer's history with what it was decided on.
#[derive(Debug)]
pub struct ExplainedRecord {
    /// When it was decided.
    pub at: Timestamp,
    /// The program it was decided under.
    pub program: Arc<Program>,
    /// Other programs whose trees were looked at.
    pub programs: Programs,
    /// The versions of the rule trees, by the versions of the programs they were looked at in.
    pub tree_versions: BTreeMap<u32, BTreeMap<RuleTreeId, u32>>,
    /// What happened.
    pub events: Vec<Event>,
    /// What it was decided on.
    pub explained: Explained,
    /// The rows it wrote, in order.
    pub rows: Vec<ExplainedRow>,
    /// The job that it was a step of, and what that does.
    pub job: Option<(JobId, Option<Work>)>,
}

/// A row of a record.
#[derive(Debug, Clone)]
pub struct ExplainedRow {
    /// Where in the record it was written.
    pub place: RowPlace,
    /// As it was right after the record.
    pub row: AuditRow,
    /// The lots it drew from or gave back to, in order.
    pub lots: Vec<LotTouched>,
    /// The rows with which its points came from, or went to, another account or another customer.
    pub other_side: Vec<OtherSide>,
}

/// The row on the other side of a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherSide {
    /// Whose.
    pub customer: CustomerId,
    /// The row.
    pub row: LedgerRowId,
    /// How it changed the balance there; none: whoever it was is no more.
    pub change: Option<Points>,
}

/// The record that a row or a change of level was found in.
struct Found {
    past: Past,
    record: Record<Customer>,
    /// All rows as they are now.
    log: AuditLog,
}

impl Engine {
    /// Why a row of a customer is as it is: the row as it is now, and its record; nothing when there is no such row.
    pub async fn explain_row(
        &self,
        customer: CustomerId,
        row: LedgerRowId,
    ) -> Result<Option<(AuditRow, ExplainedRecord)>, EngineError> {
        let wanted = move |events: &[Event]| RowPlace::of(row, events).is_some();
        let Some((log, record)) = self.explain_found(customer, wanted).await? else { return Ok(None) };
        Ok(log.row(row).cloned().map(|row| (row, record)))
    }

    /// Why a customer's level changed: the change, with the place of its event in its record; nothing when there was no
    /// such change.
    pub async fn explain_tier_movement(
        &self,
        customer: CustomerId,
        movement: TierMovementId,
    ) -> Result<Option<((usize, TierMovement), ExplainedRecord)>, EngineError> {
        let wanted = move |events: &[Event]| TierMovement::find_in(movement, events).is_some();
        let Some((_, record)) = self.explain_found(customer, wanted).await? else { return Ok(None) };
        Ok(TierMovement::find_in(movement, &record.events).map(|found| (found, record)))
    }

    /// What came of an event, and why: the place of its event in its record; nothing when there was no such event.
    pub async fn explain_event(
        &self,
        customer: CustomerId,
        event: Uuid,
    ) -> Result<Option<(usize, ExplainedRecord)>, EngineError> {
        let is_it = move |known: &Event| match known {
            Event::EventTriggered(triggered) => triggered.answer.id == event,
            _ => false,
        };
        let found = self.explain_found(customer, move |events| events.iter().any(is_it)).await?;
        let Some((_, record)) = found else { return Ok(None) };
        Ok(record.events.iter().position(is_it).map(|place| (place, record)))
    }

    async fn explain_found(
        &self,
        customer: CustomerId,
        wanted: impl Fn(&[Event]) -> bool + Send + 'static,
    ) -> Result<Option<(AuditLog, ExplainedRecord)>, EngineError> {
        self.wait_for(customer).await?;
        let engine = self.clone();
        let explained = tokio::task::spawn_blocking(move || {
            let Some(found) = engine.find_record(customer, wanted)? else { return Ok(None) };
            let Found { past, record, log } = found;
            let credit = engine.credit_of(customer, &record)?;
            Ok(Some((log, engine.explain_record(customer, &past, record, credit.as_ref())?)))
        });
        let Some((log, mut record)) = explained.await.unwrap_or(Err(EngineError::Crashed))? else {
            return Ok(None);
        };
        self.name_job(&mut record).await?;
        Ok(Some((log, record)))
    }

    /// Waits until everything the customer has decided is in the history.
    async fn wait_for(&self, customer: CustomerId) -> Result<(), EngineError> {
        self.look::<Customer, _>(customer.bytes(), |_, _, _| ()).await
    }

    fn find_record(
        &self,
        customer: CustomerId,
        wanted: impl Fn(&[Event]) -> bool,
    ) -> Result<Option<Found>, EngineError> {
        let (mut past, mut found, mut log) = (Some(Past::default()), None, AuditLog::default());
        history::walk::<Customer>(self.inner.shared.store.as_ref(), customer.bytes(), |record| {
            if record.events.iter().any(Customer::forgets_past) {
                // Still in the history until the next checkpoint.
                (past, found, log) = (None, None, AuditLog::default());
            }
            record.events.iter().for_each(|event| log.apply(event));
            if past.is_some() && wanted(&record.events) {
                found = past.take().map(|past| (past, record));
            } else if let Some(past) = &mut past {
                record.events.iter().for_each(|event| past.apply(event));
            }
            ControlFlow::Continue(())
        })?;
        Ok(found.map(|(past, record)| Found { past, record, log }))
    }

    /// The revision of a sale that a record books, if it is still kept.
    fn credit_of(
        &self,
        customer: CustomerId,
        record: &Record<Customer>,
    ) -> Result<Option<CreditSale>, EngineError> {
        let booked = record.events.iter().find_map(|event| match event {
            Event::SaleCredited(credited) => Some((credited.sale, credited.revision)),
            _ => None,
        });
        let Some((sale, revision)) = booked else { return Ok(None) };
        let versions = self.sale_versions(sale)?;
        let own = versions.iter().flat_map(|version| &version.credits);
        Ok(own
            .filter(|credit| credit.revision == revision)
            .find(|credit| credit.customer == customer)
            .cloned())
    }

    /// Explains a record that comes after all that is in `past`.
    fn explain_record(
        &self,
        customer: CustomerId,
        past: &Past,
        record: Record<Customer>,
        sale: Option<&CreditSale>,
    ) -> Result<ExplainedRecord, EngineError> {
        let Record { at, program_version, events, effects } = record;
        let recorded = Recorded { at, program_version, events: &events, effects: &effects, sale };
        let store = self.inner.shared.store.as_ref();
        let mut programs = Programs::default();
        let explained = loop {
            match past.explain(&recorded, &programs) {
                Ok(explained) => break explained,
                Err(MissingProgram(version)) => {
                    programs.add(self.inner.shared.programs.version(version, store)?)
                }
            }
        };
        let program = self.inner.shared.programs.version(program_version, store)?;
        let looked = explained.looked_at.iter().map(|looked| looked.program_version);
        let mut tree_versions = BTreeMap::new();
        for version in looked.chain([program_version]) {
            if let Entry::Vacant(unknown) = tree_versions.entry(version) {
                unknown.insert(programs::tree_versions(version, store)?);
            }
        }
        let rows = self.explained_rows(customer, past, &recorded)?;
        Ok(ExplainedRecord { at, program, programs, tree_versions, events, explained, rows, job: None })
    }

    fn explained_rows(
        &self,
        customer: CustomerId,
        past: &Past,
        recorded: &Recorded<'_>,
    ) -> Result<Vec<ExplainedRow>, EngineError> {
        let after = past.log_after(recorded);
        let mut rows = Vec::new();
        for (place, movement) in RowPlace::all(recorded.events) {
            let Some(row) = after.row(movement.row()).cloned() else { continue };
            let near = place.other_side(movement, recorded.events).into_iter();
            let own = |other: &domain::ledger::Movement| OtherSide {
                customer,
                row: other.row(),
                change: Some(other.change()),
            };
            let mut other_side: Vec<_> = near.map(own).collect();
            other_side.extend(self.far_side(&place, movement.row(), recorded)?);
            rows.push(ExplainedRow { place, row, lots: past.lots_touched(movement, &after), other_side });
        }
        Ok(rows)
    }

    /// The rows of another customer, to whom points went or from whom they came.
    fn far_side(
        &self,
        place: &RowPlace,
        row: LedgerRowId,
        recorded: &Recorded<'_>,
    ) -> Result<Vec<OtherSide>, EngineError> {
        let RowPart::Detail(_) = place.part else { return Ok(Vec::new()) };
        if let Some(Event::PointsPosted(posted)) = recorded.events.get(place.event)
            && let About::Received { from, rows } = &posted.about
        {
            let log = self.log_of(*from)?;
            let side = |row: &LedgerRowId| OtherSide {
                customer: *from,
                row: *row,
                change: log.row(*row).map(|known| known.change),
            };
            return Ok(rows.iter().map(side).collect());
        }
        let sent = recorded.effects.iter().find_map(|effect| match effect {
            Effect::SendPoints(sent) if sent.drawn.iter().any(|drawn| drawn.row == row) => Some(sent),
            _ => None,
        });
        let Some(sent) = sent else { return Ok(Vec::new()) };
        let (log, id) = (self.log_of(sent.to)?, sent.id.to_string());
        let theirs = log.rows().iter().filter(|known| *known.caused_by.request_id == *id);
        let side =
            |known: &AuditRow| OtherSide { customer: sent.to, row: known.id, change: Some(known.change) };
        Ok(theirs.map(side).collect())
    }

    fn log_of(&self, customer: CustomerId) -> Result<AuditLog, EngineError> {
        let store = self.inner.shared.store.as_ref();
        let log = history::of_known_customer(store, customer.bytes(), AuditLog::apply)?;
        Ok(log.unwrap_or_default())
    }

    async fn name_job(&self, record: &mut ExplainedRecord) -> Result<(), EngineError> {
        let job = record.events.iter().find_map(|event| match event {
            Event::JobStepped(stepped) => Some(stepped.job),
            _ => None,
        });
        if let Some(job) = job {
            let work = self.read_job(job, |job, _, _| job.plan().map(|(plan, _)| plan.work.clone()));
            record.job = Some((job, work.await?.flatten()));
        }
        Ok(())
    }
}
