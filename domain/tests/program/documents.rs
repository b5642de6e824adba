//! The grocery program, to be spoilt member by member.

use laurel_domain::program::{Problem, Program, ProgramText};
use serde_json::{Value, json};

pub const GROCERY: &str = include_str!("../../../demo/grocery-program.json");

pub const STORES: &str = r#"[
    {"store_id": "0B000000-0000-4000-8000-000000000002", "number": "2", "name": "Store 2",
     "time_zone": "Europe/Madrid"},
    {"store_id": "0b000000-0000-4000-8000-000000000001", "number": "1", "name": "Store 1", "time_zone": ""}]"#;

pub const CATALOG: &str = r#"{"item_id":"1", "name": "Salad", "category": "SALAD", "department": "PRODUCE", "brand": ""}

{"item_id": "2", "name": "Unleaded", "category": "", "department": "FUEL", "brand": "National"}
"#;

pub fn compile(program: &str, stores: &str, catalog: &str) -> Result<Program, Vec<Problem>> {
    Program::compile(7, ProgramText { program, stores, catalog })
}

/// The grocery program with members set; `null` takes a member away, a pointer ending in `/-` appends to an array.
pub fn spoilt(changes: &[(&str, Value)]) -> String {
    let mut document: Value = serde_json::from_str(GROCERY).unwrap();
    for (pointer, value) in changes {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is there")) {
            Value::Object(members) => drop(members.insert(member.to_owned(), value.clone())),
            Value::Array(elements) if member == "-" => elements.push(value.clone()),
            Value::Array(elements) => elements[member.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{other} has no members"),
        }
    }
    document.to_string()
}

/// Path and code of each problem.
pub fn problems(program: &str) -> Vec<(String, &'static str)> {
    let problems = compile(program, "", "").expect_err("the program has a problem");
    problems.into_iter().map(|problem| (problem.path, problem.code.as_str())).collect()
}

/// The made-up id of something that is nowhere.
pub fn nowhere() -> Value {
    json!("ffffffff-0000-4000-8000-000000000000")
}
