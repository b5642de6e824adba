//! Allotments in the store.

use domain::{
    allotment::{Allotment, Command, Effect, Event},
    customer,
};
use store::{Haste, IndexChange};

use super::{Decided, Durable, Kind, Residence};
use crate::delivery::Delivery;

impl Durable for Allotment {
    const KIND: Kind = Kind::Allotment;
    /// There are as many as budgets and restrictions.
    const RESIDENCE: Residence = Residence::Stays;

    fn rows(_: &Self, _: &Self::Command, _: Decided<'_, Self>) -> Vec<IndexChange> {
        Vec::new()
    }

    fn deliveries(_: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        let delivery = |effect: &Effect| match effect {
            Effect::Ask { allotment, key, round } => {
                let command = customer::Command::Tell { allotment: *allotment, key: *key, round: *round };
                Delivery::Customer(key.customer, command)
            }
        };
        effects.iter().map(delivery).collect()
    }

    /// A customer waits for a reservation; for what it gives back nobody does.
    fn haste(command: &Command) -> Haste {
        match command {
            Command::Reserve(_) | Command::Review { .. } => Haste::Now,
            Command::Settle { .. } | Command::GiveBack { .. } | Command::Told { .. } => Haste::Soon,
        }
    }
}
