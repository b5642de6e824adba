//! Events, progress and what the rules remember (incentives.md 7.9 to 7.12).

use serde_json::{Value, json};

use crate::support::{POINTS, PROGRAM, RETAILER, Server, run, sale};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const TREE: &str = "9b000000-0000-4000-8000-000000000100";
const COUNTS: &str = "9b000000-0000-4000-8000-000000000200";

/// The grocery program with an event, a tree for it, and a tree that counts purchases.
async fn configured(server: &Server) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    program["events"] = json!([{"id": "9b000000-0000-4000-8000-000000000001", "event_lookup": "APP_INSTALLED",
        "name": "App installed"}]);
    let outcome = |n: u32, amount: u32| {
        json!({"id": format!("9b000000-0000-4000-8000-00000000000{n}"), "discriminator": 1, "amount": amount,
               "point_source_id": SOURCE, "point_account_ids": [POINTS]})
    };
    let trees = program["rule_trees"].as_array_mut().unwrap();
    trees.push(json!({"id": TREE, "name": "Install", "status": 2, "tree_type": 2,
        "trigger_events": ["APP_INSTALLED"], "outcomes": [outcome(2, 100)],
        "rules": [{"id": "9b000000-0000-4000-8000-000000000101", "discriminator": 65536}]}));
    trees.push(json!({"id": COUNTS, "name": "Third visit", "status": 2, "tree_type": 1,
        "outcomes": [outcome(3, 7), {"id": "9b000000-0000-4000-8000-000000000004", "discriminator": 64,
                                     "tags": ["regular;;60"]}],
        "rules": [{"id": "9b000000-0000-4000-8000-000000000201", "discriminator": 4, "target_count": 1,
                   "lookback": {"value": 30, "uom": 0}}]}));
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

async fn ask(server: &Server, path: &str, mut body: Value) -> (u16, Value) {
    body["retailer_id"] = json!(RETAILER.to_uppercase());
    let answer = server.connect(&format!("/incentives/api/1.0/{path}"), &body).await;
    (answer.status, answer.json())
}

#[test]
fn an_event_is_answered_with_its_outcomes() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        let body = json!({"user_id": "900", "event_lookup": "app_installed", "idempotency_id": "k1",
            "include_progress": true, "context": {"device": "phone", "size": 6.1, "beta": true}});
        let (status, first) = ask(&server, "user_events/trigger_user_event", body.clone()).await;
        assert_eq!((status, &first["status"]), (200, &json!("ok")), "{first}");
        let payload = &first["payload"];
        let event = &payload["user_event"];
        assert_eq!(
            (&event["retailer_id"], &event["user_id"], &event["event_lookup"], &event["is_session_m"]),
            (&json!(RETAILER.to_uppercase()), &json!("900"), &json!("APP_INSTALLED"), &json!(false))
        );
        assert_eq!(event["time_of_occurrence"], "2017-02-01T00:00:00Z");
        assert_eq!(payload["event_saved_successfully"], true);
        assert_eq!(payload["rules_processed_successfully"], true);
        let outcome = &payload["outcomes"][0];
        assert_eq!((&outcome["is_outcome_applied"], &outcome["discriminator"]), (&json!(true), &json!(1)));
        assert_eq!(
            (&outcome["points_awarded"], &outcome["rule_tree_name"]),
            (&json!(100), &json!("Install"))
        );
        assert_eq!(outcome.get("refusal_reason"), None);
        assert_eq!(payload["progress"][0]["rule_tree_id"], TREE);
        let (_, again) = ask(&server, "user_events/trigger_user_event", body).await;
        assert_eq!(again["payload"]["user_event"]["id"], event["id"]);
        let (_, balance) = ask(&server, "user_points/all_balances", json!({"user_id": "900"})).await;
        assert_eq!(balance["payload"]["summary"]["total_points"], 100);
        let other =
            json!({"user_id": "900", "event_lookup": "APP_INSTALLED", "idempotency_id": "k1", "quantity": 2});
        let (status, conflict) = ask(&server, "user_events/trigger_user_event", other).await;
        assert_eq!((status, &conflict["errors"]["code"]), (409, &json!("idempotency_conflict")));
    });
}

#[test]
fn wrong_events_are_refused_with_their_code() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        for (change, status, code) in [
            (json!({"event_lookup": "LOG_IN"}), 404, "event_not_found"),
            (json!({"event_lookup": "earn_points"}), 400, "event_reserved"),
            (json!({"event_lookup": ""}), 400, "invalid_request"),
            (json!({"user_id": "nobody"}), 404, "user_not_found"),
            (json!({"context": {"a": {"b": 1}}}), 400, "context_must_be_flat"),
            (json!({"context": {"a": [1]}}), 400, "context_must_be_flat"),
            (json!({"context": {"a": "x".repeat(5_000)}}), 400, "context_must_be_flat"),
            (json!({"context": 5}), 400, "invalid_request"),
            (json!({"quantity": 0}), 400, "invalid_request"),
            (json!({"time_of_occurrence": "2017-02-02T00:00:00Z"}), 400, "invalid_request"),
            (json!({"time_of_occurrence": "2016-02-02T00:00:00Z"}), 400, "invalid_request"),
        ] {
            let mut body = json!({"user_id": "900", "event_lookup": "APP_INSTALLED"});
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let (answered, refused) = ask(&server, "user_events/trigger_user_event", body).await;
            assert_eq!((answered, &refused["errors"]["code"]), (status, &json!(code)), "{change}");
        }
    });
}

#[test]
fn events_are_listed() {
    run(async |server| {
        configured(&server).await;
        let (status, own) = ask(&server, "trigger/fetch_events", json!({})).await;
        assert_eq!((status, &own["payload"]["total_records"]), (200, &json!(1)));
        assert_eq!(own["payload"]["results"][0]["event_lookup"], "APP_INSTALLED");
        let (_, all) =
            ask(&server, "trigger/fetch_events", json!({"include_default": true, "skip": 1, "take": 2}))
                .await;
        assert_eq!(all["payload"]["total_records"], 9);
        let shown = all["payload"]["results"].as_array().unwrap();
        assert_eq!((shown.len(), &shown[0]["is_default"]), (2, &json!(true)));
        let (status, refused) = ask(&server, "trigger/fetch_events", json!({"take": 1001})).await;
        assert_eq!((status, &refused["errors"]["code"]), (400, &json!("take_too_large")));
    });
}

#[test]
fn progress_and_state_show_what_was_counted() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        server.till(&sale("r1", "T1", "900", 10.0)).await;
        let asked = json!({"user_id": "900", "ids": [COUNTS, "ffffffff-0000-4000-8000-000000000000"]});
        let (status, progress) = ask(&server, "progress/rule_tree/user_progress", asked.clone()).await;
        assert_eq!(status, 200, "{progress}");
        let results = progress["payload"]["results"].as_array().unwrap();
        assert_eq!((results.len(), &results[0]["passed"]), (1, &json!(true)));
        let leaf = &results[0]["rules"][0];
        assert_eq!((&leaf["query_result"], &leaf["rule"]["discriminator"]), (&json!(1), &json!(4)));
        let (_, again) = ask(&server, "progress/rule_tree/user_progress", asked).await;
        assert_eq!(again, progress, "reading counts nothing");
        let (_, all) = ask(&server, "progress/rule_tree/user_progress", json!({"user_id": "900"})).await;
        assert!(all["payload"]["results"].as_array().unwrap().len() > 2);
        let many = json!({"user_id": "900", "ids": vec![COUNTS; 51]});
        assert_eq!(ask(&server, "progress/rule_tree/user_progress", many).await.0, 400);

        let (status, state) = ask(&server, "user_state/fetch", json!({"user_id": "900"})).await;
        assert_eq!(status, 200, "{state}");
        let counter = &state["payload"]["node_counters"][0];
        assert_eq!((&counter["tree_id"], &counter["value"]), (&json!(COUNTS), &json!(1)));
        assert_eq!(state["payload"]["tags"][0]["name"], "regular");
        assert_eq!(state["payload"]["user_id"], "900");
        let (status, nobody) = ask(&server, "user_state/fetch", json!({"user_id": "901"})).await;
        assert_eq!((status, &nobody["errors"]["code"]), (404, &json!("user_not_found")));
    });
}

/// Events that the platform raises (incentives.md 1.6, 7.2): what they lead to is in the answer to a deposit.
#[test]
fn a_deposit_answers_what_its_event_led_to() {
    run(async |server| {
        let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
        program["rule_trees"].as_array_mut().unwrap().push(
            json!({"id": TREE, "name": "Welcome", "status": 2,
            "tree_type": 2, "trigger_events": ["EARN_POINTS"],
            "outcomes": [{"id": "9b000000-0000-4000-8000-000000000002", "discriminator": 1, "amount": 25,
                "point_source_id": SOURCE, "point_account_ids": [POINTS],
                "limits": [{"scope": 0, "max": 1, "value": 1, "uom": 7}]}],
            "rules": [{"id": "9b000000-0000-4000-8000-000000000101", "discriminator": 65536}]}),
        );
        assert_eq!(server.admin("PUT", "/admin/program", &program.to_string()).await.status, 200);
        server.member("905").await;
        let detail = json!({"amount": 50, "point_account_id": POINTS, "point_source_id": SOURCE,
            "idempotency_id": "once"});
        let body = json!({"retailer_id": RETAILER, "user_id": "905", "deposit_details": [detail]});
        let answer = server.connect("/incentives/api/2.0/user_points/deposit", &body).await;
        let payload = &answer.json()["payload"];
        assert_eq!(
            (&payload["details"][0]["remaining_balance"], &payload["success"]),
            (&json!(50), &json!(true))
        );
        let outcomes = payload["outcomes"].as_array().unwrap();
        // Those points are earned too; the limit keeps them from being given for themselves.
        let given: Vec<_> = outcomes.iter().map(|outcome| outcome["points_awarded"].clone()).collect();
        assert_eq!(given, [json!(25), json!(null)]);
        assert_eq!(outcomes[1]["refusal_reason"], "frequency_limit");
        let again = server.connect("/incentives/api/2.0/user_points/deposit", &body).await.json();
        assert_eq!(again["payload"]["details"][0]["error_status"], 4);
        let (_, balance) =
            ask(&server, "user_points/balance", json!({"user_id": "905", "point_account_ids": [POINTS]}))
                .await;
        assert_eq!(balance["payload"]["details"][0]["available_balance"], 75);
    });
}
