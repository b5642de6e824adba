//! What holds of every member of every request, said in the OpenAPI document once for all: where `null` may stand, an
//! empty text may stand too, and means the same as nothing (incentives.md 1.3). See [`crate::json::Member::held`].

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";
const NOTHING: &str = "Nothing";

/// Says so in the schemas that requests are made of.
pub fn say_nothing(document: &mut Value) {
    let mut names = BTreeSet::new();
    each(&document["paths"], &mut |node| {
        if let Some(body) = node.get("requestBody") {
            refer(body, &document["components"]["schemas"], &mut names);
        }
    });
    let schemas = &mut document["components"]["schemas"];
    for name in &names {
        widen(&mut schemas[name]);
    }
    schemas[NOTHING] = json!({
        "description": "Nothing: as good as absent, unless the member is described otherwise.",
        "type": ["string", "null"],
        "maxLength": 0,
    });
}

/// Notes the schemas that a part of the document refers to, over others too.
fn refer(part: &Value, schemas: &Value, names: &mut BTreeSet<String>) {
    each(part, &mut |node| {
        let name = node.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix(SCHEMAS));
        if let Some(name) = name
            && names.insert(name.to_owned())
        {
            refer(&schemas[name], schemas, names);
        }
    });
}

/// Calls back with every object of a value.
fn each(value: &Value, visit: &mut dyn FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(members);
            members.values().for_each(|member| each(member, visit));
        }
        Value::Array(elements) => elements.iter().for_each(|element| each(element, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Lets an empty text stand wherever `null` may.
fn widen(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(widen);
            if members.get("type").is_some_and(|kind| *kind == "null") && members.len() == 1 {
                *schema = nothing();
            } else if let Some(other) = beside_null(members) {
                *schema = other;
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(widen),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A schema of a type or `null`, with the two apart; nothing when it is no such schema, or takes empty texts already.
fn beside_null(members: &mut Map<String, Value>) -> Option<Value> {
    let kinds = members.get("type")?.as_array()?;
    let [kind] = kinds.iter().filter(|kind| *kind != "null").collect::<Vec<_>>()[..] else { return None };
    let any_text = *kind == "string"
        && !["format", "pattern", "minLength", "enum"].iter().any(|name| members.contains_key(*name));
    if kinds.len() != 2 || any_text {
        return None;
    }
    let kind = kind.clone();
    let description = members.remove("description");
    let mut only = std::mem::take(members);
    only.insert("type".into(), kind);
    let mut either = json!({ "anyOf": [nothing(), only] });
    if let Some(description) = description {
        either["description"] = description;
    }
    Some(either)
}

fn nothing() -> Value {
    json!({ "$ref": format!("{SCHEMAS}{NOTHING}") })
}
