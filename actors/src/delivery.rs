//! Deliveries: what an effect asks of its receiver.

use domain::{
    allotment, customer,
    id::{AllotmentId, CustomerId, IdentifierId, SaleId},
    identifier, sale, tombstone,
};
use store::{EffectId, EntityKey};

use crate::kinds::Kind;

/// A command for another entity, on its way.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// For a customer.
    Customer(CustomerId, customer::Command),
    /// For an identifier claim.
    Claim(IdentifierId, identifier::Command),
    /// For a sale.
    Sale(SaleId, sale::Command),
    /// For a tombstone.
    Tombstone(CustomerId, tombstone::Command),
    /// For something that all customers share.
    Allotment(AllotmentId, allotment::Command),
}

impl Delivery {
    /// Who receives it.
    pub fn receiver(&self) -> EntityKey {
        match self {
            Self::Customer(id, _) => Kind::Customer.key(id.bytes()),
            Self::Claim(id, _) => Kind::Claim.key(id.bytes()),
            Self::Sale(id, _) => Kind::Sale.key(id.bytes()),
            Self::Tombstone(id, _) => Kind::Tombstone.key(id.bytes()),
            Self::Allotment(id, _) => Kind::Allotment.key(id.bytes()),
        }
    }
}

/// A delivery and the effect that it fulfils; the receiver's record says that it has.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The effect.
    pub effect: EffectId,
    /// What it asks.
    pub delivery: Delivery,
}
