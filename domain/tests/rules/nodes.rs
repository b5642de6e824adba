//! Nodes that look at the customer or at the trigger's own data (incentives.md 6.2).

use laurel_domain::rules::Counters;

use crate::{
    circumstances::{Somebody, content, item},
    shop::*,
};

/// Whether a purchase tree of this node alone gives something, and whether its negation does.
fn both(node: &str, basket: &Basket<'_>) -> (bool, bool) {
    let gives = |negate: &str| {
        let tree = format!(
            r#"{{"id": "{}", "name": "One", "status": 2, "tree_type": 1,
                "rules": [{{"id": "{}", {node} {negate}}}], "outcomes": [{}]}}"#,
            guid(100),
            guid(101),
            outcome(1, 1, r#""amount": 5"#)
        );
        let evaluation = basket.evaluate(&program(&[tree]));
        assert!(evaluation.failed.is_empty(), "{node}");
        !evaluation.awards.is_empty()
    };
    (gives(""), gives(r#", "negate": true"#))
}

const YES: (bool, bool) = (true, false);
const NO: (bool, bool) = (false, true);
/// What is not there fails, negated or not.
const MISSING: (bool, bool) = (false, false);

fn member() -> Basket<'static> {
    Basket { level: SILVER, person: &Somebody, ..Basket::worth("10") }
}

#[test]
fn membership_of_levels_for_some_days() {
    // Joined ten days before the purchase.
    let node = |levels: &str, days: u32| {
        let system = guid(SYSTEM);
        format!(
            r#""discriminator": 512, "tier_system_id": "{system}", "tier_level_ids": [{levels}],
               "min_days_in_level": {days}"#
        )
    };
    let (silver, gold) = (format!("\"{}\"", guid(SILVER)), format!("\"{}\"", guid(GOLD)));
    assert_eq!(both(&node(&silver, 10), &member()), YES);
    assert_eq!(both(&node(&silver, 11), &member()), NO);
    assert_eq!(both(&node(&gold, 0), &member()), NO);
    assert_eq!(both(&node(&format!("{silver},{gold}"), 0), &member()), YES);
}

#[test]
fn tags_match_any_all_or_none() {
    for (tags, matched, expected) in [
        (r#""VIP", "new""#, "any", YES),
        (r#""vip", "new""#, "all", NO),
        (r#""vip""#, "all", YES),
        (r#""vip", "new""#, "none", NO),
        (r#""old", "new""#, "none", YES),
    ] {
        let node = format!(r#""discriminator": 1024, "tags": [{tags}], "match": "{matched}""#);
        assert_eq!(both(&node, &member()), expected, "{node}");
    }
}

#[test]
fn attributes_are_compared_and_missing_ones_fail() {
    for (asked, expected) in [
        (r#""attribute": "birth_month", "values": [3]"#, YES),
        (r#""attribute": "birth_month", "values": [4, 5]"#, NO),
        (r#""attribute": "city", "comparison": 0, "values": ["MADRID"]"#, YES),
        (r#""attribute": "user_profile.pets", "comparison": 4, "values": [2]"#, YES),
        (r#""attribute": "user_profile.pets", "comparison": 4, "values": [3]"#, NO),
        (r#""attribute": "user_profile.cars", "comparison": 8, "values": [3]"#, MISSING),
        (r#""attribute": "zip", "comparison": 10, "values": []"#, MISSING),
        (r#""attribute": "gender", "values": ["f"]"#, MISSING),
    ] {
        assert_eq!(both(&format!(r#""discriminator": 8192, {asked}"#), &member()), expected, "{asked}");
    }
}

#[test]
fn lifetime_points_and_callers_counters() {
    let mut basket = Basket { lifetime: points("500"), ..Basket::worth("10") };
    let lifetime = |target: u32| format!(r#""discriminator": 4096, "target_balance": {target}"#);
    // Both accounts together.
    assert_eq!(both(&lifetime(1000), &basket), YES);
    assert_eq!(both(&lifetime(1001), &basket), NO);
    let counter = r#""discriminator": 16384, "counter_name": "visits", "target_value": 2.5"#;
    assert_eq!(both(counter, &basket), NO);
    let mut counters = Counters::default();
    counters.set("visits", "2.5".parse().unwrap(), basket.time);
    basket.counters = counters;
    assert_eq!(both(counter, &basket), YES);
}

#[test]
fn dynamic_fields_of_the_ticket_its_lines_and_payments() {
    let mut ticket = content(r#"{"miles_flown": 700, "cabin": "J"}"#);
    ticket.items = vec![
        item(r#"{"litres": 20, "fare": "Y"}"#, "shipped"),
        item(r#"{"litres": 30.5, "fare": "J"}"#, "returned"),
        item(r#"{}"#, ""),
    ];
    let basket = Basket { content: Some(ticket), ..Basket::worth("10") };
    for (asked, expected) in [
        (r#""data_path": "custom_data.miles_flown", "comparison": 4, "values": [700]"#, YES),
        (r#""data_path": "custom_data.miles_flown", "comparison": 3, "values": [700]"#, NO),
        (r#""data_path": "custom_data.gone", "comparison": 1, "values": [700]"#, MISSING),
        (r#""data_path": "status", "values": ["SHIPPED"]"#, YES),
        (r#""data_path": "items[].custom_data.litres", "comparison": 0, "values": [50.5]"#, YES),
        (
            r#""data_path": "items[].custom_data.litres", "aggregate": "max", "comparison": 0, "values": [30.5]"#,
            YES,
        ),
        (
            r#""data_path": "items[].custom_data.litres", "aggregate": "min", "comparison": 0, "values": [20]"#,
            YES,
        ),
        (
            r#""data_path": "items[].custom_data.litres", "aggregate": "all", "comparison": 4, "values": [25]"#,
            NO,
        ),
        (r#""data_path": "items[].custom_data.fare", "values": ["j"]"#, YES),
        (r#""data_path": "items[].custom_data.fare", "aggregate": "all", "values": ["j"]"#, NO),
        (r#""data_path": "items[].status", "values": ["returned"]"#, YES),
        (r#""data_path": "items[].custom_data.gone", "values": ["x"]"#, MISSING),
        (r#""data_path": "payments[].custom_data.bank", "values": ["x"]"#, MISSING),
    ] {
        assert_eq!(both(&format!(r#""discriminator": 131072, {asked}"#), &basket), expected, "{asked}");
    }
}

#[test]
fn a_quantity_may_stand_in_a_field() {
    let mut ticket = content(r#"{"miles": 1250}"#);
    ticket.items = vec![item(r#"{"litres": 20}"#, ""), item(r#"{"litres": 30.5}"#, ""), item(r#"{}"#, "")];
    let mut basket =
        Basket::new(vec![line("petrol", "1", "30"), line("shoes", "1", "50"), line("leek", "1", "2")]);
    basket.content = Some(ticket);
    let fuel = item_constraint(r#""items": [{"type": "department", "id": "FUEL"}]"#);
    let per = |field: &str| {
        outcome(1, 4, &format!(r#""points": 2, "quantity_per_award": 10, "quantity_field": "{field}""#))
    };
    for (constraint, field, expected) in [
        ("", "custom_data.miles", "250"),
        ("", "items[].custom_data.litres", "10"),
        (&*fuel, "items[].custom_data.litres", "4"),
        ("", "custom_data.gone", "0"),
    ] {
        let program = program(&[tree(100, "", constraint, &per(field))]);
        assert_eq!(basket.points(&program), points(expected), "{constraint} {field}");
    }
}
