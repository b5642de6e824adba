//! Starting the engine: open the store, recover, start the shards, hand over what is pending.

use std::sync::Arc;

use actix::Actor;
use domain::{
    allotment::Allotment,
    configuration::{Configuration, Section},
    customer::Customer,
    id::RetailerId,
    identifier::Claim,
    job::Job,
    program::Program,
    sale::Sale,
    standup::Standup,
    tombstone::Tombstone,
};
use quick_cache::sync::Cache;
use store::{Disk, FoldError, OpenError, PendingEffect, ReadError, Recovered, Store};

use crate::{
    cell::Companion,
    clock::Clock,
    delivery::Parcel,
    dispatcher::{Dispatcher, PendingEffects},
    engine::{ConfigureError, Engine},
    fold::EntityFold,
    ids::Ids,
    kinds::{Durable, Kind},
    peers::Peers,
    programs::{CONFIGURATION, Programs},
    record::{Record, recover},
    routing::Routing,
    shard::{SHARD_MAILBOX, Shard, ShardGauges},
    shard_context::Shared,
    threads::{Placement, Steps, Threads},
};

/// How many confirmed identifiers are kept in front of their claims: about 100 bytes each.
const HOLDERS_CACHED: usize = 1 << 19;

/// How an engine is started.
pub struct EngineOptions {
    /// Sizes of the store.
    pub store: store::Options,
    /// Where the store is.
    pub disk: Arc<dyn Disk>,
    /// Where time comes from.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: Ids,
    /// Who does the work.
    pub threads: Threads,
    /// Among how many shards entities are divided; at least one. One more has the configuration.
    pub shards: usize,
    /// About how many customers stay in memory.
    pub customers_max: usize,
    /// Who is served.
    pub retailer: RetailerId,
    /// The program of a first start, as text.
    pub first_program: String,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The configuration cannot be read.
    #[error("the configuration cannot be read: {0}")]
    Read(#[from] ReadError),
    /// A record cannot be read.
    #[error("a record cannot be read: {0}")]
    Fold(#[from] FoldError),
    /// The stored program does not compile under this version of Laurel.
    #[error("the stored program has problems: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Program(Vec<domain::program::Problem>),
    /// The stored program belongs to another retailer.
    #[error("the data are of retailer {stored}, not of {asked}")]
    OtherRetailer {
        /// Whose data they are.
        stored: RetailerId,
        /// Who was to be served.
        asked: RetailerId,
    },
    /// The first program was not taken.
    #[error("the first program was not taken: {0}")]
    FirstProgram(ConfigureError),
}

/// What a start found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// Records read from the journal because no checkpoint had them.
    pub records_replayed: u64,
    /// Effects that had not arrived and were handed over again.
    pub effects_redelivered: usize,
    /// The version of the program in force.
    pub program_version: u32,
}

/// Starts an engine. Must be called inside a running actix system; blocks while the journal is read.
pub async fn start(options: EngineOptions) -> Result<(Engine, Recovery), StartError> {
    let routing = Routing::over(options.shards.max(1));
    let dispatcher = Dispatcher::new(routing);
    let (store, recovered, placement) =
        open(options.store, options.disk, options.threads, Arc::clone(&dispatcher))?;

    let configuration = load_configuration(store.as_ref())?;
    let program = program_in_force(&configuration, options.retailer)?;
    let shared = Shared {
        store: Arc::clone(&store),
        clock: options.clock,
        ids: options.ids,
        placement,
        programs: Arc::new(Programs::new(program)),
        counters: dispatcher.counters(),
        holders: Arc::new(Cache::new(HOLDERS_CACHED)),
        peers: Arc::new(Peers::new(routing)),
    };
    let gauges: Vec<Arc<ShardGauges>> = (0..routing.shards()).map(|_| Arc::default()).collect();
    let customers_each = options.customers_max.div_ceil(options.shards.max(1));
    let shards: Vec<_> = (0_u16..)
        .zip(&gauges)
        .map(|(number, gauges)| {
            let (shared, gauges, durable) = (shared.clone(), Arc::clone(gauges), recovered.durable);
            Shard::start_in_arbiter(&placement.arbiter(), move |context| {
                context.set_mailbox_capacity(SHARD_MAILBOX);
                Shard::new(shared, number, durable, customers_each, gauges)
            })
        })
        .collect();

    let (exhausted, to_be_paused) = tokio::sync::mpsc::unbounded_channel();
    shared.peers.connect(shards.clone(), exhausted);
    dispatcher.connect(shards.clone(), pending_in(store));
    let redelivered = parcels(&recovered.pending_effects)?;
    let effects_redelivered = redelivered.len();
    dispatcher.deliver(redelivered);

    let engine = Engine::new(shared, routing, shards, gauges, dispatcher.counters());
    if configuration.version() == 0 {
        let first = engine.configure(Section::Program, options.first_program, false).await;
        first.map_err(StartError::FirstProgram)?;
    }
    engine.supervise_allotments(to_be_paused).await;
    engine.start_clock_supervisor();
    engine.start_job_supervisor();
    let recovery = Recovery {
        records_replayed: recovered.records_replayed,
        effects_redelivered,
        program_version: engine.program().version(),
    };
    Ok((engine, recovery))
}

type Opened = (Arc<dyn Store<Companion>>, Recovered, Placement);

/// Opens the store, and sees to it that what is queued will be written.
fn open(
    options: store::Options,
    disk: Arc<dyn Disk>,
    threads: Threads,
    listener: Arc<Dispatcher>,
) -> Result<Opened, OpenError> {
    let fold = Arc::new(EntityFold);
    match threads {
        Threads::Own => {
            let (store, recovered) = store::open::<Companion>(options, disk, fold, listener)?;
            Ok((store, recovered, Placement::Apart))
        }
        Threads::Callers(take_over) => {
            let (store, recovered, steps) = store::open_stepped::<Companion>(options, disk, fold, listener)?;
            take_over(Steps(steps));
            Ok((store, recovered, Placement::Together))
        }
    }
}

/// Reads what is pending after a failure. What is damaged waits for the next start.
fn pending_in(store: Arc<dyn Store<Companion>>) -> PendingEffects {
    Box::new(move || {
        let pending = match store.pending_effects() {
            Err(error) if error.may_pass() => {
                tracing::warn!(%error, "pending effects cannot be read at present; nothing is written until they are");
                return None;
            }
            pending => pending.map_err(StartError::from),
        };
        let pending = pending.and_then(|pending| Ok(parcels(&pending)?)).unwrap_or_else(|error| {
            tracing::error!(%error, "pending effects cannot be read; they wait for the next start");
            Vec::new()
        });
        Some(pending)
    })
}

fn load_configuration(store: &dyn Store<Companion>) -> Result<Configuration, StartError> {
    let loaded = store.load(Kind::Configuration.key(CONFIGURATION))?;
    Ok(recover(loaded.snapshot.as_deref(), loaded.records.iter().map(AsRef::as_ref))?)
}

fn program_in_force(configuration: &Configuration, asked: RetailerId) -> Result<Program, StartError> {
    let program = match configuration.compile(None) {
        None => Program::empty(asked, "Laurel"),
        Some(compiled) => compiled.map_err(StartError::Program)?,
    };
    let stored = program.retailer().id;
    if stored == asked { Ok(program) } else { Err(StartError::OtherRetailer { stored, asked }) }
}

/// What pending effects ask, from the records that carry them.
fn parcels(pending: &[PendingEffect]) -> Result<Vec<Parcel>, FoldError> {
    pending
        .iter()
        .map(|effect| {
            let kind = Kind::from_number(effect.entity.kind);
            let deliveries = match kind {
                Some(Kind::Customer) => deliveries::<Customer>(&effect.record)?,
                Some(Kind::Sale) => deliveries::<Sale>(&effect.record)?,
                Some(Kind::Claim) => deliveries::<Claim>(&effect.record)?,
                Some(Kind::Tombstone) => deliveries::<Tombstone>(&effect.record)?,
                Some(Kind::Configuration) => deliveries::<Configuration>(&effect.record)?,
                Some(Kind::Job) => deliveries::<Job>(&effect.record)?,
                Some(Kind::Allotment) => deliveries::<Allotment>(&effect.record)?,
                Some(Kind::Standup) => deliveries::<Standup>(&effect.record)?,
                None => return Err(FoldError { what: format!("{} is of an unknown kind", effect.entity) }),
            };
            let delivery = deliveries.into_iter().nth(usize::from(effect.id.index));
            let delivery = delivery
                .ok_or_else(|| FoldError { what: format!("effect {:?} is not in its record", effect.id) })?;
            Ok(Parcel { effect: effect.id, delivery })
        })
        .collect()
}

fn deliveries<E: Durable>(record: &[u8]) -> Result<Vec<crate::delivery::Delivery>, FoldError> {
    Ok(Record::<E>::decode(record)?.deliveries())
}
