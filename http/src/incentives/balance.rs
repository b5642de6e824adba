//! `POST /incentives/api/1.0/user_points/balance` and `.../all_balances` (incentives.md 7.1).

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{customer::Customer, id::PointAccountId, program::Program};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    objects::BalanceObject,
    request::{IncentivesAnswer, Named, answer},
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A question for balances.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BalanceRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// `balance` only: which accounts; none: the default ones.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>)]
    point_account_ids: Member<'a>,
    /// `all_balances` only: also what will run out of each account; default false.
    #[schema(value_type = Option<wire::Flag>)]
    include_expirations: Member<'a>,
}

/// Which accounts are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// Every active one.
    All,
    /// Those of the default pool.
    DefaultPool,
    /// These, as the caller wrote them.
    These(Vec<(PointAccountId, String)>),
}

/// The balances of some accounts of a customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_points/balance",
    tag = "incentives",
    request_body = BalanceRequest,
    responses(
        (status = 200, description = "The balances", body = IncentivesAnswer<BalanceObject>),
        (status = 404, description = "No such customer or account", body = IncentivesErrorBody),
    ),
)]
pub async fn balance(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, accounts, _) = read(&body)?;
        let wanted = if accounts.is_empty() { Wanted::DefaultPool } else { Wanted::These(accounts) };
        show(state, &named, wanted, false).await
    })
    .await
}

/// The balances of all active accounts of a customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_points/all_balances",
    tag = "incentives",
    request_body = BalanceRequest,
    responses(
        (status = 200, description = "The balances", body = IncentivesAnswer<BalanceObject>),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn all_balances(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, _, expirations) = read(&body)?;
        show(state, &named, Wanted::All, expirations).await
    })
    .await
}

type Asked = (Named, Vec<(PointAccountId, String)>, bool);

fn read(body: &[u8]) -> Result<Asked, IncentivesError> {
    let request: BalanceRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let accounts = reader.elements("point_account_ids", request.point_account_ids, |reader, id| {
        Some((reader.guid("", id)?, reader.text("", id)?.into_owned()))
    });
    let expirations = reader.flag("include_expirations", request.include_expirations).unwrap_or(false);
    faults.none_or((named, accounts, expirations)).map_err(|faults| IncentivesError::invalid(&faults))
}

async fn show(
    state: &HttpState,
    named: &Named,
    wanted: Wanted,
    expirations: bool,
) -> Result<BalanceObject, IncentivesError> {
    let form = state.incentives_times();
    let customer = named.resolve(state).await?;
    let wanted = Arc::new(wanted);
    let looked_for = Arc::clone(&wanted);
    let view = move |customer: &Customer, program: &Program, now| {
        let balances = match &*looked_for {
            Wanted::All => customer.balances(program, now),
            Wanted::DefaultPool => {
                let accounts =
                    program.accounts().iter().filter(|account| account.active && account.in_default_pool);
                customer.balances_of(accounts.map(|account| account.id), program, now)
            }
            Wanted::These(accounts) => {
                if accounts.iter().any(|(id, _)| program.account(*id).is_none()) {
                    return Err(IncentivesCode::PointAccountNotFound);
                }
                customer.balances_of(accounts.iter().map(|(id, _)| *id), program, now)
            }
        };
        let object = BalanceObject::new("", "", &balances, program);
        if !expirations {
            return Ok(object);
        }
        let accounts: Vec<_> = balances.accounts.iter().map(|balance| balance.account).collect();
        Ok(object.with_expirations(&customer.expirations(&accounts, None, program, now), form))
    };
    let seen = state.engine().read_customer(customer, view).await?;
    let seen = seen.ok_or_else(|| IncentivesError::new(IncentivesCode::UserNotFound, "No such customer."))?;
    let mut balance =
        seen.map_err(|code| IncentivesError::new(code, "No such point account for this retailer."))?;
    balance.retailer_id.clone_from(&named.retailer_id);
    balance.user_id.clone_from(&named.user_id);
    if let Wanted::These(accounts) = &*wanted {
        for (detail, (_, written)) in balance.details.iter_mut().zip(accounts) {
            detail.point_account_id.clone_from(written);
        }
    }
    Ok(balance)
}
