//! What is one customer's alone, over sockets: a race of 64 clients up to a ceiling, to a limit, and to what a source
//! gives one customer. Each is reached exactly.

use serde_json::{Value, json};

use crate::{
    configuring::done,
    support::{POINTS, PROGRAM, RETAILER, Server, run},
};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const TREE: &str = "9b000000-0000-4000-8000-000000000100";
const CLIENTS: u64 = 64;
const EACH: u64 = 6;

async fn configured(server: &Server, change: impl FnOnce(&mut Value)) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    change(&mut program);
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
    server.member("900").await;
}

/// Each client deposits 7 points some times, and is content with a part; gives what went in by their answers.
async fn deposits(server: &Server) -> u64 {
    let clients = (0..CLIENTS).map(|client| async move {
        let mut deposited = 0;
        for number in 0..EACH {
            let detail = json!({"amount": 7, "point_account_id": POINTS, "point_source_id": SOURCE,
                                "idempotency_id": format!("{client}-{number}")});
            let body = json!({"user_id": "900", "deposit_details": [detail], "allow_partial_success": true,
                              "retailer_id": RETAILER});
            let answer = server.connect("/incentives/api/1.0/user_points/deposit", &body).await;
            if answer.status == 200 {
                deposited += answer.json()["payload"]["summary"]["amount_deposited"].as_u64().unwrap();
            } else {
                assert_eq!(answer.status, 400, "{answer:?}");
            }
        }
        deposited
    });
    futures_util::future::join_all(clients).await.into_iter().sum()
}

async fn balance(server: &Server) -> u64 {
    let payload = done(server, "user_points/all_balances", json!({"user_id": "900"})).await;
    payload["summary"]["total_points"].as_u64().unwrap()
}

#[test]
fn a_ceiling_is_reached_and_not_passed() {
    run(async |server| {
        configured(&server, |program| program["point_accounts"][0]["max_allowed_balance"] = json!(1400))
            .await;
        const { assert!(CLIENTS * EACH * 7 > 1400, "they ask for more than there is room for") };
        assert_eq!((deposits(&server).await, balance(&server).await), (1400, 1400));
    });
}

#[test]
fn what_a_source_gives_one_customer_is_reached_and_not_passed() {
    run(async |server| {
        configured(&server, |program| {
            let sources = program["point_sources"].as_array_mut().unwrap();
            let source = sources.iter_mut().find(|source| source["id"] == SOURCE).unwrap();
            source["restrictions"] =
                json!([{"discriminator": 2, "personal": true, "max_points": 1500, "time": 1, "unit_of_time": "Month"}]);
        })
        .await;
        assert_eq!((deposits(&server).await, balance(&server).await), (1500, 1500));
    });
}

/// Each client reports some events of the one member; gives how many points the answers say.
async fn events(server: &Server) -> u64 {
    let clients = (0..CLIENTS).map(|client| async move {
        let mut awarded = 0;
        for number in 0..EACH {
            let body = json!({"retailer_id": RETAILER, "user_id": "900", "event_lookup": "SURVEY",
                              "idempotency_id": format!("{client}-{number}")});
            let answer = server.connect("/incentives/api/1.0/user_events/trigger_user_event", &body).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            awarded += answer.json()["payload"]["outcomes"][0]["points_awarded"].as_u64().unwrap_or(0);
        }
        awarded
    });
    futures_util::future::join_all(clients).await.into_iter().sum()
}

async fn limited(server: &Server, limit: Value) -> (u64, u64) {
    configured(server, |program| {
        program["events"] = json!([{"id": "9b000000-0000-4000-8000-000000000001", "event_lookup": "SURVEY"}]);
        program["rule_trees"].as_array_mut().unwrap().push(json!({
            "id": TREE, "name": "Survey", "status": 2, "tree_type": 2, "trigger_events": ["SURVEY"],
            "limits": [limit],
            "outcomes": [{"id": "9b000000-0000-4000-8000-000000000002", "discriminator": 1, "amount": 3,
                          "point_source_id": SOURCE, "point_account_ids": [POINTS]}],
            "rules": [{"id": "9b000000-0000-4000-8000-000000000101", "discriminator": 65536}]}));
    })
    .await;
    (events(server).await, balance(server).await)
}

/// A lifetime is unit 7. The last award is paid in part.
#[test]
fn a_limit_of_points_is_reached_and_not_passed() {
    run(async |server| {
        let limit = json!({"scope": 1, "max": 1000, "value": 1, "uom": 7});
        assert_eq!(limited(&server, limit).await, (1000, 1000));
    });
}

#[test]
fn a_limit_of_times_is_reached_and_not_passed() {
    run(async |server| {
        let limit = json!({"scope": 0, "max": 123, "value": 1, "uom": 7});
        assert_eq!(limited(&server, limit).await, (369, 369));
    });
}
