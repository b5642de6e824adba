//! Edits of the loyalty events that a retailer defines (incentives.md 7.12).

use uuid::Uuid;

use super::{Error, Json, ObjectKind, Refusal, editor::Editor};
use crate::program::event::is_reserved;

const KIND: ObjectKind = ObjectKind::Event;
const LOOKUP: &str = "event_lookup";
const LIVE: i64 = 2;
/// Trees that are in force, or will be again without an edit.
const USING: [i64; 2] = [1, LIVE];

/// The event of the `id`; without one the event of the `event_lookup`, or a new one. So a save that is repeated makes
/// nothing twice.
pub(super) fn save(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    if body.get_text(LOOKUP).is_some_and(is_reserved) {
        return Err(Refusal::EventReserved.into());
    }
    let (id, mut event) = match (body.get("id"), body.get_text(LOOKUP)) {
        (Some(_), _) => editor.named(KIND, body, "id")?,
        (None, Some(lookup)) => match of_lookup(editor, lookup) {
            Some(known) => known,
            None => new(editor),
        },
        (None, None) => new(editor),
    };
    let before = event.get_text(LOOKUP).map(str::to_owned);
    event.merge(body.clone());
    event.take("is_default");
    event.set("id", Json::text(id));
    event.set("retailer_id", editor.retailer_id());
    if let Some(lookup) = event.get_text(LOOKUP) {
        let upper = lookup.to_ascii_uppercase();
        if before
            .as_deref()
            .is_some_and(|before| !before.eq_ignore_ascii_case(&upper) && in_use(editor, before))
        {
            return Err(Refusal::EventInUse.into());
        }
        event.set(LOOKUP, Json::text(upper));
    }
    editor.put(KIND, id, &event);
    Ok((KIND, id))
}

/// Body: `id`. What was reported of it stays in the customers' histories.
pub(super) fn delete(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, event) = editor.named(KIND, body, "id")?;
    if event.get_text(LOOKUP).is_some_and(|lookup| in_use(editor, lookup)) {
        return Err(Refusal::EventInUse.into());
    }
    editor.remove(KIND, id);
    Ok((KIND, id))
}

fn new(editor: &mut Editor<'_>) -> (Uuid, Json) {
    (editor.new_id(), Json::object([("status", Some(Json::whole(LIVE)))]))
}

fn of_lookup(editor: &Editor<'_>, lookup: &str) -> Option<(Uuid, Json)> {
    let events = editor.objects().list(KIND).iter().map(|event| (event.id, event.json()));
    events
        .into_iter()
        .find(|(_, event)| event.get_text(LOOKUP).is_some_and(|known| known.eq_ignore_ascii_case(lookup)))
}

/// Some rule tree that is live or paused listens to the event, asks for it or raises it.
fn in_use(editor: &Editor<'_>, lookup: &str) -> bool {
    let trees = editor.objects().list(ObjectKind::RuleTree).iter().map(|tree| tree.json());
    let using = |tree: &Json| tree.get_whole("status").is_some_and(|status| USING.contains(&status));
    trees.into_iter().any(|tree| using(&tree) && names(&tree, lookup))
}

/// An event is named in `trigger_events`, and in the `event_lookup` of nodes and outcomes.
fn names(json: &Json, lookup: &str) -> bool {
    match json {
        Json::Array(elements) => elements.iter().any(|element| names(element, lookup)),
        Json::Object(members) => members.iter().any(|(name, member)| match member {
            Json::Text(text) => &**name == LOOKUP && text.eq_ignore_ascii_case(lookup),
            Json::Array(elements) if &**name == "trigger_events" => elements
                .iter()
                .any(|element| matches!(element, Json::Text(text) if text.eq_ignore_ascii_case(lookup))),
            Json::Null | Json::Flag(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                names(member, lookup)
            }
        }),
        Json::Null | Json::Flag(_) | Json::Number(_) | Json::Text(_) => false,
    }
}
