//! A year of a grocery's sales as the tests need it: made up, or read from the folder that the real data are in.

pub mod naive;

use std::{fmt::Write, fs, path::Path};

use serde_json::{Value, json};

use crate::server::{RETAILER, STORE};

/// A date and the milliseconds since its midnight, in the zone of the program, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Moment {
    pub date: Date,
    pub milliseconds: u32,
}

/// Year, month, day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Date(pub u32, pub u32, pub u32);

impl Date {
    /// The days of its month.
    pub fn month_length(self) -> u32 {
        let Self(year, month, _) = self;
        match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// The day after it.
    pub fn next(self) -> Self {
        let Self(year, month, day) = self;
        match (month, day == self.month_length()) {
            (12, true) => Self(year + 1, 1, 1),
            (_, true) => Self(year, month + 1, 1),
            (_, false) => Self(year, month, day + 1),
        }
    }

    /// The same day so many months later, or the last of that month.
    pub fn months_later(self, months: u32) -> Self {
        let Self(year, month, day) = self;
        let months = month - 1 + months;
        let first = Self(year + months / 12, months % 12 + 1, 1);
        Self(first.0, first.1, day.min(first.month_length()))
    }

    /// As JSON has it, at this time of day.
    pub fn at(self, time: &str) -> String {
        format!("{:04}-{:02}-{:02}T{time}", self.0, self.1, self.2)
    }
}

impl Moment {
    /// Reads `2017-01-31T20:15:00.000Z`.
    pub fn parse(text: &str) -> Self {
        let part = |from: usize, to: usize| text[from..to].parse::<u32>().unwrap();
        let seconds = (part(11, 13) * 60 + part(14, 16)) * 60 + part(17, 19);
        Self { date: Date(part(0, 4), part(5, 7), part(8, 10)), milliseconds: seconds * 1000 + part(20, 23) }
    }
}

/// A till's sale.
pub struct Sale {
    /// The body of `send_transaction`.
    pub body: String,
    pub at: Moment,
    pub household: String,
    /// In hundredths.
    pub subtotal: i64,
    pub lines: Vec<Line>,
}

/// A line of a sale.
pub struct Line {
    pub item: String,
    pub quantity: i64,
    /// In hundredths.
    pub subtotal: i64,
}

/// Everything that happens in a year, in the files that the program's commands read.
pub struct Year {
    pub stores: String,
    pub catalog: String,
    pub members: String,
    /// By time.
    pub sales: Vec<Sale>,
}

impl Year {
    /// The files `stores.json`, `catalog.ndjson`, `members.ndjson` and `sales.ndjson` of a folder.
    pub fn read(folder: &Path) -> Self {
        let file = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let sales = file("sales.ndjson").lines().map(Sale::read).collect();
        let (stores, catalog, members) =
            (file("stores.json"), file("catalog.ndjson"), file("members.ndjson"));
        Self { stores, catalog, members, sales }
    }

    /// Households that buy little and much, at all hours of the year, everything that the program's rules look at.
    pub fn made_up(households: u64, sales_each: u64) -> Self {
        let items = [
            ("bread", "BAKED BREAD", "GROCERY"),
            ("petrol", "COUPON/MISC ITEMS", "FUEL"),
            ("apples", "APPLES", "PRODUCE"),
            ("yogurt", "YOGURT", "GROCERY"),
            ("strange", "", ""),
        ];
        let mut catalog = String::new();
        for (item, category, department) in items {
            let entry = json!({"item_id": item, "name": item, "category": category, "department": department,
                               "brand": "National"});
            writeln!(catalog, "{entry}").unwrap();
        }
        let mut members = String::new();
        let mut sales = Vec::new();
        let mut dice = Dice(0x2545_F491_4F6C_DD1D);
        for household in 0..households {
            let name = household.to_string();
            writeln!(members, "{}", json!({"external_id": name, "email": format!("h-{name}@example.test")}))
                .unwrap();
            for number in 0..sales_each {
                let id = format!("{household}-{number}");
                sales.push(made_up_sale(&id, &name, household, &mut dice));
            }
        }
        sales.sort_by_key(|sale| sale.at);
        let stores =
            json!([{"store_id": STORE, "number": "1", "name": "Store 1", "time_zone": "UTC"}]).to_string();
        Self { stores, catalog, members, sales }
    }
}

fn made_up_sale(id: &str, name: &str, household: u64, dice: &mut Dice) -> Sale {
    let month = dice.throw(12) + 1;
    // Often the last days of a month, which the next months may not have, and often midnight.
    let length = Date(2017, u32::try_from(month).unwrap(), 1).month_length();
    let day = if dice.throw(3) == 0 { u64::from(length) } else { dice.throw(u64::from(length)) + 1 };
    let time = match dice.throw(4) {
        0 => "00:00:00.000".to_owned(),
        1 => "23:59:59.999".to_owned(),
        _ => format!("{:02}:{:02}:{:02}.500", dice.throw(24), dice.throw(60), dice.throw(60)),
    };
    let when = format!("2017-{month:02}-{day:02}T{time}Z");
    let mut items = Vec::new();
    let mut total = 0;
    for line in 0..dice.throw(6) + 1 {
        let item = ["bread", "petrol", "apples", "yogurt", "strange", "unknown"]
            [usize::try_from(dice.throw(6)).unwrap()];
        let quantity = if item == "petrol" { dice.throw(30_000) } else { dice.throw(8) };
        let cents = dice.throw((household + 1) * 900);
        total += cents;
        items.push(json!({"line_id": (line + 1).to_string(), "item_id": item, "quantity": quantity,
                          "unit_price": money(cents), "subtotal": money(cents)}));
    }
    let payment = json!({"payment_id": "1", "amount": money(total), "type": "Credit", "payment_time": when,
                         "user_id": name, "user_id_type": "External_ID"});
    let body = json!({"store_id": STORE, "client_id": RETAILER, "request_id": format!("year-{id}"),
        "request_payload": {"transaction_id": id, "channel": "POS", "is_closed": true, "is_voided": false,
            "subtotal": money(total), "tax_total": 0, "open_time": when, "modified_time": when, "items": items,
            "discounts": [], "payments": [payment]}});
    Sale::read(&body.to_string())
}

fn money(cents: u64) -> Value {
    serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap()
}

/// Hundredths from JSON, whose shortest text is exact for amounts of this size.
fn cents(value: &Value) -> i64 {
    let text = value.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().unwrap()
}

impl Sale {
    fn read(body: &str) -> Self {
        let value: Value = serde_json::from_str(body).unwrap();
        let sale = &value["request_payload"];
        let lines = sale["items"].as_array().unwrap();
        Self {
            body: body.to_owned(),
            at: Moment::parse(sale["open_time"].as_str().unwrap()),
            household: sale["payments"][0]["user_id"].as_str().unwrap().to_owned(),
            subtotal: cents(&sale["subtotal"]),
            lines: lines
                .iter()
                .map(|line| Line {
                    item: line["item_id"].as_str().unwrap().to_owned(),
                    quantity: line["quantity"].as_i64().unwrap(),
                    subtotal: cents(&line["subtotal"]),
                })
                .collect(),
        }
    }
}

/// The same throws in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % sides
    }
}
