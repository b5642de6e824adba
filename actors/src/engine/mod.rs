//! The engine handle: the only way in. Cheap to clone; every call may be made from any thread.
//!
//! Owns what spans several entities: claiming identifiers before a customer exists, finding members for a sale,
//! replaying answers under request ids, queries over indexes. Decides nothing about loyalty.

mod allotments;
mod backups;
mod claiming;
mod configuration;
mod customers;
mod erasure;
mod events;
mod explanation;
mod inflight;
mod ingest;
mod jobs;
mod merges;
mod points;
mod sale_query;
mod sales;
mod simulation;
mod standup;
mod tier_deletion;
mod tiers;
mod transfers;
mod user_state;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use actix::{Actor, Addr, prelude::SendError};
use domain::{Timestamp, program::Program};
use store::{IndexId, IndexRow, ScanRange};
use tokio::sync::oneshot;

pub use backups::{Backup, BackupRefusal, BackupSettings, BackupState};
pub use configuration::{ConfigureError, EditError};
pub use customers::{Clash, CreateError, UpdateError};
pub use erasure::{EraseError, Erasure};
pub use events::TriggerError;
pub use explanation::{
    ExplainedMember, ExplainedRecord, ExplainedRow, ExplainedSale, ExplainedVersion, MemberState, OtherSide,
};
pub use ingest::{CustomerOutcomes, IngestRequest, IngestState, Ingested, ReplayError, SaleEvaluation};
pub use jobs::JobError;
pub use merges::MergeError;
pub use points::PostError;
pub use sale_query::{SaleCursor, SaleDate, SaleFilter, SalePage, SaleQuery, SaleSort, SortDirection};
pub use sales::{SaleAnswer, SaleError, SaleRequest};
pub use simulation::{Simulated, SimulatedTrigger, SimulationError, SimulationRequest};
pub use standup::{Seed, Seeded, StandupError};
pub use tier_deletion::Doomed;
pub use tiers::{ChangeTiersError, MemberPage};
pub use transfers::Transferred;
pub use user_state::ChangeStateError;

use self::{claiming::Claiming, inflight::Inflight};
use crate::{
    clock::ClockError,
    clock_supervisor::{ClockSupervisor, DueGauges, WakeDue},
    delivery::Parcel,
    dispatcher::Counters,
    entity_actor::{Command, For, View},
    error::{AskError, EngineError},
    job_supervisor::JobSupervisor,
    kinds::Durable,
    residents::Answering,
    routing::Routing,
    shard::{Ask, HoldUp, Hosts, Look, Shard, ShardGauges},
    shard_context::Shared,
};

/// How many effects may be under way before new work is refused.
const EFFECTS_MAX: u64 = 200_000;
pub use store::CheckpointReport;

/// The engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub shared: Shared,
    pub routing: Routing,
    pub shards: Vec<Addr<Shard>>,
    pub gauges: Vec<Arc<ShardGauges>>,
    pub counters: Arc<Counters>,
    pub inflight: Arc<Inflight>,
    pub claiming: Claiming,
    pub draining: AtomicBool,
    /// Set once everything else stands.
    pub clock_supervisor: OnceLock<Addr<ClockSupervisor>>,
    pub due: Arc<DueGauges>,
    /// Set once everything else stands.
    pub job_supervisor: OnceLock<Addr<JobSupervisor>>,
    pub backups: backups::Backups,
}

impl Engine {
    pub(crate) fn new(
        shared: Shared,
        routing: Routing,
        shards: Vec<Addr<Shard>>,
        gauges: Vec<Arc<ShardGauges>>,
        counters: Arc<Counters>,
    ) -> Self {
        let (inflight, draining) = (Arc::new(Inflight::default()), AtomicBool::new(false));
        let (clock_supervisor, due) = (OnceLock::new(), Arc::default());
        let inner = Inner {
            shared,
            routing,
            shards,
            gauges,
            counters,
            inflight,
            claiming: Claiming::default(),
            draining,
            clock_supervisor,
            due,
            job_supervisor: OnceLock::new(),
            backups: backups::Backups::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// From now on the clock wakes customers for whom something is due.
    pub(crate) fn start_clock_supervisor(&self) {
        let (engine, gauges) = (self.clone(), Arc::clone(&self.inner.due));
        let arbiter = self.inner.shared.placement.arbiter();
        let supervisor =
            ClockSupervisor::start_in_arbiter(&arbiter, move |_| ClockSupervisor::new(engine, gauges));
        let first = self.inner.clock_supervisor.set(supervisor).is_ok();
        assert!(first, "an engine has one clock supervisor");
    }

    /// From now on jobs are done.
    pub(crate) fn start_job_supervisor(&self) {
        let engine = self.clone();
        let arbiter = self.inner.shared.placement.arbiter();
        let supervisor = JobSupervisor::start_in_arbiter(&arbiter, move |_| JobSupervisor::new(engine));
        let first = self.inner.job_supervisor.set(supervisor).is_ok();
        assert!(first, "an engine has one job supervisor");
    }

    /// The engine's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.shared.clock.now()
    }

    /// A new id.
    pub(crate) fn fresh_id(&self) -> uuid::Uuid {
        self.inner.shared.ids.fresh(self.now())
    }

    /// Lets a shard stand still for a while, by its number, as if its thread got no processor: what comes to it waits.
    /// For rehearsals.
    pub fn hold_up(&self, shard: usize, pause: std::time::Duration) {
        if let Some(shard) = self.inner.shards.get(shard) {
            shard.do_send(HoldUp(pause));
        }
    }

    /// Moves a test clock forward. What has become due by then is done from now on; [`Engine::settle_due`] waits for
    /// it.
    pub fn move_clock(&self, to: Timestamp) -> Result<(), ClockError> {
        self.inner.shared.clock.move_to(to)?;
        if let Some(supervisor) = self.inner.clock_supervisor.get() {
            supervisor.do_send(WakeDue::default());
        }
        Ok(())
    }

    /// Waits until everybody has done what is due by now. Says how many could not; they are asked again by and by.
    pub async fn settle_due(&self) -> Result<u64, EngineError> {
        let (done, waited) = oneshot::channel();
        let supervisor = self.inner.clock_supervisor.get().ok_or(EngineError::Draining)?;
        supervisor.try_send(WakeDue { done: Some(done) }).map_err(refused)?;
        waited.await.map_err(|_| EngineError::Draining)
    }

    /// Durable rows of an index.
    pub(crate) fn scan(
        &self,
        index: IndexId,
        range: ScanRange,
        direction: store::Direction,
        limit: usize,
    ) -> Result<Vec<IndexRow>, EngineError> {
        Ok(self.inner.shared.store.scan(index, range, direction, limit)?)
    }

    /// The program in force.
    pub fn program(&self) -> Arc<Program> {
        self.inner.shared.programs.current()
    }

    /// Takes requests: recovered, and not shutting down.
    pub fn is_ready(&self) -> bool {
        !self.inner.draining.load(Ordering::Acquire)
    }

    /// Folds what is durable into the tables, so that the next start has little to read. Returns when done.
    pub async fn checkpoint(&self) -> Result<CheckpointReport, EngineError> {
        let store = Arc::clone(&self.inner.shared.store);
        let done = self.inner.shared.placement.aside(move || store.checkpoint()).await?;
        done.map_err(|error| {
            tracing::error!(%error, "the checkpoint failed");
            EngineError::Unavailable
        })
    }

    /// Refuses new work, waits until everything under way has arrived, and closes the store. Returns what could not be
    /// waited for.
    pub async fn drain(&self, patience: std::time::Duration) -> Result<(), EngineError> {
        self.inner.draining.store(true, Ordering::Release);
        let deadline = tokio::time::Instant::now() + patience;
        while self.inner.counters.effects_under_way() > 0 || self.pending_answers() > 0 {
            if tokio::time::Instant::now() >= deadline {
                tracing::warn!(
                    "work was still under way at the end of the patience; it goes on at the next start"
                );
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        let inner = Arc::clone(&self.inner);
        let close = move || {
            let closed = inner.shared.store.close();
            // A backup that is being made is given up, and takes away what there is of it.
            inner.backups.join();
            closed
        };
        let closed = self.inner.shared.placement.aside(close).await?;
        closed.map_err(|error| {
            tracing::error!(%error, "the store did not close cleanly");
            EngineError::Unavailable
        })
    }

    /// Sizes for the metrics, by name.
    pub fn gauges(&self) -> Vec<(&'static str, u64)> {
        let Inner { shared, counters, due, .. } = &*self.inner;
        let stats = shared.store.stats();
        let durable = shared.store.durable().get();
        let resident = self.inner.gauges.iter().map(|shard| shard.resident.load(Ordering::Relaxed)).sum();
        let size = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        vec![
            ("laurel_resident_actors", resident),
            ("laurel_answers_waiting", self.pending_answers()),
            ("laurel_effects_under_way", counters.effects_under_way()),
            ("laurel_records_total", counters.records.load(Ordering::Relaxed)),
            ("laurel_due_rows", due.rows.load(Ordering::Relaxed)),
            ("laurel_due_processed_total", due.processed.load(Ordering::Relaxed)),
            ("laurel_due_lag_seconds", due.lag_ms.load(Ordering::Relaxed) / 1000),
            ("laurel_journal_frames_total", stats.frames),
            ("laurel_journal_failures_total", counters.failures.load(Ordering::Relaxed)),
            ("laurel_journal_queue_bytes", size(stats.queue_bytes)),
            ("laurel_journal_queue_records", stats.queue_records),
            ("laurel_journal_segments", stats.segments),
            ("laurel_tail_bytes", size(stats.tail_bytes)),
            ("laurel_tail_records", stats.tail_records),
            ("laurel_checkpoints_total", stats.checkpoints),
            ("laurel_checkpoint_lag_records", durable.saturating_sub(stats.checkpointed.get())),
        ]
    }

    fn pending_answers(&self) -> u64 {
        self.inner.gauges.iter().map(|shard| shard.pending.load(Ordering::Relaxed)).sum()
    }

    fn admit(&self) -> Result<(), EngineError> {
        if self.inner.draining.load(Ordering::Acquire) {
            return Err(EngineError::Draining);
        }
        if self.inner.counters.effects_under_way() > EFFECTS_MAX {
            return Err(EngineError::Overloaded);
        }
        Ok(())
    }

    /// Sends a command on its way at once; the answer comes later.
    pub(crate) fn start<E>(&self, id: [u8; 16], command: E::Command) -> Result<Answer<E>, EngineError>
    where
        E: Durable,
        Parcel: For<E>,
        Shard: Hosts<E>,
    {
        self.admit()?;
        let (answer, answered) = oneshot::channel();
        self.shard_of::<E>(id).try_send(Ask { id, command: Command { command, answer } }).map_err(refused)?;
        Ok(Answer(answered))
    }

    /// Asks an entity and waits for its answer.
    pub(crate) async fn ask<E>(
        &self,
        id: [u8; 16],
        command: E::Command,
    ) -> Result<E::Reply, AskError<E::Error>>
    where
        E: Durable,
        Parcel: For<E>,
        Shard: Hosts<E>,
    {
        self.start::<E>(id, command)?.wait().await
    }

    /// Looks at an entity. What is seen is durable by the time it is answered.
    pub(crate) async fn look<E, R>(
        &self,
        id: [u8; 16],
        look: impl FnOnce(&E, &Program, Timestamp) -> R + Send + 'static,
    ) -> Result<R, EngineError>
    where
        E: Durable,
        R: Send + 'static,
        Parcel: For<E>,
        Shard: Hosts<E>,
    {
        if self.inner.draining.load(Ordering::Acquire) {
            return Err(EngineError::Draining);
        }
        let (answer, answered) = oneshot::channel();
        let view: Box<dyn View<E>> = Box::new(Answering { look, answer });
        self.shard_of::<E>(id).try_send(Look { id, view }).map_err(refused)?;
        answered.await.unwrap_or(Err(EngineError::Crashed))
    }

    fn shard_of<E: Durable>(&self, id: [u8; 16]) -> &Addr<Shard> {
        &self.inner.shards[self.inner.routing.shard_of(E::KIND.key(id))]
    }
}

/// An answer that is on its way.
pub(crate) struct Answer<E: Durable>(oneshot::Receiver<Result<E::Reply, AskError<E::Error>>>);

impl<E: Durable> Answer<E> {
    /// Waits for it. An answer that was dropped on the way is that of a crash.
    pub async fn wait(mut self) -> Result<E::Reply, AskError<E::Error>> {
        self.arrived().await
    }

    /// The same, once.
    async fn arrived(&mut self) -> Result<E::Reply, AskError<E::Error>> {
        (&mut self.0).await.unwrap_or(Err(AskError::Engine(EngineError::Crashed)))
    }
}

/// Work as a task of its own: it goes on to its end when whoever asked for it hangs up.
async fn unbroken<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<EngineError> + Send + 'static,
{
    tokio::spawn(work).await.unwrap_or_else(|_| Err(EngineError::Crashed.into()))
}

fn refused<T>(error: SendError<T>) -> EngineError {
    match error {
        SendError::Full(_) => EngineError::Overloaded,
        SendError::Closed(_) => EngineError::Draining,
    }
}
