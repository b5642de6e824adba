//! The configuration in the store.

use domain::configuration::{Command, Configuration, Effect, Event};
use store::IndexChange;

use super::{Decided, Durable, Kind, Residence};
use crate::{delivery::Delivery, index};

impl Durable for Configuration {
    const KIND: Kind = Kind::Configuration;
    const RESIDENCE: Residence = Residence::Stays;

    /// The version, to be found again.
    fn rows(before: &Self, _: &Self::Command, decided: Decided<'_, Self>) -> Vec<IndexChange> {
        index::configurations::put(before, decided.events)
    }

    fn deliveries(_: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        effects.iter().map(|effect| match *effect {}).collect()
    }

    /// A mark is nothing but its record.
    fn always_records(command: &Command) -> bool {
        matches!(command, Command::Mark)
    }
}
