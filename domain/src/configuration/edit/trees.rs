//! Edits of rule trees (incentives.md 6.1 to 6.3, 7.14).
//!
//! A tree is kept as it was sent, with ids where it had none: what the compiler finds wrong is named by its place in
//! what was sent. In which order nodes are shown is decided when they are.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Error, Json, ObjectKind, Refusal, editor::Editor, level_constraints};
use crate::program::ProblemCode;

const KIND: ObjectKind = ObjectKind::RuleTree;
const DRAFT: i64 = 0;
const LIVE: i64 = 2;
const ARCHIVED: i64 = 3;
const TREE_TYPE_MAX: i64 = 4;

pub(super) fn create(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let id = editor.new_id();
    let status = body.get("status").cloned().unwrap_or_else(|| Json::whole(DRAFT));
    save(editor, id, body, status, Ids::Given)?;
    Ok((KIND, id))
}

pub(super) fn update(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, tree) = editor.named(KIND, body, "id")?;
    editor.expect_version(KIND, id, body)?;
    let status = tree.get_whole("status").unwrap_or(DRAFT);
    if status == ARCHIVED {
        return Err(Refusal::RuleTreeArchived.into());
    }
    let mut body = body.clone();
    for name in ["template_id", "template_version"] {
        if let (None, Some(known)) = (body.get(name), tree.get(name)) {
            body.set(name, known.clone());
        }
    }
    save(editor, id, &body, Json::whole(status), Ids::Given)?;
    Ok((KIND, id))
}

pub(super) fn set_status(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, mut tree) = editor.named(KIND, body, "id")?;
    let status = editor.required_whole(body, "status", ARCHIVED)?;
    let before = tree.get_whole("status").unwrap_or(DRAFT);
    if before == ARCHIVED && status != ARCHIVED {
        return Err(Refusal::RuleTreeArchived.into());
    }
    if status == DRAFT && before != DRAFT {
        editor.problem(
            "status",
            ProblemCode::OutOfRange,
            "a tree that was live does not become a draft again",
        );
        return Err(editor.refused());
    }
    tree.set("status", Json::whole(status));
    editor.put(KIND, id, &tree);
    Ok((KIND, id))
}

pub(super) fn duplicate(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (_, mut tree) = editor.named(KIND, body, "id")?;
    let id = editor.new_id();
    tree.set("name", body.get("name").cloned().unwrap_or(Json::Null));
    save(editor, id, &tree, Json::whole(DRAFT), Ids::New)?;
    Ok((KIND, id))
}

/// As if the tree were set live.
pub(super) fn validate(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let known = body.get_id("id").filter(|id| editor.objects().get(KIND, *id).is_some());
    let id = known.unwrap_or_else(|| editor.new_id());
    save(editor, id, body, Json::whole(LIVE), Ids::Given)?;
    Ok((KIND, id))
}

/// The tree is live, whatever its status was.
pub(super) fn try_out(editor: &mut Editor<'_>, id: Uuid) -> Result<(), Error> {
    let mut tree = editor.objects().get(KIND, id).ok_or(Refusal::NotFound(KIND))?.json();
    tree.set("status", Json::whole(LIVE));
    editor.put(KIND, id, &tree);
    Ok(())
}

pub(super) fn delete(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, tree) = editor.named(KIND, body, "id")?;
    if tree.get_whole("status").unwrap_or(DRAFT) != DRAFT {
        return Err(Refusal::RuleTreeNotDraft.into());
    }
    level_constraints::remove_those_of(editor, id);
    editor.remove(KIND, id);
    Ok((KIND, id))
}

pub(super) fn upgrade_template(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, mut tree) = editor.named(KIND, body, "id")?;
    let template = tree.get_id("template_id").ok_or(Refusal::NotFound(ObjectKind::RuleTemplate))?;
    let template = editor.objects().get(ObjectKind::RuleTemplate, template);
    let newest = template.ok_or(Refusal::NotFound(ObjectKind::RuleTemplate))?.version;
    let version = editor.required_whole(body, "template_version", i64::from(newest))?;
    tree.set("template_version", Json::whole(version));
    editor.put(KIND, id, &tree);
    Ok((KIND, id))
}

/// Which parts of a tree get new ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ids {
    /// Those that have none, or say that they are new.
    Given,
    /// All of them.
    New,
}

fn save(editor: &mut Editor<'_>, id: Uuid, body: &Json, status: Json, ids: Ids) -> Result<(), Error> {
    let mut tree = body.clone();
    tree.take("version");
    tree.take("is_new");
    tree.set("id", Json::text(id));
    tree.set("retailer_id", editor.retailer_id());
    tree.set("status", status);
    if tree.get_text("name").is_none() {
        editor.problem("name", ProblemCode::Required, "a tree has a name");
    }
    if !tree.get_whole("tree_type").is_some_and(|number| (1..=TREE_TYPE_MAX).contains(&number)) {
        let there = tree.get("tree_type").is_some();
        let code = if there { ProblemCode::InvalidValue } else { ProblemCode::Required };
        editor.problem("tree_type", code, "must be 1, 2, 3 or 4");
    }
    let mut named = HashMap::new();
    for rule in tree.elements_mut("rules") {
        name_nodes(editor, rule, ids, &mut named);
    }
    for rule in tree.elements_mut("rules") {
        link_nodes(rule, &named);
    }
    for outcome in tree.elements_mut("outcomes") {
        name(editor, outcome, ids);
    }
    check_template(editor, &mut tree);
    editor.put(KIND, id, &tree);
    Ok(())
}

/// Gives nodes and their constraints ids; keeps what a new node called itself, for its children.
fn name_nodes(editor: &mut Editor<'_>, node: &mut Json, ids: Ids, named: &mut HashMap<Box<str>, Json>) {
    let called = node.get_text("id").map(Box::from);
    name(editor, node, ids);
    if let (Some(called), Some(id)) = (called, node.get("id")) {
        named.insert(called, id.clone());
    }
    let id = node.get("id").cloned();
    for constraint in node.elements_mut("constraints") {
        name(editor, constraint, ids);
        if let Some(id) = &id {
            constraint.set("rule_id", id.clone());
        }
    }
    for child in node.elements_mut("children") {
        name_nodes(editor, child, ids, named);
    }
}

fn link_nodes(node: &mut Json, named: &HashMap<Box<str>, Json>) {
    if let Some(parent) = node.get_text("parent_id").and_then(|parent| named.get(parent)).cloned() {
        node.set("parent_id", parent);
    }
    for child in node.elements_mut("children") {
        link_nodes(child, named);
    }
}

fn name(editor: &mut Editor<'_>, part: &mut Json, ids: Ids) {
    let is_new = part.get_flag("is_new").unwrap_or(false);
    part.take("is_new");
    if ids == Ids::New || is_new || part.get("id").is_none() {
        let id = editor.new_id();
        part.set("id", Json::text(id));
    }
}

/// A tree is built with the newest version of its template.
fn check_template(editor: &mut Editor<'_>, tree: &mut Json) {
    if tree.get("template_id").is_none() {
        return;
    }
    let template = tree.get_id("template_id");
    let template = template.and_then(|id| editor.objects().get(ObjectKind::RuleTemplate, id));
    match template.map(|template| template.version) {
        None => editor.problem("template_id", ProblemCode::TemplateNotFound, "there is no such template"),
        Some(newest) if tree.get("template_version").is_none() => {
            tree.set("template_version", Json::whole(newest));
        }
        Some(newest) => {
            let version = tree.get_whole("template_version");
            if !version.is_some_and(|version| (1..=i64::from(newest)).contains(&version)) {
                let message = format!("the template's versions are 1 to {newest}");
                editor.problem("template_version", ProblemCode::OutOfRange, message);
            }
        }
    }
}
