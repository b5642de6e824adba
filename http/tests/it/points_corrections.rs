//! Spend, transfer, modify, expire, expirations, reverse (incentives.md 7.1, 7.2). The clock stands at 1 February 2017;
//! the spendable points live for six months.

use serde_json::{Value, json};

use crate::support::{POINTS, RETAILER, STATUS, Server, run};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const NOWHERE: &str = "ffffffff-0000-4000-8000-000000000000";

/// Asks for a path behind the version.
async fn ask(server: &Server, path: &str, mut body: Value) -> (u16, Value) {
    body["retailer_id"] = json!(RETAILER);
    let answer = server.connect(&format!("/incentives/api/{path}"), &body).await;
    (answer.status, answer.json())
}

/// A member with 100 points; gives the answer to the deposit.
async fn with_points(server: &Server) -> Value {
    server.member("900").await;
    let body = json!({"user_id": "900", "deposit_details": [
        {"amount": 100, "point_account_id": POINTS, "point_source_id": SOURCE}]});
    let (status, given) = ask(server, "2.0/user_points/deposit", body).await;
    assert_eq!(status, 200, "{given}");
    given["payload"].clone()
}

async fn refused(server: &Server, path: &str, body: Value) -> (u16, String) {
    let (status, answer) = ask(server, path, body).await;
    assert_eq!(answer["status"], "error", "{answer}");
    assert!(answer.get("payload").is_none(), "{answer}");
    (status, answer["errors"]["code"].as_str().unwrap().to_owned())
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn version_2_of_a_deposit_says_that_it_succeeded() {
    run(async |server| {
        let given = with_points(&server).await;
        assert_eq!((&given["success"], given["message"].is_string()), (&json!(true), true));
        let (_, balance) = ask(&server, "2.0/user_points/balance", json!({"user_id": "900"})).await;
        assert_eq!(balance["payload"]["summary"]["total_points"], 100);
        let all = json!({"user_id": "900", "include_expirations": true});
        let (_, all) = ask(&server, "2.0/user_points/all_balances", all).await;
        let details = all["payload"]["details"].as_array().unwrap();
        let dates = details.iter().map(|detail| detail["expirations"].clone()).collect::<Vec<_>>();
        assert_eq!(dates, [json!([{"amount": 100, "expiration_date": "2017-08-01T00:00:00"}]), json!([])]);
    });
}

#[test]
fn one_spend_succeeds_or_fails_as_a_call() {
    run(async |server| {
        with_points(&server).await;
        let spend = |amount: i64, account: &str| {
            json!({"user_id": "900", "amount": amount,
            "point_account_ids": [account], "idempotency_id": format!("k{amount}"), "reference_id": "r-1"})
        };
        let (status, done) = ask(&server, "1.0/user_points/spend", spend(30, POINTS)).await;
        assert_eq!((status, &done["payload"]["summary"]["amount_spent"]), (200, &json!(30)), "{done}");
        let (_, again) = ask(&server, "2.0/user_points/spend", spend(30, POINTS)).await;
        assert_eq!(again["payload"]["details"][0]["error_status"], 4);
        let path = "1.0/user_points/spend";
        assert_eq!(refused(&server, path, spend(71, POINTS)).await, code(400, "insufficient_points"));
        assert_eq!(refused(&server, path, spend(0, POINTS)).await, code(400, "invalid_amount"));
        assert_eq!(refused(&server, path, spend(1, NOWHERE)).await, code(404, "point_account_not_found"));
        assert_eq!(refused(&server, path, json!({"user_id": "900"})).await, code(400, "invalid_request"));
        let other = json!({"user_id": "900", "amount": 31, "idempotency_id": "k30"});
        assert_eq!(refused(&server, path, other).await, code(409, "idempotency_conflict"));
    });
}

#[test]
fn a_reversal_gives_back_and_takes_back() {
    run(async |server| {
        let given = with_points(&server).await;
        let path = "2.0/user_points/reverse";
        let spend = json!({"user_id": "900", "amount": 60, "transaction_id": "T-1"});
        ask(&server, "1.0/user_points/spend", spend).await;
        let part = json!({"user_id": "900", "transaction_id": "T-1", "amount": 20, "idempotency_id": "r1"});
        for summary in ["new", "replayed"] {
            let (status, back) = ask(&server, path, part.clone()).await;
            assert_eq!((status, &back["payload"]["idempotency_summary"]), (200, &json!(summary)), "{back}");
            let detail = &back["payload"]["details"][0];
            assert_eq!((&detail["modification"], &detail["remaining_balance"]), (&json!(20), &json!(60)));
        }
        let rest = json!({"user_id": "900", "transaction_id": "T-1"});
        let (_, back) = ask(&server, path, rest.clone()).await;
        assert_eq!(back["payload"]["audits"][0]["audit_type"], 32);
        let (status, again) = ask(&server, path, rest).await;
        let detail = &again["payload"]["details"][0];
        assert_eq!(
            (status, &detail["modification"], &detail["remaining_balance"]),
            (200, &json!(0), &json!(100))
        );
        let deposit = json!({"user_id": "900", "tracking_id": given["details"][0]["tracking_id"]});
        let (_, back) = ask(&server, path, deposit).await;
        assert_eq!(back["payload"]["details"][0]["modification"], -100);
        let nothing = json!({"user_id": "900", "point_audit_log_id": NOWHERE});
        assert_eq!(refused(&server, path, nothing).await, code(400, "nothing_to_reverse"));
        let two = json!({"user_id": "900", "point_audit_log_id": NOWHERE, "tracking_id": "x"});
        assert_eq!(refused(&server, path, two).await, code(400, "invalid_request"));
        let key = json!({"user_id": "900", "idempotency_id": given["details"][0]["idempotency_id"]});
        let (status, again) = ask(&server, path, key).await;
        assert_eq!((status, &again["payload"]["details"][0]["modification"]), (200, &json!(0)), "{again}");
    });
}

#[test]
fn a_row_is_corrected() {
    run(async |server| {
        let given = with_points(&server).await;
        let path = "1.0/user_points/modify";
        let modify = |amount: i64, more: Value| {
            let mut body = json!({"user_id": "900", "point_audit_log_id": given["audits"][0]["id"],
                "new_amount": amount, "reason_code": "MISTAKE"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let (status, done) = ask(&server, path, modify(120, json!({}))).await;
        assert_eq!((status, &done["payload"]["details"][0]["modification"]), (200, &json!(20)), "{done}");
        assert_eq!(done["payload"]["audits"][0]["modification_type"], "MISTAKE");
        ask(&server, "1.0/user_points/spend", json!({"user_id": "900", "amount": 50})).await;
        assert_eq!(refused(&server, path, modify(49, json!({}))).await, code(400, "amount_below_consumed"));
        ask(&server, path, modify(80, json!({"new_expiration_date": "2017-03-01"}))).await;
        let (_, coming) = ask(&server, "1.0/user_points/expirations", json!({"user_id": "900"})).await;
        assert_eq!(
            coming["payload"]["results"],
            json!([{"point_account_id": POINTS, "account_name": "Points", "amount": 30,
                    "expiration_date": "2017-03-01T00:00:00"}])
        );
        let until = json!({"user_id": "900", "until": "2017-02-28"});
        let (_, coming) = ask(&server, "1.0/user_points/expirations", until).await;
        assert_eq!(coming["payload"]["results"], json!([]));
        let unknown = json!({"user_id": "900", "point_account_ids": [NOWHERE]});
        let path = "1.0/user_points/expirations";
        assert_eq!(refused(&server, path, unknown).await, code(404, "point_account_not_found"));
        let unknown = json!({"user_id": "900", "point_audit_log_id": NOWHERE, "new_amount": 1});
        let path = "1.0/user_points/modify";
        assert_eq!(refused(&server, path, unknown).await, code(404, "audit_log_not_found"));
        let past = modify(80, json!({"new_expiration_date": "2017-01-01"}));
        assert_eq!(refused(&server, path, past).await, code(400, "invalid_amount"));
    });
}

#[test]
fn points_run_out_on_request() {
    run(async |server| {
        with_points(&server).await;
        let path = "1.0/user_points/expire";
        let expire = |more: Value| {
            let mut body = json!({"user_id": "900", "point_account_ids": [POINTS]});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let (_, done) = ask(&server, path, expire(json!({"percentage": 12.5}))).await;
        assert_eq!(done["payload"]["amount_expired"], 12.5, "{done}");
        let once = expire(json!({"amount": 10, "idempotency_id": "e1"}));
        ask(&server, path, once.clone()).await;
        let (_, again) = ask(&server, path, once).await;
        assert_eq!(again["payload"]["details"][0]["remaining_balance"], 77.5);
        let (_, rest) = ask(&server, path, expire(json!({}))).await;
        assert_eq!(
            (&rest["payload"]["amount_expired"], &rest["payload"]["audits"][0]["audit_type"]),
            (&json!(77.5), &json!(4))
        );
        let wrong = [json!({"percentage": 101}), json!({"amount": 0}), json!({"amount": 1, "percentage": 1})];
        for more in wrong {
            assert_eq!(refused(&server, path, expire(more)).await, code(400, "invalid_request"));
        }
        assert_eq!(refused(&server, path, json!({"user_id": "900"})).await, code(400, "invalid_request"));
        let unknown = json!({"user_id": "900", "point_account_ids": [NOWHERE]});
        assert_eq!(refused(&server, path, unknown).await, code(404, "point_account_not_found"));
    });
}

#[test]
fn points_move_to_another_account() {
    run(async |server| {
        with_points(&server).await;
        let path = "1.0/user_points/transfer";
        let transfer = |amount: i64, to: &str| {
            json!({"from_user_id": "900", "to_user_id": "900",
            "to_point_account_id": to, "amount": amount, "idempotency_id": format!("t{amount}")})
        };
        let (status, done) = ask(&server, path, transfer(40, STATUS)).await;
        let payload = &done["payload"];
        assert_eq!((status, &payload["amount"]), (200, &json!(40)), "{done}");
        assert_eq!(payload["from"]["details"][0]["available_balance"], 60);
        assert_eq!(payload["to"]["details"][0]["available_balance"], 40);
        let audits = payload["audits"].as_array().unwrap();
        assert!(audits.len() == 2 && audits.iter().all(|row| row["audit_type"] == 8), "{audits:?}");
        let (_, again) = ask(&server, "2.0/user_points/transfer", transfer(40, STATUS)).await;
        assert_eq!(again["payload"]["idempotency_summary"], "replayed");
        assert_eq!(again["payload"]["to"]["details"][0]["available_balance"], 40);
        assert_eq!(refused(&server, path, transfer(61, STATUS)).await, code(400, "insufficient_points"));
        assert_eq!(refused(&server, path, transfer(1, POINTS)).await, code(400, "same_account"));
        assert_eq!(refused(&server, path, transfer(1, NOWHERE)).await, code(404, "point_account_not_found"));
        let nobody =
            json!({"from_user_id": "900", "to_user_id": "901", "to_point_account_id": STATUS, "amount": 1});
        assert_eq!(refused(&server, path, nobody).await, code(404, "user_not_found"));
    });
}

#[test]
fn points_go_to_another_customer() {
    run(async |server| {
        with_points(&server).await;
        server.member("901").await;
        let path = "1.0/user_points/transfer";
        let transfer = |amount: i64, to: &str| {
            json!({"from_user_id": "900", "to_user_id": "901", "from_point_account_ids": [POINTS],
            "to_point_account_id": to, "amount": amount, "idempotency_id": format!("g{amount}"),
            "reference_id": "gift"})
        };
        let (status, mut done) = ask(&server, path, transfer(40, POINTS)).await;
        let payload = &done["payload"];
        assert_eq!((status, &payload["amount"]), (200, &json!(40)), "{done}");
        assert_eq!((&payload["from"]["user_id"], &payload["to"]["user_id"]), (&json!("900"), &json!("901")));
        assert_eq!(payload["from"]["summary"]["total_points"], 60);
        assert_eq!(payload["to"]["details"][0]["available_balance"], 40);
        let audits = payload["audits"].as_array().unwrap();
        let changes: Vec<_> = audits.iter().map(|row| (&row["modification"], &row["audit_type"])).collect();
        assert_eq!(changes, [(&json!(-40), &json!(8)), (&json!(40), &json!(8))]);
        assert_ne!(audits[0]["user_id"], audits[1]["user_id"]);
        assert!(audits.iter().all(|row| row["request_id"] == payload["transfer_id"]), "{audits:?}");
        let (_, mut again) = ask(&server, "2.0/user_points/transfer", transfer(40, POINTS)).await;
        for (answer, summary) in [(&mut done, "new"), (&mut again, "replayed")] {
            let said = answer["payload"].as_object_mut().unwrap().remove("idempotency_summary");
            assert_eq!(said, Some(json!(summary)));
        }
        assert_eq!(again, done, "a repeat is answered the same");
        assert_eq!(refused(&server, path, transfer(61, POINTS)).await, code(400, "insufficient_points"));
        assert_eq!(refused(&server, path, transfer(1, NOWHERE)).await, code(404, "point_account_not_found"));
        let other = json!({"from_user_id": "900", "to_user_id": "901", "to_point_account_id": POINTS,
            "amount": 41, "idempotency_id": "g40"});
        assert_eq!(refused(&server, path, other).await, code(409, "idempotency_conflict"));
        let (_, log) =
            ask(&server, "1.0/point_audit_logs/fetch_point_audit_logs", json!({"user_id": "901"})).await;
        assert_eq!(log["payload"]["results"][0]["modification_type"], "Transfer", "{log}");
    });
}
