//! `POST /incentives/api/1.0/user_events/fetch` (incentives.md 7.10).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Timestamp,
    customer::EventTriggered,
    time::{TimeForm, Zone},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesError, IncentivesErrorBody,
    request::{IncentivesAnswer, Named, Paging, answer, no_such_customer},
    trigger_user_event::UserEventObject,
};
use crate::{
    json::{FaultCode, Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Names of events of a question at most.
const LOOKUPS_MAX: usize = 50;

/// Whose events, which of them.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FetchEventsRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Only events of these names, at most 50; default: all.
    #[schema(value_type = Option<Vec<Option<wire::Key>>>, max_items = 50)]
    event_lookups: Member<'a>,
    /// Only events that occurred then or later.
    #[schema(value_type = Option<wire::Time>)]
    from_date: Member<'a>,
    /// Only events that occurred then or earlier.
    #[schema(value_type = Option<wire::Time>)]
    to_date: Member<'a>,
    /// Events to pass over; default 0.
    #[schema(value_type = Option<wire::Skip>)]
    skip: Member<'a>,
    /// Events to give, at most 1,000; default 50.
    #[schema(value_type = Option<wire::Take>)]
    take: Member<'a>,
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct FetchEventsPayload {
    /// Events on all pages.
    total_records: usize,
    /// The page, by time of occurrence, newest first.
    results: Vec<UserEventObject>,
}

/// Read the events that happened to a customer: those that were reported, and those of the platform that some rule
/// follows.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_events/fetch",
    tag = "incentives",
    request_body = FetchEventsRequest,
    responses(
        (status = 200, description = "A page of events", body = IncentivesAnswer<FetchEventsPayload>),
        (status = 400, description = "Malformed, `take_too_large`", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn fetch_user_events(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, wanted, paging) = read(&body)?;
        let customer = named.resolve(state).await?;
        let mut events = state.engine().user_events(customer).await?.ok_or_else(no_such_customer)?;
        events.retain(|event| wanted.takes(event));
        // Of the same time the one that was written last is the newest.
        events.reverse();
        events.sort_by_key(|event| std::cmp::Reverse(event.answer.occurred));
        let page = events.iter().skip(paging.skip).take(paging.take);
        let show = |event: &EventTriggered| UserEventObject::of(event, &named);
        Ok(FetchEventsPayload { total_records: events.len(), results: page.map(show).collect() })
    })
    .await
}

/// Which events are asked for.
struct Wanted {
    /// Upper case; none: all.
    lookups: Vec<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Wanted {
    fn takes(&self, event: &EventTriggered) -> bool {
        let (lookup, occurred) = (&*event.answer.lookup, event.answer.occurred);
        let named = self.lookups.is_empty() || self.lookups.iter().any(|known| known == lookup);
        named && self.from.is_none_or(|from| from <= occurred) && self.to.is_none_or(|to| occurred <= to)
    }
}

fn read(body: &[u8]) -> Result<(Named, Wanted, Paging), IncentivesError> {
    let request: FetchEventsRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let lookups = reader.elements("event_lookups", request.event_lookups, |reader, lookup| {
        reader.key("", lookup).map(|lookup| lookup.trim().to_ascii_uppercase())
    });
    if lookups.len() > LOOKUPS_MAX {
        reader.fault("event_lookups", FaultCode::Limit, format!("must have at most {LOOKUPS_MAX} elements"));
    }
    let from = reader.time("from_date", request.from_date, &Zone::UTC);
    let to = reader.time("to_date", request.to_date, &Zone::UTC);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        reader.fault("to_date", FaultCode::OutOfRange, "must not lie before from_date");
    }
    let paging = Paging::read(request.skip, request.take, &mut reader);
    let wanted = Wanted { lookups, from, to };
    let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
    paging.check()?;
    Ok((named, wanted, paging))
}

impl UserEventObject {
    /// The object of an event that happened.
    fn of(event: &EventTriggered, named: &Named) -> Self {
        Self {
            id: event.answer.id.to_string(),
            time_of_occurrence: event.answer.occurred.write(TimeForm::Iso),
            retailer_id: named.retailer_id.clone(),
            event_lookup: event.answer.lookup.to_string(),
            user_id: named.user_id.clone(),
            is_session_m: event.depth > 0,
        }
    }
}
