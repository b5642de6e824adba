//! The one mechanism: a durable entity decides with events and folds them into its state.
//!
//! [`Entity::decide`] is pure and says what would happen; [`Entity::apply`] is total and makes it so. Events record
//! outcomes (these points, out of these lots), never "run the rules again", so a replay does not depend on today's
//! rules.

use crate::{
    customer::{Fetched, Need},
    id::IdRun,
    program::Program,
    time::Timestamp,
};

/// Something with durable state and one writer.
pub trait Entity: Default {
    /// What it can be asked to do.
    type Command;
    /// What it answers.
    type Reply;
    /// What has happened to it; the only thing that changes it.
    type Event;
    /// What other entities must do because of it; delivered at least once, in order.
    type Effect;
    /// Why it refuses a command.
    type Error;

    /// Looks at the state and answers with events, a reply and effects, without changing anything.
    fn decide(&self, command: &Self::Command, context: &Context<'_>) -> Result<Verdict<Self>, Self::Error>;

    /// Folds an event into the state. Cannot fail.
    fn apply(&mut self, event: &Self::Event);
}

/// What [`Entity::decide`] came to.
pub enum Verdict<E: Entity> {
    /// This happens.
    Decided(Decision<E>),
    /// The state no longer holds something old that the decision depends on: fetch it and ask again.
    Need(Need),
}

/// What happens because of a command.
pub struct Decision<E: Entity> {
    /// To be applied in order. Empty: nothing changes.
    pub events: Vec<E::Event>,
    /// For the caller, once the events are durable.
    pub reply: E::Reply,
    /// For other entities, once the events are durable.
    pub effects: Vec<E::Effect>,
}

impl<E: Entity> Decision<E> {
    /// Nothing happens; only an answer.
    pub fn answer(reply: E::Reply) -> Self {
        Self { events: Vec::new(), reply, effects: Vec::new() }
    }
}

/// Everything a decision takes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time of the decision.
    pub now: Timestamp,
    /// The ids it may give out.
    pub ids: IdRun,
    /// What the retailer has configured, as of now.
    pub program: &'a Program,
    /// What an earlier try asked for with [`Verdict::Need`].
    pub fetched: &'a Fetched,
}
