//! Standup mode in the store.

use domain::standup::{Command, Effect, Event, Standup};
use store::IndexChange;

use super::{Decided, Durable, Kind, Residence};
use crate::{delivery::Delivery, index};

impl Durable for Standup {
    const KIND: Kind = Kind::Standup;
    const RESIDENCE: Residence = Residence::Leaves;

    /// What a request wants to seed.
    fn rows(_: &Self, command: &Command, _: Decided<'_, Self>) -> Vec<IndexChange> {
        match command {
            Command::Enable | Command::Expire(_) => Vec::new(),
            Command::Seed { request, body } => vec![index::seedings::put(*request, *body)],
        }
    }

    fn deliveries(_: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        effects.iter().map(|effect| match *effect {}).collect()
    }

    /// That a request has begun is in its index row alone.
    fn always_records(command: &Command) -> bool {
        matches!(command, Command::Seed { .. })
    }
}
