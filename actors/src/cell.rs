//! One entity between its durable records and its callers: recover, decide, append, apply. A plain state machine: the
//! actor around it only carries messages.
//!
//! Invariant: the state is the fold of everything durable when it was loaded and of all records queued since; `last`
//! is the last of these.

use std::{
    fmt::{self, Debug, Formatter},
    sync::Arc,
};

use domain::{
    Timestamp,
    allotment::{Asking, Granted, ReservationKey},
    customer::{Fetched, Need},
    entity::{Context, Entity, Verdict},
    id::IdRun,
    program::Program,
};
use store::{Append, EffectId, EntityKey, FoldError, Haste, Loaded, Lsn, NotAppended};
use tokio::sync::oneshot;

use crate::{
    delivery::Delivery,
    error::{AskError, EngineError},
    kinds::{Decided, Durable},
    pending::Held,
    record::{Record, recover},
};

/// How often a decision may ask for something old before it is taken to be going in circles.
const NEEDS_MAX: usize = 256;

/// What is handed along with a record and comes back when it is durable, or lost.
pub struct Companion {
    /// The shard that wrote it.
    pub shard: u16,
    /// It answers an effect.
    pub answers_effect: bool,
    /// What its effects ask of others, one for each.
    pub deliveries: Vec<Delivery>,
    /// The answer to whoever asked for it.
    pub answer: Option<Held>,
}

impl Debug for Companion {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { shard, answers_effect, deliveries, answer } = self;
        formatter
            .debug_struct("Companion")
            .field("shard", shard)
            .field("answers_effect", answers_effect)
            .field("deliveries", deliveries)
            .field("answer", &answer.is_some())
            .finish()
    }
}

/// Whoever waits for an entity's answer.
pub type Asker<E> = oneshot::Sender<Result<<E as Entity>::Reply, AskError<<E as Entity>::Error>>>;

/// The answer to a command that was decided, on hold until that is durable.
pub fn held<E: Durable>(asker: Asker<E>, reply: E::Reply) -> Held {
    Box::new(move |durable| {
        // Whoever asked may have gone away.
        let _ = asker.send(durable.map(|()| reply).map_err(AskError::Engine));
    })
}

/// Why a cell has not decided.
#[derive(Debug)]
pub enum Undecided<R> {
    /// The entity refused.
    Refused(R),
    /// The engine failed.
    Engine(EngineError),
    /// The decision depends on the history, and records of this cell are not in it yet: ask again when [`Cell::last`]
    /// is durable, and nothing in between.
    NotYet,
    /// Something that all customers share has to be reserved first: ask again with [`Cell::reserved`], and nothing in
    /// between.
    Asks(Box<Asking>),
}

impl<R> From<EngineError> for Undecided<R> {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// What a cell needs from outside.
pub trait Surroundings {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Ids for one decision.
    fn ids(&self) -> IdRun;
    /// The program in force.
    fn program(&self) -> Arc<Program>;
    /// Queues a record.
    fn append(&self, append: Append<Companion>) -> Result<Lsn, NotAppended<Companion>>;
    /// The shard the cell lives on.
    fn shard(&self) -> u16;
    /// Everything up to here is on disk.
    fn durable(&self) -> Lsn;
    /// Somebody waits for what is queued.
    fn hurry(&self);
    /// Something old that a decision depends on, from what is on disk.
    fn fetch(&self, entity: EntityKey, need: &Need, into: &mut Fetched) -> Result<(), EngineError>;
}

/// One entity.
pub struct Cell<E> {
    key: EntityKey,
    state: E,
    last: Lsn,
    /// What has been reserved for the decision that waits.
    reserved: Vec<(ReservationKey, Granted)>,
    /// Its time and its ids: it must be the same decision when it is asked for again.
    begun: Option<(Timestamp, IdRun)>,
}

impl<E: Durable> Cell<E> {
    /// The entity from what is stored of it.
    pub fn recover(key: EntityKey, loaded: &Loaded) -> Result<Self, FoldError> {
        let state = recover(loaded.snapshot.as_deref(), loaded.records.iter().map(AsRef::as_ref))?;
        // What is loaded is durable, so an answer made from it waits for nothing.
        Ok(Self { key, state, last: Lsn::ZERO, reserved: Vec::new(), begun: None })
    }

    /// The state, which may be ahead of what is durable: an answer made from it waits for [`Cell::last`].
    pub fn state(&self) -> &E {
        &self.state
    }

    /// The last record that the state depends on.
    pub fn last(&self) -> Lsn {
        self.last
    }

    /// Something has been reserved for the decision that waits.
    pub fn reserved(&mut self, key: ReservationKey, granted: Granted) {
        self.reserved.push((key, granted));
    }

    /// What was reserved for a decision that did not come to anything, and has to be given back.
    pub fn unused(&mut self) -> Vec<(ReservationKey, Granted)> {
        self.begun = None;
        std::mem::take(&mut self.reserved)
    }

    /// Decides a command and queues what happens. The reply may be given when [`Cell::last`] is durable. On an error
    /// nothing has changed.
    ///
    /// The asker goes with the record, if there is one: then it is answered from there, also when the store does not
    /// take the record, and neither `asker` nor the result has anything left.
    ///
    /// `consumes` is the effect that brought the command: its record is written even when nothing happens, so that the
    /// effect counts as delivered.
    pub fn execute(
        &mut self,
        command: &E::Command,
        consumes: Option<EffectId>,
        asker: &mut Option<Asker<E>>,
        surroundings: &impl Surroundings,
    ) -> Result<Option<E::Reply>, Undecided<E::Error>> {
        let program = surroundings.program();
        let (now, ids) = *self.begun.get_or_insert_with(|| (surroundings.now(), surroundings.ids()));
        let grants = self.reserved.iter().map(|(_, granted)| *granted).collect();
        let mut fetched = Fetched { grants, ..Fetched::default() };
        for _ in 0..=NEEDS_MAX {
            let context = Context { now, ids, program: &program, fetched: &fetched };
            let decision = match self.state.decide(command, &context).map_err(Undecided::Refused)? {
                Verdict::Decided(decision) => decision,
                Verdict::Need(Need::Allotment(asking)) => {
                    return Err(Undecided::Asks(asking));
                }
                Verdict::Need(_) if self.last > surroundings.durable() => {
                    surroundings.hurry();
                    return Err(Undecided::NotYet);
                }
                Verdict::Need(need) => {
                    surroundings.fetch(self.key, &need, &mut fetched)?;
                    continue;
                }
            };
            let silent = decision.events.is_empty() && decision.effects.is_empty();
            if silent && consumes.is_none() && !E::always_records(command) {
                return Ok(Some(decision.reply));
            }
            let decided = Decided::new(&decision.events, &decision.reply, &context);
            let index = E::rows(&self.state, command, decided);
            let record = Record::<E> {
                at: now,
                program_version: program.version(),
                events: decision.events,
                effects: decision.effects,
            };
            // Nobody waits for the answer to an effect: whoever asks for what it did hurries the store.
            let haste = if consumes.is_some() { Haste::Soon } else { E::haste(command) };
            let Some(asker) = asker.take() else {
                self.append(&record, (consumes, haste), index, None, surroundings)?;
                return Ok(Some(decision.reply));
            };
            let answer = held::<E>(asker, decision.reply);
            self.append(&record, (consumes, haste), index, Some(answer), surroundings)?;
            return Ok(None);
        }
        tracing::error!(entity = %self.key, "a decision asks for old data again and again");
        Err(EngineError::Crashed.into())
    }

    /// Takes note of an effect without doing anything about it: it was refused, and asking again would not change that.
    pub fn consume(&mut self, effect: EffectId, surroundings: &impl Surroundings) -> Result<(), EngineError> {
        let program_version = surroundings.program().version();
        let record =
            Record::<E> { at: surroundings.now(), program_version, events: Vec::new(), effects: Vec::new() };
        self.append(&record, (Some(effect), Haste::Soon), Vec::new(), None, surroundings)
    }

    fn append(
        &mut self,
        record: &Record<E>,
        (consumes, haste): (Option<EffectId>, Haste),
        index: Vec<store::IndexChange>,
        answer: Option<Held>,
        surroundings: &impl Surroundings,
    ) -> Result<(), EngineError> {
        let deliveries = record.deliveries();
        assert_eq!(deliveries.len(), record.effects.len(), "every effect is for one receiver");
        let effects = u16::try_from(deliveries.len()).expect("a decision has few effects");
        #[cfg(feature = "mutants")]
        let answer = crate::mutants::unless_early(answer);
        let shard = surroundings.shard();
        let companion = Companion { shard, answers_effect: consumes.is_some(), deliveries, answer };
        let record_bytes = record.encode();
        let append =
            Append { entity: self.key, record: record_bytes, effects, consumes, index, haste, companion };
        self.last = surroundings.append(append).map_err(|refused| {
            let error = EngineError::from(refused.error);
            if let Some(answer) = refused.companion.answer {
                answer(Err(error));
            }
            error
        })?;
        for event in &record.events {
            self.state.apply(event);
            #[cfg(feature = "mutants")]
            if consumes.is_some() && crate::mutants::is(crate::mutants::Mutant::AppliesTwice) {
                self.state.apply(event);
            }
        }
        // What was reserved is settled by the effects of the record.
        self.unused();
        Ok(())
    }
}
