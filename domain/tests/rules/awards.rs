//! How much an outcome gives: eligible amount, hurdle, rounding (incentives.md 4.9, 6.5, 6.6, 7.14).

use laurel_domain::rules::{Payment, RefusalReason};

use crate::shop::*;

fn amount_tree(members: &str) -> Vec<String> {
    vec![tree(100, "", "", &outcome(1, 2, members))]
}

/// incentives.md 4.9: hurdle 50, rate 3.
#[test]
fn a_hurdle_is_inclusive_and_the_whole_amount_earns() {
    let program = program(&amount_tree(r#""rate": 3, "hurdle": 50, "rounding_mode": 1"#));
    let below = Basket::worth("49.99");
    assert_eq!(below.points(&program), points("0"));
    assert_eq!(below.reasons(&program), [(id(100), RefusalReason::HurdleNotMet)]);
    assert_eq!(Basket::worth("50.00").points(&program), points("150"));
    assert_eq!(Basket::worth("62.50").points(&program), points("187"));
}

/// incentives.md 4.9: 2 points per 3 items, 10 items.
#[test]
fn quantities_are_truncated_then_points_are_rounded() {
    for (precision, mode, expected) in
        [(0, 1, "6"), (1, 3, "7"), (1, 1, "6"), (1, 0, "6.6"), (2, 3, "7"), (2, 0, "6.66"), (2, 2, "7")]
    {
        let members = format!(
            r#""points": 2, "quantity_per_award": 3, "decimal_precision": {precision}, "rounding_mode": {mode}"#
        );
        let program = program(&[tree(100, "", "", &outcome(1, 4, &members))]);
        let basket = Basket::new(vec![line("apple", "7", "3.50"), line("pear", "3", "2")]);
        assert_eq!(basket.points(&program), points(expected), "precision {precision}, mode {mode}");
    }
}

#[test]
fn each_rounding_mode_to_each_precision() {
    for (mode, precision, expected) in [
        (0, 0, "1.2345"),
        (1, 0, "1"),
        (2, 0, "2"),
        (3, 0, "1"),
        (1, 2, "1.23"),
        (2, 2, "1.24"),
        (3, 3, "1.235"),
        (4, 3, "1.234"),
    ] {
        let members =
            format!(r#""rate": 1.2345, "rounding_mode": {mode}, "rounding_precision": {precision}"#);
        let program = program(&amount_tree(&members));
        assert_eq!(
            Basket::worth("1").points(&program),
            points(expected),
            "mode {mode}, precision {precision}"
        );
    }
}

/// incentives.md 6.6: lines 300 and 200, tax included 25, coupon 20 on line 2: base 455, rate 2 gives 910.
#[test]
fn tax_and_discounts_do_not_earn() {
    let trees = amount_tree(r#""rate": 2, "rounding_mode": 1"#);
    let mut basket = Basket::new(vec![line("apple", "1", "300.00"), line("pear", "1", "200.00")]);
    basket.lines[0].tax_included = money("15");
    basket.lines[1].tax_included = money("10");
    basket.lines[1].discount = money("20");
    assert_eq!(basket.points(&program(&trees)), points("910"));
    assert_eq!(basket.points(&program_with(r#""include_tax": true"#, &trees)), points("960"));
}

#[test]
fn each_basis_takes_its_amount() {
    let fruit = item_constraint(r#""items": [{"type": "category", "id": "FRUIT"}]"#);
    let expected = [
        ("", "10"),
        (r#""basis": 0,"#, "60"),
        (r#""basis": 1,"#, "57"),
        (r#""basis": 2,"#, "10"),
        (r#""basis": 3,"#, "60"),
    ];
    for (basis, points_expected) in expected {
        let outcome = outcome(1, 2, &format!(r#"{basis} "rate": 1"#));
        let program = program(&[tree(100, "", &fruit, &outcome)]);
        let mut basket = Basket::new(vec![line("apple", "1", "12"), line("shoes", "1", "50")]);
        basket.lines[0].discount = money("2");
        basket.subtotal = money("59");
        assert_eq!(basket.points(&program), points(points_expected), "{basis}");
    }
    // Without an item constraint every line is meant.
    let plain = program(&amount_tree(r#""rate": 1"#));
    assert_eq!(
        Basket::new(vec![line("apple", "1", "12"), line("shoes", "1", "50")]).points(&plain),
        points("62")
    );
}

#[test]
fn the_subtotal_takes_tax_when_tax_counts() {
    let trees = amount_tree(r#""rate": 1, "basis": 1"#);
    let mut basket = Basket::worth("40");
    basket.tax_total = money("3");
    assert_eq!(basket.points(&program(&trees)), points("40"));
    assert_eq!(basket.points(&program_with(r#""include_tax": true"#, &trees)), points("43"));
}

#[test]
fn payments_with_points_reduce_the_base_in_proportion() {
    let trees = amount_tree(r#""rate": 1"#);
    let mut basket = Basket::worth("80");
    let paid = |kind, amount| Payment { kind, amount: money(amount) };
    basket.payments = vec![paid("POINTS", "20"), paid("Credit", "60")];
    assert_eq!(basket.points(&program(&trees)), points("60"));
    assert_eq!(basket.points(&program_with(r#""exclude_points_payments": false"#, &trees)), points("80"));
    basket.payments = vec![paid("Points", "80")];
    assert_eq!(basket.points(&program(&trees)), points("0"));
}

#[test]
fn a_net_return_earns_nothing() {
    let outcomes = [per_amount(1, "2"), outcome(2, 1, r#""amount": 25"#)].join(",");
    let program = program(&[tree(100, "", "", &outcomes)]);
    let exchange = Basket::new(vec![line("shoes", "-1", "-50"), line("apple", "1", "10")]);
    assert!(exchange.evaluate(&program).awards.is_empty());
    let bought = Basket::new(vec![line("shoes", "-1", "-5"), line("apple", "1", "10")]);
    assert_eq!(bought.points(&program), points("35"));
    let units = r#""points": 5, "quantity_per_award": 1"#;
    let by_quantity = self::program(&[tree(100, "", "", &outcome(1, 4, units))]);
    assert!(Basket::new(vec![line("shoes", "-2", "50")]).evaluate(&by_quantity).awards.is_empty());
}

/// incentives.md 7.14: ticket 45.90 gives 137 into both accounts, 250 is capped at 600, 19.99 misses the hurdle.
#[test]
fn the_complete_example() {
    let id_text = guid(1);
    let outcome = format!(
        r#"{{"id": "{id_text}", "discriminator": 2, "point_source_id": "{source}",
            "point_account_ids": ["{spend}", "{tier}"], "rate": 3, "per_amount": 1, "basis": 0, "hurdle": 20,
            "max_points": 600, "rounding_mode": 1, "rounding_precision": 0,
            "limits": [{{"scope": 0, "max": 3, "value": 1, "uom": 2, "window": 1}}]}}"#,
        source = guid(11),
        spend = guid(SPEND),
        tier = guid(TIER),
    );
    let stores = format!(r#"{{"discriminator": 2, "store_ids": ["{}"]}}"#, guid(STORE));
    let program = program(&[tree(100, &only_for(GOLD), &stores, &outcome)]);
    let gold = |subtotal| Basket { level: GOLD, ..Basket::worth(subtotal) };
    let awards = gold("45.90").evaluate(&program).awards;
    let rows: Vec<_> = awards.iter().map(|award| (award.account, award.points)).collect();
    assert_eq!(rows, [(id(SPEND), points("137")), (id(TIER), points("137"))]);
    assert_eq!(gold("250").points(&program), points("600"));
    assert_eq!(gold("19.99").reasons(&program), [(id(100), RefusalReason::HurdleNotMet)]);
    assert!(Basket::worth("250").evaluate(&program).awards.is_empty());
    assert!(Basket { store: 31, ..gold("250") }.evaluate(&program).awards.is_empty());
    let mut month = gold("45.90");
    let earned: Vec<_> = (0..4).map(|_| month.buy(&program)).collect();
    assert_eq!(earned, [points("274"), points("274"), points("274"), points("0")]);
    month.time = time("2026-04-01T00:00:00Z");
    assert_eq!(month.buy(&program), points("274"));
}

#[test]
fn amounts_out_of_range_fail_the_tree_alone() {
    let huge = outcome(1, 2, r#""rate": 9000000000000, "per_amount": 0.0001"#);
    let program = program(&[tree(100, "", "", &huge), tree(101, "", "", &per_amount(2, "1"))]);
    let evaluation = Basket::worth("1000").evaluate(&program);
    assert_eq!(evaluation.failed, [id(100)]);
    let rows: Vec<_> = evaluation.awards.iter().map(|award| (award.tree, award.points)).collect();
    assert_eq!(rows, [(id(101), points("1000"))]);
}
