//! Points on request (incentives.md 7.1, 7.3).

use laurel_http::HttpSwitches;
use serde_json::{Value, json};

use crate::support::{POINTS, RETAILER, STATUS, Server, basic, run, run_with};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";

async fn ask(server: &Server, path: &str, mut body: Value) -> (u16, Value) {
    body["retailer_id"] = json!(RETAILER.to_uppercase());
    let answer = server.connect(&format!("/incentives/api/1.0/{path}"), &body).await;
    (answer.status, answer.json())
}

fn deposit(amount: &Value, key: &str) -> Value {
    json!({"user_id": "900", "deposit_details": [{
        "amount": amount, "point_account_id": POINTS.to_uppercase(), "point_source_id": SOURCE,
        "reference_id": "ord-77", "reference_type": "MakeGood", "idempotency_id": key,
        "rank": 1, "time_of_occurrence": "",
    }]})
}

#[test]
fn a_deposit_is_done_once_per_idempotency_id() {
    run(async |server| {
        server.member("900").await;
        let (status, first) = ask(&server, "user_points/deposit", deposit(&json!(50.5), "k1")).await;
        assert_eq!((status, &first["status"]), (200, &json!("ok")), "{first}");
        let payload = &first["payload"];
        let detail = &payload["details"][0];
        assert_eq!(
            (&payload["user_id"], &payload["retailer_id"]),
            (&json!("900"), &json!(RETAILER.to_uppercase()))
        );
        assert_eq!((&detail["amount_deposited"], &detail["remaining_balance"]), (&json!(50.5), &json!(50.5)));
        assert_eq!((&detail["account_name"], &detail["error_status"]), (&json!("Points"), &json!(0)));
        assert_eq!(
            (&detail["point_account_id"], &detail["idempotency_summary"]),
            (&json!(POINTS.to_uppercase()), &json!("new"),)
        );
        assert_eq!(payload["audits"][0]["modification_type"], "MakeGood");

        let (_, again) = ask(&server, "user_points/deposit", deposit(&json!(50.5), "k1")).await;
        let detail = &again["payload"]["details"][0];
        assert_eq!(
            (&detail["error_status"], &detail["idempotency_summary"]),
            (&json!(4), &json!("replayed"))
        );
        let (status, conflict) = ask(&server, "user_points/deposit", deposit(&json!(51), "k1")).await;
        assert_eq!((status, &conflict["errors"]["code"]), (409, &json!("idempotency_conflict")));
        let (_, balance) = ask(&server, "user_points/all_balances", json!({"user_id": "900"})).await;
        assert_eq!(balance["payload"]["summary"]["total_points"], 50.5);
    });
}

#[test]
fn a_spend_that_takes_nothing_is_400_with_its_details() {
    run(async |server| {
        let id = server.member("900").await;
        ask(&server, "user_points/deposit", deposit(&json!(100), "k1")).await;
        let spend = |amounts: &[i64], partial: bool| {
            let details: Vec<_> = amounts
                .iter()
                .map(|amount| json!({"amount": amount, "id": "", "point_source_id": ""}))
                .collect();
            json!({"user_id": id, "spend_details": details, "allow_partial_success": partial})
        };
        let (status, refused) = ask(&server, "user_points/spend_multiple", spend(&[40, 500], false)).await;
        assert_eq!((status, &refused["errors"]["code"]), (400, &json!("insufficient_points")));
        let details = &refused["payload"]["details"];
        assert_eq!((&details[0]["error_status"], &details[1]["error_status"]), (&json!(10), &json!(1)));
        assert_eq!(details[1]["error_response"]["code"], "insufficient_points");

        let (status, part) = ask(&server, "user_points/spend_multiple", spend(&[40, 500], true)).await;
        assert_eq!((status, &part["payload"]["summary"]["amount_spent"]), (200, &json!(40)));
        assert_eq!(part["payload"]["summary"]["remaining_balance"], 60);
        assert_eq!(part["payload"]["audits"][0]["modification"], -40);
        assert!(part["payload"]["details"][0].get("life_time_value").is_none());
    });
}

#[test]
fn balances_name_all_accounts_or_those_asked_for() {
    run(async |server| {
        server.member("900").await;
        let (status, all) = ask(&server, "user_points/all_balances", json!({"user_id": "900"})).await;
        let details = all["payload"]["details"].as_array().unwrap();
        assert_eq!((status, details.len()), (200, 2));
        assert!(
            details
                .iter()
                .all(|detail| detail["user_point_account_id"] == "" && detail["available_balance"] == 0)
        );
        let (_, one) =
            ask(&server, "user_points/balance", json!({"user_id": "900", "point_account_ids": [STATUS]}))
                .await;
        assert_eq!(
            (
                &one["payload"]["details"][0]["account_name"],
                one["payload"]["details"].as_array().unwrap().len()
            ),
            (&json!("Status"), 1)
        );
        let (_, default) = ask(&server, "user_points/balance", json!({"user_id": "900"})).await;
        assert_eq!(default["payload"]["details"][0]["account_name"], "Points");
        let unknown = json!({"user_id": "900", "point_account_ids": [SOURCE]});
        let (status, unknown) = ask(&server, "user_points/balance", unknown).await;
        assert_eq!((status, &unknown["errors"]["code"]), (404, &json!("point_account_not_found")));
        let (status, nobody) = ask(&server, "user_points/balance", json!({"user_id": "nobody"})).await;
        assert_eq!((status, &nobody["errors"]["code"]), (404, &json!("user_not_found")));
    });
}

#[test]
fn the_audit_log_is_filtered_paged_and_limited() {
    run(async |server| {
        server.member("900").await;
        for n in 0..5 {
            let mut body = deposit(&json!(n + 1), &format!("k{n}"));
            body["deposit_details"][0]["time_of_occurrence"] = json!(format!("2017-01-31T0{n}:00:00Z"));
            ask(&server, "user_points/deposit", body).await;
        }
        let path = "point_audit_logs/fetch_point_audit_logs";
        let (_, page) = ask(&server, path, json!({"user_id": "900", "skip": 1, "take": 2})).await;
        assert_eq!(page["payload"]["total_records"], 5);
        let amounts: Vec<_> = page["payload"]["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["modification"].clone())
            .collect();
        assert_eq!(amounts, [json!(4), json!(3)], "newest first");
        let row = &page["payload"]["results"][0];
        assert_eq!((&row["transaction_id"], &row["audit_type"]), (&json!(""), &json!(1)));
        assert_eq!(
            (&row["time_of_occurrence"], &row["create_date"]),
            (&json!("2017-01-31T03:00:00Z"), &json!("2017-02-01T00:00:00"))
        );
        assert_eq!(row["expiration_date"], "2017-08-01T00:00:00");
        let listed = json!({"user_id": "900", "modification_types": ["MakeGood"],
                            "exclude_specified_modification_types": true});
        assert_eq!(ask(&server, path, listed).await.1["payload"]["total_records"], 0);
        let cases = [
            (json!({"take": 1001}), "take_too_large"),
            (json!({"from_date": "2015-01-01", "to_date": "2016-02-01"}), "date_range_too_long"),
            (json!({"point_account_ids": vec![POINTS; 11]}), "too_many_point_accounts"),
            (json!({"modification_types": vec!["x"; 6]}), "too_many_modification_types"),
            (json!({"from_date": "soon"}), "invalid_request"),
        ];
        for (mut body, code) in cases {
            body["user_id"] = json!("900");
            let (status, refused) = ask(&server, path, body).await;
            assert_eq!((status, &refused["errors"]["code"]), (400, &json!(code)));
        }
    });
}

#[test]
fn wrong_requests_are_refused_with_the_place() {
    run(async |server| {
        server.member("900").await;
        let mut wrong = deposit(&json!("5"), "k");
        wrong["deposit_details"][0]["point_source_id"] = json!("");
        let (status, refused) = ask(&server, "user_points/deposit", wrong).await;
        assert_eq!((status, &refused["errors"]["code"]), (400, &json!("invalid_request")));
        let message = refused["errors"]["message"].as_str().unwrap();
        assert!(message.contains("deposit_details[0].amount must be a number"), "{message}");
        assert!(message.contains("deposit_details[0].point_source_id is required"), "{message}");
        let (_, zero) = ask(&server, "user_points/deposit", deposit(&json!(0), "k")).await;
        assert_eq!(zero["errors"]["code"], "invalid_amount");
        let many = json!({"user_id": "900", "deposit_details": vec![json!({}); 101]});
        assert_eq!(ask(&server, "user_points/deposit", many).await.1["errors"]["code"], "too_many_details");

        let body = json!({"retailer_id": SOURCE, "user_id": "900"});
        let other = server.connect("/api/1.0/User_Points/All_Balances/", &body).await;
        assert_eq!((other.status, &other.json()["errors"]["code"]), (403, &json!("retailer_not_authorized")));
        let till = server
            .ask("POST", "/incentives/api/1.0/user_points/balance", &basic(&server.keys.pos), "{}")
            .await;
        assert_eq!((till.status, &till.json()["errors"]["code"]), (401, &json!("unauthorized")));
        let get = server.ask("GET", "/incentives/api/1.0/user_points/balance", "", "").await;
        assert_eq!((get.status, get.header("Allow")), (405, Some("POST")));
    });
}

#[test]
fn times_end_in_a_zone_when_the_switch_says_so() {
    run_with(HttpSwitches { emit_zone_suffix: true, ..HttpSwitches::default() }, async |server| {
        server.member("900").await;
        let (_, done) = ask(&server, "user_points/deposit", deposit(&json!(1), "k")).await;
        assert_eq!(done["payload"]["audits"][0]["create_date"], "2017-02-01T00:00:00Z");
    });
}
