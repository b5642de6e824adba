//! Edits of rule templates: the building blocks that trees are made from (incentives.md 7.13).

use uuid::Uuid;

use super::{Error, Json, ObjectKind, Refusal, editor::Editor};
use crate::program::ProblemCode;

const KIND: ObjectKind = ObjectKind::RuleTemplate;
const STATUS_MAX: i64 = 3;
const NAME_LENGTH_MAX: usize = 200;
/// What a template is a library of.
const LISTS: [&str; 3] = ["qualifiers", "constraints", "outcomes"];

pub(super) fn create(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let id = editor.new_id();
    let status = body.get("status").cloned().unwrap_or_else(|| Json::whole(0));
    save(editor, id, body, status);
    Ok((KIND, id))
}

pub(super) fn update(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, template) = editor.named(KIND, body, "id")?;
    editor.expect_version(KIND, id, body)?;
    save(editor, id, body, template.get("status").cloned().unwrap_or_else(|| Json::whole(0)));
    Ok((KIND, id))
}

pub(super) fn set_status(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, mut template) = editor.named(KIND, body, "id")?;
    let status = editor.required_whole(body, "status", STATUS_MAX)?;
    template.set("status", Json::whole(status));
    editor.put(KIND, id, &template);
    Ok((KIND, id))
}

pub(super) fn delete(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, _) = editor.named(KIND, body, "id")?;
    let trees = editor.objects().list(ObjectKind::RuleTree).iter().map(|tree| tree.json());
    if trees.into_iter().any(|tree| tree.get_id("template_id") == Some(id)) {
        return Err(Refusal::TemplateInUse.into());
    }
    editor.remove(KIND, id);
    Ok((KIND, id))
}

fn save(editor: &mut Editor<'_>, id: Uuid, body: &Json, status: Json) {
    let mut template = body.clone();
    template.take("version");
    template.set("id", Json::text(id));
    template.set("retailer_id", editor.retailer_id());
    template.set("status", status);
    check(editor, id, &template);
    editor.put(KIND, id, &template);
}

/// No program is compiled from a template, so all that is checked of it is checked here.
fn check(editor: &mut Editor<'_>, id: Uuid, template: &Json) {
    let name = template.get_text("name").unwrap_or_default().to_owned();
    if name.is_empty() {
        editor.problem("name", ProblemCode::Required, "a template has a name");
    } else if name.chars().count() > NAME_LENGTH_MAX {
        editor.problem("name", ProblemCode::OutOfRange, format!("longer than {NAME_LENGTH_MAX} characters"));
    }
    let others = editor.objects().list(KIND).iter().filter(|other| other.id != id);
    let taken = others.map(|other| other.json()).any(|other| other.get_text("name") == Some(&*name));
    if taken {
        editor.problem("name", ProblemCode::DuplicateName, "another template has this name");
    }
    for (member, range) in [("rule_type", 1..=4), ("status", 0..=STATUS_MAX)] {
        let there = template.get(member).is_some();
        if there && !template.get_whole(member).is_some_and(|number| range.contains(&number)) {
            let message = format!("not between {} and {}", range.start(), range.end());
            editor.problem(member, ProblemCode::OutOfRange, message);
        }
    }
    for list in ["data_schema", "qualifiers", "constraints", "outcomes"] {
        if template.get(list).is_some_and(|value| !matches!(value, Json::Array(_))) {
            editor.problem(list, ProblemCode::InvalidValue, "must be an array");
        }
    }
    for list in LISTS {
        check_blocks(editor, list, template.elements(list));
    }
    let known: Vec<_> =
        template.elements("constraints").iter().filter_map(|block| block.get_text("key")).collect();
    for (place, qualifier) in template.elements("qualifiers").iter().enumerate() {
        for (number, allowed) in qualifier.elements("allowed_constraints").iter().enumerate() {
            if !matches!(allowed, Json::Text(key) if known.contains(&&**key)) {
                let at = format!("qualifiers[{place}].allowed_constraints[{number}]");
                editor.problem(at, ProblemCode::ConstraintNotAllowed, "the template has no such constraint");
            }
        }
    }
}

/// Keys are there once; what a text shows in braces is a variable.
fn check_blocks(editor: &mut Editor<'_>, list: &str, blocks: &[Json]) {
    let mut keys: Vec<&str> = Vec::new();
    for (place, block) in blocks.iter().enumerate() {
        let Some(key) = block.get_text("key") else {
            editor.problem(format!("{list}[{place}].key"), ProblemCode::Required, "key is required");
            continue;
        };
        if keys.contains(&key) {
            let message = format!("{key} is there twice");
            editor.problem(format!("{list}[{place}].key"), ProblemCode::TemplateKeyDuplicate, message);
        }
        keys.push(key);
        // Without a list of variables nothing is said about them.
        let variables = block.elements("variables");
        if variables.is_empty() {
            continue;
        }
        for shown in in_braces(block.get_text("display_text").unwrap_or_default()) {
            if !variables.iter().any(|variable| variable.get_text("name") == Some(shown)) {
                let at = format!("{list}[{place}].display_text");
                let message = format!("{shown} is none of the variables");
                editor.problem(at, ProblemCode::TemplateVariableUnknown, message);
            }
        }
    }
}

fn in_braces(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}
