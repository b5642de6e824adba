//! `POST /incentives/api/1.0/ingest/event` (incentives.md 7.16).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::id::RetailerId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesCode, IncentivesError, IncentivesErrorBody,
        error::REFUSED,
        request::{IncentivesAnswer, admit_retailer, answer},
        trigger_user_event::{EventMembers, TriggerRequest, TriggeredPayload, check_lookup},
    },
    parts::{check_count, one_by_one, read_texts},
    taken::read_request_id,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Events.
#[derive(Debug, Deserialize, ToSchema)]
pub struct IngestEventRequest<'a> {
    /// The tenant, of the events too. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// An event without an `idempotency_id` and a `transaction_id` happens once under it and the event's place. At most
    /// 128 characters.
    #[schema(value_type = Option<String>, max_length = 128)]
    request_id: Member<'a>,
    /// 1 to 100, each as for `trigger_user_event`, without `include_progress`.
    #[schema(value_type = Vec<IngestedEvent>, min_items = 1, max_items = 100)]
    user_events: Member<'a>,
}

/// An event as the document shows it: it is read as one of `trigger_user_event`.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is there for the document alone")]
pub struct IngestedEvent<'a> {
    /// The platform's id of the customer, or any id in another system. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    #[serde(flatten)]
    event: EventMembers<'a>,
}

/// What came of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsPayload {
    /// All of them have happened.
    accepted: bool,
    /// One per event, in their order.
    results: Vec<EventResult>,
}

/// What came of an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventResult {
    /// It has happened.
    accepted: bool,
    /// 0 it has happened, 5 it has not.
    error_status: u8,
    /// Why it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    error_code: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// As `trigger_user_event` answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<TriggeredPayload>,
}

/// Let events happen, one after the other. One that is wrong leaves the others alone.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/ingest/event",
    tag = "incentives",
    request_body = IngestEventRequest,
    responses(
        (status = 200, description = "What came of each", body = IncentivesAnswer<EventsPayload>),
        (status = 400, description = "Malformed, `too_many_user_events`, or none has happened",
            body = IncentivesErrorBody),
    ),
)]
pub async fn ingest_event(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: IngestEventRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        let request_id = read_request_id(&mut reader, request.request_id);
        let texts = read_texts("user_events", request.user_events, &mut reader);
        let texts = faults.none_or(texts).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        check_count("user_events", &texts, IncentivesCode::TooManyUserEvents)?;
        let happens = async |place, text: &str| {
            let key = request_id.as_ref().map(|request| format!("ingest {place}\n{request}").into());
            happen(state, text, request.retailer_id, key).await.map(EventResult::happened)
        };
        one_by_one(texts, happens, EventResult::refused, |accepted, results| EventsPayload {
            accepted,
            results,
        })
        .await
    })
    .await
}

async fn happen(
    state: &HttpState,
    text: &str,
    retailer: Member<'_>,
    key: Option<Box<str>>,
) -> Result<TriggeredPayload, IncentivesError> {
    let request: TriggerRequest<'_> = parse_object(text.as_bytes())?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = request.named_at(retailer, &mut reader);
    let event = request.event(&mut reader)?;
    let mut event = faults.none_or(event).map_err(|faults| IncentivesError::invalid(&faults))?;
    if event.idempotency_id.is_none() && event.transaction_id.is_empty() {
        event.idempotency_id = key;
    }
    check_lookup(&event.lookup, &state.program())?;
    let customer = named.resolve(state).await?;
    let triggered = state.engine().trigger(customer, event).await?;
    Ok(TriggeredPayload::new(&triggered, &named, &state.program(), None))
}

impl EventResult {
    fn happened(result: TriggeredPayload) -> Self {
        Self { accepted: true, error_status: 0, error_code: None, message: None, result: Some(result) }
    }

    fn refused(error: &IncentivesError) -> Self {
        let (error_code, message) = (Some(error.name()), Some(error.message().to_owned()));
        Self { accepted: false, error_status: REFUSED, error_code, message, result: None }
    }
}
