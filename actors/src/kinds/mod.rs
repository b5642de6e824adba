//! What is durable: the kinds of entity, and what the shell must know of each beyond deciding and applying.

mod allotment;
mod claim;
mod configuration;
mod customer;
mod job;
mod sale;
mod standup;
mod tombstone;

use std::fmt::Debug;

use domain::{
    Timestamp,
    entity::{Context, Entity},
    program::Program,
};
use serde::{Serialize, de::DeserializeOwned};
use store::{
    EntityKey, Haste, IndexChange,
    codec::{self, CodecError},
};

use crate::{delivery::Delivery, record::Record, shard_context::Shared};

/// The kinds of entity; the number is the first byte of every stored key and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// A customer.
    Customer = 1,
    /// A sale.
    Sale = 2,
    /// An identifier claim.
    Claim = 3,
    /// The configuration.
    Configuration = 4,
    /// What stays of an erased customer.
    Tombstone = 5,
    /// Something that all customers share.
    Allotment = 6,
    /// A job that is done to many customers.
    Job = 8,
    /// The time in which opening balances are brought along.
    Standup = 9,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Customer,
        Self::Sale,
        Self::Claim,
        Self::Configuration,
        Self::Tombstone,
        Self::Allotment,
        Self::Job,
        Self::Standup,
    ];

    /// The kind behind a stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The stored number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Customer => 1,
            Self::Sale => 2,
            Self::Claim => 3,
            Self::Configuration => 4,
            Self::Tombstone => 5,
            Self::Allotment => 6,
            Self::Job => 8,
            Self::Standup => 9,
        }
    }

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Sale => "sale",
            Self::Claim => "identifier claim",
            Self::Configuration => "configuration",
            Self::Tombstone => "tombstone",
            Self::Allotment => "allotment",
            Self::Job => "job",
            Self::Standup => "standup mode",
        }
    }

    /// The key of an entity of this kind.
    pub const fn key(self, id: [u8; 16]) -> EntityKey {
        EntityKey { kind: self.number(), id }
    }
}

/// Whether an actor stays when its work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residence {
    /// Until memory is needed for others.
    Stays,
    /// Gone as soon as everything it wrote is durable.
    Leaves,
}

/// An entity that lives in the store.
pub trait Durable:
    Entity<
        Command: Send + Unpin + 'static,
        Reply: Send + Unpin + 'static,
        Event: Serialize + DeserializeOwned + Debug + 'static,
        Effect: Serialize + DeserializeOwned + Debug + 'static,
        Error: Send + Debug + Unpin + 'static,
    > + Serialize
    + DeserializeOwned
    + Unpin
    + 'static
{
    /// Which kind it is.
    const KIND: Kind;
    /// Whether its actor stays.
    const RESIDENCE: Residence;
    /// Whether the answer may be given before [`Durable::decided`] has run: it goes with the record then, and is given
    /// the moment that is durable.
    const ANSWERS_WITH_RECORD: bool = true;

    /// The index rows that are written with a decision. `before` is the state it was made on.
    fn rows(before: &Self, command: &Self::Command, decided: Decided<'_, Self>) -> Vec<IndexChange>;

    /// What the effects of a record ask of others, in order: one for each.
    fn deliveries(events: &[Self::Event], effects: &[Self::Effect]) -> Vec<Delivery>;

    /// Nothing of it needs to be kept.
    fn is_gone(&self) -> bool {
        false
    }

    /// Nothing from before this event may remain on disk. What the entity is after it depends on nothing before it.
    fn forgets_past(_event: &Self::Event) -> bool {
        false
    }

    /// A record of the first form.
    ///
    /// # Errors
    /// [`CodecError`]: it is none.
    fn first_record(bytes: &[u8]) -> Result<Record<Self>, CodecError> {
        codec::decode(bytes).map(|(_, record)| record)
    }

    /// Called on the entity's own shard when it has decided something: keeps what is derived from it up to date.
    fn decided(_state: &Self, _id: [u8; 16], _shared: &Shared) {}

    /// How soon the record of a command that a caller sent must be durable.
    fn haste(_command: &Self::Command) -> Haste {
        Haste::Now
    }

    /// Its record must be written even when nothing happened, for the sake of its index rows.
    fn always_records(_command: &Self::Command) -> bool {
        false
    }
}

/// A decision, as far as index rows depend on it.
#[derive(Clone, Copy)]
pub struct Decided<'a, E: Durable> {
    /// What happens.
    pub events: &'a [E::Event],
    /// What is answered.
    pub reply: &'a E::Reply,
    /// The program it was decided under.
    pub program: &'a Program,
    /// When.
    pub now: Timestamp,
}

impl<'a, E: Durable> Decided<'a, E> {
    pub(crate) fn new(events: &'a [E::Event], reply: &'a E::Reply, context: &Context<'a>) -> Self {
        Self { events, reply, program: context.program, now: context.now }
    }
}
