//! Identifier claims in the store.

use domain::{
    identifier::{Claim, Effect, Event},
    sale,
};
use store::IndexChange;

use super::{Decided, Durable, Kind, Residence};
use crate::{delivery::Delivery, shard_context::Shared};

impl Durable for Claim {
    const KIND: Kind = Kind::Claim;
    const RESIDENCE: Residence = Residence::Leaves;
    /// Whoever hears that a claim was released must not find its holder in the cache.
    const ANSWERS_WITH_RECORD: bool = false;

    fn rows(_: &Self, _: &Self::Command, _: Decided<'_, Self>) -> Vec<IndexChange> {
        Vec::new()
    }

    fn deliveries(_: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        let delivery = |effect: &Effect| match *effect {
            Effect::Tell { sale, identifier, customer } => {
                Delivery::Sale(sale, sale::Command::Registered { identifier, customer })
            }
        };
        effects.iter().map(delivery).collect()
    }

    /// The cache of holders. A holder put there before the confirmation is durable does no harm: the customer's
    /// creation, which caused it, is.
    fn decided(state: &Self, id: [u8; 16], shared: &Shared) {
        match state.holder() {
            Some(holder) => shared.holders.insert(id, holder),
            None => {
                shared.holders.remove(&id);
            }
        }
    }

    fn is_gone(&self) -> bool {
        self.is_free()
    }
}
