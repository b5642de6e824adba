//! The actor around one entity. A thin shell: it takes work from its mailbox and from its slot, lets the cell decide,
//! and holds the answers until they are durable.
//!
//! A panic while deciding or applying ends the actor and nothing else: the shard is told, and the next message finds a
//! fresh actor made from durable state.

use std::{
    cell::{Cell as Shared, RefCell},
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::atomic::Ordering,
    time::Duration,
};

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, WrapFuture};
use domain::{
    Timestamp,
    allotment::{Asking, Grant, Granted, Reply},
    program::Program,
};
use store::{Epoch, Lsn};
use tokio::time::Instant;

use crate::{
    cell::{Asker, Cell, Undecided, held},
    delivery::Parcel,
    error::{AskError, EngineError},
    kinds::Durable,
    pending::Held,
    shard::{Crashed, Shard},
    shard_context::{Common, InEpoch, RETRY_AFTER},
};

/// How often an effect may crash its receiver before it is set aside until the next start.
const CRASHES_MAX: u8 = 3;
/// How long others wait behind what cannot be written. On a disk that takes nothing they would wait for ever.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the shard and an entity's actor share of it. Outlives the actor, so that a crash loses no effect.
#[derive(Default)]
pub struct Slot {
    /// Effects to be taken in, in journal order.
    pub effects: RefCell<VecDeque<Parcel>>,
    /// The last record the actor's state depends on.
    pub last: Shared<Lsn>,
    /// Messages on their way to the actor.
    pub queued: Shared<u32>,
    /// When it was last used.
    pub used: Shared<u64>,
    /// How often the effect in front has crashed the actor.
    pub crashes: Shared<u8>,
}

impl Slot {
    /// Nothing is under way and everything is durable: the actor can go.
    pub fn is_idle(&self, durable: Lsn) -> bool {
        self.queued.get() == 0 && self.last.get() <= durable && self.effects.borrow().is_empty()
    }
}

/// A command and the one who waits for the answer.
pub struct Command<E: Durable> {
    pub command: E::Command,
    pub answer: Asker<E>,
}

/// A look at the state and the one who waits for what is seen.
pub trait View<E>: Send {
    /// Makes an answer from the state, to be held until what was seen is durable.
    fn look(self: Box<Self>, state: &E, program: &Program, now: Timestamp) -> Held;
    /// Answers that nothing could be seen.
    fn refuse(self: Box<Self>, error: EngineError);
}

/// Work for an entity.
pub enum Work<E: Durable> {
    /// Decide this.
    Command(Command<E>),
    /// Look at the state.
    Read(Box<dyn View<E>>),
    /// There are effects in the slot.
    Effects,
    /// Go on with what had to wait.
    Resume,
}

/// What became of a piece of work.
enum After<E: Durable> {
    /// It is done.
    Done,
    /// It cannot be done yet: again after a while, and nothing else of this entity before it.
    Later(Work<E>),
    /// The effects cannot be written: again after a while, and nothing else of this entity before them.
    Stuck(EngineError),
    /// It needs something that all customers share: again when that is reserved, and nothing else before it.
    Asking(Work<E>, Box<Asking>),
}

impl<E: Durable> Message for Work<E> {
    type Result = ();
}

/// One entity's actor.
pub struct EntityActor<E: Durable> {
    cell: Cell<E>,
    id: [u8; 16],
    slot: Rc<Slot>,
    common: Rc<Common>,
    shard: Addr<Shard>,
    epoch: Epoch,
    /// Work that has to wait, in order; the first is what cannot be done yet.
    waiting: VecDeque<Work<E>>,
    /// Since when the store takes nothing that has to be written first.
    stuck: Option<Instant>,
}

impl<E: Durable> EntityActor<E>
where
    Parcel: For<E>,
{
    /// The actor of a cell that has just been recovered.
    pub fn new(cell: Cell<E>, id: [u8; 16], slot: Rc<Slot>, common: Rc<Common>, shard: Addr<Shard>) -> Self {
        slot.last.set(cell.last());
        let epoch = common.epoch();
        Self { cell, id, slot, common, shard, epoch, waiting: VecDeque::new(), stuck: None }
    }

    fn is_stale(&self) -> bool {
        self.epoch != self.common.epoch()
    }

    fn command(&mut self, work: Command<E>) -> After<E> {
        let Command { command, answer } = work;
        if self.is_stale() {
            let _ = answer.send(Err(EngineError::Unavailable.into()));
            return After::Done;
        }
        let surroundings = InEpoch { common: &self.common, epoch: self.epoch };
        let before = self.cell.last();
        let (mut with_record, mut after_it) = (Some(answer), None);
        if !E::ANSWERS_WITH_RECORD {
            after_it = with_record.take();
        }
        let decided = self.cell.execute(&command, None, &mut with_record, &surroundings);
        self.slot.last.set(self.cell.last());
        E::decided(self.cell.state(), self.id, &self.common.shared);
        if !matches!(decided, Err(Undecided::NotYet | Undecided::Asks(_))) {
            self.give_back_unused();
        }
        let Some(answer) = with_record.or(after_it) else { return After::Done };
        // A refusal, too, was decided on the state as it is: it is given when that is durable.
        let held: Held = match decided {
            Err(Undecided::NotYet) => return After::Later(Work::Command(Command { command, answer })),
            Err(Undecided::Asks(asking)) => {
                return After::Asking(Work::Command(Command { command, answer }), asking);
            }
            Err(Undecided::Engine(error)) => {
                let _ = answer.send(Err(error.into()));
                return After::Done;
            }
            Err(Undecided::Refused(refusal)) => Box::new(move |durable| {
                let refused = durable.map_or_else(AskError::Engine, |()| AskError::Refused(refusal));
                let _ = answer.send(Err(refused));
            }),
            Ok(reply) => {
                let reply = reply.expect("a reply leaves the cell only together with its asker");
                held::<E>(answer, reply)
            }
        };
        if self.cell.last() == before {
            self.common.hold_and_hurry(before, held);
        } else {
            self.common.hold(self.cell.last(), held);
        }
        After::Done
    }

    fn read(&self, view: Box<dyn View<E>>) {
        let held = view.look(
            self.cell.state(),
            &self.common.shared.programs.current(),
            self.common.shared.clock.now(),
        );
        if self.is_stale() {
            return held(Err(EngineError::Unavailable));
        }
        self.common.hold_and_hurry(self.cell.last(), held);
    }

    /// Takes in the effects of the slot, in order, as far as they can be written.
    fn effects(&mut self) -> After<E> {
        let slot = Rc::clone(&self.slot);
        loop {
            // It stays in its place until it is written, so that a panic on the way does not lose it.
            let taken = match slot.effects.borrow().front() {
                Some(parcel) => self.take_in(parcel),
                None => break,
            };
            match taken {
                Ok(()) => {
                    slot.last.set(self.cell.last());
                    E::decided(self.cell.state(), self.id, &self.common.shared);
                    slot.crashes.set(0);
                    slot.effects.borrow_mut().pop_front();
                }
                // A fresh actor of the new epoch is given the effect again.
                Err(_) if self.is_stale() => return After::Done,
                Err(Undecided::Asks(asking)) => return After::Asking(Work::Effects, asking),
                Err(Undecided::Engine(error)) => {
                    tracing::debug!(%error, "an effect waits");
                    return After::Stuck(error);
                }
                Err(Undecided::NotYet | Undecided::Refused(_)) => return After::Later(Work::Effects),
            }
        }
        self.stuck = None;
        // Room for the next effects would be held by every customer in memory.
        slot.effects.take();
        After::Done
    }

    fn take_in(&mut self, parcel: &Parcel) -> Result<(), Undecided<E::Error>> {
        let common = Rc::clone(&self.common);
        let surroundings = InEpoch { common: &common, epoch: self.epoch };
        let command = parcel.command().expect("the shard gives effects to receivers of their kind");
        match self.cell.execute(command, Some(parcel.effect), &mut None, &surroundings) {
            Ok(_) => Ok(()),
            Err(Undecided::Refused(refusal)) => {
                tracing::error!(effect = ?parcel.effect, ?refusal, "an effect was refused by its receiver");
                self.give_back_unused();
                Ok(self.cell.consume(parcel.effect, &surroundings)?)
            }
            Err(other) => Err(other),
        }
    }

    /// What was reserved for a decision that came to nothing is there for others.
    fn give_back_unused(&mut self) {
        for (key, granted) in self.cell.unused() {
            if !granted.amounts.is_nothing() {
                self.common.shared.peers.release(granted.allotment, key);
            }
        }
    }

    /// Asks for what has to be reserved. Until the answer is there, everything for this entity waits, in order.
    fn ask(&mut self, work: Work<E>, asking: Asking, context: &mut Context<Self>) {
        self.waiting.push_front(work);
        self.slot.queued.set(self.slot.queued.get() + 1);
        let (allotment, key, pauses) = (asking.allotment, asking.key, asking.pauses);
        let answered = self.common.shared.peers.reserve(asking);
        context.wait(answered.into_actor(self).map(move |answer, actor, context| match answer {
            Ok(Ok(Reply::Granted(Grant { amounts, short }))) => {
                if let Some(tree) = pauses.filter(|_| short) {
                    actor.common.shared.peers.pause(tree);
                }
                actor.cell.reserved(key, Granted { allotment, amounts, short });
                actor.stuck = None;
                actor.resume(context);
            }
            // It could not be asked, or its answer was lost: once more, for the same reservation.
            unanswered => {
                if let Ok(Err(AskError::Engine(error))) = unanswered {
                    actor.lose_patience(error);
                }
                context.notify_later(Work::Resume, RETRY_AFTER);
            }
        }));
    }

    /// Goes on with what had to wait, as far as it can be done.
    fn resume(&mut self, context: &mut Context<Self>) {
        while let Some(first) = self.waiting.pop_front() {
            self.slot.queued.set(self.slot.queued.get().saturating_sub(1));
            if !self.run(first, context) {
                return;
            }
        }
    }

    /// The store takes nothing. Whoever has waited for it long enough is told so: the state without the effects in
    /// front is older than what a caller may have been promised.
    fn lose_patience(&mut self, error: EngineError) {
        if self.stuck.get_or_insert_with(Instant::now).elapsed() < PATIENCE {
            return;
        }
        // What has been reserved for a command in front.
        if !matches!(self.waiting.front(), Some(Work::Effects)) {
            self.give_back_unused();
        }
        for work in std::mem::take(&mut self.waiting) {
            match work {
                Work::Command(Command { answer, .. }) => drop(answer.send(Err(error.into()))),
                Work::Read(view) => view.refuse(error),
                Work::Effects | Work::Resume => {
                    self.waiting.push_back(work);
                    continue;
                }
            }
            self.slot.queued.set(self.slot.queued.get().saturating_sub(1));
        }
    }

    fn later(&mut self, work: Work<E>, context: &mut Context<Self>) {
        self.waiting.push_front(work);
        self.slot.queued.set(self.slot.queued.get() + 1);
        context.notify_later(Work::Resume, RETRY_AFTER);
    }

    /// The effect in front has crashed the actor: after some tries it is set aside, so that the others get through.
    /// It stays undelivered in the journal and is tried again at the next start.
    fn note_crash(&self) {
        self.slot.crashes.set(self.slot.crashes.get() + 1);
        if self.slot.crashes.get() >= CRASHES_MAX {
            let parked = self.slot.effects.borrow_mut().pop_front();
            tracing::error!(?parked, "an effect crashes its receiver and is set aside until the next start");
            // Nobody waits for it any more.
            self.common.shared.counters.effects_arrived.fetch_add(1, Ordering::Relaxed);
            self.slot.crashes.set(0);
        }
    }
}

/// A parcel, as a command for receivers of one kind.
pub trait For<E: Durable> {
    /// The command; nothing when it is for another kind.
    fn command(&self) -> Option<&E::Command>;
}

impl<E: Durable> Actor for EntityActor<E>
where
    Parcel: For<E>,
{
    type Context = Context<Self>;
}

impl<E: Durable> EntityActor<E>
where
    Parcel: For<E>,
{
    /// Does a piece of work. Says whether the next may be done.
    fn run(&mut self, work: Work<E>, context: &mut Context<Self>) -> bool {
        let taking_effects = matches!(work, Work::Effects);
        // The cell is dropped after a panic, never looked at again: nothing half-done can be seen.
        let after = catch_unwind(AssertUnwindSafe(|| match work {
            Work::Command(command) => self.command(command),
            Work::Read(view) => {
                self.read(view);
                After::Done
            }
            Work::Effects => self.effects(),
            Work::Resume => After::Done,
        }));
        match after {
            Ok(After::Done) => true,
            Ok(After::Later(work)) => {
                self.later(work, context);
                false
            }
            Ok(After::Stuck(error)) => {
                self.later(Work::Effects, context);
                self.lose_patience(error);
                false
            }
            Ok(After::Asking(work, asking)) => {
                self.ask(work, *asking, context);
                false
            }
            Err(_) => {
                let id = uuid::Uuid::from_bytes(self.id);
                tracing::error!(kind = E::KIND.name(), %id, "an entity's actor crashed");
                if taking_effects {
                    self.note_crash();
                }
                self.slot.queued.set(0);
                self.shard.do_send(Crashed { kind: E::KIND, id: self.id, epoch: self.epoch });
                context.stop();
                false
            }
        }
    }
}

impl<E: Durable> Handler<Work<E>> for EntityActor<E>
where
    Parcel: For<E>,
{
    type Result = ();

    fn handle(&mut self, work: Work<E>, context: &mut Context<Self>) {
        if matches!(work, Work::Resume) {
            self.resume(context);
        } else if self.waiting.is_empty() {
            self.slot.queued.set(self.slot.queued.get().saturating_sub(1));
            self.run(work, context);
        } else {
            // It stays counted as on its way.
            self.waiting.push_back(work);
        }
    }
}
