//! What would happen, asked over HTTP (incentives.md 7.15).

use serde_json::{Value, json};

use crate::support::{POINTS, PROGRAM, RETAILER, STORE, Server, run, sale};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";

async fn ask(server: &Server, path: &str, mut body: Value) -> (u16, Value) {
    body["retailer_id"] = json!(RETAILER);
    let answer = server.connect(&format!("/incentives/api/1.0/{path}"), &body).await;
    (answer.status, answer.json())
}

fn basket(amount: f64) -> Value {
    json!({"store_id": STORE, "channel": "POS", "items": [
        {"pos_item_key": "BANANA", "quantity": 2, "subtotal": amount}],
        "payments": [{"type": "Credit", "amount": amount}]})
}

/// A tree that gives 1,000 points for everything; a draft unless said otherwise.
fn draft() -> Value {
    json!({"name": "Thousand", "tree_type": 1, "rules": [{"discriminator": 32768}], "outcomes": [
        {"discriminator": 1, "amount": 1000, "point_source_id": SOURCE, "point_account_ids": [POINTS]}]})
}

async fn balance(server: &Server) -> Value {
    ask(server, "user_points/all_balances", json!({"user_id": "900"})).await.1["payload"]["summary"].clone()
}

#[test]
fn a_basket_would_earn_what_the_sale_then_earns() {
    run(async |server| {
        server.member("900").await;
        let question = json!({"user_id": "900", "transaction": basket(60.0)});
        let (status, seen) = ask(&server, "simulate_outcomes/transaction", question.clone()).await;
        assert_eq!(status, 200, "{seen}");
        let payload = &seen["payload"];
        assert_eq!(balance(&server).await["total_points"], 0, "nothing was written");
        let (_, again) = ask(&server, "simulate_outcomes/transaction", question).await;
        assert_eq!(again["payload"]["outcomes"], payload["outcomes"]);
        assert!(payload["outcomes"][0].get("point_audit_log_id").is_none());
        assert!(payload["evaluated_trees"].as_array().unwrap().iter().any(|tree| tree["passed"] == true));
        let put = server.till(&sale("r1", "T-1", "900", 60.0)).await;
        assert_eq!(put.status, 200);
        let (_, real) = ask(&server, "user_points/all_balances", json!({"user_id": "900"})).await;
        assert_eq!(payload["projected_balances"]["summary"], real["payload"]["summary"]);
        assert_eq!(payload["total_points"], real["payload"]["summary"]["total_points"]);
        assert_eq!(payload["points_by_account"][0]["point_account_id"], POINTS);
        // The next version of the sale that is there: what a return would take back.
        let mut back = basket(0.0);
        (back["pos_transaction_id"], back["is_voided"]) = (json!("T-1"), json!(true));
        let (_, gone) =
            ask(&server, "simulate_outcomes/transaction", json!({"user_id": "900", "transaction": back}))
                .await;
        let all = payload["total_points"].as_i64().unwrap();
        assert_eq!(gone["payload"]["total_points"], json!(-all), "{gone}");
    });
}

#[test]
fn drafts_take_part_when_they_are_named_or_sent() {
    run(async |server| {
        let points = |answer: &Value| answer["payload"]["total_points"].as_i64().unwrap();
        let (_, plain) =
            ask(&server, "simulate_outcomes/transaction", json!({"transaction": basket(60.0)})).await;
        let sent = json!({"transaction": basket(60.0), "draft_rule_trees": [draft()]});
        let (status, with) = ask(&server, "simulate_outcomes/transaction", sent).await;
        assert_eq!((status, points(&with)), (200, points(&plain) + 1000), "{with}");
        let (_, made) = ask(&server, "dynamic_rule_tree/create", draft()).await;
        let tree = made["payload"]["dynamic_rule_tree"]["id"].clone();
        let named = json!({"transaction": basket(60.0), "tree_ids": [tree]});
        let (_, with) = ask(&server, "simulate_outcomes/transaction", named).await;
        assert_eq!(points(&with), points(&plain) + 1000, "{with}");
        let (_, without) =
            ask(&server, "simulate_outcomes/transaction", json!({"transaction": basket(60.0)})).await;
        assert_eq!(points(&without), points(&plain));
        let gold = serde_json::from_str::<Value>(PROGRAM).unwrap()["tier_systems"][0]["tier_levels"][2]["id"]
            .clone();
        let assumed = json!({"transaction": basket(60.0), "assume_tier_level_ids": [gold]});
        let (_, as_gold) = ask(&server, "simulate_outcomes/transaction", assumed).await;
        assert!(points(&as_gold) > points(&plain), "{as_gold}");
        assert_eq!(as_gold["payload"]["projected_tiers"][0]["from_tier_level_id"], gold);
    });
}

#[test]
fn wrong_questions_are_refused_with_their_path() {
    run(async |server| {
        let mut wrong = draft();
        wrong["outcomes"][0]["point_source_id"] = json!("9a000000-0000-4000-8000-00000000dead");
        let sent = json!({"transaction": basket(60.0), "draft_rule_trees": [draft(), wrong]});
        let (status, refused) = ask(&server, "simulate_outcomes/transaction", sent).await;
        assert!(status >= 400);
        let message = refused["errors"]["message"].as_str().unwrap();
        assert!(message.contains("draft_rule_trees[1]"), "{refused}");
        for (body, status, code) in [
            (json!({}), 400, "invalid_request"),
            (json!({"transaction": {"store_id": "x"}}), 400, "invalid_request"),
            (json!({"transaction": basket(1.0), "user_id": "nobody"}), 404, "user_not_found"),
            (json!({"transaction": basket(1.0), "tree_ids": [SOURCE]}), 404, "rule_tree_not_found"),
            (
                json!({"transaction": basket(1.0), "assume_tier_level_ids": [SOURCE]}),
                404,
                "tier_level_not_found",
            ),
        ] {
            let (answered, refused) = ask(&server, "simulate_outcomes/transaction", body.clone()).await;
            assert_eq!((answered, &refused["errors"]["code"]), (status, &json!(code)), "{body}");
        }
        let (answered, refused) =
            ask(&server, "simulate_outcomes/event", json!({"event_lookup": "EARN_POINTS"})).await;
        assert_eq!((answered, &refused["errors"]["code"]), (400, &json!("event_reserved")));
    });
}

#[test]
fn an_event_would_give_what_it_then_gives() {
    run(async |server| {
        let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
        program["events"] =
            json!([{"id": "9b000000-0000-4000-8000-000000000001", "event_lookup": "APP_INSTALLED"}]);
        program["rule_trees"].as_array_mut().unwrap().push(
            json!({"id": "9b000000-0000-4000-8000-000000000100",
            "name": "Install", "status": 2, "tree_type": 2, "trigger_events": ["APP_INSTALLED"],
            "rules": [{"id": "9b000000-0000-4000-8000-000000000101", "discriminator": 65536}],
            "outcomes": [{"id": "9b000000-0000-4000-8000-000000000002", "discriminator": 1, "amount": 100,
                          "point_source_id": SOURCE, "point_account_ids": [POINTS]}]}),
        );
        assert_eq!(server.admin("PUT", "/admin/program", &program.to_string()).await.status, 200);
        server.member("900").await;
        let body =
            json!({"user_id": "900", "event_lookup": "app_installed", "as_of": "2017-02-03T00:00:00Z"});
        let (status, seen) = ask(&server, "simulate_outcomes/event", body.clone()).await;
        assert_eq!((status, &seen["payload"]["total_points"]), (200, &json!(100)), "{seen}");
        assert_eq!(seen["payload"]["evaluated_trees"][0]["rule_tree_name"], "Install");
        assert_eq!(balance(&server).await["total_points"], 0);
        let (_, real) = ask(&server, "user_events/trigger_user_event", body).await;
        assert_eq!(real["payload"]["outcomes"][0]["points_awarded"], 100);
    });
}
