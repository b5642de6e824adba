//! Nodes that count what happened since their tree went live (incentives.md 6.2).

use laurel_domain::{
    program::Program,
    rules::{Figure, PointsMoved},
};

use crate::shop::*;

/// A tree of a counting node and the current purchase, which gives 5 points.
fn counting(node: &str) -> String {
    format!(
        r#"{{"id": "{tree}", "name": "Counts", "status": 2, "tree_type": 1,
            "rules": [{{"id": "{root}", "discriminator": 1}},
                      {{"id": "{count}", "parent_id": "{root}", "rank": 1, {node}}},
                      {{"id": "{purchase}", "parent_id": "{root}", "rank": 2, "discriminator": 32768}}],
            "outcomes": [{outcome}]}}"#,
        tree = guid(100),
        root = guid(101),
        count = guid(102),
        purchase = guid(103),
        outcome = outcome(1, 1, r#""amount": 5"#),
    )
}

fn bought(basket: &mut Basket<'_>, program: &Program, at: &str) -> bool {
    basket.time = time(at);
    basket.buy(program) == points("5")
}

#[test]
fn the_third_purchase_in_thirty_days_gives_something() {
    let program =
        program(&[counting(r#""discriminator": 4, "target_count": 3, "lookback": {"value": 30, "uom": 0}"#)]);
    let mut member = Basket::worth("10");
    assert!(!bought(&mut member, &program, "2026-03-01T12:00:00Z"));
    assert!(!bought(&mut member, &program, "2026-03-10T12:00:00Z"));
    // The purchase of the 1st leaves the window exactly thirty days later.
    let mut late = Basket { counters: member.counters.clone(), ..Basket::worth("10") };
    assert!(bought(&mut member, &program, "2026-03-31T11:59:59.999Z"));
    assert!(!bought(&mut late, &program, "2026-03-31T12:00:00Z"));
}

#[test]
fn without_a_window_everything_counts_and_only_what_matches() {
    let shoes = item_constraint(r#""items": [{"type": "category", "id": "SHOES"}]"#);
    let node = |what: &str| format!(r#"{what}, "constraints": [{shoes}]"#);
    for (what, expected) in [
        (r#""discriminator": 4, "target_count": 2, "comparison": 0"#, [false, false, true]),
        (r#""discriminator": 64, "target_amount": 100"#, [false, false, true]),
        (r#""discriminator": 64, "target_amount": 100, "amount_basis": 0"#, [false, false, true]),
        (r#""discriminator": 128, "target_quantity": 3"#, [false, false, true]),
        (r#""discriminator": 128, "target_quantity": 1, "distinct": true"#, [true, true, true]),
    ] {
        let program = program(&[counting(&node(what))]);
        let mut member = Basket::worth("0");
        let tickets = [
            vec![line("shoes", "1", "60"), line("leek", "5", "20")],
            vec![line("leek", "5", "500")],
            vec![line("shoes", "2", "40")],
        ];
        for (ticket, expected) in tickets.into_iter().zip(expected) {
            member.lines = ticket;
            assert_eq!(bought(&mut member, &program, "2026-03-01T12:00:00Z"), expected, "{what}");
        }
    }
}

#[test]
fn different_items_count_once_and_not_when_brought_back() {
    let program = program(&[counting(
        r#""discriminator": 128, "target_quantity": 2, "distinct": true, "lookback": {"value": 2, "uom": 2}"#,
    )]);
    let mut member = Basket::worth("0");
    member.lines = vec![line("apple", "1", "5"), line("apple", "2", "10")];
    assert!(!bought(&mut member, &program, "2026-03-01T12:00:00Z"));
    assert!(!bought(&mut member, &program, "2026-03-02T12:00:00Z"));
    member.lines = vec![line("pear", "1", "5")];
    assert!(bought(&mut member, &program, "2026-03-03T12:00:00Z"));
    assert_eq!(member.figures(&program, 100)[0], Some(Figure::Whole(2)));
    // Both apples go back: one item is left, and a net return counts nothing else.
    member.lines = vec![line("apple", "-6", "-30")];
    assert!(!bought(&mut member, &program, "2026-03-04T12:00:00Z"));
    assert_eq!(member.figures(&program, 100)[0], Some(Figure::Whole(1)));
    // Two months later the pear has left the window too.
    member.time = time("2026-05-03T12:00:00Z");
    assert_eq!(member.figures(&program, 100)[0], Some(Figure::Whole(0)));
}

#[test]
fn other_constraints_reset_a_counter_and_names_do_not() {
    let node = |min: u32, rank: u32| {
        counting(&format!(
            r#""discriminator": 4, "target_count": 2, "constraints": [
                {{"discriminator": 16, "min": {min}, "rank": {rank}}}]"#
        ))
    };
    let mut member = Basket::worth("10");
    assert!(!bought(&mut member, &program(&[node(5, 0)]), "2026-03-01T12:00:00Z"));
    let mut other = Basket { counters: member.counters.clone(), ..Basket::worth("10") };
    assert!(bought(&mut member, &program(&[node(5, 7)]), "2026-03-02T12:00:00Z"), "the same node");
    assert!(!bought(&mut other, &program(&[node(6, 0)]), "2026-03-02T12:00:00Z"), "counts something else");
    assert_eq!(other.figures(&program(&[node(6, 0)]), 100)[0], Some(Figure::Whole(1)));
}

#[test]
fn trees_that_are_not_live_or_not_for_the_level_count_nothing() {
    let node = r#""discriminator": 4, "target_count": 1"#;
    let draft = counting(node).replace(r#""status": 2"#, r#""status": 1"#);
    assert!(Basket::worth("10").evaluate(&program(&[draft])).counted.is_empty());
    let ended = counting(node).replace(r#""status": 2"#, r#""status": 2, "end_date": "2026-01-01""#);
    assert!(Basket::worth("10").evaluate(&program(&[ended])).counted.is_empty());
    let gold = counting(node).replace(r#""status": 2"#, &format!(r#""status": 2, {}"#, only_for(GOLD)));
    let gold = program(&[gold]);
    assert!(Basket::worth("10").evaluate(&gold).counted.is_empty());
    assert_eq!(Basket { level: GOLD, ..Basket::worth("10") }.evaluate(&gold).counted.len(), 1);
}

#[test]
fn points_count_by_account_and_source() {
    let accounts = format!(
        r#", "constraints": [{{"discriminator": 8, "point_accounts": {{"{}": ""}}}},
                             {{"discriminator": 4096, "point_source_ids": ["{}"]}}]"#,
        guid(TIER),
        guid(11)
    );
    let window = r#", "lookback": {"value": 12, "uom": 2}"#;
    let program =
        program(&[counting(&format!(r#""discriminator": 16, "target_points": 100 {window} {accounts}"#))]);
    let mut member = Basket::worth("10");
    let moved = |account: u32, source: u32, amount: &str, spent| PointsMoved {
        time: time("2026-03-01T12:00:00Z"),
        account: id(account),
        source: id(source),
        points: points(amount),
        spent,
    };
    let all = [
        moved(TIER, 11, "70", false),
        moved(SPEND, 11, "500", false),
        moved(TIER, 12, "500", false),
        moved(TIER, 11, "500", true),
        moved(TIER, 11, "50", false),
        moved(TIER, 11, "-15", false),
    ];
    let counted = member.standing(|standing| program.count_points(&all, standing));
    assert_eq!(counted.len(), 3);
    member.count(&counted);
    assert_eq!(member.figures(&program, 100)[0], Some(Figure::Points(points("105"))));
    assert_eq!(member.points(&program), points("5"));
    // A year later they have left the window.
    member.time = time("2027-03-01T12:00:00Z");
    assert_eq!(member.points(&program), points("0"));
}

#[test]
fn a_window_holds_at_most_so_many_parts_and_loses_none_of_them() {
    let program = program(&[counting(
        r#""discriminator": 4, "target_count": 5000, "lookback": {"value": 1, "uom": 3}"#,
    )]);
    let mut member = Basket::worth("10");
    let start = time("2026-03-01T00:00:00Z");
    for minute in 0..1_200 {
        member.time = start.plus_millis(minute * 60_000);
        member.buy(&program);
    }
    assert_eq!(member.figures(&program, 100)[0], Some(Figure::Whole(1_200)));
    assert_eq!(member.counters.nodes()[0].within(None, member.time).count(), 1_000);
    member.counters.forget_before(time("2027-03-02T00:00:00Z"));
    assert_eq!(member.counters.nodes()[0].within(None, member.time).count(), 0);
}
