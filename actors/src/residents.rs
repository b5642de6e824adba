//! The actors of one kind that are in memory on one shard: spawned on demand, let go when idle.
//!
//! Only an idle actor goes: everything it wrote is durable and nothing is on its way to it. So whoever is spawned next
//! finds in the store all that the one before knew.

use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasherDefault,
    rc::Rc,
};

use actix::{Actor, Addr, prelude::SendError};
use domain::{Timestamp, program::Program};
use store::{Lsn, ReadError};
use tokio::sync::oneshot;
use xxhash_rust::xxh3::Xxh3Default;

use crate::{
    cell::Cell,
    delivery::Parcel,
    entity_actor::{EntityActor, For, Slot, View, Work},
    error::EngineError,
    kinds::{Durable, Residence},
    pending::Held,
    shard::Shard,
    shard_context::Common,
};

/// How much work may wait at one entity.
pub const ENTITY_MAILBOX: usize = 4096;
/// How many actors of a kind that leaves may be there between two commits.
const LEAVING_MAX: usize = 1024;
/// How many actors are looked at, at most, to find one that can go.
const EVICTION_TRIES: usize = 16;

/// By id, always in the same order for the same ids: in that order they are dropped and revived.
type ById<T> = HashMap<[u8; 16], T, BuildHasherDefault<Xxh3Default>>;

struct Resident<E: Durable>
where
    Parcel: For<E>,
{
    actor: Addr<EntityActor<E>>,
    slot: Rc<Slot>,
}

/// The actors of one kind on one shard.
pub struct Residents<E: Durable>
where
    Parcel: For<E>,
{
    by_id: ById<Resident<E>>,
    /// Slots of actors that crashed with records still on their way to disk. A fresh actor would not find those in
    /// the store, so there is none until they are durable. And slots of entities that cannot be read at present, with
    /// the effects that wait for them.
    crashed: ById<Rc<Slot>>,
    /// In order of arrival at the end of the queue: the clock hand of second-chance eviction, or, for kinds that
    /// leave, the order in which they become durable.
    queue: VecDeque<([u8; 16], u64)>,
    limit: usize,
}

impl<E: Durable> Residents<E>
where
    Parcel: For<E>,
{
    /// Nobody yet; at most about `limit` that stay.
    pub fn new(limit: usize) -> Self {
        Self { by_id: ById::default(), crashed: ById::default(), queue: VecDeque::new(), limit: limit.max(1) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Sends work to an entity. What cannot be taken comes back with the reason.
    pub fn send(
        &mut self,
        id: [u8; 16],
        work: Work<E>,
        common: &Rc<Common>,
        shard: &Addr<Shard>,
    ) -> Result<(), (Work<E>, EngineError)> {
        if self.crashed.contains_key(&id) {
            return self.send_to_successor(id, work, common, shard);
        }
        let resident = match self.resident(id, common, shard) {
            Ok(resident) => resident,
            Err(error) => return Err((work, error.into())),
        };
        match resident.take(work, common) {
            Err(SendError::Closed(work)) => {
                // Its caller may have heard of a crash, and come again, before word of it arrived here.
                self.crashed(id);
                self.send_to_successor(id, work, common, shard)
            }
            taken => taken.map_err(refused),
        }
    }

    /// Sends work to the successor of an actor that has crashed, if there may be one already.
    fn send_to_successor(
        &mut self,
        id: [u8; 16],
        work: Work<E>,
        common: &Rc<Common>,
        shard: &Addr<Shard>,
    ) -> Result<(), (Work<E>, EngineError)> {
        let is_ripe = |slot: &Rc<Slot>| slot.last.get() <= common.durable();
        let Some(slot) = self.crashed.get(&id).filter(|slot| is_ripe(slot)).cloned() else {
            return Err((work, EngineError::Crashed));
        };
        match self.succeed(id, slot, common, shard) {
            Ok(resident) => resident.take(work, common).map_err(refused),
            Err(error) => Err((work, error.into())),
        }
    }

    /// Puts a fresh actor in the place of a slot that waits for one, and has it take in the effects that are there.
    fn succeed(
        &mut self,
        id: [u8; 16],
        slot: Rc<Slot>,
        common: &Rc<Common>,
        shard: &Addr<Shard>,
    ) -> Result<&Resident<E>, LoadError> {
        self.spawn(id, slot, common, shard)?;
        self.crashed.remove(&id);
        let resident = self.by_id.get(&id).expect("it has just been put there");
        if !resident.slot.effects.borrow().is_empty() {
            resident.wake();
        }
        Ok(resident)
    }

    /// Puts an effect into its receiver's slot and wakes the receiver.
    pub fn deliver(&mut self, id: [u8; 16], parcel: Parcel, common: &Rc<Common>, shard: &Addr<Shard>) {
        if let Some(slot) = self.crashed.get(&id) {
            return slot.effects.borrow_mut().push_back(parcel);
        }
        match self.resident(id, common, shard) {
            Ok(resident) => {
                let first = resident.slot.effects.borrow().is_empty();
                resident.slot.effects.borrow_mut().push_back(parcel);
                resident.slot.used.set(common.tick());
                if first {
                    resident.wake();
                }
            }
            Err(error) if error.may_pass() => {
                tracing::warn!(%error, effect = ?parcel.effect, "an effect waits until its receiver can be read");
                let slot = Rc::<Slot>::default();
                slot.effects.borrow_mut().push_back(parcel);
                self.crashed.insert(id, slot);
            }
            Err(error) => {
                let effect = parcel.effect;
                tracing::error!(
                    %error,
                    ?effect,
                    "an effect's receiver cannot be read; the effect waits for the next start"
                );
            }
        }
    }

    /// Takes note that an actor crashed. There is no other until what it wrote is durable; if there is one already,
    /// this was known.
    pub fn crashed(&mut self, id: [u8; 16]) {
        if self.by_id.get(&id).is_some_and(|known| known.actor.connected()) {
            return;
        }
        if let Some(gone) = self.by_id.remove(&id) {
            self.crashed.insert(id, gone.slot);
        }
    }

    /// Replaces actors that have effects waiting, after a crash or where nothing could be read; the others come back
    /// when somebody asks for them.
    pub fn revive(&mut self, common: &Rc<Common>, shard: &Addr<Shard>) {
        let durable = common.durable();
        let ripe: Vec<_> =
            self.crashed.iter().filter(|(_, slot)| slot.last.get() <= durable).map(|(id, _)| *id).collect();
        for id in ripe {
            let Some(slot) = self.crashed.get(&id).cloned() else { continue };
            if slot.effects.borrow().is_empty() {
                self.crashed.remove(&id);
                continue;
            }
            match self.succeed(id, slot, common, shard) {
                Ok(_) => {}
                Err(error) if error.may_pass() => {
                    tracing::debug!(%error, "effects still wait until their receiver can be read");
                }
                Err(error) => {
                    self.crashed.remove(&id);
                    tracing::error!(%error, "an entity with effects waiting cannot be recovered");
                }
            }
        }
    }

    /// Whether effects wait for an actor that could be there by now.
    pub fn waits(&self, durable: Lsn) -> bool {
        self.crashed.values().any(|slot| slot.last.get() <= durable && !slot.effects.borrow().is_empty())
    }

    /// Drops everybody: the epoch they lived in has ended.
    pub fn clear(&mut self) {
        self.by_id.clear();
        self.crashed.clear();
        self.queue.clear();
    }

    /// Lets go whoever has nothing to do: all of a kind that leaves, and of a kind that stays those over the limit
    /// that were not used for longest.
    pub fn passivate(&mut self, durable: Lsn) {
        match E::RESIDENCE {
            Residence::Leaves => self.let_idle_go(durable),
            Residence::Stays => self.evict_over_limit(durable),
        }
    }

    /// The same between two commits: who only looks at entities brings them into memory too.
    pub fn make_room(&mut self, durable: Lsn) {
        let many = match E::RESIDENCE {
            Residence::Leaves => self.by_id.len() > LEAVING_MAX,
            Residence::Stays => self.by_id.len() > self.limit,
        };
        if many {
            self.passivate(durable);
        }
    }

    fn let_idle_go(&mut self, durable: Lsn) {
        for _ in 0..self.queue.len() {
            let Some((id, seen)) = self.queue.pop_front() else { return };
            let Some(resident) = self.by_id.get(&id) else { continue };
            if resident.slot.is_idle(durable) {
                self.by_id.remove(&id);
            } else if resident.slot.last.get() > durable {
                // Those behind it were written later.
                self.queue.push_front((id, seen));
                return;
            } else {
                self.queue.push_back((id, seen));
            }
        }
    }

    fn evict_over_limit(&mut self, durable: Lsn) {
        while self.by_id.len() > self.limit {
            let mut freed = false;
            for _ in 0..EVICTION_TRIES {
                let Some((id, seen)) = self.queue.pop_front() else { return };
                let Some(resident) = self.by_id.get(&id) else { continue };
                let used = resident.slot.used.get();
                if used == seen && resident.slot.is_idle(durable) {
                    self.by_id.remove(&id);
                    freed = true;
                    break;
                }
                self.queue.push_back((id, used));
            }
            if !freed {
                return;
            }
        }
    }

    fn resident(
        &mut self,
        id: [u8; 16],
        common: &Rc<Common>,
        shard: &Addr<Shard>,
    ) -> Result<&Resident<E>, LoadError> {
        if !self.by_id.contains_key(&id) {
            self.spawn(id, Rc::default(), common, shard)?;
        }
        Ok(self.by_id.get(&id).expect("the actor is there, or has just been put there"))
    }

    fn spawn(
        &mut self,
        id: [u8; 16],
        slot: Rc<Slot>,
        common: &Rc<Common>,
        shard: &Addr<Shard>,
    ) -> Result<(), LoadError> {
        let cell = Cell::<E>::recover(E::KIND.key(id), &common.shared.store.load(E::KIND.key(id))?)?;
        let made = EntityActor::new(cell, id, Rc::clone(&slot), Rc::clone(common), shard.clone());
        let actor = EntityActor::create(|context| {
            context.set_mailbox_capacity(ENTITY_MAILBOX);
            made
        });
        self.queue.push_back((id, 0));
        self.by_id.insert(id, Resident { actor, slot });
        Ok(())
    }
}

impl<E: Durable> Resident<E>
where
    Parcel: For<E>,
{
    fn take(&self, work: Work<E>, common: &Common) -> Result<(), SendError<Work<E>>> {
        self.actor.try_send(work)?;
        self.slot.queued.set(self.slot.queued.get() + 1);
        self.slot.used.set(common.tick());
        Ok(())
    }

    /// Tells the actor that there are effects. They were admitted with the records that caused them, so this is not
    /// bounded.
    fn wake(&self) {
        self.slot.queued.set(self.slot.queued.get() + 1);
        self.actor.do_send(Work::Effects);
    }
}

fn refused<E: Durable>(error: SendError<Work<E>>) -> (Work<E>, EngineError) {
    match error {
        SendError::Full(work) => (work, EngineError::Overloaded),
        SendError::Closed(work) => (work, EngineError::Crashed),
    }
}

/// Why an entity cannot be brought into memory.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Fold(#[from] store::FoldError),
}

impl LoadError {
    /// Whether it may go well another time.
    fn may_pass(&self) -> bool {
        match self {
            Self::Read(error) => error.may_pass(),
            Self::Fold(_) => false,
        }
    }
}

impl From<LoadError> for EngineError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Read(error) => error.into(),
            LoadError::Fold(error) => {
                tracing::error!(%error, "an entity cannot be recovered");
                Self::Damaged
            }
        }
    }
}

/// A view that gives its answer to one who waits for it.
pub struct Answering<L, R> {
    /// Makes the answer.
    pub look: L,
    /// Who waits.
    pub answer: oneshot::Sender<Result<R, EngineError>>,
}

impl<E, L, R> View<E> for Answering<L, R>
where
    L: FnOnce(&E, &Program, Timestamp) -> R + Send,
    R: Send + 'static,
{
    fn look(self: Box<Self>, state: &E, program: &Program, now: Timestamp) -> Held {
        let Self { look, answer } = *self;
        let seen = look(state, program, now);
        Box::new(move |durable| {
            let _ = answer.send(durable.map(|()| seen));
        })
    }

    fn refuse(self: Box<Self>, error: EngineError) {
        let _ = self.answer.send(Err(error));
    }
}
