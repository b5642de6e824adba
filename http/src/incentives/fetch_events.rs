//! `POST /incentives/api/1.0/trigger/fetch_events` (incentives.md 7.12).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::program::event::reserved;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    request::{IncentivesAnswer, answer},
};
use crate::{
    json::{FaultCode, Faults, Member, Reader, parse_object},
    state::HttpState,
};

/// Events of a page, and at most.
const TAKE_DEFAULT: i64 = 50;
const TAKE_MAX: i64 = 1_000;

/// A question for events.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FetchEventsRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = String, format = "uuid")]
    retailer_id: Member<'a>,
    /// The platform's own events too; default false.
    #[schema(value_type = Option<bool>)]
    include_default: Member<'a>,
    /// Events to leave out at the beginning; default 0.
    #[schema(value_type = Option<i64>)]
    skip: Member<'a>,
    /// Events at most; default 50, at most 1000.
    #[schema(value_type = Option<i64>)]
    take: Member<'a>,
}

/// Some events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsPayload {
    results: Vec<EventObject>,
    /// How many there are in all.
    total_records: usize,
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventObject {
    /// Not on the platform's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    event_lookup: String,
    name: String,
    description: String,
    /// The platform's own.
    is_default: bool,
    /// 2 live, 1 paused.
    status: u8,
}

/// The events that are defined.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/trigger/fetch_events",
    tag = "incentives",
    request_body = FetchEventsRequest,
    responses(
        (status = 200, description = "The events", body = IncentivesAnswer<EventsPayload>),
        (status = 400, description = "Malformed", body = IncentivesErrorBody),
        (status = 401, description = "Missing or wrong credentials", body = IncentivesErrorBody),
        (status = 403, description = "Another tenant", body = IncentivesErrorBody),
    ),
    security(("connect" = [])),
)]
pub async fn fetch_events(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move { events(state, &body) }).await
}

fn events(state: &HttpState, body: &[u8]) -> Result<EventsPayload, IncentivesError> {
    let request: FetchEventsRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let retailer: Option<domain::id::RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
    let include_default = reader.flag("include_default", request.include_default).unwrap_or(false);
    let skip: usize = reader.integer("skip", request.skip).unwrap_or(0_i64).try_into().unwrap_or_else(|_| {
        reader.fault("skip", FaultCode::OutOfRange, "must not be below 0");
        0
    });
    let take = reader.integer("take", request.take).unwrap_or(TAKE_DEFAULT);
    if take < 1 {
        reader.fault("take", FaultCode::OutOfRange, "must be above 0");
    }
    let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
    if take > TAKE_MAX {
        let message = format!("take must be at most {TAKE_MAX}.");
        return Err(IncentivesError::new(IncentivesCode::TakeTooLarge, message));
    }
    let program = state.program();
    if retailer != Some(program.retailer().id) {
        let message = "The credentials are not those of this retailer.";
        return Err(IncentivesError::new(IncentivesCode::RetailerNotAuthorized, message));
    }
    let own = program.events().iter().map(|event| EventObject {
        id: Some(event.id.to_string()),
        event_lookup: event.lookup.to_string(),
        name: event.name.clone(),
        description: event.description.clone(),
        is_default: false,
        status: if event.live { 2 } else { 1 },
    });
    let default = reserved().filter(|_| include_default).map(|lookup| EventObject {
        id: None,
        event_lookup: lookup.to_owned(),
        name: lookup.to_owned(),
        description: String::new(),
        is_default: true,
        status: 2,
    });
    let all: Vec<_> = own.chain(default).collect();
    let total_records = all.len();
    let take = usize::try_from(take).unwrap_or(0);
    Ok(EventsPayload { results: all.into_iter().skip(skip).take(take).collect(), total_records })
}
