//! `POST /incentives/api/1.0/user_state/set_counters` (incentives.md 7.9).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Quantity,
    customer::{CounterChange, SetCounters, StateCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, Named, TEXT_MAX, answer},
    },
    UserStateObject, change,
};
use crate::{
    json::{FaultCode, Faults, List, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Counters of one call at most: as many as a customer may have.
const COUNTERS_MAX: usize = 200;
/// The longest name.
const NAME_MAX: usize = 100;

/// Counters to be set.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetCountersRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// 1 to 200 counters.
    #[serde(borrow)]
    #[schema(value_type = Vec<CounterSetting>, min_items = 1, max_items = 200)]
    counters: List<CounterSetting<'a>>,
    /// Only if the state is of this version.
    #[schema(value_type = Option<wire::Version>)]
    version: Member<'a>,
    /// A repeat under the same id changes nothing. Without one, and without `version`, a repeated increment counts
    /// again.
    #[schema(value_type = Option<String>, max_length = 200)]
    idempotency_id: Member<'a>,
}

/// A counter: its new value, or by how much it grows.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CounterSetting<'a> {
    /// Its name, at most 100 characters. Required.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: Member<'a>,
    /// What it is from now on. This or `increment`.
    #[schema(value_type = Option<wire::Quantity>)]
    value: Member<'a>,
    /// By how much it grows; below 0 it shrinks. One that was never set begins at 0.
    #[schema(value_type = Option<wire::Quantity>)]
    increment: Member<'a>,
}

/// Set counters that callers keep; rules can ask for them. Answers the whole state.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_state/set_counters",
    tag = "incentives",
    request_body = SetCountersRequest,
    responses(
        (status = 200, description = "What is remembered now", body = IncentivesAnswer<UserStateObject>),
        (status = 400, description = "Malformed, `too_many_counters`", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
        (status = 409, description = "`state_version_conflict`, `idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn set_counters(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, set) = read(&body)?;
        change(state, named, StateCommand::SetCounters(set)).await
    })
    .await
}

fn read(body: &[u8]) -> Result<(Named, SetCounters), IncentivesError> {
    let request: SetCountersRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let counters = reader.objects("counters", &request.counters, COUNTERS_MAX, setting);
    if counters.is_empty() {
        reader.fault("counters", FaultCode::Required, "must have at least one element");
    }
    let set = SetCounters {
        counters: counters.into_iter().flatten().collect(),
        version: reader
            .integer("version", request.version)
            .map(|version: i64| u64::try_from(version).unwrap_or(u64::MAX)),
        idempotency_id: reader.text_within("idempotency_id", request.idempotency_id, TEXT_MAX),
    };
    faults.none_or((named, set)).map_err(|faults| IncentivesError::invalid(&faults))
}

fn setting(reader: &mut Reader<'_>, counter: &CounterSetting<'_>) -> Option<(Box<str>, CounterChange)> {
    reader.require("name", counter.name);
    let name = reader.text_within("name", counter.name, NAME_MAX)?;
    let value: Option<Quantity> = reader.amount("value", counter.value);
    let increment: Option<Quantity> = reader.amount("increment", counter.increment);
    match (value, increment) {
        (Some(value), None) => Some((name, CounterChange::Set(value))),
        (None, Some(more)) => Some((name, CounterChange::Add(more))),
        (Some(_), Some(_)) => {
            reader.fault("increment", FaultCode::Conflict, "must not stand beside value");
            None
        }
        (None, None) => {
            reader.fault("value", FaultCode::Required, "must be there, or increment");
            None
        }
    }
}
