//! Which trees run, in which order, and which of a group wins (incentives.md 6.1, 6.4, 6.7).

use laurel_domain::rules::RefusalReason;

use crate::shop::*;

fn group(mode: u8, priority: u32, more: &str) -> String {
    format!(r#""exclusivity_group": "base-earn", "exclusivity_mode": {mode}, "priority": {priority}{more}"#)
}

/// incentives.md 6.7: Gold rate 3, Silver rate 2, all others 1; a Gold member buys 40.00.
#[test]
fn tiered_base_earn() {
    let level = |n| format!(", {}", only_for(n));
    let mut trees = vec![
        tree(103, &group(1, 300, &level(GOLD)), "", &per_amount(3, "3")),
        tree(102, &group(1, 200, &level(SILVER)), "", &per_amount(2, "2")),
        tree(101, &group(1, 100, ""), "", &per_amount(1, "1")),
    ];
    let gold = Basket { level: GOLD, ..Basket::worth("40.00") };
    assert_eq!(gold.rows(&program(&trees)), [(id(103), points("120"))]);
    assert_eq!(gold.reasons(&program(&trees)), [(id(101), RefusalReason::Exclusivity)]);
    let silver = Basket { level: SILVER, ..Basket::worth("40.00") };
    assert_eq!(silver.rows(&program(&trees)), [(id(102), points("80"))]);
    assert_eq!(Basket::worth("40.00").rows(&program(&trees)), [(id(101), points("40"))]);
    let shoes = item_constraint(r#""items": [{"type": "category", "id": "SHOES"}]"#);
    trees.push(tree(201, "", &shoes, &multiplier(11, "2", "add")));
    let shopping = Basket { level: GOLD, ..Basket::new(vec![line("shoes", "1", "40.00")]) };
    assert_eq!(shopping.rows(&program(&trees)), [(id(103), points("120")), (id(201), points("120"))]);
}

#[test]
fn the_most_points_win_and_ties_go_to_the_first() {
    let trees = [
        tree(101, &group(2, 100, ""), "", &per_amount(1, "1")),
        tree(102, &group(2, 50, ""), "", &outcome(2, 1, r#""amount": 25"#)),
    ];
    let program = program(&trees);
    assert_eq!(Basket::worth("24").rows(&program), [(id(102), points("25"))]);
    assert_eq!(Basket::worth("25").rows(&program), [(id(101), points("25"))]);
    assert_eq!(Basket::worth("26").rows(&program), [(id(101), points("26"))]);
}

#[test]
fn a_stacking_tree_stands_outside_the_competition() {
    let trees = [
        tree(101, &group(1, 300, ""), "", &per_amount(1, "1")),
        tree(102, &group(0, 200, ""), "", &per_amount(2, "2")),
        tree(103, &group(1, 100, ""), "", &per_amount(3, "3")),
    ];
    let rows = Basket::worth("10").rows(&program(&trees));
    assert_eq!(rows, [(id(101), points("10")), (id(102), points("20"))]);
}

#[test]
fn a_multiplier_that_loses_its_group_multiplies_nothing() {
    let trees = [
        tree(101, &group(1, 300, ""), "", &per_amount(1, "1")),
        tree(201, &group(1, 100, ""), "", &multiplier(11, "2", "add")),
    ];
    assert_eq!(Basket::worth("10").rows(&program(&trees)), [(id(101), points("10"))]);
}

#[test]
fn only_live_trees_within_their_dates_run() {
    let dates = r#""start_date": "2026-03-01T00:00:00", "end_date": "2026-03-31T23:59:59",
                   "time_zone": "Europe/Madrid""#;
    let trees = [
        tree(101, dates, "", &per_amount(1, "1")),
        tree(102, "", "", &per_amount(2, "1")).replace(r#""status": 2"#, r#""status": 1"#),
        tree(103, &only_for(GOLD), "", &per_amount(3, "1")),
    ];
    let program = program(&trees);
    let ran = |at: &str| !Basket { time: time(at), ..Basket::worth("10") }.rows(&program).is_empty();
    // Madrid is an hour ahead in winter, two in summer (from 29 March 2026).
    assert!(!ran("2026-02-28T22:59:59Z"));
    assert!(ran("2026-02-28T23:00:00Z"));
    assert!(ran("2026-03-31T21:59:59Z"));
    assert!(!ran("2026-03-31T22:00:00Z"));
    // A re-evaluation names its trees: status and dates of today do not matter, the level held then does.
    let late = Basket { time: time("2027-01-01T00:00:00Z"), ..Basket::worth("10") };
    let again = late.evaluate_only(&program, Some(&[id(103), id(102), id(101), id(777)]));
    let trees: Vec<_> = again.awards.iter().map(|award| award.tree).collect();
    assert_eq!(trees, [id(101), id(102)]);
}

#[test]
fn trees_run_by_priority_then_id() {
    let trees = [
        tree(101, r#""priority": 1"#, "", &per_amount(1, "1")),
        tree(103, "", "", &per_amount(3, "1")),
        tree(102, "", "", &per_amount(2, "1")),
        tree(104, r#""priority": 1000"#, "", &per_amount(4, "1")),
    ];
    let order: Vec<_> = Basket::worth("1").rows(&program(&trees)).into_iter().map(|(tree, _)| tree).collect();
    assert_eq!(order, [id(104), id(102), id(103), id(101)]);
}
