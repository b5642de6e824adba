//! Movements between tier levels on request (incentives.md 7.6). One file for each endpoint.

mod fetch_history;
mod maintenance;
mod move_user;
mod qualifying;
mod remove_user;

pub(crate) use fetch_history::{__path_fetch_history, fetch_history};
pub(crate) use maintenance::{__path_maintenance, maintenance};
pub(crate) use move_user::{__path_move_user, move_user};
pub(crate) use qualifying::{__path_qualifying, qualifying};
pub(crate) use remove_user::{__path_remove_user, remove_user};

use domain::{
    customer::{Customer, TierCommand},
    id::{CustomerId, TierSystemId},
    program::Program,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    IncentivesError,
    objects::{TierMovementObject, TierOutcome, UserTierObject},
    request::no_such_customer,
};
use crate::state::HttpState;

/// What a request changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovementPayload {
    /// The level now held in the system of the request; absent when the request names none, or the system was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_tier: Option<UserTierObject>,
    /// The levels now held in all live systems; on requests that name no system.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_tiers: Option<Vec<UserTierObject>>,
    /// The movements, in order; of a dry run those that would take place.
    movements: Vec<TierMovementObject>,
    /// What joining levels, or staying in them, gave.
    outcomes: Vec<TierOutcome>,
}

/// Has it done, and shows the levels that are held then: in one system, or in all.
async fn change(
    state: &HttpState,
    customer: CustomerId,
    command: TierCommand,
    system: Option<TierSystemId>,
) -> Result<MovementPayload, IncentivesError> {
    let done = state.engine().change_tiers(customer, command).await?;
    let form = state.incentives_times();
    let view = move |held: &Customer, program: &Program, now| {
        let id = customer.to_string();
        let tiers = held.tiers().iter().filter(|tier| system.is_none_or(|system| system == tier.system));
        let objects = tiers.filter_map(|tier| UserTierObject::new(tier, held, &id, program, now, form));
        objects.collect::<Vec<_>>()
    };
    let tiers = state.engine().read_customer(customer, view).await?.ok_or_else(no_such_customer)?;
    let program = state.program();
    let (user_tier, user_tiers) =
        if system.is_some() { (tiers.into_iter().next(), None) } else { (None, Some(tiers)) };
    Ok(MovementPayload {
        user_tier,
        user_tiers,
        movements: done.movements.iter().map(TierMovementObject::new).collect(),
        outcomes: done.benefits.iter().flat_map(|benefit| TierOutcome::all(benefit, &program)).collect(),
    })
}
