//! Normalised transactions and events (incentives.md 7.16).

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{POINTS, PROGRAM, RETAILER, STORE, Server, run, sale};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const NOWHERE: &str = "00000000-0000-4000-8000-00000000dead";

async fn ask(server: &Server, path: &str, mut body: Value) -> (u16, Value) {
    if body["retailer_id"].is_null() {
        body["retailer_id"] = json!(RETAILER);
    }
    let answer = server.connect(&format!("/incentives/api/1.0/{path}"), &body).await;
    (answer.status, answer.json())
}

/// The payload of an answer that must be a success.
async fn done(server: &Server, path: &str, body: Value) -> Value {
    let (status, answer) = ask(server, path, body).await;
    assert_eq!((status, &answer["status"]), (200, &json!("ok")), "{answer}");
    answer["payload"].clone()
}

async fn refused(server: &Server, path: &str, body: Value, status: u16, code: &str) -> Value {
    let (found, answer) = ask(server, path, body).await;
    assert_eq!((found, &answer["errors"]["code"]), (status, &json!(code)), "{answer}");
    answer
}

/// A transaction of bananas, changed so many minutes after noon.
fn transaction(id: &str, user: &str, amount: f64, minute: u32) -> Value {
    json!({
        "id": NOWHERE, "retailer_id": RETAILER, "store_id": STORE.to_uppercase(), "pos_transaction_id": id,
        "is_closed": true, "subtotal": amount, "taxtotal": 1.5, "channel": "POS", "guest_receipt_code": "",
        "open_time": "2017-01-31T12:00:00Z", "modified_time": format!("2017-01-31T12:{minute:02}:00Z"),
        "items": [{"id": NOWHERE, "transaction_id": NOWHERE, "pos_item_key": "BANANA", "line_id": "1",
                   "quantity": 2, "unit_price": amount / 2.0, "subtotal": amount}],
        "payments": [{"id": NOWHERE, "payment_id": "P1", "type": "Credit", "amount": amount,
                      "payment_time": "2017-01-31T12:00:30Z", "user_id": user, "user_id_type": "External_ID"}],
        "location_lineages": [], "discounts": []
    })
}

async fn ingest(server: &Server, request: &str, transaction: Value) -> Value {
    let body = json!({"request_id": request, "transaction": transaction, "synchronous": true});
    done(server, "ingest/transaction", body).await
}

async fn balance(server: &Server, user: &str) -> Value {
    let body = json!({"user_id": user, "point_account_ids": [POINTS]});
    done(server, "user_points/balance", body).await["details"][0]["available_balance"].clone()
}

/// What outcomes gave into the spendable account.
fn given(payload: &Value) -> f64 {
    let outcomes = payload["outcomes"].as_array().unwrap_or_else(|| panic!("{payload}"));
    let points = outcomes.iter().filter(|outcome| outcome["point_account_id"] == POINTS);
    points.map(|outcome| outcome["points_awarded"].as_f64().unwrap()).sum()
}

#[test]
fn a_transaction_is_answered_with_what_it_gave_when_that_is_asked_for() {
    run(async |server| {
        server.member("900").await;
        let first = ingest(&server, "r1", transaction("T1", "900", 10.5, 20)).await;
        assert_eq!((&first["accepted"], &first["state"]), (&json!(true), &json!("done")));
        assert_eq!(given(&first), 31.0, "10 base and 21 for produce");
        let outcome = &first["outcomes"][0];
        assert_eq!((&outcome["is_outcome_applied"], &outcome["discriminator"]), (&json!(true), &json!(2)));
        assert!(outcome["point_audit_log_id"].is_string() && first["evaluation_id"].is_string());
        assert_eq!(balance(&server, "900").await, 31);

        let body = json!({"request_id": "r2", "transaction": transaction("T2", "900", 20.0, 20)});
        let second = done(&server, "ingest/transaction", body).await;
        let members: Vec<_> = second.as_object().unwrap().keys().collect();
        assert_eq!(members, ["accepted", "ingest_id"], "it is evaluated later");
        let status = done(&server, "ingest/status", json!({"ingest_id": second["ingest_id"]})).await;
        assert_eq!((&status["state"], given(&status)), (&json!("done"), 60.0));
        assert_eq!(status["pos_transaction_id"], "T2");
        let status = done(&server, "ingest/status", json!({"ingest_id": first["ingest_id"]})).await;
        assert_eq!(status["outcomes"], first["outcomes"]);
        assert_eq!(status["evaluation_id"], first["evaluation_id"]);
    });
}

/// Whoever brings it, it is one sale: a till's version, a return of half of it, a late older version, a void.
#[test]
fn versions_of_a_sale_are_told_apart_by_their_time_alone() {
    run(async |server| {
        server.member("900").await;
        assert_eq!(server.till(&sale("r1", "T1", "900", 20.0)).await.status, 200);
        assert_eq!(balance(&server, "900").await, 60);
        let half = ingest(&server, "r1", transaction("T1", "900", 10.0, 30)).await;
        assert_eq!(
            (&half["state"], given(&half)),
            (&json!("done"), -30.0),
            "the till's r1 is another request"
        );
        let stale = ingest(&server, "r2", transaction("T1", "900", 99.0, 25)).await;
        assert_eq!((&stale["state"], &stale["outcomes"]), (&json!("ignored_stale"), &json!([])));
        assert!(stale["evaluation_id"].is_null());
        let status = done(&server, "ingest/status", json!({"ingest_id": stale["ingest_id"]})).await;
        assert_eq!(status["state"], "ignored_stale");
        assert_eq!(balance(&server, "900").await, 30);

        // The same once more is a duplicate under any request id, or none, and is answered as it was.
        for request in ["r3", ""] {
            let again = ingest(&server, request, transaction("T1", "900", 10.0, 30)).await;
            assert_eq!(
                (&again["outcomes"], &again["evaluation_id"]),
                (&half["outcomes"], &half["evaluation_id"])
            );
            assert_ne!(again["ingest_id"], half["ingest_id"]);
        }
        let mut void = transaction("T1", "900", 10.0, 40);
        void["is_voided"] = json!(true);
        assert_eq!(given(&ingest(&server, "r4", void).await), -30.0);
        assert_eq!(balance(&server, "900").await, 0);
        // What is not closed is kept, and evaluated when it is.
        let mut open = transaction("T2", "900", 10.0, 10);
        open["is_closed"] = json!(false);
        let open = ingest(&server, "r5", open).await;
        assert_eq!((&open["state"], &open["outcomes"]), (&json!("done"), &json!([])));
        assert_eq!(given(&ingest(&server, "r6", transaction("T2", "900", 10.0, 11)).await), 30.0);
    });
}

#[test]
fn a_request_is_done_once_however_often_and_whenever_it_is_sent() {
    run(async |server| {
        server.member("900").await;
        let asked = (0..8).map(|_| ingest(&server, "r1", transaction("T1", "900", 10.0, 20)));
        let answers = join_all(asked).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(given(&answers[0]), 30.0);

        let server = server.after_power_cut().await;
        assert_eq!(ingest(&server, "r1", transaction("T1", "900", 10.0, 20)).await, answers[0]);
        let status = done(&server, "ingest/status", json!({"ingest_id": answers[0]["ingest_id"]})).await;
        assert_eq!(status["outcomes"], answers[0]["outcomes"]);
        let other = json!({"request_id": "r1", "transaction": transaction("T9", "900", 10.0, 20)});
        refused(&server, "ingest/transaction", other, 409, "idempotency_conflict").await;
        assert_eq!(balance(&server, "900").await, 30);
    });
}

/// 7.16: unknown customer, kept 30 days for late registration.
#[test]
fn whoever_registers_within_thirty_days_has_what_came_before() {
    run(async |server| {
        let first = ingest(&server, "r1", transaction("T1", "900", 10.0, 20)).await;
        assert_eq!(first["state"], "no_customer");
        // From a till, too.
        assert_eq!(server.till(&sale("r2", "T2", "900", 7.0)).await.status, 200);
        server.admin("POST", "/admin/test_clock", r#"{"now": "2017-03-01T12:00:00Z"}"#).await;
        server.member("900").await;
        let status = async || {
            let status = done(&server, "ingest/status", json!({"ingest_id": first["ingest_id"]})).await;
            (status["state"].clone(), given(&status), balance(&server, "900").await)
        };
        let expected = (json!("done"), 30.0, json!(51));
        let mut seen = status().await;
        for _ in 0..500 {
            if seen == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            seen = status().await;
        }
        assert_eq!(seen, expected);
        // Nothing is given twice.
        let again = done(&server, "ingest/replay", json!({"transaction_id": "T1", "store_id": STORE})).await;
        assert_eq!((&again["state"], given(&again)), (&json!("done"), 0.0));
        assert_eq!(balance(&server, "900").await, 51);
    });
}

#[test]
fn whoever_registers_later_still_is_found_by_a_replay() {
    run(async |server| {
        let first = ingest(&server, "r1", transaction("T1", "900", 10.0, 20)).await;
        assert_eq!((&first["state"], &first["outcomes"]), (&json!("no_customer"), &json!([])));
        let status = done(&server, "ingest/status", json!({"ingest_id": first["ingest_id"]})).await;
        assert_eq!(status["state"], "no_customer");
        let id = status["transaction_id"].clone();
        server.admin("POST", "/admin/test_clock", r#"{"now": "2017-03-10T12:00:00Z"}"#).await;
        server.member("900").await;

        let dry = json!({"transaction_id": "T1", "store_id": STORE, "dry_run": true});
        let foreseen = done(&server, "ingest/replay", dry).await;
        assert_eq!((&foreseen["transaction_id"], &foreseen["dry_run"]), (&id, &json!(true)));
        assert_eq!(given(&foreseen), 30.0);
        assert!(foreseen["outcomes"][0]["point_audit_log_id"].is_null());
        assert_eq!(balance(&server, "900").await, 0);

        let replayed = done(&server, "ingest/replay", json!({"transaction_id": id})).await;
        assert_eq!((&replayed["state"], given(&replayed)), (&json!("done"), 30.0));
        let again = done(&server, "ingest/replay", json!({"transaction_id": id})).await;
        assert_eq!((&again["state"], given(&again)), (&json!("done"), 0.0));
        assert_eq!(balance(&server, "900").await, 30);
        for (transaction, store) in [("T1", ""), ("T1", NOWHERE), (NOWHERE, STORE), ("T2", STORE)] {
            let unknown = json!({"transaction_id": transaction, "store_id": store});
            refused(&server, "ingest/replay", unknown, 404, "transaction_not_found").await;
        }
    });
}

#[test]
fn transactions_of_a_batch_stand_or_fall_alone() {
    run(async |server| {
        server.member("900").await;
        let mut nowhere = transaction("T3", "900", 10.0, 20);
        nowhere["store_id"] = json!(NOWHERE);
        let transactions = json!([
            transaction("T1", "900", 10.0, 20), "text", nowhere, {"store_id": STORE}, transaction("T1", "900", 5.0, 30),
        ]);
        let body = json!({"request_id": "b1", "transactions": transactions, "synchronous": true});
        let first = done(&server, "ingest/batch", body.clone()).await;
        let results = first["results"].as_array().unwrap();
        let statuses: Vec<_> =
            results.iter().map(|result| result["error_status"].as_u64().unwrap()).collect();
        assert_eq!((&first["accepted"], &statuses[..]), (&json!(false), &[0, 5, 5, 5, 0][..]), "{first}");
        assert_eq!((given(&results[0]), given(&results[4])), (30.0, -15.0));
        assert!(results[1..4].iter().all(|result| result["error_code"] == "invalid_request"), "{first}");
        assert!(results[3]["message"].as_str().unwrap().contains("transaction.open_time"), "{first}");

        let again = done(&server, "ingest/batch", body).await;
        assert_eq!(again["results"][0]["error_status"], 4);
        for place in [0, 4] {
            assert_eq!(again["results"][place]["ingest_id"], results[place]["ingest_id"]);
            assert_eq!(again["results"][place]["outcomes"], results[place]["outcomes"]);
        }
        assert_eq!(balance(&server, "900").await, 15);
        let other = json!({"request_id": "b1", "transactions": [transaction("T7", "900", 1.0, 1)]});
        let other = refused(&server, "ingest/batch", other, 400, "idempotency_conflict").await;
        assert_eq!(other["payload"]["results"][0]["error_status"], 5);
        let many = json!({"transactions": vec![transaction("T1", "900", 10.0, 20); 101]});
        refused(&server, "ingest/batch", many, 400, "too_many_transactions").await;
        for transactions in [json!([]), json!("none"), json!(null)] {
            refused(&server, "ingest/batch", json!({"transactions": transactions}), 400, "invalid_request")
                .await;
        }
    });
}

async fn with_an_event(server: &Server) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    program["events"] =
        json!([{"id": "9b000000-0000-4000-8000-000000000001", "event_lookup": "APP_INSTALLED"}]);
    program["rule_trees"].as_array_mut().unwrap().push(json!({
        "id": "9b000000-0000-4000-8000-000000000100", "name": "Install", "status": 2, "tree_type": 2,
        "trigger_events": ["APP_INSTALLED"],
        "outcomes": [{"id": "9b000000-0000-4000-8000-000000000002", "discriminator": 1, "amount": 100,
                      "point_source_id": SOURCE, "point_account_ids": [POINTS]}],
        "rules": [{"id": "9b000000-0000-4000-8000-000000000101", "discriminator": 65536}]}));
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

#[test]
fn events_of_a_call_stand_or_fall_alone() {
    run(async |server| {
        with_an_event(&server).await;
        server.member("900").await;
        let event = |user: &str, lookup: &str| json!({"user_id": user, "event_lookup": lookup});
        let mut nested = event("900", "APP_INSTALLED");
        nested["context"] = json!({"a": {"b": 1}});
        let events = json!([
            event("900", "app_installed"),
            event("900", "APP_INSTALLED"),
            event("901", "APP_INSTALLED"),
            event("900", "NEVER"),
            event("900", "EARN_POINTS"),
            nested,
            7,
            event("", "APP_INSTALLED")
        ]);
        let body = json!({"request_id": "e1", "user_events": events});
        let first = done(&server, "ingest/event", body.clone()).await;
        let results = first["results"].as_array().unwrap();
        let codes: Vec<_> =
            results.iter().map(|result| result["error_code"].as_str().unwrap_or("")).collect();
        let expected = [
            "",
            "",
            "user_not_found",
            "event_not_found",
            "event_reserved",
            "context_must_be_flat",
            "invalid_request",
            "invalid_request",
        ];
        assert_eq!((&first["accepted"], &codes[..]), (&json!(false), &expected[..]), "{first}");
        assert_eq!(given(&results[0]["result"]), 100.0);
        assert_eq!(balance(&server, "900").await, 200);

        join_all((0..4).map(|_| done(&server, "ingest/event", body.clone()))).await;
        let server = server.after_power_cut().await;
        let again = done(&server, "ingest/event", body).await;
        assert_eq!(again["results"][0], results[0]);
        assert_eq!(balance(&server, "900").await, 200);

        let mut named = event("900", "APP_INSTALLED");
        named["idempotency_id"] = json!("k1");
        done(&server, "ingest/event", json!({"request_id": "e2", "user_events": [named]})).await;
        let again = done(&server, "ingest/event", json!({"request_id": "e3", "user_events": [named]})).await;
        assert_eq!((&again["accepted"], balance(&server, "900").await), (&json!(true), json!(300)));
        named["quantity"] = json!(2);
        let other = json!({"user_events": [named]});
        refused(&server, "ingest/event", other, 400, "idempotency_conflict").await;
        let many = json!({"user_events": vec![event("900", "APP_INSTALLED"); 101]});
        refused(&server, "ingest/event", many, 400, "too_many_user_events").await;
        refused(&server, "ingest/event", json!({}), 400, "invalid_request").await;
    });
}

#[test]
fn what_is_malformed_changes_nothing() {
    run(async |server| {
        server.member("900").await;
        let good = || transaction("T1", "900", 10.0, 20);
        let without = |member: &str| {
            let mut transaction = good();
            transaction[member] = json!("");
            json!({"transaction": transaction})
        };
        let long = "x".repeat(129);
        for body in [
            json!({}),
            json!({"transaction": 7}),
            json!({"transaction": good(), "synchronous": "perhaps"}),
            json!({"transaction": good(), "request_id": long}),
            without("store_id"),
            without("pos_transaction_id"),
            without("open_time"),
        ] {
            refused(&server, "ingest/transaction", body, 400, "invalid_request").await;
        }
        let foreign = json!({"retailer_id": NOWHERE, "transaction": good(), "transactions": [good()],
            "user_events": [{}], "ingest_id": NOWHERE, "transaction_id": "T1"});
        for path in ["transaction", "batch", "event", "status", "replay"] {
            let path = format!("ingest/{path}");
            refused(&server, &path, foreign.clone(), 403, "retailer_not_authorized").await;
        }
        refused(&server, "ingest/status", json!({"ingest_id": NOWHERE}), 404, "ingest_not_found").await;
        refused(&server, "ingest/status", json!({"ingest_id": "none"}), 400, "invalid_request").await;
        refused(&server, "ingest/replay", json!({}), 400, "invalid_request").await;
        assert_eq!(balance(&server, "900").await, 0);
    });
}
