//! Bodies as the OpenAPI document describes them, with ids that exist where a member's name says which.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::server::{MEMBERS, RETAILER, STORE};

const POINTS: &str = "9a000000-0000-4000-8000-000000000001";
const STATUS: &str = "9a000000-0000-4000-8000-000000000002";
const PURCHASES: &str = "9a000000-0000-4000-8000-000000000011";
const BONUSES: &str = "9a000000-0000-4000-8000-000000000012";
const SYSTEM: &str = "9a000000-0000-4000-8000-000000000020";
const SILVER: &str = "9a000000-0000-4000-8000-000000000022";
const TREE: &str = "9a000000-0000-4000-8000-000000000101";
const DEPTH_MAX: usize = 12;

/// A value of a schema. `name` is the member it is for.
pub fn value(rng: &mut Rng, document: &Value, schema: &Value, name: &str, depth: usize) -> Value {
    if let Some(known) = known(rng, name) {
        return if schema["type"] == "array" { json!([known]) } else { known };
    }
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(path) = schema["$ref"].as_str() {
        let named = document.pointer(path.trim_start_matches('#')).unwrap_or(&Value::Null);
        return value(rng, document, named, name, depth + 1);
    }
    for kind in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[kind].as_array().filter(|choices| !choices.is_empty()) {
            let choice = &choices[rng.usize(0..choices.len())];
            return value(rng, document, choice, name, depth + 1);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(members) = value(rng, document, part, name, depth + 1) {
                whole.extend(members);
            }
        }
        return Value::Object(whole);
    }
    if let Some(values) = schema["enum"].as_array().filter(|values| !values.is_empty()) {
        return values[rng.usize(0..values.len())].clone();
    }
    typed(rng, document, schema, depth)
}

fn typed(rng: &mut Rng, document: &Value, schema: &Value, depth: usize) -> Value {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if schema["properties"].is_object() => vec!["object"],
        _ => vec!["string", "integer", "object", "null"],
    };
    match kinds[rng.usize(0..kinds.len().max(1))] {
        "object" => object(rng, document, schema, depth),
        "array" => {
            let count = rng.usize(0..8).min(2);
            (0..count).map(|_| value(rng, document, &schema["items"], "", depth + 1)).collect()
        }
        "string" => text(rng, schema),
        "integer" => json!(rng.i64(0..20)),
        "number" => json!([0.0, 1.0, 2.5, 19.99, 100.0][rng.usize(0..5)]),
        "boolean" => json!(rng.bool()),
        _ => Value::Null,
    }
}

fn object(rng: &mut Rng, document: &Value, schema: &Value, depth: usize) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut members = Map::new();
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if required.contains(&json!(name)) || rng.u8(0..3) == 0 {
            members.insert(name.clone(), value(rng, document, inner, name, depth + 1));
        }
    }
    Value::Object(members)
}

fn text(rng: &mut Rng, schema: &Value) -> Value {
    match schema["format"].as_str() {
        Some("uuid") => json!(format!("9a000000-0000-4000-8000-{:012}", rng.u8(1..40))),
        Some("date-time") => json!(time(rng)),
        Some("date") => json!("2017-01-31"),
        None if rng.bool() => json!(time(rng)),
        _ => json!(["a", "2017-01-31", "Silver", "USD", "asc"][rng.usize(0..5)]),
    }
}

fn time(rng: &mut Rng) -> String {
    format!("2017-{:02}-{:02}T12:00:00Z", rng.u8(1..=12), rng.u8(1..=28))
}

/// A value for a member whose name says what it names.
fn known(rng: &mut Rng, name: &str) -> Option<Value> {
    let any = |rng: &mut Rng, of: &[&str]| json!(of[rng.usize(0..of.len())]);
    Some(match name {
        "retailer_id" | "client_id" | "requesting_retailer_id" | "target_retailer_id" => json!(RETAILER),
        "user_id" | "external_id" | "from_user_id" | "to_user_id" | "customer_id" => any(rng, &MEMBERS),
        "user_id_type" => json!("External_ID"),
        "store_id" => json!(STORE),
        "item_id" => json!("BANANA"),
        "point_account_id" | "point_account_ids" | "to_point_account_id" | "from_point_account_ids" => {
            any(rng, &[POINTS, STATUS])
        }
        "point_source_id" => any(rng, &[PURCHASES, BONUSES]),
        "tier_system_id" => json!(SYSTEM),
        "tier_level_id" => json!(SILVER),
        "rule_tree_id" => json!(TREE),
        "idempotency_id" | "request_id" | "transaction_id" => json!(format!("n{}", rng.u8(..))),
        "email" => json!(format!("n{}@example.test", rng.u8(..))),
        "until" | "since" | "older_than" | "as_of" | "from" | "to" => json!(time(rng)),
        _ if name.ends_with("_time") || name.ends_with("_date") || name.starts_with("time_") => {
            json!(time(rng))
        }
        _ => return None,
    })
}

/// The kinds of objects in a program.
const KINDS: [&str; 4] = ["point_accounts", "point_sources", "tier_systems", "rule_trees"];

/// A body for an endpoint that edits objects or asks for them: the document says no more than that it is an object.
pub fn configuration(rng: &mut Rng, program: &Value) -> Value {
    let kind = &program[KINDS[rng.usize(0..KINDS.len())]];
    let objects = kind.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut body = objects[rng.usize(0..objects.len())].clone();
    match rng.u8(0..4) {
        // Only which one, and what is to become of it.
        0 => body = json!({"id": body["id"], "status": rng.u8(0..5), "active": rng.bool(), "take": 10}),
        // A new one.
        1 => body["id"] = Value::Null,
        _ => {}
    }
    body["retailer_id"] = json!(RETAILER);
    body
}
