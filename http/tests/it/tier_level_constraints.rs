//! What is for members of certain tier levels only (incentives.md 7.7).

use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{POINTS, RETAILER, STORE, Server, run, sale},
};

const BONUSES: &str = "9a000000-0000-4000-8000-000000000012";
const BASE_EARN: &str = "9a000000-0000-4000-8000-000000000101";
const CLUB: &str = "9a000000-0000-4000-8000-000000000020";
const MEMBER: &str = "9a000000-0000-4000-8000-000000000021";
const GOLD: &str = "9a000000-0000-4000-8000-000000000023";
const REWARDS: &str = "9c000000-0000-4000-8000-00000000000A";
const NOBODY: &str = "9a000000-0000-4000-8000-00000000ffff";

fn constraint(entity_type: &str, entity_id: &str, levels: &[&str]) -> Value {
    json!({"entity_type": entity_type, "entity_id": entity_id, "tier_system_id": CLUB, "tier_level_ids": levels})
}

async fn save(server: &Server, body: Value) -> Value {
    done(server, "tier_level_constraints/save", body).await["tier_level_constraint"].clone()
}

async fn fetched(server: &Server, body: Value) -> Value {
    done(server, "tier_level_constraints/fetch", body).await
}

/// Whether a customer may use something, and how many constraints say no.
async fn allowed(server: &Server, user: &str, entity_type: &str, entity: &str) -> (bool, usize) {
    let body = json!({"user_id": user, "entity_type": entity_type, "entity_ids": [entity]});
    let answer = done(server, "tier_level_constraints/validate", body).await;
    let row = &answer["results"][0];
    assert_eq!(row["entity_id"], entity, "echoed as it was sent");
    (row["allowed"].as_bool().unwrap(), row["failed_constraint_ids"].as_array().unwrap().len())
}

async fn promote(server: &Server, user: &str) {
    let body = json!({"user_id": user, "tier_system_id": CLUB, "tier_level_id": GOLD});
    done(server, "movement/move_user", body).await;
}

#[test]
fn a_constraint_is_saved_fetched_changed_and_deleted() {
    run(async |server| {
        let mut sent = constraint("reward_store", REWARDS, &[&GOLD.to_uppercase()]);
        (sent["note"], sent["id"], sent["version"]) = (json!("top floor"), json!(""), json!(0));
        let made = save(&server, sent.clone()).await;
        assert_eq!(
            (
                &made["version"],
                &made["mode"],
                &made["min_days_in_level"],
                &made["note"],
                &made["retailer_id"]
            ),
            (&json!(1), &json!("include"), &json!(0), &json!("top floor"), &json!(RETAILER))
        );
        save(&server, constraint("offer", NOBODY, &[MEMBER])).await;

        let mut changed = made.clone();
        changed["min_days_in_level"] = json!(30);
        let changed = save(&server, changed).await;
        assert_eq!((&changed["version"], &changed["min_days_in_level"]), (&json!(2), &json!(30)));
        assert_eq!(
            refused(&server, "tier_level_constraints/save", made.clone()).await,
            (409, "version_conflict".to_owned(), String::new())
        );

        let all = fetched(&server, json!({"entity_type": "reward_store"})).await;
        assert_eq!((&all["total_records"], &all["results"]), (&json!(1), &json!([changed])));
        let asked = json!({"entity_type": "reward_store", "entity_ids": [REWARDS.to_lowercase(), NOBODY]});
        assert_eq!(fetched(&server, asked).await["total_records"], 1);
        let asked = json!({"entity_type": "offer", "entity_ids": [REWARDS]});
        assert_eq!(fetched(&server, asked).await, json!({"total_records": 0, "results": []}));
        let page = fetched(&server, json!({"entity_type": "offer", "skip": 1})).await;
        assert_eq!(page, json!({"total_records": 1, "results": []}));

        let seen_before = json!({"id": made["id"], "version": 1});
        assert_eq!(
            refused(&server, "tier_level_constraints/delete", seen_before).await.1,
            "version_conflict"
        );
        let gone = done(&server, "tier_level_constraints/delete", json!({"id": made["id"]})).await;
        assert_eq!(gone, json!({"success": true}));
        assert_eq!(
            refused(&server, "tier_level_constraints/delete", json!({"id": made["id"]})).await,
            (404, "tier_level_constraint_not_found".to_owned(), String::new())
        );
    });
}

#[test]
fn what_is_wrong_with_a_constraint_is_named_and_changes_nothing() {
    run(async |server| {
        let good = constraint("rule_tree", BASE_EARN, &[GOLD]);
        for (member, value, status, code, path) in [
            ("id", json!(NOBODY), 404, "tier_level_constraint_not_found", ""),
            ("id", json!("x"), 400, "invalid_request", "id"),
            ("entity_type", json!("campaign"), 400, "invalid_request", "entity_type"),
            ("entity_type", Value::Null, 400, "invalid_request", "entity_type"),
            ("entity_type", json!("point_source"), 404, "point_source_not_found", "entity_id"),
            ("entity_id", json!(""), 400, "invalid_request", "entity_id"),
            ("entity_id", json!(NOBODY), 404, "rule_tree_not_found", "entity_id"),
            ("tier_system_id", json!(NOBODY), 404, "tier_system_not_found", "tier_system_id"),
            ("tier_level_ids", json!([GOLD, NOBODY]), 404, "tier_level_not_found", "tier_level_ids[1]"),
            ("tier_level_ids", json!([]), 400, "invalid_request", "tier_level_ids"),
            ("mode", json!("both"), 400, "invalid_request", "mode"),
            ("min_days_in_level", json!(-1), 400, "invalid_request", "min_days_in_level"),
        ] {
            let mut body = good.clone();
            body[member] = value;
            let found = refused(&server, "tier_level_constraints/save", body.clone()).await;
            assert_eq!(found, (status, code.to_owned(), path.to_owned()), "{body}");
        }
        let made = save(&server, good.clone()).await;
        let mut without = good;
        without["id"] = made["id"].clone();
        assert_eq!(
            refused(&server, "tier_level_constraints/save", without).await,
            (400, "invalid_request".to_owned(), "version".to_owned())
        );
        assert_eq!(fetched(&server, json!({"entity_type": "rule_tree"})).await["total_records"], 1);
        for (path, body) in [
            ("fetch", json!({})),
            ("fetch", json!({"entity_type": "campaign"})),
            ("fetch", json!({"entity_type": "offer", "entity_ids": ["x"]})),
            ("delete", json!({})),
            ("validate", json!({"entity_type": "offer", "entity_ids": []})),
            ("validate", json!({"user_id": "900", "entity_type": "offer"})),
            ("validate", json!({"user_id": "900", "entity_type": "offer", "entity_ids": NOBODY})),
        ] {
            let found = refused(&server, &format!("tier_level_constraints/{path}"), body).await;
            assert_eq!((found.0, found.1.as_str()), (400, "invalid_request"), "{path}");
        }
    });
}

#[test]
fn a_customer_is_judged_by_the_level_of_now() {
    run(async |server| {
        server.member("900").await;
        let store = ("reward_store", REWARDS);
        assert_eq!(allowed(&server, "900", store.0, store.1).await, (true, 0), "not constrained");
        let made = save(&server, constraint(store.0, store.1, &[GOLD])).await;
        let mut not_members = constraint(store.0, store.1, &[MEMBER]);
        not_members["mode"] = json!("exclude");
        save(&server, not_members).await;
        assert_eq!(allowed(&server, "900", store.0, store.1).await, (false, 2));
        promote(&server, "900").await;
        assert_eq!(allowed(&server, "900", store.0, store.1).await, (true, 0));
        let mut long = made;
        long["min_days_in_level"] = json!(1);
        save(&server, long).await;
        assert_eq!(allowed(&server, "900", store.0, store.1).await, (false, 1));

        let body = json!({"user_id": "nobody", "entity_type": "offer", "entity_ids": [NOBODY]});
        let found = refused(&server, "tier_level_constraints/validate", body).await;
        assert_eq!((found.0, found.1.as_str()), (404, "user_not_found"));
        let body = json!({"user_id": "900", "entity_type": "offer", "entity_ids": vec![NOBODY; 101]});
        let found = refused(&server, "tier_level_constraints/validate", body).await;
        assert_eq!((found.0, found.1.as_str()), (400, "too_many_entities"));
    });
}

#[test]
fn a_constrained_tree_pays_its_levels_alone_in_a_simulation_and_in_fact() {
    run(async |server| {
        server.member("900").await;
        let basket = json!({"store_id": STORE, "channel": "POS",
            "items": [{"pos_item_key": "BANANA", "quantity": 2, "subtotal": 60.0}],
            "payments": [{"type": "Credit", "amount": 60.0}]});
        let draft = json!({"name": "Thousand", "tree_type": 1, "status": 2, "rules": [{"discriminator": 32768}],
            "outcomes": [{"discriminator": 1, "amount": 1000, "point_source_id": BONUSES,
                          "point_account_ids": [POINTS]}]});
        let tree = done(&server, "dynamic_rule_tree/create", draft).await["dynamic_rule_tree"]["id"].clone();
        save(&server, constraint("rule_tree", tree.as_str().unwrap(), &[GOLD])).await;
        let simulated = async || {
            let body = json!({"user_id": "900", "transaction": basket});
            done(&server, "simulate_outcomes/transaction", body).await["total_points"].as_i64().unwrap()
        };
        let balance = async || {
            let body = json!({"user_id": "900"});
            done(&server, "user_points/all_balances", body).await["summary"]["total_points"].as_i64().unwrap()
        };
        let plain = simulated().await;
        assert!(plain < 1000);
        server.till(&sale("r1", "T1", "900", 60.0)).await;
        assert_eq!(balance().await, plain);
        promote(&server, "900").await;
        let gold = simulated().await;
        assert!(gold >= 1000);
        server.till(&sale("r2", "T2", "900", 60.0)).await;
        assert_eq!(balance().await, plain + gold);
    });
}

#[test]
fn a_constrained_source_gives_others_no_deposit() {
    run(async |server| {
        server.member("900").await;
        save(&server, constraint("point_source", BONUSES, &[GOLD])).await;
        let deposit = async || {
            let body = json!({"user_id": "900", "allow_partial_success": true, "deposit_details": [
                {"amount": 5, "point_account_id": POINTS, "point_source_id": BONUSES,
                 "reference_id": "r", "reference_type": "Make good"}]});
            ask(&server, "user_points/deposit", body).await
        };
        let answer = deposit().await;
        assert_eq!((answer.status, &answer.json()["errors"]["code"]), (400, &json!("source_limit_exceeded")));
        promote(&server, "900").await;
        assert_eq!(deposit().await.status, 200);
    });
}

#[test]
fn the_constraints_of_a_draft_go_with_it() {
    run(async |server| {
        let draft = json!({"name": "Soon", "tree_type": 1, "rules": [{"discriminator": 32768}]});
        let tree = done(&server, "dynamic_rule_tree/create", draft).await["dynamic_rule_tree"]["id"].clone();
        save(&server, constraint("rule_tree", tree.as_str().unwrap(), &[GOLD])).await;
        done(&server, "dynamic_rule_tree/delete", json!({"id": tree})).await;
        assert_eq!(fetched(&server, json!({"entity_type": "rule_tree"})).await["total_records"], 0);
    });
}

#[test]
fn a_level_stays_while_a_constraint_names_it() {
    run(async |server| {
        let level = json!({"tier_system_id": CLUB, "name": "Diamond", "rank": 9});
        let level = done(&server, "tier_levels/create", level).await["tier_level"]["id"].clone();
        let made = save(&server, constraint("offer", NOBODY, &[level.as_str().unwrap()])).await;
        let delete = json!({"id": level});
        let found = refused(&server, "tier_levels/delete", delete.clone()).await;
        assert_eq!((found.0, found.1.as_str()), (409, "level_in_use"));
        done(&server, "tier_level_constraints/delete", json!({"id": made["id"]})).await;
        assert_eq!(done(&server, "tier_levels/delete", delete).await["success"], true);
    });
}
