//! Members and their identifiers: who was created is there, nobody shares an identifier, who was erased is gone.

use std::collections::BTreeMap;

use domain::{id::CustomerId, identifier::Identifier};

use super::{Model, Sight, Status};
use crate::{
    report::{Violation, hold},
    workload::{perform::Told, request::Request},
};

pub(super) fn check(model: &Model, sight: &Sight) -> Result<(), Violation> {
    let mut alive: BTreeMap<&str, CustomerId> = BTreeMap::new();
    for asked in model.asked.values() {
        let Request::Create { external, profile } = &asked.request else { continue };
        let Status::Done(Told::Created(id)) = asked.status() else { continue };
        let member = sight.customers.get(id);
        match member {
            None => hold!(model.may_be_erased(*id), "customer {id} was created and is not there"),
            Some(member) => {
                hold!(!model.is_erased(*id), "customer {id} was erased and is there");
                let known = &member.identity.profile;
                hold!(
                    known.identifiers == profile.identifiers && known.names == profile.names,
                    "customer {id} was created as {profile:?} and is {known:?}"
                );
                let other = alive.insert(external, *id);
                hold!(other.is_none(), "{external} belongs to {id} and to {other:?}");
            }
        }
    }
    holders(model, sight)
}

/// Whoever is there has the identifiers of its profile, and an identifier is found at nobody else.
fn holders(model: &Model, sight: &Sight) -> Result<(), Violation> {
    let mut owners: BTreeMap<Identifier, CustomerId> = BTreeMap::new();
    for (id, member) in &sight.customers {
        for identifier in member.identity.profile.unique_identifiers() {
            let other = owners.insert(identifier.clone(), *id);
            hold!(other.is_none(), "{identifier:?} is in the profiles of {id} and {other:?}");
        }
    }
    for (identifier, holder) in &sight.holders {
        let owner = owners.get(identifier);
        hold!(
            owner == holder.as_ref(),
            "{identifier:?} is found at {holder:?} and is in the profile of {owner:?}"
        );
    }
    for customer in sight.customers.keys() {
        hold!(!model.is_erased(*customer), "customer {customer} was erased and is found");
    }
    Ok(())
}
