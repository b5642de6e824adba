//! What the actors of one shard share. Lives on the shard's thread: plain cells, no locks.

use std::{
    cell::{Cell, RefCell},
    ops::ControlFlow,
    sync::Arc,
    time::Duration,
};

use domain::{
    Timestamp,
    customer::{Customer, EvaluationRecord, Fetched, Need},
    id::{CustomerId, IdRun, SaleId},
    program::Program,
};
use quick_cache::sync::Cache;
use store::{Append, EntityKey, Epoch, Lsn, NotAppended, Store};

use crate::{
    cell::{Companion, Surroundings},
    clock::Clock,
    dispatcher::Counters,
    error::EngineError,
    history,
    ids::Ids,
    index,
    peers::Peers,
    pending::{Held, Pending},
    programs::Programs,
    threads::Placement,
};

/// How long work that cannot be done yet rests before it is tried again.
pub const RETRY_AFTER: Duration = Duration::from_millis(2);

/// What the actors of every shard are given.
#[derive(Clone)]
pub struct Shared {
    /// Where records go.
    pub store: Arc<dyn Store<Companion>>,
    /// The time.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: Ids,
    /// Where the parts of the engine are.
    pub placement: Placement,
    /// The program in force, and earlier ones.
    pub programs: Arc<Programs>,
    /// What is under way.
    pub counters: Arc<Counters>,
    /// Confirmed identifiers, kept by the shards that own them.
    pub holders: Arc<Cache<[u8; 16], CustomerId>>,
    /// Who is asked before a decision.
    pub peers: Arc<Peers>,
}

/// What the actors of one shard share.
pub struct Common {
    pub shared: Shared,
    pub shard: u16,
    pub pending: RefCell<Pending>,
    epoch: Cell<Epoch>,
    /// Counts up with every command: which actor was used last.
    ticks: Cell<u64>,
}

impl Common {
    /// Everything up to `durable` is on disk; nothing waits.
    pub fn new(shared: Shared, shard: u16, durable: Lsn) -> Self {
        let epoch = Cell::new(shared.store.epoch());
        Self { shared, shard, pending: RefCell::new(Pending::new(durable)), epoch, ticks: Cell::new(0) }
    }

    /// The epoch that fresh actors append in.
    pub fn epoch(&self) -> Epoch {
        self.epoch.get()
    }

    /// Everything not yet durable is lost, and with it every actor of earlier epochs.
    pub fn enter(&self, epoch: Epoch) {
        self.epoch.set(epoch);
        self.pending.borrow_mut().fail(EngineError::Unavailable);
    }

    /// The next tick of use.
    pub fn tick(&self) -> u64 {
        self.ticks.set(self.ticks.get() + 1);
        self.ticks.get()
    }

    /// Holds an answer to something that was not written itself, but depends on what was: nobody else may be waiting
    /// for that.
    pub fn hold_and_hurry(&self, lsn: Lsn, answer: Held) {
        if lsn > self.durable() {
            self.shared.store.hurry();
        }
        self.hold(lsn, answer);
    }

    /// Holds an answer until a position is durable.
    pub fn hold(&self, lsn: Lsn, answer: Held) {
        self.pending.borrow_mut().hold(lsn, answer);
    }

    /// Everything up to here is on disk.
    pub fn durable(&self) -> Lsn {
        self.pending.borrow().durable()
    }
}

/// The surroundings of the cells of one epoch.
pub struct InEpoch<'a> {
    pub common: &'a Common,
    pub epoch: Epoch,
}

impl Surroundings for InEpoch<'_> {
    fn now(&self) -> Timestamp {
        self.common.shared.clock.now()
    }

    fn ids(&self) -> IdRun {
        IdRun::starting_at(self.common.shared.ids.fresh(self.now()))
    }

    fn program(&self) -> Arc<Program> {
        self.common.shared.programs.current()
    }

    fn append(&self, append: Append<Companion>) -> Result<Lsn, NotAppended<Companion>> {
        self.common.shared.store.append(self.epoch, append)
    }

    fn durable(&self) -> Lsn {
        self.common.durable()
    }

    fn hurry(&self) {
        self.common.shared.store.hurry();
    }

    fn shard(&self) -> u16 {
        self.common.shard
    }

    fn fetch(&self, entity: EntityKey, need: &Need, into: &mut Fetched) -> Result<(), EngineError> {
        self.common.shared.fetch(entity, need, into)
    }
}

impl Shared {
    /// Something old that a decision depends on, from what is on disk.
    pub fn fetch(&self, entity: EntityKey, need: &Need, into: &mut Fetched) -> Result<(), EngineError> {
        let Self { store, programs, .. } = self;
        match need {
            Need::Program(version) => into.programs.push(programs.version(*version, store.as_ref())?),
            Need::Remembered(key) => {
                let row = store.get(
                    index::REMEMBERED,
                    &index::remembered::key(CustomerId::from_bytes(entity.id), *key),
                )?;
                let remembered = row.map(|value| index::remembered::read(&value)).transpose()?;
                into.remembered.push((*key, remembered));
            }
            Need::History => into.history = Some(Box::new(history::of_customer(store.as_ref(), entity.id)?)),
            Need::AnsweredEvent(key) => {
                let customer = CustomerId::from_bytes(entity.id);
                let row = store.get(index::EVENTS, &index::events::key(customer, *key))?;
                let answered = row.map(|value| index::events::read(&value)).transpose()?;
                into.answered.push((*key, answered));
            }
            Need::Allotment(asking) => {
                tracing::error!(?asking, "a reservation cannot be read from disk");
                return Err(EngineError::Crashed);
            }
            Need::Evaluation(sale) => {
                into.evaluations.push((*sale, evaluation_of(entity, *sale, store.as_ref())?));
            }
        }
        Ok(())
    }
}

/// What a sale has given a customer, from the customer's history. The cell asks only when all its records are in it.
fn evaluation_of(
    customer: EntityKey,
    sale: SaleId,
    store: &dyn Store<Companion>,
) -> Result<Option<EvaluationRecord>, EngineError> {
    let mut found: Option<EvaluationRecord> = None;
    history::walk::<Customer>(store, customer.id, |record| {
        for event in &record.events {
            found = EvaluationRecord::after_event(found.take(), sale, event);
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}
