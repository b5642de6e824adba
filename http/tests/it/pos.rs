//! One sale at a time (pos-offers.md B).

use laurel_http::HttpSwitches;
use serde_json::{Value, json};

use crate::support::{POINTS, RETAILER, Server, basic, run, run_with, sale};

async fn points(server: &Server, user: &str) -> Value {
    let body = json!({"retailer_id": RETAILER, "user_id": user, "point_account_ids": [POINTS]});
    let answer = server.connect("/incentives/api/1.0/user_points/balance", &body).await;
    answer.json()["payload"]["details"][0]["available_balance"].clone()
}

#[test]
fn a_sale_is_taken_once_and_its_repeat_gets_the_same_bytes() {
    run(async |server| {
        server.member("900").await;
        let body = sale("r1", "T1", "900", 10.5);
        let first = server.till(&body).await;
        assert_eq!((first.status, first.header("X-Idempotent-Replay")), (200, None));
        let payload = &first.json()["payload"];
        assert_eq!((&payload["transaction_id"], &payload["revision"]), (&json!("T1"), &json!(1)));
        assert_eq!((&payload["state"], &payload["duplicate"]), (&json!("queued"), &json!(false)));
        assert_eq!(payload["id"], payload["queued_id"]);
        assert_eq!(payload["warnings"], json!([]));
        assert_eq!(points(&server, "900").await, 31, "10 base and 21 for produce");

        let again = server.till(&body).await;
        assert_eq!((&again.body, again.header("X-Idempotent-Replay")), (&first.body, Some("true")));
        assert_eq!(again.header("X-Request-Id-Reused"), None);
        let other = server.till(&sale("r1", "T2", "900", 99.0)).await;
        assert_eq!((&other.body, other.header("X-Request-Id-Reused")), (&first.body, Some("true")));
        let same_sale = server.till(&sale("r2", "T1", "900", 10.5)).await;
        assert_eq!(same_sale.json()["payload"]["duplicate"], true);
        assert_eq!(points(&server, "900").await, 31);
    });
}

#[test]
fn all_faults_of_a_sale_are_listed_with_their_places() {
    run(async |server| {
        let mut body = sale("r1", "T1", "900", 10.0);
        let payload = &mut body["request_payload"];
        payload["subtotal"] = json!("ten");
        payload["open_time"] = json!("yesterday");
        payload["items"] = json!([
            {"line_id": "1", "item_id": "A", "quantity": 1, "unit_price": 1, "subtotal": 1, "modifies_line_id": "9"},
            {"line_id": "1", "item_id": "B", "quantity": true, "unit_price": 1, "custom_data": []},
            7,
        ]);
        payload["payments"][0]["user_id_type"] = json!("shoe_size");
        let refused = server.till(&body).await;
        assert_eq!((refused.status, &refused.json()["status"]), (200, &json!("invalid_request")));
        let errors = &refused.json()["errors"];
        assert_eq!((&errors["code"], &errors["retryable"]), (&json!("invalid_request"), &json!(false)));
        let mut found: Vec<(String, String)> = Vec::new();
        for fault in errors["validation"].as_array().unwrap() {
            found.push((fault["field"].as_str().unwrap().into(), fault["code"].as_str().unwrap().into()));
        }
        let expected = [
            ("open_time", "format"),
            ("subtotal", "type"),
            ("items[1].quantity", "type"),
            ("items[1].subtotal", "required"),
            ("items[1].custom_data", "type"),
            ("items[2]", "type"),
            ("payments[0].user_id_type", "not_in_list"),
            ("items[1].line_id", "duplicate"),
            ("items[0].modifies_line_id", "unknown_line"),
        ];
        assert_eq!(
            found,
            expected.map(|(field, code)| (format!("request_payload.{field}"), code.to_owned()))
        );
    });
}

#[test]
fn numbers_are_exact_and_never_overflow_silently() {
    run(async |server| {
        let text = sale("r1", "T1", "900", 10.0).to_string();
        let huge = text.replace("\"subtotal\":10.0", "\"subtotal\":1e400");
        assert_ne!(text, huge);
        let refused = server.ask("POST", "/api/2.0/send_transaction", &basic(&server.keys.pos), &huge).await;
        assert_eq!(refused.json()["errors"]["validation"][0]["code"], "out_of_range");
        let untidy = text.replace("\"subtotal\":10.0", "\"subtotal\":0.30000000000000004");
        let taken = server.ask("POST", "/api/2.0/send_transaction", &basic(&server.keys.pos), &untidy).await;
        assert_eq!(taken.json()["status"], "OK", "{taken:?}");
        let body = json!({"retailer_id": RETAILER, "id": taken.json()["payload"]["id"]});
        let read = server.connect("/transactions/api/1.0/transactions/info/get_transaction", &body).await;
        assert_eq!(read.json()["payload"]["subtotal"], json!(0.3));
    });
}

#[test]
fn refusals_are_200_unless_the_switch_says_otherwise() {
    async fn statuses(server: &Server) -> Vec<(u16, String)> {
        let mut unknown_store = sale("r1", "T1", "900", 1.0);
        unknown_store["store_id"] = json!("00000000-0000-4000-8000-00000000dead");
        let mut other_tenant = sale("r1", "T1", "900", 1.0);
        other_tenant["client_id"] = json!("00000000-0000-4000-8000-00000000dead");
        let mut no_request_id = sale("", "T1", "900", 1.0);
        no_request_id["store_id"] = json!("no guid");
        let mut found = Vec::new();
        for body in [unknown_store, other_tenant, no_request_id, json!([])] {
            let answer = server.till(&body).await;
            found.push((answer.status, answer.json()["status"].as_str().unwrap().to_owned()));
        }
        found
    }
    let codes = ["unknown_store", "retailer_mismatch", "invalid_request", "invalid_request"];
    let of = |statuses: [u16; 4]| statuses.into_iter().zip(codes.map(str::to_owned)).collect::<Vec<_>>();
    run(async |server| assert_eq!(statuses(&server).await, of([200, 403, 200, 400])));
    let switches = HttpSwitches { pos_http_errors: true, ..HttpSwitches::default() };
    run_with(switches, async |server| assert_eq!(statuses(&server).await, of([404, 403, 400, 400])));
}

#[test]
fn the_edge_of_the_surface() {
    run(async |server| {
        let body = sale("r1", "T1", "nobody", 1.0);
        let pos = basic(&server.keys.pos);
        let upper = server.ask("POST", "/API/2.0/Send_Transaction/", &pos, &body.to_string()).await;
        assert_eq!(upper.json()["payload"]["warnings"], json!(["user_not_found"]));
        let get = server.ask("GET", "/api/2.0/send_transaction", &pos, "").await;
        assert_eq!((get.status, get.header("Allow")), (405, Some("POST")));
        let denied = server
            .ask("POST", "/api/2.0/send_transaction", &basic(&server.keys.core), &body.to_string())
            .await;
        assert_eq!((denied.status, &denied.json()["status"]), (401, &json!("unauthorized")));
        let large = format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20));
        let large = server.ask("POST", "/api/2.0/send_transaction", &pos, &large).await;
        assert_eq!(large.status, 413);
        let bench = server.ask("POST", "/bench/parse", "", &body.to_string()).await;
        assert_eq!(bench.status, 404, "hidden unless asked for");
    });
    let switches = HttpSwitches { bench_endpoint: true, ..HttpSwitches::default() };
    run_with(switches, async |server| {
        let bench =
            server.ask("POST", "/bench/parse", "", &sale("r1", "T1", "nobody", 1.0).to_string()).await;
        assert_eq!((bench.status, bench.body.as_str()), (200, r#"{"status":"OK"}"#));
        assert_eq!(server.ask("POST", "/bench/parse", "", "{}").await.status, 400);
    });
}
