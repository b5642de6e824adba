//! What the grocery's program comes to, computed from nothing but the sales and the program's description in words:
//! no ledger, no rules, every number from scratch for every question.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Date, Sale, Year};

/// What a household has.
#[derive(PartialEq, Eq, Debug, Clone, Copy)]
pub struct Standing {
    pub available: i64,
    pub lifetime: i64,
    pub status: i64,
    pub level: &'static str,
}

/// What the program gives, by household.
pub struct Naive<'a> {
    /// Category and department.
    items: BTreeMap<String, (String, String)>,
    sales: BTreeMap<&'a str, Vec<&'a Sale>>,
}

/// Points are gone at the first midnight by which they are this old.
const EXPIRY_MONTHS: u32 = 6;
const BIG_BASKETS_A_MONTH: u32 = 2;

impl<'a> Naive<'a> {
    pub fn new(year: &'a Year) -> Self {
        let entry = |line: &str| {
            let item: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            (text("item_id"), (text("category"), text("department")))
        };
        let mut sales: BTreeMap<&str, Vec<&Sale>> = BTreeMap::new();
        year.sales.iter().for_each(|sale| sales.entry(&sale.household).or_default().push(sale));
        Self { items: year.catalog.lines().map(entry).collect(), sales }
    }

    /// All who ever bought.
    pub fn households(&self) -> impl Iterator<Item = &str> {
        self.sales.keys().copied()
    }

    /// What a household has at the midnight that begins a day.
    pub fn standing(&self, household: &str, day: Date) -> Standing {
        let mut standing = Standing { available: 0, lifetime: 0, status: 0, level: "Member" };
        let mut big_baskets: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for sale in self.sales[household].iter().filter(|sale| sale.at.date < day) {
            let base = self.cents(sale, |_, department| department != "FUEL");
            let tenths = match standing.level {
                "Gold" => 15,
                "Platinum" => 20,
                _ => 10,
            };
            let mut points = base * tenths / 1000;
            points += self.cents(sale, |_, department| department == "PRODUCE") * 2 / 100;
            points += self.yogurts(sale) / 3 * 5;
            if sale.subtotal >= 5000 {
                let this_month = big_baskets.entry((sale.at.date.0, sale.at.date.1)).or_default();
                *this_month += 1;
                points += if *this_month <= BIG_BASKETS_A_MONTH { 25 } else { 0 };
            }
            standing.lifetime += points;
            standing.available += if gone_at(sale) <= day { 0 } else { points };
            standing.status += base / 100;
            standing.level = match standing.status {
                ..500 => "Member",
                500..1500 => "Silver",
                1500..3000 => "Gold",
                3000.. => "Platinum",
            };
        }
        standing
    }

    fn cents(&self, sale: &Sale, counts: impl Fn(&str, &str) -> bool) -> i64 {
        let lines = sale.lines.iter().filter(|line| {
            let (category, department) = self.place(&line.item);
            counts(category, department)
        });
        lines.map(|line| line.subtotal).sum()
    }

    fn yogurts(&self, sale: &Sale) -> i64 {
        let lines = sale.lines.iter().filter(|line| self.place(&line.item).0 == "YOGURT");
        lines.map(|line| line.quantity).sum()
    }

    /// An item in no catalog is in no category and no department.
    fn place(&self, item: &str) -> (&str, &str) {
        self.items.get(item).map_or(("", ""), |(category, department)| (category, department))
    }
}

fn gone_at(sale: &Sale) -> Date {
    let day = sale.at.date.months_later(EXPIRY_MONTHS);
    if sale.at.milliseconds == 0 { day } else { day.next() }
}
