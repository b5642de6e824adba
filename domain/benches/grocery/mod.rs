//! What the benches share: the grocery program over a small catalog.

use laurel_domain::{
    Timestamp,
    program::{Program, ProgramText},
    time::Zone,
};

const PROGRAM: &str = include_str!("../../../demo/grocery-program.json");
/// A small catalog.
pub const CATALOG: &str = r#"
{"item_id": "salad", "name": "Salad", "category": "SALAD", "department": "PRODUCE", "brand": "National"}
{"item_id": "petrol", "name": "Unleaded", "category": "GASOLINE", "department": "FUEL", "brand": ""}
{"item_id": "yogurt", "name": "Yogurt", "category": "YOGURT", "department": "GROCERY", "brand": "Private"}
{"item_id": "bread", "name": "Bread", "category": "BREAD", "department": "GROCERY", "brand": ""}
"#;

/// Item, quantity and price of ten lines; the first three are a small basket. The last is in no catalog.
pub const LINES: [(&str, &str, &str); 10] = [
    ("salad", "1", "2.49"),
    ("yogurt", "3", "2.97"),
    ("bread", "1", "3.19"),
    ("petrol", "9204", "27.60"),
    ("salad", "2", "4.98"),
    ("yogurt", "6", "5.94"),
    ("bread", "2", "6.38"),
    ("salad", "0.412", "1.03"),
    ("bread", "1", "3.19"),
    ("kettle", "1", "19.99"),
];

/// The program, compiled.
pub fn program() -> Program {
    let text = ProgramText { program: PROGRAM, stores: "", catalog: CATALOG };
    Program::compile(1, text).expect("the grocery program has no problems")
}

/// A time of the program's first year.
pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text, &Zone::UTC).expect("the benches write times well")
}
