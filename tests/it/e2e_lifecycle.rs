//! Starting and stopping: what the server was told is there afterwards, whichever way it ended.

use serde_json::{Value, json};

use crate::server::{RETAILER, STORE, Server, eventually};

fn sale(number: u32) -> Value {
    let time = "2017-01-31T12:00:00.000Z";
    json!({"store_id": STORE, "client_id": RETAILER, "request_id": format!("r-{number}"), "request_payload": {
        "transaction_id": format!("T-{number}"), "channel": "POS", "subtotal": 10, "open_time": time,
        "modified_time": time, "discounts": [],
        "items": [{"line_id": "1", "item_id": "bread", "quantity": 1, "unit_price": 10, "subtotal": 10}],
        "payments": [{"payment_id": "1", "amount": 10, "type": "Cash", "payment_time": time,
                      "user_id": "900", "user_id_type": "External_ID"}]}})
}

#[test]
fn what_was_answered_survives_a_stop_a_checkpoint_and_a_kill() {
    let mut server = Server::start(&["--test-clock", "2017-02-01T00:00:00Z"]);
    server.apply_grocery();
    let id = server.create_customer("900");

    assert_eq!(server.pos("send_transaction", &sale(1)).ok()["status"], "OK");
    assert!(server.stop().success(), "SIGTERM is an orderly end");
    server.restart();
    assert_eq!(server.pos("send_transaction", &sale(2)).ok()["status"], "OK");
    server.admin("POST", "/admin/checkpoint", "{}").ok();
    assert_eq!(server.pos("send_transaction", &sale(3)).ok()["status"], "OK");
    server.kill9();
    server.restart();

    eventually("the points of three sales", || (server.available_points("900") == Some(30)).then_some(()));
    let repeated = server.pos("send_transaction", &sale(3));
    assert_eq!(repeated.headers["x-idempotent-replay"], "true");
    let balance = server
        .connect("/incentives/api/1.0/user_points/balance", &json!({"retailer_id": RETAILER, "user_id": id}));
    assert_eq!(balance.ok()["status"], "ok");
    assert_eq!(server.available_points("900"), Some(30));
}
