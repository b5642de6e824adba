//! Program texts: compiled, or refused with the place of every problem.

use domain::program::{Program, ProgramText};
use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Tried,
    server::{PROGRAM, STORE},
    show,
};
use crate::mutation::{damage, distort};

/// The sound texts.
pub struct Programs {
    program: Value,
    stores: Value,
    catalog: Value,
}

impl Programs {
    /// Of the demo.
    pub fn new() -> Self {
        let program = serde_json::from_str(PROGRAM).expect("the demo's program is JSON");
        let stores = json!([{"store_id": STORE, "number": "1", "name": "One", "time_zone": "America/Chicago"},
                            {"store_id": STORE.replace('1', "2"), "name": "Two", "time_zone": "Europe/Berlin"}]);
        let catalog =
            json!({"item_id": "BANANA", "name": "Banana", "category": "FRUIT", "department": "PRODUCE"});
        Self { program, stores, catalog }
    }

    /// Damages one of the texts and compiles all.
    pub fn try_one(&mut self, rng: &mut Rng) -> Tried {
        let mut texts = [&self.program, &self.stores, &self.catalog].map(Value::clone);
        // Mostly the program, which has most to it.
        let which = [0, 0, 0, 0, 0, 0, 1, 2][rng.usize(0..8)];
        if rng.u8(0..16) > 0 {
            distort(rng, &mut texts[which]);
        }
        let mut texts = texts.map(|text| text.to_string());
        if rng.u8(0..6) == 0 {
            let mut bytes = std::mem::take(&mut texts[which]).into_bytes();
            damage(rng, &mut bytes);
            texts[which] = String::from_utf8_lossy(&bytes).into_owned();
        }
        let [program, stores, catalog] = &texts;
        let text = ProgramText { program, stores, catalog };
        let outcome = match Program::compile(1, text) {
            Ok(_) if !is_json(program) || !(stores.trim().is_empty() || is_json(stores)) => {
                Err("it was accepted and is no JSON".to_owned())
            }
            Ok(_) => Ok("accepted".to_owned()),
            Err(problems) if problems.is_empty() => Err("it was refused without a reason".to_owned()),
            Err(problems) => Ok(format!("refused: {:?}", problems[0].code)),
        };
        Tried { shown: show(texts[which].as_bytes()), outcome }
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok()
}
