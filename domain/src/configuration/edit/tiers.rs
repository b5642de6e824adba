//! Edits of tier systems and their levels (incentives.md 2.6, 7.5).

use uuid::Uuid;

use super::{Error, Json, ObjectKind, Refusal, editor::Editor, level_constraints};
use crate::program::ProblemCode;

const KIND: ObjectKind = ObjectKind::TierSystem;
const LEVELS: &str = "tier_levels";
const ASSIGNMENTS: &str = "tier_assignments";
const DRAFT: i64 = 0;
const LIVE: i64 = 2;
const STATUS_MAX: i64 = 3;

pub(super) fn create_system(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let id = editor.new_id();
    let mut system = Json::object([
        ("status", Some(Json::whole(DRAFT))),
        ("disabled", Some(Json::Flag(false))),
        ("create_date", Some(editor.now())),
    ]);
    system.merge(body.clone());
    let sent = if body.get("levels").is_some() { "levels" } else { LEVELS };
    let mut levels: Vec<Json> = Vec::new();
    if body.get(sent).is_some_and(|levels| !matches!(levels, Json::Array(_))) {
        editor.problem(sent, ProblemCode::InvalidValue, format!("{sent} is no array"));
    }
    for mut level in body.elements(sent).iter().cloned() {
        let level_id = editor.new_id();
        own(editor, &mut level, id, level_id);
        levels.push(level);
    }
    // A level that everybody is in at first (incentives.md 8.1).
    if !levels.iter().any(|level| level.get_whole("rank") == Some(0)) {
        let mut level = Json::object([("name", Some(Json::text("Member"))), ("rank", Some(Json::whole(0)))]);
        let level_id = editor.new_id();
        own(editor, &mut level, id, level_id);
        levels.push(level);
    }
    system.take("levels");
    system.set(LEVELS, Json::Array(levels));
    save_system(editor, id, system, body);
    Ok((KIND, id))
}

pub(super) fn update_system(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, mut system) = editor.named(KIND, body, "id")?;
    // Levels have edits of their own.
    let mut members = body.clone();
    members.take(LEVELS);
    members.take("levels");
    system.merge(members);
    save_system(editor, id, system, body);
    Ok((KIND, id))
}

fn save_system(editor: &mut Editor<'_>, id: Uuid, mut system: Json, body: &Json) {
    system.set("id", Json::text(id));
    system.set("retailer_id", editor.retailer_id());
    let all_live = system.elements(LEVELS).iter().all(|level| level.get_whole("status") == Some(LIVE));
    if body.get_whole("status") == Some(LIVE) && !all_live {
        let message = "a system is published when each of its levels is live";
        editor.problem("status", ProblemCode::TierLevelNotLive, message);
    }
    editor.put(KIND, id, &system);
}

pub(super) fn create_level(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, mut system) = editor.named(KIND, body, "tier_system_id")?;
    let mut level = Json::object([]);
    level.merge(body.clone());
    let level_id = editor.new_id();
    own(editor, &mut level, id, level_id);
    let mut levels = system.elements(LEVELS).to_vec();
    levels.push(level);
    let place = levels.len() - 1;
    system.set(LEVELS, Json::Array(levels));
    editor.put(KIND, id, &system);
    editor.look_inside(LEVELS, place);
    Ok((KIND, id))
}

pub(super) fn update_level(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let found = find(editor, body, "id")?;
    change_level(editor, found, body)
}

pub(super) fn set_level_status(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let found = find(editor, body, "id")?;
    let status = editor.required_whole(body, "status", STATUS_MAX)?;
    change_level(editor, found, &Json::object([("status", Some(Json::whole(status)))]))
}

fn change_level(editor: &mut Editor<'_>, found: Found, members: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let Found { system: id, mut json, place, level: level_id } = found;
    let level = &mut json.elements_mut(LEVELS)[place];
    let before = level.get_whole("status").unwrap_or(DRAFT);
    level.merge(members.clone());
    let after = level.get_whole("status").unwrap_or(DRAFT);
    own(editor, level, id, level_id);
    if after == DRAFT && before != DRAFT {
        editor.problem("status", ProblemCode::OutOfRange, "a published level does not become a draft again");
    }
    editor.put(KIND, id, &json);
    editor.look_inside(LEVELS, place);
    Ok((KIND, id))
}

/// Whether a level has members is not known here: whoever asks has made sure that it has none.
pub(super) fn delete_level(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let Found { system: id, json: mut system, place, level } = find(editor, body, "id")?;
    expect_seen(editor, id, body)?;
    if is_named(editor, &[level]) {
        return Err(Refusal::LevelInUse.into());
    }
    let mut levels = system.elements(LEVELS).to_vec();
    levels.remove(place);
    system.set(LEVELS, Json::Array(levels));
    editor.put(KIND, id, &system);
    Ok((KIND, id))
}

/// The same for a system with all of its levels.
pub(super) fn delete_system(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, system) = editor.named(KIND, body, "id")?;
    expect_seen(editor, id, body)?;
    let levels = system.elements(LEVELS).iter().filter_map(|level| level.get_id("id"));
    let named: Vec<_> = levels.chain([id]).collect();
    if is_named(editor, &named) {
        return Err(Refusal::LevelInUse.into());
    }
    editor.remove(KIND, id);
    Ok((KIND, id))
}

fn expect_seen(editor: &mut Editor<'_>, id: Uuid, body: &Json) -> Result<(), Error> {
    if body.get("version").is_some() { editor.expect_version(KIND, id, body) } else { Ok(()) }
}

/// A constraint, or some tree that is not archived, names one of these.
fn is_named(editor: &Editor<'_>, ids: &[Uuid]) -> bool {
    const ARCHIVED: i64 = 3;
    let trees = editor.objects().list(ObjectKind::RuleTree).iter().map(|tree| tree.json());
    let names = |tree: &Json| ids.iter().any(|id| tree.mentions(*id));
    level_constraints::name_one_of(editor, ids)
        || trees.into_iter().any(|tree| tree.get_whole("status") != Some(ARCHIVED) && names(&tree))
}

pub(super) fn attach(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (found, tree_id, mut tree) = level_and_tree(editor, body)?;
    let mut assignments = tree.elements(ASSIGNMENTS).to_vec();
    if !assignments.iter().any(|known| known.get_id("tier_level_id") == Some(found.level)) {
        assignments.push(Json::object([
            ("tier_system_id", Some(Json::text(found.system))),
            ("tier_level_id", Some(Json::text(found.level))),
        ]));
        tree.set(ASSIGNMENTS, Json::Array(assignments));
        editor.put(ObjectKind::RuleTree, tree_id, &tree);
    }
    Ok((KIND, found.system))
}

pub(super) fn detach(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (found, tree_id, mut tree) = level_and_tree(editor, body)?;
    let kept = tree.elements(ASSIGNMENTS).iter();
    let kept = kept.filter(|known| known.get_id("tier_level_id") != Some(found.level)).cloned().collect();
    tree.set(ASSIGNMENTS, Json::Array(kept));
    editor.put(ObjectKind::RuleTree, tree_id, &tree);
    Ok((KIND, found.system))
}

fn level_and_tree(editor: &mut Editor<'_>, body: &Json) -> Result<(Found, Uuid, Json), Error> {
    let found = find(editor, body, "tier_level_id")?;
    let (id, tree) = editor.named(ObjectKind::RuleTree, body, "rule_tree_id")?;
    if tree.get_whole("status") == Some(3) {
        return Err(Refusal::RuleTreeArchived.into());
    }
    Ok((found, id, tree))
}

/// A level and the system it stands in.
struct Found {
    system: Uuid,
    json: Json,
    place: usize,
    level: Uuid,
}

fn find(editor: &mut Editor<'_>, body: &Json, name: &str) -> Result<Found, Error> {
    let level = editor.required_id(body, name)?;
    for system in editor.objects().list(KIND) {
        let json = system.json();
        let place = json.elements(LEVELS).iter().position(|known| known.get_id("id") == Some(level));
        if let Some(place) = place {
            return Ok(Found { system: system.id, json, place, level });
        }
    }
    Err(Refusal::TierLevelNotFound.into())
}

/// What a level says of itself is ours to say.
fn own(editor: &Editor<'_>, level: &mut Json, system: Uuid, id: Uuid) {
    level.set("id", Json::text(id));
    level.set("tier_system_id", Json::text(system));
    level.set("retailer_id", editor.retailer_id());
    if level.get("status").is_none() {
        level.set("status", Json::whole(DRAFT));
    }
}
