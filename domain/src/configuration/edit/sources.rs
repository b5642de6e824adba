//! Edits of point sources and their restrictions (incentives.md 2.3, 7.4).

use uuid::Uuid;

use super::{Error, Json, ObjectKind, Refusal, editor::Editor};
use crate::program::ProblemCode;

const KIND: ObjectKind = ObjectKind::PointSource;
const RESTRICTIONS: &str = "restrictions";

pub(super) fn create(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let id = editor.new_id();
    save(editor, id, Json::object([("status", Some(Json::whole(1)))]), body);
    Ok((KIND, id))
}

pub(super) fn update(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, source) = editor.named(KIND, body, "id")?;
    save(editor, id, source, body);
    Ok((KIND, id))
}

pub(super) fn set_status(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, mut source) = editor.named(KIND, body, "id")?;
    let status = editor.required_whole(body, "status", 1)?;
    source.set("status", Json::whole(status));
    editor.put(KIND, id, &source);
    Ok((KIND, id))
}

pub(super) fn save_restriction(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, mut source) = editor.named(KIND, body, "point_source_id")?;
    // Either alone, or in a member of its own.
    let sent = body.get("restriction").unwrap_or(body);
    let named = if sent.get("id").is_some() { Some(editor.required_id(sent, "id")?) } else { None };
    let mut restrictions = source.elements(RESTRICTIONS).to_vec();
    let place = match named {
        None => restrictions.len(),
        Some(named) => restrictions
            .iter()
            .position(|known| known.get_id("id") == Some(named))
            .ok_or(Refusal::RestrictionNotFound)?,
    };
    let mut restriction = restrictions.get(place).cloned().unwrap_or_else(|| Json::object([]));
    restriction.merge(sent.clone());
    restriction.take("retailer_id");
    let restriction_id = named.unwrap_or_else(|| editor.new_id());
    restriction.set("id", Json::text(restriction_id));
    restriction.set("point_source_id", Json::text(id));
    if place < restrictions.len() {
        restrictions[place] = restriction;
    } else {
        restrictions.push(restriction);
    }
    source.set(RESTRICTIONS, Json::Array(restrictions));
    editor.put(KIND, id, &source);
    editor.look_inside(RESTRICTIONS, place);
    Ok((KIND, id))
}

pub(super) fn delete_restriction(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let restriction = editor.required_id(body, "id")?;
    let has = |source: &Json| {
        source.elements(RESTRICTIONS).iter().any(|known| known.get_id("id") == Some(restriction))
    };
    let sources = editor.objects().list(KIND).iter().map(|source| (source.id, source.json()));
    let found = sources.into_iter().find(|(_, source)| has(source));
    let (id, mut source) = found.ok_or(Refusal::RestrictionNotFound)?;
    let kept = source.elements(RESTRICTIONS).iter().filter(|known| known.get_id("id") != Some(restriction));
    let kept = kept.cloned().collect();
    source.set(RESTRICTIONS, Json::Array(kept));
    editor.put(KIND, id, &source);
    Ok((KIND, id))
}

fn save(editor: &mut Editor<'_>, id: Uuid, mut source: Json, body: &Json) {
    source.merge(body.clone());
    source.set("id", Json::text(id));
    source.set("retailer_id", editor.retailer_id());
    link(editor, &mut source, body);
    for place in 0..source.elements(RESTRICTIONS).len() {
        let restriction_id = editor.new_id();
        let restriction = &mut source.elements_mut(RESTRICTIONS)[place];
        let known = restriction.get_id("id").unwrap_or(restriction_id);
        restriction.set("id", Json::text(known));
        restriction.set("point_source_id", Json::text(id));
    }
    editor.put(KIND, id, &source);
}

/// The accounts are kept as `point_account_ids`, whether they were sent so or as objects.
fn link(editor: &mut Editor<'_>, source: &mut Json, body: &Json) {
    let Some(Json::Array(_)) = source.get("point_accounts") else { return };
    let sent = body.get("point_accounts").is_some();
    let objects = source.take("point_accounts");
    if !sent && body.get("point_account_ids").is_some() {
        return;
    }
    // What was sent takes the place of what was there; otherwise both forms were there together.
    let mut ids = if sent && body.get("point_account_ids").is_none() {
        Vec::new()
    } else {
        source.elements("point_account_ids").to_vec()
    };
    let Some(Json::Array(accounts)) = objects else { return };
    for (place, account) in accounts.iter().enumerate() {
        match account.get_id("id") {
            Some(id) => ids.push(Json::text(id)),
            None => {
                let at = format!("point_accounts[{place}].id");
                editor.problem(at, ProblemCode::InvalidValue, "must be the id of a point account");
            }
        }
    }
    source.set("point_account_ids", Json::Array(ids));
}
