//! `POST /incentives/api/1.0/gdpr/export_user` (incentives.md 7.17).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Points, Quantity,
    customer::{Customer, EventTriggered},
    id::CustomerId,
    program::Program,
    time::TimeForm,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    BalanceObject, IncentivesError, IncentivesErrorBody, UserTierObject,
    objects::{PointAuditLog, RowContext, TierMovementObject},
    request::{IncentivesAnswer, Named, Paging, TEXT_MAX, answer, no_such_customer},
    user_state::{UserStateObject, state_object},
    user_tiers_of,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Whose data, which page.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ExportRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Repeated in the answer; reading changes nothing.
    #[schema(value_type = Option<String>, max_length = 200)]
    request_id: Member<'a>,
    /// Elements to pass over, of each section; default 0.
    #[schema(value_type = Option<wire::Skip>)]
    skip: Member<'a>,
    /// Elements to give, of each section, at most 1,000; default 50.
    #[schema(value_type = Option<wire::Take>)]
    take: Member<'a>,
}

/// Everything that this domain keeps of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportPayload {
    /// As sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    request_id: String,
    /// The points.
    balances: BalanceObject,
    /// The ledger, oldest first.
    audit_logs: Section<PointAuditLog>,
    /// The levels held.
    tiers: Vec<UserTierObject>,
    /// Changes of level, oldest first.
    movements: Section<TierMovementObject>,
    /// Events that happened to the customer, oldest first.
    user_events: Section<ExportedEvent>,
    /// What the rules remember.
    user_state: UserStateObject,
}

/// A page of a section.
#[derive(Debug, Serialize, ToSchema)]
pub struct Section<T> {
    /// Elements on all pages.
    total_records: usize,
    /// The page.
    results: Vec<T>,
}

impl<T> Section<T> {
    fn of<S>(all: &[S], paging: Paging, show: impl FnMut(&S) -> T) -> Self {
        let page = all.iter().skip(paging.skip).take(paging.take);
        Self { total_records: all.len(), results: page.map(show).collect() }
    }
}

/// An event that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedEvent {
    id: String,
    event_lookup: String,
    time_of_occurrence: String,
    /// As how many it counted.
    #[schema(value_type = f64)]
    quantity: Quantity,
    /// The flat JSON object that was reported, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    transaction_id: String,
    /// What it gave.
    points: Vec<ExportedPoints>,
}

/// Points that an event gave.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedPoints {
    point_account_id: String,
    #[schema(value_type = f64)]
    points: Points,
}

/// Show everything that is kept of a customer, section by section in pages.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/gdpr/export_user",
    tag = "incentives",
    request_body = ExportRequest,
    responses(
        (status = 200, description = "A page of each section", body = IncentivesAnswer<ExportPayload>),
        (status = 400, description = "Malformed, or over a limit", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn export_user(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, request_id, paging) = read(&body)?;
        let customer = named.resolve(state).await?;
        export(state, &named, customer, request_id, paging).await
    })
    .await
}

fn read(body: &[u8]) -> Result<(Named, String, Paging), IncentivesError> {
    let request: ExportRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let request_id = reader.text_within("request_id", request.request_id, TEXT_MAX);
    let request_id = request_id.map(String::from).unwrap_or_default();
    let paging = Paging::read(request.skip, request.take, &mut reader);
    let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
    paging.check()?;
    Ok((named, request_id, paging))
}

async fn export(
    state: &HttpState,
    named: &Named,
    customer: CustomerId,
    request_id: String,
    paging: Paging,
) -> Result<ExportPayload, IncentivesError> {
    let (engine, form) = (state.engine(), state.incentives_times());
    let id = customer.to_string();
    let (of_tiers, retailer_id, user_id) = (id.clone(), named.retailer_id.clone(), named.user_id.clone());
    let look = move |held: &Customer, program: &Program, now| {
        let balances = BalanceObject::new(&*retailer_id, &*user_id, &held.balances(program, now), program);
        let tiers = user_tiers_of(held, &of_tiers, program, now, form);
        (balances, tiers, state_object(held, program, now, form))
    };
    let (balances, tiers, mut user_state) =
        engine.read_customer(customer, look).await?.ok_or_else(no_such_customer)?;
    user_state.name(named);
    let log = engine.audit_log(customer).await?.ok_or_else(no_such_customer)?;
    let history = engine.tier_history(customer).await?.ok_or_else(no_such_customer)?;
    let events = engine.user_events(customer).await?.ok_or_else(no_such_customer)?;
    let program = state.program();
    let context = RowContext { retailer_id: &named.retailer_id, user_id: &id, form };
    Ok(ExportPayload {
        request_id,
        balances,
        audit_logs: Section::of(log.rows(), paging, |row| PointAuditLog::new(row, context, &program)),
        tiers,
        movements: Section::of(history.movements(), paging, TierMovementObject::new),
        user_events: Section::of(&events, paging, exported),
        user_state,
    })
}

fn exported(event: &EventTriggered) -> ExportedEvent {
    let given = event.answer.outcomes.iter().filter_map(|outcome| outcome.given);
    ExportedEvent {
        id: event.answer.id.to_string(),
        event_lookup: event.answer.lookup.to_string(),
        time_of_occurrence: event.answer.occurred.write(TimeForm::Iso),
        quantity: event.quantity,
        context: event.context.as_deref().map(str::to_owned),
        transaction_id: event.transaction_id.to_string(),
        points: given
            .map(|given| ExportedPoints { point_account_id: given.account.to_string(), points: given.points })
            .collect(),
    }
}
