//! Edits of constraints by tier level (incentives.md 7.7).

use uuid::Uuid;

use super::{Error, Json, ObjectKind, editor::Editor};

const KIND: ObjectKind = ObjectKind::TierLevelConstraint;

pub(super) fn save(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let id = if body.get("id").is_some() {
        let (id, _) = editor.named(KIND, body, "id")?;
        editor.expect_version(KIND, id, body)?;
        id
    } else {
        editor.new_id()
    };
    let mut constraint =
        Json::object([("mode", Some(Json::text("include"))), ("min_days_in_level", Some(Json::whole(0)))]);
    constraint.merge(body.clone());
    constraint.take("version");
    constraint.set("id", Json::text(id));
    constraint.set("retailer_id", editor.retailer_id());
    editor.put(KIND, id, &constraint);
    Ok((KIND, id))
}

pub(super) fn delete(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, _) = editor.named(KIND, body, "id")?;
    if body.get("version").is_some() {
        editor.expect_version(KIND, id, body)?;
    }
    editor.remove(KIND, id);
    Ok((KIND, id))
}

/// What constrains something goes with it.
pub(super) fn remove_those_of(editor: &mut Editor<'_>, entity: Uuid) {
    let constraints = editor.objects().list(KIND).iter();
    let own =
        constraints.filter(|known| known.json().get_id("entity_id") == Some(entity)).map(|known| known.id);
    for id in own.collect::<Vec<_>>() {
        editor.remove(KIND, id);
    }
}

/// Some constraint names one of these levels or systems.
pub(super) fn name_one_of(editor: &Editor<'_>, ids: &[Uuid]) -> bool {
    let mut constraints = editor.objects().list(KIND).iter().map(|constraint| constraint.json());
    constraints.any(|constraint| ids.iter().any(|id| constraint.mentions(*id)))
}
