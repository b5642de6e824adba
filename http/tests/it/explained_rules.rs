//! What rules do besides giving points, what multipliers add, what staying in a level gives, and what could not be
//! taken back, each with its reason.

use serde_json::{Value, json};

use crate::{
    configuring::done,
    explanations::{all_explained, explained, sold, with},
    support::{POINTS, RETAILER, STATUS, run, sale},
};

const BASE: &str = "9a000000-0000-4000-8000-000000000101";
const BASE_OUTCOME: &str = "9a000000-0000-4000-8000-000000003001";
const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const CLUB: &str = "9a000000-0000-4000-8000-000000000020";
const SILVER: &str = "9a000000-0000-4000-8000-000000000022";

fn own(n: u32) -> String {
    format!("9b000000-0000-4000-8000-{n:012}")
}

fn tree(n: u32, outcome: Value) -> Value {
    json!({"id": own(n), "name": format!("Tree {n}"), "status": 2, "tree_type": 1, "outcomes": [outcome],
           "rules": [{"id": own(n + 1), "discriminator": 32768}]})
}

#[test]
fn what_rules_take_and_what_multipliers_add_names_the_outcome() {
    run(async |server| {
        server
            .apply_grocery_with(|program| {
                let trees = program["rule_trees"].as_array_mut().unwrap();
                let spend =
                    json!({"id": own(102), "discriminator": 32, "point_account_ids": [POINTS], "amount": 5});
                let twice = json!({"id": own(202), "discriminator": 4096, "factor": 2, "combine": "add",
                               "applies_to": [BASE]});
                trees.extend([tree(100, spend), tree(200, twice)]);
            })
            .await;
        server.member("900").await;
        let detail = json!([{"amount": 30, "point_account_id": POINTS, "point_source_id": SOURCE}]);
        done(&server, "user_points/deposit", json!({"user_id": "900", "deposit_details": detail})).await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        let all = all_explained(&server, "900").await;
        let of = |n: u32| all.iter().find(|why| why["cause"]["rule_tree_id"] == own(n)).unwrap();
        let spent = of(100);
        assert_eq!(
            (&spent["cause"]["type"], &spent["cause"]["outcome_id"], &spent["modification"]),
            (&json!("sale"), &json!(own(102)), &json!(-5))
        );
        assert_eq!((&spent["lots"][0]["points"], &spent["rule_tree"]["passed"]), (&json!(5), &json!(true)));
        let added = of(200);
        assert_eq!(
            (&added["cause"]["outcome_id"], &added["cause"]["multiplied_outcome_id"], &added["modification"]),
            (&json!(own(202)), &json!(BASE_OUTCOME), &json!(60))
        );
        assert_eq!(added["rule_tree"]["outcomes"][0]["inputs"], json!({"factor": 2, "combine": "add"}));
    });
}

#[test]
fn what_is_not_there_to_take_back_is_told() {
    run(async |server| {
        server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        let moved = json!({"from_user_id": "900", "to_user_id": "900", "amount": 50,
                           "from_point_account_ids": [STATUS], "to_point_account_id": POINTS});
        done(&server, "user_points/all_balances", json!({"user_id": "900"})).await;
        done(&server, "user_points/transfer", moved).await;
        let mut void = sale("r2", "T-1", "900", 60.0);
        void["request_payload"]["is_voided"] = json!(true);
        void["request_payload"]["modified_time"] = json!("2017-01-31T12:40:00Z");
        sold(&server, void).await;
        let sale = explained(&server, json!({"transaction_id": "T-1"})).await["sale"].clone();
        let member = &sale["versions"][1]["members"][0];
        assert_eq!(member["decision"]["reproduced"], true);
        let kept = with(&member["not_taken_back"], "point_account_id", STATUS);
        assert_eq!((&kept["points"], member["not_taken_back"].as_array().unwrap().len()), (&json!(-50), 1));
        all_explained(&server, "900").await;
    });
}

#[test]
fn staying_in_a_level_gives_points_for_its_own_tree() {
    run(async |server| {
        server.apply_grocery_with(|program| {
            let silver = &mut program["tier_systems"][0]["tier_levels"][1];
            (silver["maintenance_frequency_value"], silver["maintenance_frequency_uom"]) = (json!(1), json!(2));
            let stay = json!({"id": own(900), "name": "Stay in Silver", "status": 2, "tree_type": 4,
                "tier_assignments": [{"tier_system_id": CLUB, "tier_level_id": SILVER}],
                "outcomes": [{"id": own(901), "discriminator": 1, "amount": 9, "point_source_id": SOURCE,
                              "point_account_ids": [POINTS]}],
                "rules": [{"id": own(902), "discriminator": 2048, "target_balance": 100, "comparison": 4,
                           "constraints": [{"id": own(903), "discriminator": 8, "point_accounts": {STATUS: ""}}]}]});
            program["rule_trees"].as_array_mut().unwrap().push(stay);
        })
        .await;
        server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 600.0)).await;
        let later = r#"{"now": "2017-03-15T00:00:00Z", "wait": true}"#;
        assert_eq!(server.admin("POST", "/admin/test_clock", later).await.status, 200);
        let all = all_explained(&server, "900").await;
        let row = all.iter().find(|why| why["cause"]["type"] == "tier_staying").unwrap();
        assert_eq!(
            (&row["modification"], &row["cause"]["tier_level_name"], &row["cause"]["outcome_id"]),
            (&json!(9), &json!("Silver"), &json!(own(901)))
        );
        assert_eq!(row["audit_log"]["time_of_occurrence"], "2017-03-01T00:00:00Z");
        let tree = &row["rule_tree"];
        assert_eq!((&tree["rule_tree_name"], &tree["passed"]), (&json!("Stay in Silver"), &json!(true)));
        let node = &tree["rules"][0];
        assert_eq!((&node["query_result"], &node["target"]), (&json!(600), &json!(100)));
    });
}

#[test]
fn a_customers_rows_are_asked_for_under_any_of_its_names() {
    run(async |server| {
        let id = server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        let all = all_explained(&server, "900").await;
        for why in &all {
            let body = json!({"retailer_id": RETAILER.to_uppercase(), "user_id": id.to_uppercase(),
                              "point_audit_log_id": why["point_audit_log_id"].as_str().unwrap().to_uppercase()});
            let mut again = explained(&server, body).await["row"].clone();
            again["audit_log"]["retailer_id"] = why["audit_log"]["retailer_id"].clone();
            assert_eq!(&again, why);
        }
    });
}
