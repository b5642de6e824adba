//! The compatibility traps of incentives.md section 11: each of them breaks a real client. One test for each number.

use laurel_http::HttpSwitches;
use serde_json::{Value, json};

use crate::support::{Answer, POINTS, PROGRAM, RETAILER, STATUS, Server, run, run_with};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const SYSTEM: &str = "9a000000-0000-4000-8000-000000000020";

async fn ask(server: &Server, path: &str, mut body: Value) -> Answer {
    body["retailer_id"] = json!(RETAILER);
    server.connect(&format!("/incentives/api/1.0/{path}"), &body).await
}

async fn payload(server: &Server, path: &str, body: Value) -> Value {
    let answer = ask(server, path, body).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()["payload"].clone()
}

fn deposit(amount: i64) -> Value {
    json!({"user_id": "900", "deposit_details": [{
        "amount": amount, "point_account_id": POINTS, "point_source_id": SOURCE}]})
}

fn spend(amount: i64) -> Value {
    json!({"user_id": "900", "spend_details": [{"amount": amount, "point_account_ids": [POINTS]}]})
}

/// Server with customer 900.
fn with_member<T: Future<Output = ()>>(test: impl FnOnce(Server) -> T) {
    run(async |server| {
        server.member("900").await;
        test(server).await;
    });
}

#[test]
fn trap_1_success_is_200_and_a_spend_that_took_nothing_is_not() {
    with_member(async |server| {
        assert_eq!(ask(&server, "user_points/deposit", deposit(10)).await.status, 200);
        assert_eq!(ask(&server, "user_points/spend_multiple", spend(4)).await.status, 200);
        assert_eq!(ask(&server, "movement/qualifying", json!({"user_id": "900"})).await.status, 200);
        let nothing = ask(&server, "user_points/spend_multiple", spend(500)).await;
        assert_eq!((nothing.status, &nothing.json()["errors"]["code"]), (400, &json!("insufficient_points")));
    });
}

#[test]
fn trap_2_an_empty_string_is_not_supplied() {
    with_member(async |server| {
        ask(&server, "user_points/deposit", deposit(10)).await;
        let detail = json!({"amount": 4, "point_account_ids": [POINTS], "id": "", "timestamp": "", "overdraft_id": "",
            "overdraft_timestamp": "", "point_source_id": "", "idempotency_id": "", "transaction_id": ""});
        let done = payload(
            &server,
            "user_points/spend_multiple",
            json!({"user_id": "900", "spend_details": [detail]}),
        )
        .await;
        assert_eq!(done["summary"]["remaining_balance"], 6);
    });
}

#[test]
fn trap_3_both_spellings_of_a_culture() {
    with_member(async |server| {
        for culture in ["en_US", "en-US", "de", ""] {
            payload(&server, "user_points/all_balances", json!({"user_id": "900", "culture": culture})).await;
        }
    });
}

#[test]
fn traps_4_and_15_users_by_external_id_or_by_a_guid_in_any_case() {
    run(async |server| {
        let id = server.member("900").await;
        ask(&server, "user_points/deposit", deposit(10)).await;
        for user in ["900".to_owned(), id.clone(), id.to_uppercase()] {
            let body = json!({"user_id": user, "point_account_ids": [POINTS.to_uppercase()]});
            let balance = payload(&server, "user_points/balance", body).await;
            assert_eq!(
                (&balance["user_id"], &balance["summary"]["total_points"]),
                (&json!(user), &json!(10))
            );
        }
        let upper = json!({"retailer_id": RETAILER.to_uppercase(), "user_id": "900"});
        let answer = server.connect("/incentives/api/1.0/user_points/all_balances", &upper).await;
        assert_eq!(answer.json()["payload"]["retailer_id"], RETAILER.to_uppercase());
    });
}

#[test]
fn trap_5_a_reference_is_any_text_and_no_key() {
    with_member(async |server| {
        let mut same = deposit(10);
        same["deposit_details"][0]["reference_id"] = json!("Purchase bonus!");
        same["deposit_details"][0]["reference_type"] = json!("Purchase bonus!");
        ask(&server, "user_points/deposit", same.clone()).await;
        let second = payload(&server, "user_points/deposit", same).await;
        assert_eq!(second["summary"]["remaining_balance"], 20);
        assert_eq!(second["details"][0]["reference_id"], "Purchase bonus!");
    });
}

#[test]
fn trap_6_details_list_accounts_that_were_never_used() {
    with_member(async |server| {
        let all = payload(&server, "user_points/all_balances", json!({"user_id": "900"})).await;
        let of = |id: &str| {
            let details = all["details"].as_array().unwrap();
            details.iter().find(|detail| detail["point_account_id"] == id).cloned().unwrap()
        };
        for account in [POINTS, STATUS] {
            assert_eq!(
                (&of(account)["user_point_account_id"], &of(account)["available_balance"]),
                (&json!(""), &json!(0))
            );
        }
        let labels = [POINTS, STATUS].map(|account| of(account)["grouping_label"].clone());
        assert_eq!(labels, ["Spend", "Tier"]);
    });
}

/// Also 8: what is null is left out, but for the audit rows, whose keys are always there.
#[test]
fn traps_7_and_8_numbers_without_decimal_points_and_no_nulls() {
    with_member(async |server| {
        let done = ask(&server, "user_points/deposit", deposit(10)).await;
        let rows = ask(&server, "point_audit_logs/fetch_point_audit_logs", json!({"user_id": "900"})).await;
        let tiers = ask(&server, "user_tiers/fetch", json!({"user_id": "900"})).await;
        for answer in [&done, &rows, &tiers] {
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(!answer.body.contains(".0,") && !answer.body.contains(".0}"), "{}", answer.body);
            assert!(!answer.body.contains(":null"), "{}", answer.body);
        }
        let row = &rows.json()["payload"]["results"][0];
        assert!(row["audit_type"].is_i64() && row["spend_weight"].is_i64(), "{row}");
        for key in [
            "modification_entity_id",
            "point_source_id",
            "point_source_name",
            "request_id",
            "modification_type",
            "transaction_id",
        ] {
            assert!(row[key].is_string(), "{key}: {row}");
        }
        let account = payload(&server, "user_points/all_balances", json!({"user_id": "900"})).await;
        assert!(account["details"][0].get("max_allowed_balance").is_none());
    });
}

#[test]
fn trap_9_maps_stay_maps() {
    with_member(async |server| {
        let tiers = payload(&server, "user_tiers/fetch", json!({"user_id": "900"})).await;
        let leaf = &tiers["tier_levels"][0]["tier_progress"][0]["rules"][0]["rule"];
        let accounts =
            leaf["constraints"][0]["point_accounts"].as_object().unwrap_or_else(|| panic!("{leaf}"));
        assert_eq!(accounts.get(STATUS), Some(&json!("Status")));
    });
}

#[test]
fn trap_10_accounts_that_never_expire_have_a_policy() {
    run(async |server| {
        let body = json!({"include_expiration_policy": true, "take": 100});
        let accounts = payload(&server, "point_accounts/fetch", body).await;
        let results = accounts["results"].as_array().unwrap();
        let status = results.iter().find(|account| account["id"] == STATUS).unwrap();
        assert_eq!(status["expiration_policy"]["policy_type"], 0);
        assert_eq!(status["expiration_policy"]["point_account_id"], STATUS);
    });
}

#[test]
fn traps_11_and_12_audit_without_dates_and_unknown_members() {
    with_member(async |server| {
        ask(&server, "user_points/deposit", deposit(10)).await;
        let body = json!({"user_id": "900", "tier_system_id": SYSTEM, "something_else": {"a": [1]}});
        let rows = payload(&server, "point_audit_logs/fetch_point_audit_logs", body).await;
        assert_eq!(rows["total_records"], 1);
    });
}

#[test]
fn trap_13_outcomes_are_in_the_answer_to_an_event() {
    run(async |server| {
        let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
        program["events"] = json!([{"id": "9b000000-0000-4000-8000-000000000001", "event_lookup": "JOINED"}]);
        program["rule_trees"].as_array_mut().unwrap().push(json!({
            "id": "9b000000-0000-4000-8000-000000000100", "name": "Up", "status": 2, "tree_type": 2,
            "trigger_events": ["JOINED"],
            "rules": [{"id": "9b000000-0000-4000-8000-000000000101", "discriminator": 65536}],
            "outcomes": [{"id": "9b000000-0000-4000-8000-000000000102", "discriminator": 16,
                          "tier_system_id": SYSTEM, "direction": "up"}]}));
        assert_eq!(server.admin("PUT", "/admin/program", &program.to_string()).await.status, 200);
        // For a customer created a moment earlier (7.10).
        server.member("900").await;
        let event = json!({"user_id": "900", "event_lookup": "JOINED"});
        let done = payload(&server, "user_events/trigger_user_event", event).await;
        assert_eq!(
            (&done["outcomes"][0]["is_outcome_applied"], &done["outcomes"][0]["discriminator"]),
            (&json!(true), &json!(16))
        );
        let tiers = payload(&server, "user_tiers/fetch", json!({"user_id": "900"})).await;
        assert_eq!(tiers["tier_levels"][0]["tier_overview"]["rank"], 1);
    });
}

#[test]
fn trap_14_a_retry_is_not_applied_twice() {
    with_member(async |server| {
        let mut once = deposit(10);
        once["deposit_details"][0]["idempotency_id"] = json!("k1");
        for _ in 0..6 {
            let done = payload(&server, "user_points/deposit", once.clone()).await;
            assert_eq!(done["summary"]["remaining_balance"], 10);
        }
    });
}

/// Dates of rows bear no zone unless the switch is on (1.3).
#[test]
fn dates_follow_the_switch() {
    for (emit_zone_suffix, ends) in [(false, "00:00:00"), (true, "00:00:00Z")] {
        run_with(HttpSwitches { emit_zone_suffix, ..HttpSwitches::default() }, async |server| {
            server.member("900").await;
            let tiers = payload(&server, "user_tiers/fetch", json!({"user_id": "900"})).await;
            let joined = tiers["tier_levels"][0]["join_date"].as_str().unwrap();
            assert!(joined.ends_with(ends), "{joined}");
        });
    }
}
