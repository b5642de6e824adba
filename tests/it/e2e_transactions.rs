//! Sales read back across a restart (catalog-transactions.md D.4).

use serde_json::json;

use crate::server::{RETAILER, STORE, Server};

#[test]
fn a_page_token_is_good_after_a_restart_and_no_sale_is_missed() {
    let mut server = Server::start(&["--test-clock", "2017-02-01T00:00:00Z"]);
    server.apply_grocery();
    let path = "/transactions/api/1.0/transactions/info/get_store_transactions";
    for n in 0..5 {
        let time = format!("2017-01-31T12:0{n}:00Z");
        let sale = json!({"store_id": STORE, "client_id": RETAILER, "request_id": format!("r{n}"), "request_payload": {
            "transaction_id": format!("T{n}"), "subtotal": 1, "open_time": time}});
        assert_eq!(server.pos("send_transaction", &sale).ok()["status"], "OK");
        if n == 2 {
            server.admin("POST", "/admin/checkpoint", "").ok();
        }
    }
    let mut query = json!({"retailer_id": RETAILER, "store_id": STORE, "take": 2});
    let mut seen = Vec::new();
    loop {
        let page = server.connect(path, &query).ok();
        assert_eq!(page["payload"]["total_records"], 5);
        let results = page["payload"]["results"].as_array().unwrap();
        seen.extend(results.iter().map(|sale| sale["pos_transaction_id"].as_str().unwrap().to_owned()));
        let token = &page["payload"]["pagination_token"];
        if token.is_null() {
            break;
        }
        query["pagination_token"] = token.clone();
        server.kill9();
        server.restart();
    }
    assert_eq!(seen, ["T4", "T3", "T2", "T1", "T0"]);
}
