//! Points on request across a checkpoint and a kill (incentives.md 4.8, 7.1, 7.3).

use serde_json::{Value, json};

use crate::server::{RETAILER, Server};

const POINTS: &str = "9a000000-0000-4000-8000-000000000001";
const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";

fn deposit(key: &str, amount: u32) -> Value {
    json!({"retailer_id": RETAILER, "user_id": "900", "deposit_details": [{
        "amount": amount, "point_account_id": POINTS, "point_source_id": SOURCE, "reference_type": "MakeGood",
        "idempotency_id": key, "time_of_occurrence": format!("2017-01-31T00:00:{amount:02}Z")}]})
}

#[test]
fn idempotency_and_the_audit_log_survive_a_checkpoint_and_a_kill() {
    let mut server = Server::start(&["--test-clock", "2017-02-01T00:00:00Z"]);
    server.apply_grocery();
    server.create_customer("900");
    let path = "/incentives/api/1.0/user_points/deposit";
    let first = server.connect(path, &deposit("k1", 40)).ok();
    server.admin("POST", "/admin/checkpoint", "").ok();
    server.connect(path, &deposit("k2", 2)).ok();
    let spend = json!({"retailer_id": RETAILER, "user_id": "900",
                       "spend_details": [{"amount": 41, "idempotency_id": "k3"}]});
    server.connect("/incentives/api/1.0/user_points/spend_multiple", &spend).ok();
    server.kill9();
    server.restart();

    let again = server.connect(path, &deposit("k1", 40)).ok();
    let detail = &again["payload"]["details"][0];
    assert_eq!(
        (&detail["error_status"], &detail["tracking_id"]),
        (&json!(4), &first["payload"]["details"][0]["tracking_id"])
    );
    let conflict = server.connect(path, &deposit("k2", 3));
    assert_eq!((conflict.status, &conflict.json()["errors"]["code"]), (409, &json!("idempotency_conflict")));
    assert_eq!(server.available_points("900"), Some(1));

    let query = json!({"retailer_id": RETAILER, "user_id": "900", "sort_direction": "asc"});
    let log = server.connect("/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs", &query).ok();
    let rows = log["payload"]["results"].as_array().unwrap();
    let shown: Vec<_> = rows.iter().map(|row| (&row["modification"], &row["amount_spent"])).collect();
    // Both lots expire on the same day, so the one that occurred first is spent first (4.2).
    assert_eq!(shown, [(&json!(2), &json!(2)), (&json!(40), &json!(39)), (&json!(-41), &json!(0))]);
}
