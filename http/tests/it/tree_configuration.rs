//! Rule trees and templates as they are configured (incentives.md 7.13, 7.14).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{POINTS, RETAILER, STATUS, STORE, Server, run, sale},
};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const CLUB: &str = "9a000000-0000-4000-8000-000000000020";
const MEMBER: &str = "9a000000-0000-4000-8000-000000000021";
const NOBODY: &str = "9a000000-0000-4000-8000-00000000ffff";

/// 100 points for a purchase at the store; ids as a caller writes them who has none.
fn bonus(status: i64) -> Value {
    json!({
        "name": "Store bonus", "description": "For the opening", "status": status, "tree_type": 1, "priority": 300,
        "tier_assignments": [{"tier_system_id": CLUB, "tier_level_id": MEMBER}], "end_date": null,
        "rules": [
            {"id": "n1", "rank": 0, "discriminator": 1, "is_new": true, "constraints": []},
            {"id": "n2", "parent_id": "n1", "rank": 1, "discriminator": 32768, "is_new": true, "constraints": [
                {"discriminator": 2, "store_ids": [STORE], "rank": 0, "is_new": true}]},
            {"id": "n3", "parent_id": "n1", "rank": 0, "discriminator": 2048, "target_balance": 0, "is_new": true,
             "comparison": 4, "constraints": [
                {"discriminator": 8, "point_accounts": {POINTS: "old name"}, "rank": 0, "is_new": true}]},
        ],
        "outcomes": [{"discriminator": 1, "rank": 0, "is_new": true, "point_source_id": SOURCE,
                      "point_account_ids": [POINTS], "amount": 100}],
    })
}

async fn create(server: &Server, tree: Value) -> Value {
    done(server, "dynamic_rule_tree/create", tree).await["dynamic_rule_tree"].clone()
}

async fn points(server: &Server, user: &str) -> Value {
    let balances = done(server, "user_points/balance", json!({"user_id": user})).await;
    balances["summary"]["total_points"].clone()
}

#[test]
fn a_tree_is_shown_flat_with_leaves_first_and_pays_when_live() {
    run(async |server| {
        let tree = create(&server, bonus(0)).await;
        assert_eq!(
            (&tree["version"], &tree["status"], &tree["description"]),
            (&json!(1), &json!(0), &json!("For the opening"))
        );
        assert!(tree.get("end_date").is_none(), "nulls are omitted");
        let rules = tree["rules"].as_array().unwrap();
        let kinds: Vec<_> = rules.iter().map(|rule| rule["discriminator"].as_i64().unwrap()).collect();
        assert_eq!(kinds, [2048, 32768, 1]);
        let root = &rules[2];
        assert!(
            root.get("parent_id").is_none() && root["is_new"] == false && root["retailer_id"] == RETAILER
        );
        assert!(rules[..2].iter().all(|rule| rule["parent_id"] == root["id"]));
        let constraint = &rules[0]["constraints"][0];
        assert_eq!(constraint["point_accounts"], json!({POINTS: "Points"}));
        assert_eq!((&constraint["rule_id"], &constraint["is_new"]), (&rules[0]["id"], &json!(false)));

        server.member("900").await;
        server.till(&sale("r1", "T1", "900", 10.0)).await;
        let before = points(&server, "900").await.as_i64().unwrap();
        let live =
            done(&server, "dynamic_rule_tree/set_status", json!({"id": tree["id"], "status": 2})).await;
        assert_eq!((&live["dynamic_rule_tree"]["status"], &live["warnings"]), (&json!(2), &json!([])));
        server.till(&sale("r2", "T2", "900", 10.0)).await;
        assert_eq!(points(&server, "900").await, json!(2 * before + 100));
        done(&server, "dynamic_rule_tree/set_status", json!({"id": tree["id"], "status": 1})).await;
        server.till(&sale("r3", "T3", "900", 10.0)).await;
        assert_eq!(points(&server, "900").await, json!(3 * before + 100));
        // What was bought while the tree was live is judged by the program of then.
        let mut back = sale("r4", "T2", "900", 10.0);
        back["request_payload"]["modified_time"] = json!("2017-01-31T12:30:00Z");
        back["request_payload"]["is_voided"] = json!(true);
        server.till(&back).await;
        assert_eq!(points(&server, "900").await, json!(2 * before));
    });
}

#[test]
fn a_draft_may_be_incomplete_and_is_judged_when_it_goes_live() {
    run(async |server| {
        let mut draft = bonus(0);
        draft["outcomes"] = json!([]);
        draft["rules"][1]["constraints"][0]["store_ids"] = json!([NOBODY]);
        let tree = create(&server, draft.clone()).await;
        let live = json!({"id": tree["id"], "status": 2});
        let answer = ask(&server, "dynamic_rule_tree/set_status", live).await.json();
        let listed = answer["errors"]["problems"].as_array().unwrap();
        let listed: Vec<_> = listed
            .iter()
            .map(|found| (found["path"].as_str().unwrap(), found["code"].as_str().unwrap()))
            .collect();
        assert_eq!(
            listed,
            [("rules[1].constraints[0].store_ids[0]", "store_not_found"), ("outcomes", "outcome_required")]
        );
        let valid = done(&server, "dynamic_rule_tree/validate", draft).await;
        assert_eq!(
            (&valid["valid"], valid["problems"].as_array().unwrap().len()),
            (&json!(false), 3),
            "{valid}"
        );
        let mut other = bonus(2);
        other["name"] = json!("Another");
        assert_eq!(done(&server, "dynamic_rule_tree/validate", other).await["valid"], true);
        assert_eq!(
            done(&server, "dynamic_rule_tree/fetch", json!({"name_contains": "another"})).await["total_records"],
            0
        );
        assert_eq!(
            done(&server, "dynamic_rule_tree/delete", json!({"id": tree["id"]})).await["success"],
            true
        );
        assert_eq!(
            refused(&server, "dynamic_rule_tree/get", json!({"id": tree["id"]})).await.1,
            "rule_tree_not_found"
        );
    });
}

#[test]
fn what_is_wrong_with_a_tree_is_named_by_its_path() {
    run(async |server| {
        for (pointer, value, code, path) in [
            ("/name", json!(""), "invalid_request", "name"),
            ("/tree_type", json!(9), "invalid_request", "tree_type"),
            ("/priority", json!(1001), "invalid_request", "priority"),
            ("/rules/0/parent_id", json!("n1"), "rule_cycle", "rules[0].parent_id"),
            ("/rules/1/parent_id", Value::Null, "rule_root_missing", "rules[1]"),
            ("/rules/1/parent_id", json!("n9"), "invalid_request", "rules[1].parent_id"),
            ("/rules/1/parent_id", json!(NOBODY), "rule_parent_unknown", "rules[1].parent_id"),
            ("/rules/0/discriminator", json!(32768), "rule_parent_unknown", "rules[1].parent_id"),
            ("/outcomes", json!([]), "outcome_required", "outcomes"),
            (
                "/outcomes/0/point_account_ids/0",
                json!(STATUS),
                "point_source_not_linked",
                "outcomes[0].point_source_id",
            ),
            (
                "/tier_assignments/0/tier_level_id",
                json!(NOBODY),
                "tier_level_not_found",
                "tier_assignments[0].tier_level_id",
            ),
            ("/trigger_events", json!(["BIRTHDAY"]), "event_not_found", "trigger_events[0]"),
            ("/limits", json!([{"max": 0, "uom": 0}]), "limit_invalid", "limits[0].max"),
            ("/template_id", json!(NOBODY), "template_not_found", "template_id"),
        ] {
            let mut tree = bonus(2);
            let (object, name) = pointer.rsplit_once('/').unwrap();
            match tree.pointer_mut(pointer) {
                Some(member) => *member = value,
                None => tree.pointer_mut(object).unwrap()[name] = value,
            }
            let found = refused(&server, "dynamic_rule_tree/create", tree).await;
            assert_eq!((found.1.as_str(), found.2.as_str()), (code, path), "{pointer}");
        }
        let mut many = bonus(0);
        many["rules"] = (0..201).map(|_| json!({"discriminator": 1})).collect();
        assert_eq!(refused(&server, "dynamic_rule_tree/create", many).await.1, "too_many_nodes");
    });
}

#[test]
fn sixteen_edits_of_one_version_and_one_wins() {
    run(async |server| {
        let tree = create(&server, bonus(2)).await;
        let edit = |number: usize| {
            let mut edited = tree.clone();
            edited["name"] = json!(format!("Name {number}"));
            ask(&server, "dynamic_rule_tree/update", edited)
        };
        let answers = join_all((0..16).map(edit)).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 1);
        assert!(
            lost.iter()
                .all(|answer| answer.status == 409 && answer.json()["errors"]["code"] == "version_conflict")
        );
        let now = done(&server, "dynamic_rule_tree/get", json!({"id": tree["id"]})).await;
        assert_eq!(now["dynamic_rule_tree"], won[0].json()["payload"]["dynamic_rule_tree"]);
        assert_eq!(
            (&now["dynamic_rule_tree"]["version"], &now["dynamic_rule_tree"]["rules"]),
            (&json!(2), &tree["rules"])
        );
        let first = done(&server, "dynamic_rule_tree/get", json!({"id": tree["id"], "version": 1})).await;
        assert_eq!(first["dynamic_rule_tree"], tree);
        let versions = done(&server, "dynamic_rule_tree/fetch_versions", json!({"id": tree["id"]})).await;
        let numbers: Vec<_> =
            versions["results"].as_array().unwrap().iter().map(|row| row["version"].clone()).collect();
        assert_eq!(numbers, [json!(1), json!(2)]);
    });
}

#[test]
fn statuses_go_one_way() {
    run(async |server| {
        let id = create(&server, bonus(2)).await["id"].clone();
        let status = |status: i64| json!({"id": id, "status": status});
        assert_eq!(refused(&server, "dynamic_rule_tree/set_status", status(0)).await.2, "status");
        assert_eq!(
            refused(&server, "dynamic_rule_tree/delete", json!({"id": id})).await.1,
            "rule_tree_not_draft"
        );
        let twin = json!({"id": id, "name": "Twin"});
        let twin = done(&server, "dynamic_rule_tree/duplicate", twin).await["dynamic_rule_tree"].clone();
        assert_eq!((&twin["status"], &twin["version"]), (&json!(0), &json!(1)));
        assert_ne!(
            twin["outcomes"][0]["id"],
            done(&server, "dynamic_rule_tree/get", json!({"id": id})).await["dynamic_rule_tree"]["outcomes"]
                [0]["id"]
        );
        let same = json!({"id": id, "name": "Twin"});
        assert_eq!(refused(&server, "dynamic_rule_tree/duplicate", same).await.1, "duplicate_name");
        let archived =
            done(&server, "dynamic_rule_tree/set_status", status(3)).await["dynamic_rule_tree"].clone();
        assert_eq!(refused(&server, "dynamic_rule_tree/set_status", status(2)).await.1, "rule_tree_archived");
        assert_eq!(refused(&server, "dynamic_rule_tree/update", archived).await.1, "rule_tree_archived");
        let shown = done(
            &server,
            "dynamic_rule_tree/fetch",
            json!({"status": 3, "tree_type": 1, "tier_level_id": MEMBER}),
        )
        .await;
        assert_eq!((&shown["total_records"], &shown["results"][0]["id"]), (&json!(1), &id));
    });
}

#[test]
fn templates_have_versions_that_trees_keep() {
    run(async |server| {
        let template = json!({
            "name": "Retail purchase", "rule_type": 1,
            "qualifiers": [{"key": "spend", "display_text": "Spends {target}", "discriminator": 64,
                            "variables": [{"name": "target", "data_type": "decimal"}],
                            "allowed_constraints": ["store"]}],
            "constraints": [{"key": "store", "display_text": "at {store_ids}", "discriminator": 2, "variables": []}],
            "outcomes": []});
        let made =
            done(&server, "dynamic_rule_template/create", template.clone()).await["dynamic_rule_template"]
                .clone();
        let id = &made["id"];
        let mut tree = bonus(0);
        tree["template_id"] = id.clone();
        let tree = create(&server, tree).await;
        assert_eq!(tree["template_version"], 1);
        let mut next = made.clone();
        next["name"] = json!("Retail");
        let next = done(&server, "dynamic_rule_template/update", next).await["dynamic_rule_template"].clone();
        assert_eq!(next["version"], 2);
        assert_eq!(
            refused(&server, "dynamic_rule_template/update", made.clone()).await.1,
            "version_conflict"
        );
        assert_eq!(
            refused(&server, "dynamic_rule_template/delete", json!({"id": id})).await.1,
            "template_in_use"
        );
        let upgraded = json!({"id": tree["id"], "template_version": 2});
        let upgraded = done(&server, "dynamic_rule_tree/upgrade_template", upgraded).await;
        assert_eq!(upgraded["dynamic_rule_tree"]["template_version"], 2);
        done(&server, "dynamic_rule_template/set_status", json!({"id": id, "status": 2})).await;
        let live = done(&server, "dynamic_rule_template/fetch", json!({"rule_type": 1, "status": 2})).await;
        assert_eq!((&live["total_records"], &live["results"][0]["version"]), (&json!(1), &json!(3)));
        let mut twice = template.clone();
        twice["name"] = json!("Twice");
        twice["constraints"] = json!([{"key": "store"}, {"key": "store"}]);
        assert_eq!(
            refused(&server, "dynamic_rule_template/create", twice).await,
            (400, "template_key_duplicate".to_owned(), "constraints[1].key".to_owned())
        );
        let mut unknown = template;
        unknown["name"] = json!("Unknown");
        unknown["qualifiers"][0]["display_text"] = json!("Spends {amount}");
        assert_eq!(
            refused(&server, "dynamic_rule_template/create", unknown).await,
            (400, "template_variable_unknown".to_owned(), "qualifiers[0].display_text".to_owned())
        );
        assert_eq!(
            refused(&server, "dynamic_rule_template/get", json!({"id": NOBODY})).await.1,
            "template_not_found"
        );
        done(&server, "dynamic_rule_tree/delete", json!({"id": tree["id"]})).await;
        assert_eq!(done(&server, "dynamic_rule_template/delete", json!({"id": id})).await["success"], true);
    });
}
