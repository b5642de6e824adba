//! Loyalty events as they are configured (incentives.md 7.12).

use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{POINTS, Server, run},
};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const NOBODY: &str = "9a000000-0000-4000-8000-00000000ffff";

async fn save(server: &Server, event: Value) -> Value {
    done(server, "trigger/save_event", event).await["event"].clone()
}

/// 100 points for an event.
fn tree(lookup: &str, status: i64) -> Value {
    json!({"name": format!("For {lookup}"), "status": status, "tree_type": 2, "trigger_events": [lookup],
        "rules": [{"discriminator": 65536}],
        "outcomes": [{"discriminator": 1, "amount": 100, "point_source_id": SOURCE, "point_account_ids": [POINTS]}]})
}

#[test]
fn an_event_is_defined_and_at_once_reported() {
    run(async |server| {
        server.member("900").await;
        let report = json!({"user_id": "900", "event_lookup": "APP_INSTALLED"});
        assert_eq!(
            refused(&server, "user_events/trigger_user_event", report.clone()).await.1,
            "event_not_found"
        );
        let schema = json!([{"path": "store", "data_type": "string", "allowed_values": ["play", "apple"]}]);
        let sent = json!({"event_lookup": "app_installed", "name": "App installed", "is_default": true,
                          "context_schema": schema});
        let event = save(&server, sent.clone()).await;
        assert_eq!(
            (&event["event_lookup"], &event["status"], &event["is_default"], &event["name"]),
            (&json!("APP_INSTALLED"), &json!(2), &json!(false), &json!("App installed"))
        );
        assert_eq!(event["context_schema"], schema);
        assert_eq!(save(&server, sent).await, event, "saved twice it is the same event");
        done(&server, "user_events/trigger_user_event", report.clone()).await;

        let paused = json!({"event_lookup": "APP_INSTALLED", "status": 1, "description": "Once a phone"});
        let paused = save(&server, paused).await;
        assert_eq!(
            (&paused["id"], &paused["name"], &paused["status"], &paused["description"]),
            (&event["id"], &event["name"], &json!(1), &json!("Once a phone"))
        );
        assert_eq!(
            refused(&server, "user_events/trigger_user_event", report.clone()).await.1,
            "event_not_found"
        );
        let renamed = save(&server, json!({"id": event["id"], "event_lookup": "APP_FOUND"})).await;
        assert_eq!((&renamed["id"], &renamed["event_lookup"]), (&event["id"], &json!("APP_FOUND")));
        let listed = done(&server, "trigger/fetch_events", json!({"sort_column": "event_lookup"})).await;
        assert_eq!((&listed["total_records"], &listed["results"][0]), (&json!(1), &renamed));
    });
}

#[test]
fn an_event_that_trees_name_stays() {
    run(async |server| {
        let event = save(&server, json!({"event_lookup": "LOG_IN", "name": "Log in"})).await;
        let id = json!({"id": event["id"]});
        let live =
            done(&server, "dynamic_rule_tree/create", tree("log_in", 2)).await["dynamic_rule_tree"].clone();
        for status in [2, 1] {
            done(&server, "dynamic_rule_tree/set_status", json!({"id": live["id"], "status": status})).await;
            let answer = ask(&server, "trigger/delete_event", id.clone()).await;
            assert_eq!((answer.status, &answer.json()["errors"]["code"]), (409, &json!("event_in_use")));
            let renamed = json!({"id": event["id"], "event_lookup": "LOG_ON"});
            assert_eq!(refused(&server, "trigger/save_event", renamed).await.1, "event_in_use");
        }
        done(&server, "dynamic_rule_tree/set_status", json!({"id": live["id"], "status": 3})).await;
        done(&server, "dynamic_rule_tree/create", {
            let mut draft = tree("LOG_IN", 0);
            draft["name"] = json!("A draft");
            draft
        })
        .await;
        assert_eq!(done(&server, "trigger/delete_event", id.clone()).await["success"], true);
        assert_eq!(refused(&server, "trigger/delete_event", id).await.1, "event_not_found");
        assert_eq!(done(&server, "trigger/fetch_events", json!({})).await["total_records"], 0);
    });
}

#[test]
fn wrong_events_are_refused_and_change_nothing() {
    run(async |server| {
        save(&server, json!({"event_lookup": "LOG_IN", "name": "Log in"})).await;
        for (body, status, code, path) in [
            (json!({"event_lookup": "earn_points"}), 400, "event_reserved", ""),
            (json!({"event_lookup": "OFFER_REDEEMED"}), 400, "event_reserved", ""),
            (json!({"name": "Nameless"}), 400, "invalid_request", "event_lookup"),
            (json!({"event_lookup": "LOG OUT"}), 400, "invalid_request", "event_lookup"),
            (json!({"event_lookup": "L".repeat(65)}), 400, "invalid_request", "event_lookup"),
            (json!({"event_lookup": "LOG_OUT", "status": 4}), 400, "invalid_request", "status"),
            (json!({"id": NOBODY, "event_lookup": "LOG_OUT"}), 404, "event_not_found", ""),
            (json!({"id": "x", "event_lookup": "LOG_OUT"}), 400, "invalid_request", "id"),
        ] {
            let found = refused(&server, "trigger/save_event", body.clone()).await;
            assert_eq!(found, (status, code.to_owned(), path.to_owned()), "{body}");
        }
        assert_eq!(done(&server, "trigger/fetch_events", json!({})).await["total_records"], 1);
        assert_eq!(refused(&server, "trigger/delete_event", json!({})).await.0, 400);
    });
}
