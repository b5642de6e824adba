//! The tombstone: what stays of a customer who was erased (incentives.md 7.17).
//!
//! Owns the ledger rows of one erased customer under a random id, for accounting: how many points came and went, when,
//! from which source and by which kind of cause. Nothing in it leads back to the customer.

use serde::{Deserialize, Serialize};

use crate::{
    customer::AuditRow,
    entity::{Context, Decision, Entity, Verdict},
    time::Timestamp,
};

/// The ledger rows of a customer who was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    buried: Option<Buried>,
}

/// Rows without a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buried {
    /// The rows, in the order in which they were written.
    pub rows: Vec<AuditRow>,
    /// When.
    pub at: Timestamp,
}

/// What a tombstone can be asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Take the rows of a customer, who is no more.
    Bury(Vec<AuditRow>),
}

/// A tombstone has taken what it was given, or had it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done;

/// What has happened to a tombstone. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It holds these rows.
    Buried(Buried),
}

/// A tombstone refuses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {}

/// A tombstone makes nobody do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {}

impl Tombstone {
    /// The rows; none: nobody is buried here.
    pub fn rows(&self) -> Option<&[AuditRow]> {
        self.buried.as_ref().map(|buried| buried.rows.as_slice())
    }
}

impl Entity for Tombstone {
    type Command = Command;
    type Reply = Done;
    type Event = Event;
    type Effect = Effect;
    type Error = Error;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Verdict<Self>, Error> {
        let Command::Bury(rows) = command;
        let events = if self.buried.is_some() {
            Vec::new()
        } else {
            vec![Event::Buried(Buried { rows: rows.clone(), at: context.now })]
        };
        Ok(Verdict::Decided(Decision { events, reply: Done, effects: Vec::new() }))
    }

    fn apply(&mut self, event: &Event) {
        let Event::Buried(buried) = event;
        self.buried = Some(buried.clone());
    }
}
