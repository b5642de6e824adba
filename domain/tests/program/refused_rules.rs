//! What is refused of events, of nodes that count or look at the customer, and of outcomes that give no points, with
//! its path and code (incentives.md 6.2, 6.5, 7.12, 7.14).

use serde_json::{Value, json};

use crate::documents::*;

/// One change, one problem.
fn check(pointer: &str, value: Value, path: &str, code: &str) {
    let found = problems(&spoilt(&[(pointer, value.clone())]));
    assert_eq!(found.len(), 1, "{pointer} = {value}: {found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1), (path, code), "{pointer} = {value}");
}

const ACCOUNT: &str = "9a000000-0000-4000-8000-000000000001";
const SYSTEM: &str = "9a000000-0000-4000-8000-000000000020";

#[test]
fn events() {
    let event = |lookup: &str| json!({"id": nowhere(), "event_lookup": lookup});
    for (events, path, code) in [
        (json!([event("earn_points")]), "events[0].event_lookup", "event_reserved"),
        (json!([event("app installed")]), "events[0].event_lookup", "invalid_value"),
        (json!([event(&"X".repeat(65))]), "events[0].event_lookup", "invalid_value"),
        (json!([{"id": nowhere()}]), "events[0].event_lookup", "required"),
        (json!([{"event_lookup": "A"}]), "events[0].id", "required"),
        (
            json!([event("A"), {"id": ACCOUNT, "event_lookup": "a"}]),
            "events[1].event_lookup",
            "duplicate_name",
        ),
    ] {
        check("/events", events, path, code);
    }
}

#[test]
fn nodes_that_count() {
    for (members, member, code) in [
        (json!({"discriminator": 4}), "target_count", "required"),
        (json!({"discriminator": 4, "target_count": -1}), "target_count", "out_of_range"),
        (
            json!({"discriminator": 4, "target_count": 1, "lookback": {"value": 0, "uom": 0}}),
            "lookback.value",
            "out_of_range",
        ),
        (
            json!({"discriminator": 4, "target_count": 1, "lookback": {"value": 1, "uom": 9}}),
            "lookback.uom",
            "invalid_value",
        ),
        (
            json!({"discriminator": 8, "target_count": 1, "event_lookup": "LOG_IN"}),
            "event_lookup",
            "event_not_found",
        ),
        (json!({"discriminator": 16, "target_points": 1, "comparison": 6}), "comparison", "not_supported"),
        (
            json!({"discriminator": 32, "target_points": 1, "constraints": [{"discriminator": 2}]}),
            "constraints[0].discriminator",
            "constraint_not_allowed",
        ),
        (json!({"discriminator": 64, "target_amount": 1, "amount_basis": 4}), "amount_basis", "out_of_range"),
        (
            json!({"discriminator": 128, "target_quantity": 1001, "distinct": true}),
            "target_quantity",
            "out_of_range",
        ),
    ] {
        check_node(&members, member, code);
    }
}

/// One node as the only one of a tree, one problem.
fn check_node(members: &Value, member: &str, code: &str) {
    let mut node = json!({"id": nowhere()});
    node.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    check("/rule_trees/0/rules", json!([node]), &format!("rule_trees[0].rules[0].{member}"), code);
}

#[test]
fn nodes_that_look_at_the_customer() {
    for (members, member, code) in [
        (
            json!({"discriminator": 512, "tier_system_id": nowhere()}),
            "tier_system_id",
            "tier_system_not_found",
        ),
        (
            json!({"discriminator": 512, "tier_system_id": SYSTEM, "tier_level_ids": [nowhere()]}),
            "tier_level_ids[0]",
            "tier_level_not_found",
        ),
        (json!({"discriminator": 1024, "tags": ["x"], "match": "some"}), "match", "invalid_value"),
        (json!({"discriminator": 1024, "audience_ids": [nowhere()]}), "audience_ids", "not_supported"),
        (
            json!({"discriminator": 8192, "attribute": "shoe_size", "values": [1]}),
            "attribute",
            "invalid_value",
        ),
        (json!({"discriminator": 16384, "counter_name": "visits"}), "target_value", "required"),
        (
            json!({"discriminator": 131_072, "data_path": "items[].", "comparison": 10}),
            "data_path",
            "invalid_value",
        ),
        (
            json!({"discriminator": 131_072, "data_path": "items[].status", "values": ["a"], "aggregate": "sum"}),
            "aggregate",
            "invalid_value",
        ),
        (
            json!({"discriminator": 8192, "attribute": "city", "values": [1], "constraints": [{"discriminator": 1}]}),
            "constraints[0].discriminator",
            "constraint_not_allowed",
        ),
    ] {
        check_node(&members, member, code);
    }
}

#[test]
fn outcomes_that_give_no_points() {
    for (members, member, code) in [
        (json!({"discriminator": 32, "amount": 5}), "point_account_ids", "required"),
        (json!({"discriminator": 32, "point_account_ids": [ACCOUNT]}), "amount", "required"),
        (
            json!({"discriminator": 32, "point_account_ids": [ACCOUNT], "amount": 1, "rate": 1}),
            "amount",
            "invalid_value",
        ),
        (
            json!({"discriminator": 512, "point_account_ids": [ACCOUNT], "percentage": 101}),
            "percentage",
            "out_of_range",
        ),
        (json!({"discriminator": 64}), "tags", "required"),
        (json!({"discriminator": 64, "tags": ["x"], "action": "toggle"}), "action", "invalid_value"),
        (json!({"discriminator": 16, "tier_system_id": SYSTEM}), "tier_level_id", "required"),
        (
            json!({"discriminator": 16, "tier_system_id": SYSTEM, "direction": "left"}),
            "direction",
            "invalid_value",
        ),
        (
            json!({"discriminator": 16, "tier_system_id": SYSTEM, "tier_level_id": nowhere()}),
            "tier_level_id",
            "tier_level_not_found",
        ),
        (
            json!({"discriminator": 2048, "tier_system_id": nowhere()}),
            "tier_system_id",
            "tier_system_not_found",
        ),
        (json!({"discriminator": 128}), "event_lookup", "required"),
        (json!({"discriminator": 128, "event_lookup": "LOG_IN"}), "event_lookup", "event_not_found"),
        (
            json!({"discriminator": 128, "event_lookup": "COMPLETE_TRANSACTION"}),
            "event_lookup",
            "event_reserved",
        ),
        (json!({"discriminator": 8}), "discriminator", "not_supported"),
        (json!({"discriminator": 256}), "discriminator", "not_supported"),
        (json!({"discriminator": 1024}), "discriminator", "not_supported"),
    ] {
        let mut outcome = json!({"id": nowhere()});
        outcome.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let path = format!("rule_trees[0].outcomes[0].{member}");
        check("/rule_trees/0/outcomes", json!([outcome]), &path, code);
    }
}

#[test]
fn event_trees() {
    let event = json!([{"id": nowhere(), "event_lookup": "SURVEY"}]);
    let outcome = json!({"id": nowhere(), "discriminator": 64, "tags": ["x"]});
    let tree = |members: Value| {
        let mut tree = json!({"id": nowhere(), "name": "Event", "status": 2, "tree_type": 2,
            "trigger_events": ["SURVEY"], "outcomes": [outcome],
            "rules": [{"id": nowhere(), "discriminator": 65536}]});
        tree.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        spoilt(&[("/events", event.clone()), ("/rule_trees/-", tree)])
    };
    assert!(compile(&tree(json!({})), "", "").is_ok());
    assert!(compile(&tree(json!({"trigger_events": ["tier_demoted"]})), "", "").is_ok());
    for (members, member, code) in [
        (json!({"trigger_events": []}), "trigger_events", "required"),
        (json!({"trigger_events": ["LOG_IN"]}), "trigger_events[0]", "event_not_found"),
        (json!({"trigger_events": ["OFFER_PURCHASED"]}), "trigger_events[0]", "not_supported"),
        (json!({"outcomes": []}), "outcomes", "outcome_required"),
        (
            json!({"rules": [{"id": nowhere(), "discriminator": 32768}]}),
            "rules[0].discriminator",
            "rule_not_allowed",
        ),
        (
            json!({"outcomes": [{"id": nowhere(), "discriminator": 2, "rate": 1, "point_account_ids": [ACCOUNT],
                "point_source_id": "9a000000-0000-4000-8000-000000000011"}]}),
            "outcomes[0].discriminator",
            "outcome_not_allowed",
        ),
    ] {
        let found = problems(&tree(members.clone()));
        let last = found.iter().find(|(path, _)| path.ends_with(member));
        assert_eq!(found.len(), 1, "{members}: {found:?}");
        assert_eq!(last.map(|(_, code)| *code), Some(code), "{members}: {found:?}");
    }
}
