//! The shards, as an entity's actor sees them: what it asks of other entities before it can decide.
//!
//! There is one such thing: a customer reserves something that all customers share. Everything else is an effect.

use std::sync::OnceLock;

use actix::Addr;
use domain::{
    allotment::{Allotment, Amounts, Asking, Command, Error, Reply, ReservationKey},
    id::{AllotmentId, RuleTreeId},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    entity_actor,
    error::{AskError, EngineError},
    kinds::Kind,
    routing::Routing,
    shard::{Ask, Shard},
};

/// An answer that is on its way.
type Answered = oneshot::Receiver<Result<Reply, AskError<Error>>>;

/// Where allotments are asked, and who pauses trees that have run out.
pub struct Peers {
    routing: Routing,
    shards: OnceLock<Vec<Addr<Shard>>>,
    exhausted: OnceLock<mpsc::UnboundedSender<RuleTreeId>>,
}

impl Peers {
    /// Nobody is known yet.
    pub fn new(routing: Routing) -> Self {
        Self { routing, shards: OnceLock::new(), exhausted: OnceLock::new() }
    }

    /// Introduces the shards, and who pauses trees.
    pub fn connect(&self, shards: Vec<Addr<Shard>>, exhausted: mpsc::UnboundedSender<RuleTreeId>) {
        let known = self.shards.set(shards).is_err() | self.exhausted.set(exhausted).is_err();
        assert!(!known, "shards are introduced once");
    }

    /// Reserves; the answer comes when it is durable. Not bounded: what asks was admitted, and waits.
    pub fn reserve(&self, asking: Asking) -> Answered {
        let (answer, answered) = oneshot::channel();
        self.send(asking.allotment, Command::Reserve(Box::new(asking)), answer);
        answered
    }

    /// Gives back a reservation that was not used. Nobody waits for it: what is lost here is found out later.
    pub fn release(&self, allotment: AllotmentId, key: ReservationKey) {
        let (answer, _) = oneshot::channel();
        self.send(allotment, Command::Settle { key, used: Amounts::default() }, answer);
    }

    /// A tree that pauses when its budget has run out has nothing left.
    pub fn pause(&self, tree: RuleTreeId) {
        if let Some(exhausted) = self.exhausted.get() {
            // Whoever asks next says so again.
            let _ = exhausted.send(tree);
        }
    }

    fn send(
        &self,
        allotment: AllotmentId,
        command: Command,
        answer: oneshot::Sender<Result<Reply, AskError<Error>>>,
    ) {
        let id = allotment.bytes();
        let Some(shards) = self.shards.get() else {
            let _ = answer.send(Err(EngineError::Unavailable.into()));
            return;
        };
        let shard = &shards[self.routing.shard_of(Kind::Allotment.key(id))];
        shard.do_send(Ask::<Allotment> { id, command: entity_actor::Command { command, answer } });
    }
}
