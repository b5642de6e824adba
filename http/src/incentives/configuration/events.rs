//! `POST /incentives/api/1.0/trigger/...` as far as it defines loyalty events (incentives.md 7.12).

use domain::{
    configuration::{Json, Object, ObjectKind, Operation},
    program::event::reserved,
};

use super::{
    call::Call,
    endpoints,
    lists::{Column, Listing, by_name, by_status},
};
use crate::incentives::IncentivesError;

const KIND: ObjectKind = ObjectKind::Event;
const COLUMNS: [Column; 3] = [("Name", by_name), ("Event_Lookup", by_lookup), ("Status", by_status)];
const LIVE: i64 = 2;

endpoints! {
    /// The events that are defined. `include_default` shows the platform's own too, which have no id; `skip`, `take`,
    /// `sort_column` (`Name`, `Event_Lookup`, `Status`), `sort_direction`; answers `total_records` and `results`.
    fetch_events, "/incentives/api/1.0/trigger/fetch_events", EventsBody => fetch;
    /// A loyalty event: `event_lookup` (`A-Z0-9_`, at most 64 characters), `name`, `description`, `status` (2 live, 1
    /// paused: it may not be reported), `context_schema` (what its context looks like, in any form: it is kept and
    /// shown, and nothing is held against it). The event of this `event_lookup` is changed or made; with an `id` that
    /// event, which may get another `event_lookup` while no rule tree names it. 400 `event_reserved` for the
    /// platform's own. Answers `event`.
    save_event, "/incentives/api/1.0/trigger/save_event", EventBody => save;
    /// `id` of an event that no live or paused rule tree names; 409 `event_in_use`. Answers `success`.
    delete_event, "/incentives/api/1.0/trigger/delete_event", IdBody => delete;
}

async fn fetch(call: Call<'_>) -> Result<Json, IncentivesError> {
    let listing = Listing::read(&call, &COLUMNS)?;
    let include_default = call.flag("include_default")?;
    let objects = call.objects().await?;
    let own = objects.list(KIND).iter().map(event);
    Ok(listing.page(own.chain(reserved().filter(|_| include_default).map(default)).collect()))
}

async fn save(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (_, object) = call.edited(Operation::SaveEvent).await?;
    Ok(Json::object([("event", Some(event(&object)))]))
}

async fn delete(call: Call<'_>) -> Result<Json, IncentivesError> {
    call.edit(Operation::DeleteEvent).await?;
    Ok(Json::object([("success", Some(Json::Flag(true)))]))
}

fn event(object: &Object) -> Json {
    let mut event = object.json().without_nulls();
    let lookup = event.get_text("event_lookup").unwrap_or_default().to_ascii_uppercase();
    for (member, unsaid) in
        [("name", Json::text(&lookup)), ("description", Json::text("")), ("status", Json::whole(LIVE))]
    {
        if event.get(member).is_none() {
            event.set(member, unsaid);
        }
    }
    event.set("event_lookup", Json::text(lookup));
    event.set("is_default", Json::Flag(false));
    event
}

/// An event of the platform.
fn default(lookup: &str) -> Json {
    Json::object([
        ("event_lookup", Some(Json::text(lookup))),
        ("name", Some(Json::text(lookup))),
        ("description", Some(Json::text(""))),
        ("is_default", Some(Json::Flag(true))),
        ("status", Some(Json::whole(LIVE))),
    ])
}

/// Compares by `event_lookup`.
fn by_lookup(row: &Json) -> String {
    row.get_text("event_lookup").unwrap_or_default().to_owned()
}
