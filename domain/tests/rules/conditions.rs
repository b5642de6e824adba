//! Nodes and constraints (incentives.md 6.2 to 6.4).

use laurel_domain::program::{Program, ProgramText};

use crate::shop::*;

const RATE: &str = r#""rate": 1, "basis": 2"#;

fn with_constraints(constraints: &str) -> Vec<String> {
    vec![tree(100, "", constraints, &outcome(1, 2, RATE))]
}

fn fruit_and_more() -> Basket<'static> {
    Basket::new(vec![
        line("apple", "2", "10"),
        line("leek", "1", "20"),
        line("shoes", "1", "40"),
        line("nobody-knows", "1", "80"),
    ])
}

fn items(members: &str, items: &[(&str, &str)]) -> String {
    let items: Vec<_> =
        items.iter().map(|(kind, id)| format!(r#"{{"type": "{kind}", "id": "{id}"}}"#)).collect();
    item_constraint(&format!(r#"{members} "items": [{}]"#, items.join(",")))
}

#[test]
fn items_are_chosen_by_sku_category_brand_and_department() {
    let exclude = r#""mode": "exclude","#;
    for (mode, chosen, expected) in [
        ("", vec![("sku", "nobody-knows")], "80"),
        ("", vec![("category", "FRUIT")], "10"),
        ("", vec![("brand", "Farm")], "30"),
        ("", vec![("department", "PRODUCE"), ("category", "SHOES")], "70"),
        // The name of a category is not the name of a department.
        ("", vec![("department", "FRUIT")], "0"),
        ("", vec![("category", "NO SUCH")], "0"),
        (exclude, vec![("category", "NO SUCH")], "150"),
        (exclude, vec![("department", "PRODUCE")], "120"),
        (exclude, vec![("department", "PRODUCE"), ("sku", "nobody-knows")], "40"),
    ] {
        let program = program(&with_constraints(&items(mode, &chosen)));
        assert_eq!(fruit_and_more().points(&program), points(expected), "{mode} {chosen:?}");
    }
}

#[test]
fn a_node_whose_items_are_not_there_fails() {
    let fixed = outcome(1, 1, r#""amount": 5"#);
    let petrol = items("", &[("department", "FUEL")]);
    let program = program(&[tree(100, "", &petrol, &fixed)]);
    assert_eq!(fruit_and_more().points(&program), points("0"));
    assert_eq!(Basket::new(vec![line("petrol", "40", "60")]).points(&program), points("5"));
}

#[test]
fn quantity_value_and_pairing_are_asked_of_the_lines() {
    let produce = [("department", "PRODUCE")];
    for (members, chosen, expected) in [
        (r#""min_quantity": 3,"#, &produce[..], "30"),
        (r#""min_quantity": 3.5,"#, &produce[..], "0"),
        (r#""min_item_value": 15,"#, &produce[..], "20"),
        (r#""min_item_value": 20.01,"#, &produce[..], "0"),
        (r#""require_all": true,"#, &[("category", "FRUIT"), ("category", "SHOES")][..], "50"),
        (r#""require_all": true,"#, &[("category", "FRUIT"), ("department", "FUEL")][..], "0"),
    ] {
        let program = program(&with_constraints(&items(members, chosen)));
        assert_eq!(fruit_and_more().points(&program), points(expected), "{members}");
    }
}

#[test]
fn fully_discounted_lines_count_only_when_asked_for() {
    let units = outcome(1, 4, r#""points": 1, "quantity_per_award": 1"#);
    for (constraints, expected) in [
        ("", "1"),
        (r#"{"discriminator": 16384}"#, "1"),
        (r#"{"discriminator": 16384, "include_fully_discounted": false}"#, "1"),
        (r#"{"discriminator": 16384, "include_fully_discounted": true}"#, "5"),
    ] {
        let program = program(&[tree(100, "", constraints, &units)]);
        let mut basket = Basket::new(vec![line("apple", "4", "10"), line("pear", "1", "3")]);
        basket.lines[0].discount = money("10");
        assert_eq!(basket.points(&program), points(expected), "{constraints}");
    }
}

#[test]
fn check_size_is_inclusive_on_either_side() {
    for (bounds, passing) in [
        (r#""min": 50"#, [false, true, true]),
        (r#""max": 50"#, [true, true, false]),
        (r#""min": 50, "max": 50, "basis": "subtotal""#, [false, true, false]),
        (r#""min": 40, "basis": "eligible""#, [false, true, true]),
    ] {
        let program = program(&with_constraints(&format!(r#"{{"discriminator": 16, {bounds}}}"#)));
        for (subtotal, passes) in ["49.99", "50", "50.01"].into_iter().zip(passing) {
            let mut basket = Basket::worth(subtotal);
            basket.lines[0].discount = money("10");
            assert_eq!(!basket.rows(&program).is_empty(), passes, "{bounds} {subtotal}");
        }
    }
}

#[test]
fn stores_and_channels_are_included_or_excluded() {
    let store = guid(STORE);
    for (constraint, here, elsewhere) in [
        (format!(r#"{{"discriminator": 2, "store_ids": ["{store}"]}}"#), true, false),
        (format!(r#"{{"discriminator": 2, "store_ids": ["{store}"], "mode": "exclude"}}"#), false, true),
        (r#"{"discriminator": 64, "channels": ["Web", "pos"]}"#.to_owned(), true, false),
        (r#"{"discriminator": 64, "channels": ["POS"], "mode": "exclude"}"#.to_owned(), false, true),
    ] {
        let program = program(&with_constraints(&constraint));
        let other = Basket { store: 31, channel: "App", ..Basket::worth("10") };
        assert_eq!(!Basket::worth("10").rows(&program).is_empty(), here, "{constraint}");
        assert_eq!(!other.rows(&program).is_empty(), elsewhere, "{constraint}");
    }
}

/// incentives.md 6.3, type 2: the ticket's store or any location above it.
#[test]
fn stores_are_chosen_by_location_tag_and_brand() {
    let stores = format!(
        r#"[{{"store_id": "{region}", "name": "North", "tags": ["Cold"], "brand": "Northside"}},
            {{"store_id": "{city}", "parent_location_id": "{region}", "tags": ["urban "]}},
            {{"store_id": "{here}", "parent_location_id": "{city}", "tags": ["Drive-In", "late"]}},
            {{"store_id": "{alone}", "brand": "southside", "tags": ["LATE"]}}]"#,
        region = guid(40),
        city = guid(41),
        here = guid(STORE),
        alone = guid(31),
    );
    let by_id = |n: u32| format!(r#""store_ids": ["{}"]"#, guid(n));
    for (members, here, alone) in [
        (by_id(40), true, false),
        (by_id(41), true, false),
        (r#""location_tags": ["cold"]"#.to_owned(), true, false),
        (r#""location_tags": ["URBAN"]"#.to_owned(), true, false),
        (r#""location_tags": ["late"]"#.to_owned(), true, true),
        (r#""brands": ["NorthSide"]"#.to_owned(), true, false),
        (r#""brands": ["Southside"], "location_tags": ["drive-in"]"#.to_owned(), true, true),
        (format!(r#"{}, "brands": ["Northside"]"#, by_id(31)), true, true),
    ] {
        for (mode, wanted) in [("", true), (r#", "mode": "exclude""#, false)] {
            let constraint = format!(r#"{{"discriminator": 2, {members} {mode}}}"#);
            let text = document("", &with_constraints(&constraint));
            let text = ProgramText { program: &text, stores: &stores, catalog: "" };
            let program = Program::compile(1, text).unwrap();
            let passes = |store| !Basket { store, ..Basket::worth("10") }.rows(&program).is_empty();
            assert_eq!((passes(STORE) == wanted, passes(31) == wanted), (here, alone), "{constraint}");
            assert_eq!(passes(77), !wanted, "a store that nobody knows: {constraint}");
        }
    }
}

/// A tree whose root is a group of the given nodes.
fn grouped(discriminator: u32, nodes: &[String]) -> Vec<String> {
    let root = guid(1000);
    let children: Vec<_> =
        (1..).zip(nodes).map(|(n, node)| format!(r#"{{"id": "{}", {node}}}"#, guid(1000 + n))).collect();
    let (id, outcome) = (guid(100), outcome(1, 2, RATE));
    vec![format!(
        r#"{{"id": "{id}", "name": "Group", "status": 2, "tree_type": 1, "outcomes": [{outcome}],
            "rules": [{{"id": "{root}", "discriminator": {discriminator}, "children": [{}]}}]}}"#,
        children.join(",")
    )]
}

fn purchase_of(chosen: (&str, &str), more: &str) -> String {
    format!(r#""discriminator": 32768 {more}, "constraints": [{}]"#, items("", &[chosen]))
}

fn balance_of(target: u32, more: &str) -> String {
    format!(r#""discriminator": 2048, "target_balance": {target}, "comparison": 4 {more}"#)
}

#[test]
fn qualifying_lines_intersect_under_all_and_unite_under_any() {
    let nodes = [purchase_of(("department", "PRODUCE"), ""), purchase_of(("brand", "Farm"), "")];
    let basket = Basket::new(vec![line("apple", "1", "1"), line("pear", "1", "2"), line("shoes", "1", "4")]);
    assert_eq!(basket.points(&program(&grouped(1, &nodes))), points("1"));
    assert_eq!(basket.points(&program(&grouped(2, &nodes))), points("3"));
    // Under any, a node that fails selects nothing; under all, it fails the tree.
    let nodes = [purchase_of(("department", "FUEL"), ""), purchase_of(("category", "SHOES"), "")];
    assert_eq!(basket.points(&program(&grouped(2, &nodes))), points("4"));
    assert_eq!(basket.points(&program(&grouped(1, &nodes))), points("0"));
}

#[test]
fn a_negated_node_asks_the_contrary_and_selects_no_lines() {
    let not_petrol = purchase_of(("department", "FUEL"), r#", "negate": true"#);
    let program = program(&grouped(1, &[not_petrol]));
    assert_eq!(fruit_and_more().points(&program), points("150"));
    assert_eq!(
        Basket::new(vec![line("petrol", "1", "9"), line("apple", "1", "1")]).points(&program),
        points("0")
    );
}

#[test]
fn balances_gate_a_purchase_tree() {
    for (nodes, group, poor, rich) in [
        (vec![balance_of(100, "")], 1, "0", "30"),
        (vec![balance_of(100, r#", "negate": true"#)], 1, "30", "0"),
        (vec![balance_of(100, ""), purchase_of(("category", "FRUIT"), "")], 1, "0", "30"),
        (vec![balance_of(100, ""), purchase_of(("category", "SHOES"), "")], 2, "0", "30"),
        (vec![], 1, "30", "30"),
        (vec![], 2, "30", "30"),
    ] {
        let program = program(&grouped(group, &nodes));
        let basket =
            |balance| Basket { balance: points(balance), ..Basket::new(vec![line("apple", "1", "30")]) };
        // Both accounts are summed when no constraint names any.
        assert_eq!(basket("49.9999").points(&program), points(poor), "{nodes:?}");
        assert_eq!(basket("50").points(&program), points(rich), "{nodes:?}");
    }
}

#[test]
fn more_lines_than_a_word_has_bits() {
    let mut lines = vec![line("shoes", "1", "1"); 200];
    for place in [0, 63, 64, 127, 128, 199] {
        lines[place] = line("apple", "1", "100");
    }
    let program = program(&with_constraints(&items("", &[("category", "FRUIT")])));
    assert_eq!(Basket::new(lines).points(&program), points("600"));
}
