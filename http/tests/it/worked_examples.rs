//! The worked examples of incentives.md that show on the wire, with their numbers.

use serde_json::{Value, json};

use crate::{
    configuring::done,
    support::{PROGRAM, STATUS, STORE, Server, run, sale},
};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const SYSTEM: &str = "9a000000-0000-4000-8000-000000000020";
const SILVER: &str = "9a000000-0000-4000-8000-000000000022";
const GOLD: &str = "9a000000-0000-4000-8000-000000000023";

fn account(n: u32) -> String {
    format!("9d000000-0000-4000-8000-{n:012}")
}

/// The grocery program without its purchase trees, with more accounts that one source fills, changed by `change`.
async fn configured(server: &Server, accounts: &[Value], change: impl FnOnce(&mut Value)) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    program["rule_trees"].as_array_mut().unwrap().retain(|tree| tree["tree_type"] == 3);
    program["point_accounts"].as_array_mut().unwrap().extend_from_slice(accounts);
    let all = program["point_accounts"].as_array().unwrap().iter().map(|account| account["id"].clone());
    program["point_sources"][1]["point_account_ids"] = all.collect();
    change(&mut program);
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

/// A deposit; gives its row.
async fn given(server: &Server, account: &str, amount: i64) -> Value {
    let details = json!([{"amount": amount, "point_account_id": account, "point_source_id": SOURCE}]);
    let body = json!({"user_id": "900", "deposit_details": details});
    done(server, "user_points/deposit", body).await["audits"][0]["id"].clone()
}

async fn balance(server: &Server, account: &str) -> (Value, Value) {
    let balances = done(server, "user_points/all_balances", json!({"user_id": "900"})).await;
    let details = balances["details"].as_array().unwrap();
    let row = details.iter().find(|row| row["point_account_id"] == account).unwrap();
    (row["available_balance"].clone(), row["life_time_value"].clone())
}

/// 4.2: A holds 300 until 1 March and 200 for ever, B 150 until 1 February; 400 are spent from both.
#[test]
fn a_spend_from_two_accounts_takes_what_expires_first() {
    run(async |server| {
        let (a, b) = (account(1), account(2));
        let accounts = [json!({"id": a, "name": "A"}), json!({"id": b, "name": "B"})];
        configured(&server, &accounts, |_| {}).await;
        server.member("900").await;
        for (account, amount, until) in
            [(&a, 300, "2018-03-01T00:00:00Z"), (&a, 200, ""), (&b, 150, "2018-02-01T00:00:00Z")]
        {
            let row = given(&server, account, amount).await;
            if !until.is_empty() {
                let dated = json!({"user_id": "900", "point_audit_log_id": row, "new_amount": amount,
                    "new_expiration_date": until});
                done(&server, "user_points/modify", dated).await;
            }
        }
        let spend =
            json!({"user_id": "900", "spend_details": [{"amount": 400, "point_account_ids": [a, b]}]});
        let spent = done(&server, "user_points/spend_multiple", spend).await;
        let detail = |account: &str| {
            let mut rows = spent["details"].as_array().unwrap().iter();
            let row = rows.find(|row| row["point_account_id"] == account).unwrap();
            (row["amount_spent"].clone(), row["remaining_balance"].clone())
        };
        assert_eq!(detail(&a), (json!(250), json!(250)));
        assert_eq!(detail(&b), (json!(150), json!(0)));
        let summary = &spent["summary"];
        assert_eq!((&summary["amount_spent"], &summary["remaining_balance"]), (&json!(400), &json!(250)));
    });
}

/// 2.5: 1750 lifetime and 1050 available in a monthly account, 700 and 700 in the one it rolls over into.
#[test]
fn a_rollover_counts_as_a_fresh_issue() {
    run(async |server| {
        let (month, last) = (account(1), account(2));
        let policy = json!({"point_account_id": month, "policy_type": 1,
            "next_evaluation_date": "2017-03-01T00:00:00", "frequency_value": 1, "frequency_unit_type": 2,
            "expiration_age_value": 1, "expiration_age_unit_type": 0, "point_expiration_percentage": 100,
            "specific_activity_event_types": [], "rollover_point_account_id": last});
        let accounts = [
            json!({"id": month, "name": "Of the month", "grouping_label": "Tier", "expiration_policy": policy}),
            json!({"id": last, "name": "Final", "grouping_label": "Tier"}),
        ];
        configured(&server, &accounts, |_| {}).await;
        server.member("900").await;
        given(&server, &month, 700).await;
        let later = json!({"now": "2017-03-02T00:00:00Z", "wait": true}).to_string();
        assert_eq!(server.admin("POST", "/admin/test_clock", &later).await.status, 200);
        given(&server, &month, 1050).await;
        assert_eq!(balance(&server, &month).await, (json!(1050), json!(1750)));
        assert_eq!(balance(&server, &last).await, (json!(700), json!(700)));
    });
}

/// 2.9: the sums and differences that were recorded.
#[test]
fn the_customer_object_derives_its_sums_from_labels() {
    run(async |server| {
        let labelled: Vec<_> = (1..=5)
            .map(|n| {
                let label = if n <= 3 { "Spend" } else { "Tier" };
                json!({"id": account(n), "name": format!("Account {n}"), "grouping_label": label})
            })
            .collect();
        configured(&server, &labelled, |program| {
            let tree = json!({
                "id": "9a000000-0000-4000-8000-000000000901", "name": "Stay in Silver", "status": 2, "tree_type": 4,
                "tier_assignments": [{"tier_system_id": SYSTEM, "tier_level_id": SILVER}],
                "rules": [{"id": "9a000000-0000-4000-8000-000000000902", "discriminator": 2048,
                           "target_balance": 5000, "comparison": 4, "constraints": [
                           {"id": "9a000000-0000-4000-8000-000000000903", "discriminator": 8,
                            "point_accounts": {STATUS: ""}}]}]});
            program["rule_trees"].as_array_mut().unwrap().push(tree);
        })
        .await;
        server.member("900").await;
        let user = async || {
            let answer = server.core("GET", "/external/users/900?expand_incentives=true", "").await;
            answer.json()["user"].clone()
        };
        for (n, amount) in [(1, 640), (2, 1050), (3, 2000), (4, 1050), (5, 2000)] {
            given(&server, &account(n), amount).await;
        }
        given(&server, STATUS, 700).await;
        done(&server, "movement/qualifying", json!({"user_id": "900"})).await;
        let seen = user().await;
        assert_eq!((&seen["available_points"], &seen["tier_points"]), (&json!(3690), &json!(3750)));
        assert_eq!(seen["tier"], "Silver");
        assert_eq!(
            (&seen["maintenance_points"], &seen["maintenance_required_points"]),
            (&json!(5000), &json!(1250))
        );
        given(&server, &account(4), 580).await;
        let seen = user().await;
        assert_eq!((&seen["tier_points"], &seen["maintenance_required_points"]), (&json!(4330), &json!(670)));
    });
}

/// 7.14, the complete example, as it is written there but for the ids.
fn complete_example(spend: &str) -> Value {
    json!({ "name": "Gold store card weekdays", "tree_type": 1, "priority": 300,
      "exclusivity_group": "base-earn", "exclusivity_mode": 1,
      "tier_assignments": [ { "tier_system_id": SYSTEM, "tier_level_id": GOLD } ],
      "rules": [
        { "id": "n2", "parent_id": "n1", "rank": 0, "discriminator": 32768, "is_new": true, "constraints": [
            { "discriminator": 2,   "store_ids": [STORE], "rank": 0, "is_new": true },
            { "discriminator": 4,   "payment_types": ["store_card"], "minimum_share": 1, "rank": 1, "is_new": true },
            { "discriminator": 128, "days": [1,2,3,4,5], "from": "00:00", "to": "23:59", "rank": 2,
              "is_new": true } ] },
        { "id": "n1", "rank": 0, "discriminator": 1, "is_new": true, "constraints": [] } ],
      "outcomes": [
        { "discriminator": 2, "rank": 0, "is_new": true, "point_source_id": SOURCE,
          "point_account_ids": [spend, STATUS],
          "rate": 3, "per_amount": 1, "basis": 0, "hurdle": 20, "max_points": 600, "rounding_mode": 1,
          "rounding_precision": 0, "limits": [ { "scope": 0, "max": 3, "value": 1, "uom": 2, "window": 1 } ] },
        { "discriminator": 64, "rank": 1, "is_new": true, "action": "add", "tags": ["weekday_shopper;;2592000"] } ],
      "budget": { "max_points": 1_000_000, "on_exhausted": 1 } })
}

/// A Tuesday's ticket, paid by store card.
fn ticket(request: &str, member: &str, amount: f64) -> Value {
    let mut ticket = sale(request, request, member, amount);
    ticket["request_payload"]["payments"][0]["type"] = json!("store_card");
    ticket
}

/// 7.14: 45.90 gives 137 into both accounts, 250 is capped at 600, 19.99 gives nothing but the tag.
#[test]
fn the_complete_example_pays_as_it_says() {
    run(async |server| {
        let spend = account(1);
        configured(&server, &[json!({"id": spend, "name": "Spendable"})], |_| {}).await;
        let tree = done(&server, "dynamic_rule_tree/create", complete_example(&spend)).await;
        let live = json!({"id": tree["dynamic_rule_tree"]["id"], "status": 2});
        done(&server, "dynamic_rule_tree/set_status", live).await;
        for member in ["900", "901"] {
            server.member(member).await;
            let gold = json!({"user_id": member, "tier_system_id": SYSTEM, "tier_level_id": GOLD});
            done(&server, "movement/move_user", gold).await;
        }
        server.till(&ticket("T1", "900", 45.90)).await;
        assert_eq!(
            (balance(&server, &spend).await.0, balance(&server, STATUS).await.0),
            (json!(137), json!(137))
        );
        server.till(&ticket("T2", "900", 250.0)).await;
        assert_eq!(
            (balance(&server, &spend).await.0, balance(&server, STATUS).await.0),
            (json!(737), json!(737))
        );
        // What goes to several accounts counts once, in the budget as in the outcome's own 600.
        let asked = json!({"id": tree["dynamic_rule_tree"]["id"]});
        let tree = done(&server, "dynamic_rule_tree/get", asked).await;
        assert_eq!(tree["dynamic_rule_tree"]["budget"]["consumed_points"], 737);
        // Not by store card, and nothing.
        server.till(&sale("T3", "T3", "900", 45.90)).await;
        assert_eq!(balance(&server, &spend).await.0, json!(737));
        server.till(&ticket("T4", "901", 19.99)).await;
        let small = done(&server, "user_points/all_balances", json!({"user_id": "901"})).await;
        assert_eq!(small["summary"]["total_points"], 0);
        let state = done(&server, "user_state/fetch", json!({"user_id": "901", "sections": ["tags"]})).await;
        assert!(state["tags"].to_string().contains("weekday_shopper"), "{state}");
    });
}
