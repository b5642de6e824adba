//! Privacy: erasing, exporting, asking what became of it (incentives.md 7.17).

use serde_json::{Value, json};

use crate::support::{POINTS, RETAILER, Server, run, sale};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";

async fn ask(server: &Server, path: &str, mut body: Value) -> (u16, Value) {
    if body["retailer_id"].is_null() {
        body["retailer_id"] = json!(RETAILER);
    }
    let answer = server.connect(&format!("/incentives/api/1.0/{path}"), &body).await;
    (answer.status, answer.json())
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["errors"]["code"].as_str().unwrap_or_else(|| panic!("{}", answer.1)))
}

async fn forget(server: &Server, user: &str, request: &str) -> (u16, Value) {
    ask(server, "gdpr/forget_user", json!({"user_id": user, "request_id": request, "reason": "asked"})).await
}

async fn deposit(server: &Server, user: &str) -> (u16, Value) {
    let detail = json!({"amount": 25, "point_account_id": POINTS, "point_source_id": SOURCE,
                        "reference_id": "ord-Anna", "reference_type": "MakeGood", "idempotency_id": "k-1"});
    ask(server, "user_points/deposit", json!({"user_id": user, "deposit_details": [detail]})).await
}

#[test]
fn a_forgotten_customer_is_found_nowhere_and_its_rows_stay_under_another_id() {
    run(async |server| {
        let id = server.member("900").await;
        assert_eq!(server.till(&sale("r1", "T1", "900", 30.0)).await.status, 200);
        assert_eq!(deposit(&server, "900").await.0, 200);

        let (_, before) =
            ask(&server, "user_points/balance", json!({"user_id": "900", "point_account_ids": [POINTS]}))
                .await;
        let available = before["payload"]["summary"]["total_points"].as_f64().unwrap();
        assert!(available > 25.0, "{before}");
        let (status, first) = forget(&server, "900", "e-1").await;
        assert_eq!(status, 200, "{first}");
        let payload = &first["payload"];
        assert_eq!((&payload["request_id"], &payload["state"]), (&json!("e-1"), &json!("completed")));
        let tombstone = payload["tombstone_user_id"].as_str().unwrap();
        assert_ne!(tombstone, id);

        for user in ["900", &*id] {
            for path in [
                "user_points/all_balances",
                "point_audit_logs/fetch_point_audit_logs",
                "user_tiers/fetch",
                "movement/fetch_history",
                "movement/qualifying",
                "user_state/fetch",
                "gdpr/export_user",
            ] {
                let answer = ask(&server, path, json!({"user_id": user})).await;
                assert_eq!(code(&answer), (404, "user_not_found"), "{path}");
            }
            let event = json!({"user_id": user, "event_lookup": "survey_completed"});
            assert_eq!(ask(&server, "user_events/trigger_user_event", event).await.0, 404);
            assert_eq!(code(&deposit(&server, user).await), (404, "user_not_found"));
            assert_eq!(code(&forget(&server, user, "e-2").await), (404, "user_not_found"));
        }
        let key = &server.keys.core.key;
        for path in [format!("users/{id}"), "external/users/900".to_owned()] {
            assert_eq!(server.core("GET", &format!("/priv/v1/apps/{key}/{path}"), "").await.status, 404);
        }

        // The rows that stay add up to what there was.
        let rows = json!({"user_id": tombstone});
        let (_, rows) = ask(&server, "point_audit_logs/fetch_point_audit_logs", rows).await;
        let rows = rows["payload"]["results"].as_array().unwrap().clone();
        let of_points = rows.iter().filter(|row| row["point_account_id"] == POINTS);
        let sum: f64 = of_points.map(|row| row["modification"].as_f64().unwrap()).sum();
        assert!((sum - available).abs() < f64::EPSILON, "{rows:?}");
        for row in &rows {
            assert_eq!(row["user_id"], tombstone);
            for blank in ["modification_entity_id", "transaction_id", "request_id", "idempotency_id"] {
                assert_eq!(row[blank], "", "{blank}");
            }
        }
        assert!(rows.iter().any(|row| row["modification_type"] == "MakeGood"));
    });
}

#[test]
fn a_repeat_is_answered_and_another_customer_under_the_id_is_a_conflict() {
    run(async |server| {
        let id = server.member("900").await;
        server.member("901").await;
        let (_, first) = forget(&server, "900", "e-1").await;
        let (status, again) = forget(&server, "900", "e-1").await;
        assert_eq!((status, &again), (200, &first));
        assert_eq!(code(&forget(&server, "901", "e-1").await), (409, "idempotency_conflict"));
        let (_, seen) = ask(&server, "gdpr/status", json!({"request_id": "e-1"})).await;
        assert_eq!(seen["payload"]["state"], "completed");
        assert!(seen["payload"]["completed_at"].as_str().unwrap().starts_with("2017-02-01T00:00:0"));
        assert_eq!(seen["payload"]["tombstone_user_id"], first["payload"]["tombstone_user_id"]);
        let unknown = ask(&server, "gdpr/status", json!({"request_id": "e-9"})).await;
        assert_eq!(code(&unknown), (404, "request_not_found"));
        // The identifier is free: whoever takes it is somebody else.
        let newcomer = server.member("900").await;
        assert_ne!(newcomer, id);
        let (_, balances) = ask(&server, "user_points/all_balances", json!({"user_id": "900"})).await;
        assert_eq!(balances["payload"]["summary"]["life_time_points"], 0);
        // Also then the old request is answered as it was.
        assert_eq!(forget(&server, "900", "e-1").await.1, first);
    });
}

#[test]
fn malformed_requests_change_nothing() {
    run(async |server| {
        server.member("900").await;
        let foreign = "00000000-0000-4000-8000-000000000001";
        for (path, body, expected) in [
            ("forget_user", json!({"user_id": "900"}), (400, "invalid_request")),
            ("forget_user", json!({"user_id": "900", "request_id": ""}), (400, "invalid_request")),
            ("forget_user", json!({"request_id": "e-1"}), (400, "invalid_request")),
            (
                "forget_user",
                json!({"user_id": "900", "request_id": "e-1", "retailer_id": foreign}),
                (403, "retailer_not_authorized"),
            ),
            ("forget_user", json!({"user_id": "999", "request_id": "e-1"}), (404, "user_not_found")),
            ("status", json!({}), (400, "invalid_request")),
            (
                "status",
                json!({"request_id": "e-1", "retailer_id": foreign}),
                (403, "retailer_not_authorized"),
            ),
            ("export_user", json!({}), (400, "invalid_request")),
            ("export_user", json!({"user_id": "900", "take": 1001}), (400, "take_too_large")),
            ("export_user", json!({"user_id": "999"}), (404, "user_not_found")),
        ] {
            let answer = ask(&server, &format!("gdpr/{path}"), body.clone()).await;
            assert_eq!(code(&answer), expected, "{path} {body}");
        }
        assert_eq!(ask(&server, "gdpr/export_user", json!({"user_id": "900"})).await.0, 200);
    });
}

#[test]
fn an_export_pages_each_section() {
    run(async |server| {
        server.member("900").await;
        for n in 0..3 {
            server.till(&sale(&format!("r{n}"), &format!("T{n}"), "900", 10.0)).await;
        }
        let page = json!({"user_id": "900", "request_id": "x-1", "skip": 1, "take": 2});
        let (status, export) = ask(&server, "gdpr/export_user", page).await;
        assert_eq!(status, 200, "{export}");
        let payload = &export["payload"];
        assert_eq!(payload["request_id"], "x-1");
        assert_eq!(
            payload["balances"]["summary"]["total_points"],
            payload["balances"]["summary"]["life_time_points"]
        );
        let logs = &payload["audit_logs"];
        assert!(logs["total_records"].as_u64().unwrap() >= 3, "{logs}");
        assert_eq!(logs["results"].as_array().unwrap().len(), 2);
        assert_eq!(payload["user_state"]["user_id"], "900");
        for section in ["movements", "user_events"] {
            assert!(payload[section]["total_records"].is_u64(), "{section}");
        }
        assert!(payload["tiers"].is_array());
    });
}

#[test]
fn a_sale_that_arrives_after_the_erasure_names_nobody() {
    run(async |server| {
        let id = server.member("900").await;
        server.till(&sale("r1", "T1", "900", 30.0)).await;
        forget(&server, "900", "e-1").await;
        let mut late = sale("r2", "T2", &id, 30.0);
        late["request_payload"]["payments"][0]["user_id_type"] = json!("SessionM_ID");
        let answer = server.till(&late).await.json();
        assert!(answer.to_string().contains("user_not_found"), "{answer}");
        // The till repeats what it knows of the earlier sale; the sale has forgotten whom it named.
        let mut returned = sale("r3", "T1", "900", 10.0);
        returned["request_payload"]["modified_time"] = json!("2017-01-31T23:00:00Z");
        assert_eq!(server.till(&returned).await.status, 200);
        let wanted =
            json!({"retailer_id": RETAILER, "store_id": returned["store_id"], "pos_transaction_id": "T1"});
        let shown = server.connect("/transactions/api/1.0/transactions/info/get_transaction", &wanted).await;
        assert!(!shown.body.contains("\"900\""), "{}", shown.body);
    });
}
