//! The grocery program against a recomputation that knows nothing of trees.

use laurel_domain::{
    Money, Points, Quantity, Timestamp,
    id::PointAccountId,
    program::{Program, ProgramText},
    rules::{LimitUsage, Line, Purchase, Share, Standing},
};
use proptest::prelude::*;

use crate::shop::{id, time};

const PROGRAM: &str = include_str!("../../../demo/grocery-program.json");
const CATALOG: &str = r#"
{"item_id": "1", "name": "Salad", "category": "SALAD", "department": "PRODUCE", "brand": "National"}
{"item_id": "2", "name": "Unleaded", "category": "GASOLINE", "department": "FUEL", "brand": ""}
{"item_id": "3", "name": "Plain yogurt", "category": "YOGURT", "department": "GROCERY", "brand": "Private"}
{"item_id": "4", "name": "Fruit yogurt", "category": "YOGURT", "department": "PRODUCE", "brand": "Private"}
{"item_id": "5", "name": "Bread", "category": "", "department": "GROCERY", "brand": ""}
"#;
/// In no catalog.
const UNKNOWN: &str = "6";

#[derive(Debug, Clone)]
struct Sold {
    item: usize,
    quantity: i64,
    cents: i64,
}

fn sold() -> impl Strategy<Value = Sold> {
    let quantity = prop_oneof![4 => 0_i64..7, 1 => 8_000_i64..20_000];
    let cents = prop_oneof![1 => Just(0_i64), 6 => 0_i64..3_000];
    (0_usize..6, quantity, cents).prop_map(|(item, quantity, cents)| Sold { item, quantity, cents })
}

fn grocery() -> Program {
    Program::compile(1, ProgramText { program: PROGRAM, stores: "", catalog: CATALOG }).unwrap()
}

/// Points and status in whole points, straight from the words of the retailer. `level` 0 to 3; `big_baskets`: how
/// many were rewarded this month.
fn expected(basket: &[Sold], level: usize, big_baskets: u32) -> (i64, i64) {
    let cents = |wanted: fn(usize) -> bool| -> i64 {
        basket.iter().filter(|sold| wanted(sold.item)).map(|sold| sold.cents).sum()
    };
    let not_fuel = cents(|item| item != 1);
    let produce = cents(|item| item == 0 || item == 3);
    let yogurts: i64 =
        basket.iter().filter(|sold| sold.item == 2 || sold.item == 3).map(|sold| sold.quantity).sum();
    let tenths = [10, 10, 15, 20][level];
    let big = if cents(|_| true) >= 5_000 && big_baskets < 2 { 25 } else { 0 };
    (not_fuel * tenths / 1_000 + produce * 2 / 100 + yogurts / 3 * 5 + big, not_fuel / 100)
}

fn evaluate(
    program: &Program,
    basket: &[Sold],
    level: usize,
    usage: &mut LimitUsage,
    at: Timestamp,
) -> (Points, Points) {
    let names = ["1", "2", "3", "4", "5", UNKNOWN];
    let money = |cents: i64| Money::from_units(cents * Money::UNIT / 100);
    let lines: Vec<_> = basket
        .iter()
        .map(|sold| Line {
            item_id: names[sold.item],
            quantity: Quantity::whole(sold.quantity).unwrap(),
            subtotal: money(sold.cents),
            tax_included: Money::ZERO,
            discount: Money::ZERO,
        })
        .collect();
    let share = Share::whole();
    let purchase = Purchase {
        time: at,
        store: id(30),
        channel: "POS",
        subtotal: money(basket.iter().map(|sold| sold.cents).sum()),
        tax_total: Money::ZERO,
        lines: &lines,
        payments: &[],
        share: &share,
        content: None,
    };
    let system = &program.tier_systems()[0];
    let tiers = [(system.id, system.levels[level].id)];
    let balance = |_: PointAccountId| Points::ZERO;
    let evaluation = program.evaluate(&purchase, &Standing::anonymous(&tiers, &balance, usage), None);
    assert!(evaluation.failed.is_empty());
    for used in &evaluation.uses {
        usage.record(used).unwrap();
    }
    let into = |place: usize| {
        let account = program.accounts()[place].id;
        Points::sum(
            evaluation.awards.iter().filter(|award| award.account == account).map(|award| award.points),
        )
        .unwrap()
    };
    (into(0), into(1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_month_of_baskets_earns_what_the_words_say(
        baskets in prop::collection::vec((prop::collection::vec(sold(), 0..8), 0_usize..4), 1..6),
    ) {
        let program = grocery();
        let mut usage = LimitUsage::default();
        let mut big_baskets = 0;
        for (day, (basket, level)) in (0_i64..).zip(&baskets) {
            let at = time("2017-03-01T00:00:00Z").plus_millis(day * 86_400_000);
            let (points, status) = expected(basket, *level, big_baskets);
            let earned = evaluate(&program, basket, *level, &mut usage, at);
            prop_assert_eq!(earned, (Points::whole(points).unwrap(), Points::whole(status).unwrap()));
            big_baskets += u32::from(basket.iter().map(|sold| sold.cents).sum::<i64>() >= 5_000);
        }
    }
}

#[test]
fn the_third_big_basket_of_a_month_gets_nothing_extra() {
    let program = grocery();
    let mut usage = LimitUsage::default();
    let basket = [Sold { item: 4, quantity: 1, cents: 5_000 }];
    for (at, points) in [
        ("2017-03-01T00:00:00Z", 75),
        ("2017-03-31T23:59:59Z", 75),
        ("2017-03-31T23:59:59Z", 50),
        ("2017-04-01T00:00:00Z", 75),
    ] {
        let (earned, _) = evaluate(&program, &basket, 0, &mut usage, time(at));
        assert_eq!(earned, Points::whole(points).unwrap(), "{at}");
    }
}
