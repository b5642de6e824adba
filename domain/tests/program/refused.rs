//! What is refused of tier systems and rule trees, with its path and code (incentives.md 7.5, 7.14).

use serde_json::{Value, json};

use crate::documents::*;

/// One change, one problem.
pub fn check(table: &[(&str, Value, &str, &str)]) {
    for (pointer, value, path, code) in table {
        let found = problems(&spoilt(&[(pointer, value.clone())]));
        assert_eq!(found, [((*path).to_owned(), *code)], "{pointer} = {value}");
    }
}

#[test]
fn tier_systems() {
    let level = "/tier_systems/0/tier_levels/1";
    let at = "tier_systems[0].tier_levels[1]";
    for (member, value, code) in [
        ("rank", json!(0), "rank_taken"),
        ("rank", json!(-1), "out_of_range"),
        ("status", json!(4), "out_of_range"),
        ("maintenance_frequency_value", json!(-1), "out_of_range"),
        ("maintenance_frequency_uom", json!(8), "invalid_value"),
        ("maintenance_frequency_day", json!(367), "out_of_range"),
        ("maintenance_age_value", json!(1001), "out_of_range"),
        ("joining_outcome_frequency_value", json!("once"), "invalid_value"),
        ("tier_system_id", nowhere(), "tier_system_not_found"),
    ] {
        check(&[(&format!("{level}/{member}"), value, &format!("{at}.{member}"), code)]);
    }
    for member in ["maintenance_frequency", "maintenance_age", "joining_outcome_frequency"] {
        let (value, uom) = (format!("{level}/{member}_value"), format!("{at}.{member}_uom"));
        check(&[(&value, json!(1), &uom, "required")]);
    }
    // A day must exist in every kind of period: there is no eighth weekday.
    let weekly = [("value", json!(1)), ("uom", json!(1)), ("is_relative", json!(false)), ("day", json!(7))];
    let weekly: Vec<_> = weekly
        .into_iter()
        .map(|(member, value)| (format!("{level}/maintenance_frequency_{member}"), value))
        .collect();
    let weekly: Vec<_> = weekly.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())).collect();
    assert_eq!(problems(&spoilt(&weekly)), [(format!("{at}.maintenance_frequency_day"), "out_of_range")]);
    check(&[(
        "/tier_systems/0/tier_levels/0/rank",
        json!(9),
        "tier_systems[0].tier_levels",
        "default_level_required",
    )]);
    let system = |n: u32| {
        json!({"id": format!("9a000000-0000-4000-8000-0000000f000{n}"), "name": format!("System {n}"), "tier_levels": [
            {"id": format!("9a000000-0000-4000-8000-0000000e000{n}"), "name": "Member", "rank": 0}]})
    };
    let more: Vec<_> = (0..5).map(|n| ("/tier_systems/-", system(n))).collect();
    assert_eq!(problems(&spoilt(&more)), [("tier_systems".to_owned(), "too_many_tier_systems")]);
    assert!(compile(&spoilt(&more[..4]), "", "").is_ok());
}

#[test]
fn trees() {
    let at = |member: &str| format!("rule_trees[3].{member}");
    for (member, value, code) in [
        ("tree_type", json!(5), "invalid_value"),
        ("status", json!(7), "out_of_range"),
        ("priority", json!(1001), "out_of_range"),
        ("name", json!("Base earn"), "duplicate_name"),
        ("name", json!("x".repeat(201)), "out_of_range"),
        ("start_date", json!("yesterday"), "invalid_value"),
        ("end_date", json!("2016-12-31T00:00:00"), "date_window_invalid"),
        ("time_zone", json!("Nowhere"), "time_zone_unknown"),
        ("exclusivity_mode", json!(1), "exclusivity_invalid"),
        ("outcomes", json!([]), "outcome_required"),
        ("rules", json!([]), "rule_root_missing"),
    ] {
        check(&[(&format!("/rule_trees/3/{member}"), value, &at(member), code)]);
    }
    for (budget, member, code) in [
        (json!({"max_points": 0}), "max_points", "limit_invalid"),
        (json!({"max_awards": 1.5}), "max_awards", "limit_invalid"),
        (json!({"max_awards_per_day": -1}), "max_awards_per_day", "limit_invalid"),
        (json!({"max_points": 5, "on_exhausted": 3}), "on_exhausted", "out_of_range"),
    ] {
        check(&[("/rule_trees/3/budget", budget, &at(&format!("budget.{member}")), code)]);
    }
}

#[test]
fn trees_and_what_they_refer_to() {
    let level = |system: Value, level: Value| json!([{"tier_system_id": system, "tier_level_id": level}]);
    let system = json!("9a000000-0000-4000-8000-000000000020");
    check(&[
        (
            "/rule_trees/1/id",
            json!("9a000000-0000-4000-8000-000000000103"),
            "rule_trees[2].id",
            "duplicate_id",
        ),
        (
            "/rule_trees/0/trigger_events",
            json!(["LOG_IN"]),
            "rule_trees[0].trigger_events[0]",
            "event_not_found",
        ),
        (
            "/rule_trees/7/tier_assignments",
            json!([]),
            "rule_trees[7].tier_assignments",
            "tier_assignment_required",
        ),
        (
            "/rule_trees/5/tier_assignments",
            level(nowhere(), nowhere()),
            "rule_trees[5].tier_assignments[0].tier_system_id",
            "tier_system_not_found",
        ),
        (
            "/rule_trees/5/tier_assignments",
            level(system, nowhere()),
            "rule_trees[5].tier_assignments[0].tier_level_id",
            "tier_level_not_found",
        ),
    ]);
    let group = |tree: usize, mode: u32| {
        let tree = format!("/rule_trees/{tree}");
        [(format!("{tree}/exclusivity_group"), json!("g")), (format!("{tree}/exclusivity_mode"), json!(mode))]
    };
    let mixed: Vec<_> = group(0, 1).into_iter().chain(group(2, 2)).collect();
    let mixed: Vec<_> = mixed.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())).collect();
    assert_eq!(
        problems(&spoilt(&mixed)),
        [("rule_trees[2].exclusivity_mode".to_owned(), "exclusivity_invalid")]
    );
}

#[test]
fn nodes() {
    let (leaf, root) = ("/rule_trees/7/rules/0", "9a000000-0000-4000-8000-000000001080");
    let at = |member: &str| format!("rule_trees[7].rules[0].{member}");
    for (member, value, code) in [
        ("discriminator", json!(256), "not_supported"),
        ("discriminator", json!(3), "invalid_value"),
        ("lookback", json!({"value": 30, "uom": 0}), "rule_not_allowed"),
        ("parent_id", nowhere(), "rule_parent_unknown"),
        ("comparison", json!(6), "not_supported"),
        ("comparison", json!(11), "invalid_value"),
        ("target_balance", json!("much"), "invalid_value"),
        ("target_balance", Value::Null, "required"),
    ] {
        // A node that cannot be read has no constraints to judge.
        let bare = (format!("{leaf}/constraints"), json!([]));
        let changes = [(bare.0.as_str(), bare.1), (&*format!("{leaf}/{member}"), value.clone())];
        assert_eq!(problems(&spoilt(&changes)), [(at(member), code)], "{member} = {value}");
    }
    check(&[("/rule_trees/7/rules/0/parent_id", Value::Null, "rule_trees[7].rules[1]", "rule_root_missing")]);
    // The leaf is no group, so nothing can hang on it.
    let below =
        json!({"id": nowhere(), "parent_id": "9a000000-0000-4000-8000-000000001081", "discriminator": 1});
    check(&[("/rule_trees/7/rules/-", below, "rule_trees[7].rules[2].parent_id", "rule_parent_unknown")]);
    let again = json!({"id": root, "parent_id": "9a000000-0000-4000-8000-000000001080", "discriminator": 1});
    let found = problems(&spoilt(&[("/rule_trees/7/rules/-", again)]));
    assert!(found.contains(&("rule_trees[7].rules[2].id".to_owned(), "duplicate_id")));
    let elsewhere = json!({"id": nowhere(), "discriminator": 1, "children": [
        {"id": "9a000000-0000-4000-8000-00000000d001", "parent_id": root, "discriminator": 2048,
         "target_balance": 1}]});
    check(&[(
        "/rule_trees/7/rules",
        json!([elsewhere]),
        "rule_trees[7].rules[0].children[0].parent_id",
        "rule_parent_unknown",
    )]);
}

#[test]
fn nodes_where_they_do_not_belong() {
    let purchase = json!([{"id": nowhere(), "discriminator": 32768}]);
    let event = json!([{"id": nowhere(), "discriminator": 65536}]);
    let field = json!([{"id": nowhere(), "discriminator": 131_072, "data_path": "status", "comparison": 10}]);
    check(&[
        ("/rule_trees/7/rules", purchase, "rule_trees[7].rules[0].discriminator", "rule_not_allowed"),
        ("/rule_trees/7/rules", event.clone(), "rule_trees[7].rules[0].discriminator", "rule_not_allowed"),
        ("/rule_trees/7/rules", field, "rule_trees[7].rules[0].discriminator", "rule_not_allowed"),
        ("/rule_trees/0/rules", event, "rule_trees[0].rules[0].discriminator", "rule_not_allowed"),
    ]);
}

#[test]
fn nodes_in_a_circle() {
    let node = |id: u32, parent: Option<u32>| {
        let id_of = |n: u32| format!("9a000000-0000-4000-8000-00000000d00{n}");
        json!({"id": id_of(id), "parent_id": parent.map(id_of), "discriminator": 1})
    };
    let beside_the_root = json!([node(1, None), node(2, Some(3)), node(3, Some(2))]);
    let found = problems(&spoilt(&[("/rule_trees/0/rules", beside_the_root)]));
    let path = |n: usize| format!("rule_trees[0].rules[{n}].parent_id");
    assert_eq!(found, [(path(1), "rule_cycle"), (path(2), "rule_cycle")]);
    let found = problems(&spoilt(&[("/rule_trees/0/rules", json!([node(1, Some(1))]))]));
    assert_eq!(found, [(path(0), "rule_cycle"), ("rule_trees[0].rules".to_owned(), "rule_root_missing")]);
}

#[test]
fn limits_of_size() {
    let root = "9a000000-0000-4000-8000-00000000d000";
    let nodes = |count: usize| -> Value {
        let id = |n| format!("9a000000-0000-4000-8000-{n:012}");
        let child = |n| json!({"id": id(n), "parent_id": root, "discriminator": 32768});
        std::iter::once(json!({"id": root, "discriminator": 1})).chain((1..count).map(child)).collect()
    };
    assert!(compile(&spoilt(&[("/rule_trees/0/rules", nodes(200))]), "", "").is_ok());
    let constraints =
        |count: usize| -> Value { (0..count).map(|_| json!({"discriminator": 16384})).collect() };
    assert!(compile(&spoilt(&[("/rule_trees/0/rules/0/constraints", constraints(20))]), "", "").is_ok());
    let outcomes = |count: usize| -> Value {
        let outcome = |n| {
            json!({"id": format!("9a000000-0000-4000-8000-{n:012}"), "discriminator": 1, "amount": 1,
            "point_source_id": "9a000000-0000-4000-8000-000000000011",
            "point_account_ids": ["9a000000-0000-4000-8000-000000000001"]})
        };
        (0..count).map(outcome).collect()
    };
    assert!(compile(&spoilt(&[("/rule_trees/0/outcomes", outcomes(20))]), "", "").is_ok());
    let limits: Value = (0..21).map(|_| json!({"scope": 0, "max": 1, "uom": 7})).collect();
    check(&[
        ("/rule_trees/0/rules", nodes(201), "rule_trees[0].rules", "too_many_nodes"),
        (
            "/rule_trees/0/rules/0/constraints",
            constraints(21),
            "rule_trees[0].rules[0].constraints",
            "too_many_constraints",
        ),
        ("/rule_trees/0/outcomes", outcomes(21), "rule_trees[0].outcomes", "too_many_outcomes"),
        ("/rule_trees/0/limits", limits, "rule_trees[0].limits", "too_many_limits"),
    ]);
}

#[test]
fn constraints_on_moment_customer_and_ticket() {
    let at = "rule_trees[0].rules[0].constraints[0]";
    for (constraint, member, code) in [
        (json!({"discriminator": 128}), "", "constraint_invalid"),
        (json!({"discriminator": 128, "days": [7]}), ".days[0]", "out_of_range"),
        (json!({"discriminator": 128, "from": "24:00"}), ".from", "invalid_value"),
        (json!({"discriminator": 1}), "", "constraint_invalid"),
        (json!({"discriminator": 1, "last": {"value": 1, "uom": 0}}), ".last", "constraint_invalid"),
        (
            json!({"discriminator": 1, "start_date": "2017-02-01", "end_date": "2017-01-01"}),
            ".end_date",
            "date_window_invalid",
        ),
        (json!({"discriminator": 4}), ".payment_types", "constraint_invalid"),
        (
            json!({"discriminator": 4, "payment_types": ["Credit"], "minimum_share": 1.5}),
            ".minimum_share",
            "out_of_range",
        ),
        (
            json!({"discriminator": 256, "tier_level_ids": [nowhere()]}),
            ".tier_level_ids[0]",
            "tier_level_not_found",
        ),
        (
            json!({"discriminator": 512, "tags": ["x"], "audience_ids": [nowhere()]}),
            ".audience_ids",
            "not_supported",
        ),
        (json!({"discriminator": 512}), ".tags", "constraint_invalid"),
        (json!({"discriminator": 1024, "key": "a", "values": []}), ".values", "constraint_invalid"),
        (json!({"discriminator": 1024, "values": ["x"]}), ".key", "required"),
        (json!({"discriminator": 1024, "key": "a..b", "values": ["x"]}), ".key", "invalid_value"),
        (
            json!({"discriminator": 1024, "key": "a", "comparison": 6, "values": [2, 1]}),
            ".values",
            "constraint_invalid",
        ),
        (
            json!({"discriminator": 1024, "key": "a", "data_type": "duration", "values": [1]}),
            ".data_type",
            "not_supported",
        ),
        (
            json!({"discriminator": 1024, "key": "a", "data_type": "number", "values": ["x"], "comparison": 7}),
            ".values[0]",
            "invalid_value",
        ),
        (json!({"discriminator": 2048}), ".offer_ids", "constraint_invalid"),
        (json!({"discriminator": 8192, "code_list_id": nowhere()}), ".code_list_id", "not_supported"),
        (json!({"discriminator": 32768}), ".within", "required"),
        (json!({"discriminator": 32768, "within": {"value": 0, "uom": 0}}), ".within.value", "out_of_range"),
    ] {
        let path = format!("{at}{member}");
        check(&[("/rule_trees/0/rules/0/constraints/0", constraint, &path, code)]);
    }
}

#[test]
fn constraints() {
    let at = "rule_trees[0].rules[0].constraints[0]";
    let items = |members: Value| {
        let mut constraint = json!({"discriminator": 32, "items": [{"type": "sku", "id": "1"}]});
        constraint.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        constraint
    };
    for (constraint, member, code) in [
        (json!({"discriminator": 4096, "point_source_ids": []}), ".discriminator", "constraint_not_allowed"),
        (json!({"discriminator": 3}), ".discriminator", "invalid_value"),
        (json!({"discriminator": 8, "point_accounts": {}}), ".discriminator", "constraint_not_allowed"),
        (items(json!({"mode": "only"})), ".mode", "invalid_value"),
        (items(json!({"items": []})), ".items", "constraint_invalid"),
        (items(json!({"items": [{"type": "colour", "id": "red"}]})), ".items[0].type", "invalid_value"),
        (items(json!({"items": [{"type": "sku", "id": ""}]})), ".items[0].id", "required"),
        (items(json!({"min_quantity": -1})), ".min_quantity", "out_of_range"),
        (items(json!({"mode": "exclude", "require_all": true})), ".require_all", "constraint_invalid"),
        (json!({"discriminator": 16}), "", "constraint_invalid"),
        (json!({"discriminator": 16, "min": 2, "max": 1}), "", "constraint_invalid"),
        (json!({"discriminator": 16, "min": 2, "basis": "total"}), ".basis", "invalid_value"),
        (json!({"discriminator": 2, "store_ids": []}), ".store_ids", "constraint_invalid"),
        (json!({"discriminator": 2, "location_tags": []}), ".store_ids", "constraint_invalid"),
        (json!({"discriminator": 2, "location_tags": ["x"]}), ".location_tags[0]", "store_not_found"),
        (json!({"discriminator": 2, "brands": ["x"]}), ".brands[0]", "store_not_found"),
        (json!({"discriminator": 64}), ".channels", "constraint_invalid"),
    ] {
        let path = format!("{at}{member}");
        check(&[("/rule_trees/0/rules/0/constraints/0", constraint, &path, code)]);
    }
    let on_group = json!([{"discriminator": 16384}]);
    check(&[
        (
            "/rule_trees/0/rules/1/constraints",
            on_group,
            "rule_trees[0].rules[1].constraints[0].discriminator",
            "constraint_not_allowed",
        ),
        (
            "/rule_trees/7/rules/0/constraints/0/point_accounts",
            json!({"ffffffff-0000-4000-8000-000000000000": "x"}),
            "rule_trees[7].rules[0].constraints[0].point_accounts",
            "point_account_not_found",
        ),
    ]);
    // Stores can be held against a list only when there is one.
    let store = spoilt(&[(
        "/rule_trees/0/rules/0/constraints/0",
        json!({"discriminator": 2, "store_ids": [nowhere()]}),
    )]);
    assert!(compile(&store, "", "").is_ok());
    let found = compile(&store, STORES, "").unwrap_err();
    assert_eq!(
        (found[0].path.as_str(), found[0].code.as_str()),
        (&*format!("{at}.store_ids[0]"), "store_not_found")
    );
}

#[test]
fn outcomes_and_limits() {
    // Tree 3 gives by quantity, tree 2 by amount, tree 4 fixed points, tree 5 multiplies.
    for (tree, member, value, at, code) in [
        (2, "discriminator", json!(8), "discriminator", "not_supported"),
        (2, "discriminator", json!(3), "discriminator", "invalid_value"),
        (2, "delay", json!({"value": 1, "uom": 0}), "delay", "not_supported"),
        (3, "quantity_field", json!("items[].litres"), "quantity_field", "invalid_value"),
        (2, "point_source_id", nowhere(), "point_source_id", "point_source_not_found"),
        (2, "point_account_ids", json!([]), "point_account_ids", "required"),
        (2, "point_account_ids", json!([nowhere()]), "point_account_ids[0]", "point_account_not_found"),
        (
            2,
            "point_account_ids",
            json!(["9a000000-0000-4000-8000-000000000002"]),
            "point_source_id",
            "point_source_not_linked",
        ),
        (2, "rate", json!(0), "rate", "out_of_range"),
        (2, "rate", json!("2"), "rate", "invalid_value"),
        (2, "per_amount", json!(-1), "per_amount", "out_of_range"),
        (2, "basis", json!(4), "basis", "out_of_range"),
        (2, "hurdle", json!(0.00001), "hurdle", "invalid_value"),
        (2, "max_points", json!(0), "max_points", "out_of_range"),
        (2, "rounding_mode", json!(5), "rounding_mode", "out_of_range"),
        (2, "rounding_precision", json!(5), "rounding_precision", "out_of_range"),
        (3, "quantity_per_award", json!(0), "quantity_per_award", "out_of_range"),
        (3, "decimal_precision", json!(7), "decimal_precision", "out_of_range"),
        (3, "points", Value::Null, "points", "required"),
        (4, "amount", json!(-25), "amount", "out_of_range"),
        (5, "factor", json!(0.5), "factor", "out_of_range"),
        (5, "combine", json!("sum"), "combine", "invalid_value"),
        (5, "applies_to", json!([nowhere()]), "applies_to[0]", "rule_tree_not_found"),
        (5, "applies_to", json!(["no-such-group"]), "applies_to[0]", "exclusivity_group_unknown"),
        (
            5,
            "applies_to",
            json!(["9a000000-0000-4000-8000-000000000108"]),
            "applies_to[0]",
            "rule_tree_not_found",
        ),
    ] {
        let pointer = format!("/rule_trees/{tree}/outcomes/0/{member}");
        check(&[(&pointer, value, &format!("rule_trees[{tree}].outcomes[0].{at}"), code)]);
    }
}

#[test]
fn outcomes_of_entering_a_level() {
    let outcome = |number: u32, members: Value| {
        let mut outcome = json!({"id": nowhere(), "discriminator": number,
                                 "point_source_id": "9a000000-0000-4000-8000-000000000011",
                                 "point_account_ids": ["9a000000-0000-4000-8000-000000000001"]});
        outcome.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        ("/rule_trees/7/outcomes", json!([outcome]))
    };
    let system = json!({"tier_system_id": "9a000000-0000-4000-8000-000000000020", "direction": "up"});
    let limit = json!([{"scope": 0, "max": 1, "uom": 0}]);
    for known in [
        outcome(1, json!({"amount": 5, "limits": limit})),
        outcome(16, system.clone()),
        outcome(32, json!({"amount": 5})),
        outcome(64, json!({"tags": ["x"]})),
        outcome(512, json!({})),
        outcome(2048, system),
    ] {
        assert!(compile(&spoilt(&[known, ("/rule_trees/7/limits/-", limit[0].clone())]), "", "").is_ok());
    }
    let multiplier = json!({"factor": 2, "combine": "add", "applies_to": "all"});
    for ((pointer, outcomes), member, code) in [
        (outcome(2, json!({"rate": 1})), "discriminator", "outcome_not_allowed"),
        (outcome(4, json!({"points": 1, "quantity_per_award": 1})), "discriminator", "outcome_not_allowed"),
        (outcome(4096, multiplier), "discriminator", "outcome_not_allowed"),
        (outcome(32, json!({"rate": 1})), "rate", "outcome_not_allowed"),
        (outcome(8, json!({})), "discriminator", "not_supported"),
    ] {
        check(&[(pointer, outcomes, &format!("rule_trees[7].outcomes[0].{member}"), code)]);
    }
}

#[test]
fn limits() {
    for (limit, member, code) in [
        (json!([{"scope": 2, "max": 1, "uom": 0}]), "scope", "limit_invalid"),
        (json!([{"scope": 0, "max": 1.5, "uom": 0}]), "max", "limit_invalid"),
        (json!([{"scope": 1, "max": 0, "uom": 0}]), "max", "limit_invalid"),
        (json!([{"scope": 0, "max": 1, "uom": 9}]), "uom", "limit_invalid"),
        (json!([{"scope": 0, "max": 1, "uom": 0, "value": 0}]), "value", "limit_invalid"),
        (json!([{"scope": 0, "max": 1, "uom": 0, "window": 2}]), "window", "limit_invalid"),
    ] {
        check(&[(
            "/rule_trees/5/outcomes/0/limits",
            limit.clone(),
            &format!("rule_trees[5].outcomes[0].limits[0].{member}"),
            code,
        )]);
        check(&[("/rule_trees/0/limits", limit, &format!("rule_trees[0].limits[0].{member}"), code)]);
    }
}

#[test]
fn text_that_is_no_json() {
    assert_eq!(problems("{\"retailer\": "), [(String::new(), "syntax_error")]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(problems(&deep), [(String::new(), "syntax_error")]);
    let found = |stores, catalog| -> Vec<_> {
        let problems = compile(GROCERY, stores, catalog).unwrap_err();
        problems.into_iter().map(|problem| (problem.path, problem.code.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(found("[{]", ""), [("stores".to_owned(), "syntax_error")]);
    let id = "0b000000-0000-4000-8000-000000000001";
    let stores =
        format!(r#"[{{"store_id": "{id}"}}, {{"number": "2"}}, {{"store_id": "{id}", "time_zone": "X"}}]"#);
    assert_eq!(
        found(&stores, ""),
        [
            ("stores[1].store_id".to_owned(), "required"),
            ("stores[2].time_zone".to_owned(), "time_zone_unknown"),
            ("stores[2].store_id".to_owned(), "duplicate_id"),
        ]
    );
    let above = |id: u32, parent: u32| {
        let guid = |n: u32| format!("0b000000-0000-4000-8000-{n:012}");
        json!({"store_id": guid(id), "parent_location_id": guid(parent)})
    };
    // Above itself, above one that is above itself, and below one that is not there.
    let stores = json!([above(1, 2), above(2, 1), above(3, 1), above(4, 4), above(5, 6)]).to_string();
    assert_eq!(
        found(&stores, ""),
        [
            ("stores[0].parent_location_id".to_owned(), "invalid_value"),
            ("stores[1].parent_location_id".to_owned(), "invalid_value"),
            ("stores[3].parent_location_id".to_owned(), "invalid_value"),
            ("stores[4].parent_location_id".to_owned(), "store_not_found"),
        ]
    );
    let catalog = "{\"item_id\": \"1\"}\n\nnonsense\n{\"item_id\": \"1\"}\n{\"brand\": 5}";
    assert_eq!(
        found("", catalog),
        [
            ("catalog:3".to_owned(), "syntax_error"),
            ("catalog:4.item_id".to_owned(), "duplicate_id"),
            ("catalog:5.item_id".to_owned(), "required"),
            ("catalog:5.brand".to_owned(), "invalid_value"),
        ]
    );
}

#[test]
fn all_problems_are_reported_together_with_words() {
    let text = spoilt(&[
        ("/retailer/name", Value::Null),
        ("/point_accounts/1/name", json!(5)),
        ("/tier_systems/0/tier_levels/2/rank", json!("high")),
        ("/rule_trees/0/outcomes/0/rate", json!(true)),
        ("/rule_trees/8/tree_type", json!(9)),
        ("/rule_trees/9", json!("no tree")),
    ]);
    let found = compile(&text, "[{}]", "{}").unwrap_err();
    let paths: Vec<_> = found.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "stores[0].store_id",
            "catalog:1.item_id",
            "retailer.name",
            "point_accounts[1].name",
            "tier_systems[0].tier_levels[2].rank",
            "rule_trees[9]",
            "rule_trees[0].outcomes[0].rate",
            "rule_trees[8].tree_type",
        ]
    );
    assert!(found.iter().all(|problem| !problem.message.is_empty()));
    assert!(found[7].to_string().contains("9 is no tree type"), "{}", found[7]);
}
