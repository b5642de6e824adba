//! Sales: repeats, bulk and returns, across a kill (pos-offers.md B.3, B.10).

use std::fmt::Write;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::server::{RETAILER, STORE, Server, eventually};

fn sale(request: &str, transaction: &str, amount: u32, modified: &str) -> Value {
    let opened = "2017-01-31T12:00:00Z";
    json!({"store_id": STORE, "client_id": RETAILER, "request_id": request, "request_payload": {
        "transaction_id": transaction, "channel": "POS", "subtotal": amount,
        "open_time": opened, "modified_time": modified,
        "items": [{"line_id": "1", "item_id": "bread", "quantity": 1, "unit_price": amount, "subtotal": amount}],
        "payments": [{"payment_id": "1", "amount": amount, "type": "Cash", "payment_time": opened,
                      "user_id": "900", "user_id_type": "External_ID"}]}})
}

fn points(server: &Server, expected: i64) {
    eventually("the points", || (server.available_points("900") == Some(expected)).then_some(()));
}

#[test]
fn an_answer_is_the_same_bytes_after_a_kill_and_a_return_takes_back() {
    let mut server = Server::start(&["--test-clock", "2017-02-01T00:00:00Z"]);
    server.apply_grocery();
    server.create_customer("900");
    let first = sale("r1", "T1", 30, "2017-01-31T12:00:00Z");
    let answer = server.pos("send_transaction", &first);
    answer.ok();
    points(&server, 30);
    server.kill9();
    server.restart();
    let again = server.pos("send_transaction", &first);
    assert_eq!((&again.text, again.headers["x-idempotent-replay"].to_str().unwrap()), (&answer.text, "true"));
    let returned = server.pos("send_transaction", &sale("r2", "T1", 10, "2017-01-31T13:00:00Z")).ok();
    assert_eq!(returned["payload"]["revision"], 2);
    points(&server, 10);
    let late = server.pos("send_transaction", &sale("r3", "T1", 50, "2017-01-31T12:30:00Z")).ok();
    assert_eq!((&late["status"], &late["payload"]["revision"]), (&json!("OK"), &json!(2)));
    points(&server, 10);
}

#[test]
fn a_bulk_that_is_sent_again_after_a_kill_doubles_nothing() {
    let mut server = Server::start(&["--test-clock", "2017-02-01T00:00:00Z"]);
    server.apply_grocery();
    server.create_customer("900");
    let mut lines = String::new();
    for n in 0..500 {
        writeln!(lines, "{}", sale(&format!("r{n}"), &format!("T{n}"), 1, "2017-01-31T12:00:00Z")).unwrap();
    }
    let send = |server: &Server| {
        let pair = &server.keys().pos;
        let authorization = format!("Basic {}", STANDARD.encode(format!("{}:{}", pair.key, pair.secret)));
        let answer = server.call("POST", "/api/2.0/send_transactions", &authorization, Some(&lines));
        assert_eq!(answer.status, 200);
        answer.text
    };
    let answers = send(&server);
    assert_eq!(answers.lines().count(), 500);
    assert!(answers.lines().all(|line| line.ends_with(r#""status":"OK"}"#)), "{answers}");
    server.kill9();
    server.restart();
    assert_eq!(send(&server), answers);
    points(&server, 500);
}
