//! Tombstones in the store.

use domain::tombstone::{Effect, Event, Tombstone};
use store::IndexChange;

use super::{Decided, Durable, Kind, Residence};
use crate::delivery::Delivery;

impl Durable for Tombstone {
    const KIND: Kind = Kind::Tombstone;
    const RESIDENCE: Residence = Residence::Leaves;

    fn rows(_: &Self, _: &Self::Command, _: Decided<'_, Self>) -> Vec<IndexChange> {
        Vec::new()
    }

    fn deliveries(_: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        effects.iter().map(|effect| match *effect {}).collect()
    }
}
