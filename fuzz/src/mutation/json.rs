//! Damage to what JSON means: the text stays well formed.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Distorts a value in a few places.
pub fn distort(rng: &mut Rng, value: &mut Value) {
    for _ in 0..rng.usize(1..=3) {
        let places = places(value);
        let at = rng.usize(0..places);
        let mut passed = 0;
        visit(value, at, &mut passed, &mut |value| once(rng, value));
    }
}

fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(places).sum(),
        Value::Object(members) => members.values().map(places).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0_usize,
    }
}

/// Gives `act` the value of a number, counted from the outside in. Says whether it was found.
fn visit(value: &mut Value, wanted: usize, passed: &mut usize, act: &mut impl FnMut(&mut Value)) -> bool {
    if *passed == wanted {
        act(value);
        return true;
    }
    *passed += 1;
    match value {
        Value::Array(elements) => elements.iter_mut().any(|inner| visit(inner, wanted, passed, act)),
        Value::Object(members) => members.values_mut().any(|inner| visit(inner, wanted, passed, act)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn once(rng: &mut Rng, value: &mut Value) {
    match value {
        Value::Object(members) if !members.is_empty() && rng.u8(0..4) > 0 => in_object(rng, members),
        Value::Array(elements) if !elements.is_empty() && rng.u8(0..4) > 0 => {
            let at = rng.usize(0..elements.len());
            match rng.u8(0..4) {
                0 => drop(elements.remove(at)),
                1 => {
                    let again = elements[at].clone();
                    elements.insert(at, again);
                }
                2 => {
                    let again = elements[at].clone();
                    elements.resize(elements.len() + rng.usize(1..300), again);
                }
                _ => elements.push(odd(rng)),
            }
        }
        Value::Number(number) if rng.bool() => *value = near(rng, number),
        Value::String(text) if rng.bool() => {
            let mut bytes = std::mem::take(text).into_bytes();
            super::damage(rng, &mut bytes);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        other => *other = odd(rng),
    }
}

fn in_object(rng: &mut Rng, members: &mut Map<String, Value>) {
    let names: Vec<String> = members.keys().cloned().collect();
    let name = &names[rng.usize(0..names.len())];
    match rng.u8(0..5) {
        0 => drop(members.remove(name)),
        1 => drop(members.insert(name.clone(), Value::Null)),
        2 => drop(members.insert(name.clone(), odd(rng))),
        3 => {
            let other = members[&names[rng.usize(0..names.len())]].clone();
            members.insert(name.clone(), other);
        }
        _ => {
            let moved = members.remove(name).unwrap_or_default();
            members.insert(name.to_uppercase(), moved);
        }
    }
}

/// A number beside the one that was there, or at an end of what numbers can be.
fn near(rng: &mut Rng, number: &serde_json::Number) -> Value {
    match (rng.u8(0..4), number.as_i64()) {
        (0, Some(whole)) => json!(whole.wrapping_neg()),
        (1, Some(whole)) => json!(whole.wrapping_add(rng.i64(-2..=2))),
        (2, _) => json!(number.as_f64().unwrap_or_default() + 0.5),
        _ => odd_number(rng),
    }
}

fn odd_number(rng: &mut Rng) -> Value {
    match rng.u8(0..8) {
        0 => json!(i64::MAX),
        1 => json!(i64::MIN),
        2 => json!(u64::MAX),
        3 => json!(1e308),
        4 => json!(1e-300),
        5 => json!(-1),
        6 => json!(0),
        _ => json!(rng.i64(..) >> rng.u32(0..63)),
    }
}

fn odd(rng: &mut Rng) -> Value {
    match rng.u8(0..14) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(""),
        3 => json!("\u{0}"),
        4 => json!("x".repeat(rng.usize(1..5000))),
        5 => json!("00000000-0000-0000-0000-000000000000"),
        6 => json!("9999-12-31T23:59:59.999Z"),
        7 => json!("0001-01-01T00:00:00"),
        8 => json!("-1"),
        9 => json!([]),
        10 => json!({}),
        11 => (0..rng.usize(1..60)).fold(json!(1), |inner, _| json!([inner])),
        12 => json!({"\u{202e}": {"": [null]}}),
        _ => odd_number(rng),
    }
}
