//! The configuration in the store.

use domain::configuration::{Configuration, Effect, Event};
use store::IndexChange;

use super::{Decided, Durable, Kind, Residence};
use crate::delivery::Delivery;

impl Durable for Configuration {
    const KIND: Kind = Kind::Configuration;
    const RESIDENCE: Residence = Residence::Stays;

    fn rows(_: &Self, _: &Self::Command, _: Decided<'_, Self>) -> Vec<IndexChange> {
        Vec::new()
    }

    fn deliveries(_: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        effects.iter().map(|effect| match *effect {}).collect()
    }
}
