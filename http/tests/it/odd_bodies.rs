//! Bodies that are odd in their form, on every surface alike.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{POINTS, RETAILER, STORE, Server, basic, parse, run, sale};

const SALE: &str = "/api/2.0/send_transaction";
const DEPOSIT: &str = "/incentives/api/1.0/user_points/deposit";
const BALANCES: &str = "/incentives/api/1.0/user_points/all_balances";
const SALE_READ: &str = "/transactions/api/1.0/transactions/info/get_transaction";
const SALES_READ: &str = "/transactions/api/1.0/transactions/info/get_store_transactions";
const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";

/// Where bodies go, and with which credentials.
fn surfaces(server: &Server) -> [(String, String); 5] {
    let keys = &server.keys;
    let users = format!("/priv/v1/apps/{}/users", keys.core.key);
    [
        (SALE.to_owned(), basic(&keys.pos)),
        (users, basic(&keys.core)),
        (DEPOSIT.to_owned(), basic(&keys.connect)),
        (SALE_READ.to_owned(), basic(&keys.connect)),
        (SALES_READ.to_owned(), basic(&keys.connect)),
    ]
}

/// A GUID as some clients write it.
fn braced(id: &str) -> String {
    format!("{{{}}}", id.to_uppercase())
}

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    run(async |server| {
        let deep = "[".repeat(100_000);
        let bodies = ["", "not json", "{", "[]", "3", "null", "{\"user\":{}} x", "{\"a\":1,}", deep.as_str()];
        for (path, authorization) in surfaces(&server) {
            for body in bodies {
                let answer = server.ask("POST", &path, &authorization, body).await;
                let shown = &body[..body.len().min(20)];
                assert_eq!(answer.status, 400, "{path} {shown}: {answer:?}");
                assert!(answer.json()["errors"]["code"].is_string(), "{path} {shown}: {answer:?}");
            }
        }
    });
}

#[test]
fn a_body_of_10_mb_is_refused_before_it_is_taken_in() {
    run(async |server| {
        for (path, authorization) in surfaces(&server) {
            let limit = if path.starts_with("/transactions/") { 6 << 20 } else { 1 << 20 };
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            let length = 10_000_000;
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: laurel\r\nAuthorization: {authorization}\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{\"x\":\""
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            // Just over the limit: the answer has to come although most of the body does not.
            stream.write_all(&vec![b'x'; limit]).await.unwrap();
            let mut seen = Vec::new();
            while !seen.windows(4).any(|end| end == b"\r\n\r\n") || !seen.ends_with(b"}") {
                let mut buffer = [0; 4096];
                let read = stream.read(&mut buffer).await.unwrap();
                assert_ne!(read, 0, "{path}: the answer ended early: {}", String::from_utf8_lossy(&seen));
                seen.extend_from_slice(&buffer[..read]);
            }
            let answer = parse(&String::from_utf8(seen).unwrap());
            assert_eq!(answer.status, 413, "{path}: {answer:?}");
        }
        assert_eq!(server.ask("GET", "/healthz", "", "").await.status, 200);
    });
}

#[test]
fn ids_are_known_in_capitals_and_braces() {
    run(async |server| {
        let member = server.member("900").await;
        let mut body = sale("r1", "T1", &braced(&member), 10.0);
        body["store_id"] = json!(braced(STORE));
        body["client_id"] = json!(braced(RETAILER));
        body["request_payload"]["payments"][0]["user_id_type"] = json!("SESSIONM_ID");
        let sold = server.till(&body).await.json();
        assert_eq!((&sold["status"], &sold["payload"]["warnings"]), (&json!("OK"), &json!([])), "{sold}");

        let deposit = json!({"retailer_id": braced(RETAILER), "user_id": braced(&member), "deposit_details": [
            {"amount": 1, "point_account_id": braced(POINTS), "point_source_id": braced(SOURCE)}]});
        let done = server.connect(DEPOSIT, &deposit).await;
        assert_eq!(done.status, 200, "{done:?}");
        let body = json!({"retailer_id": braced(RETAILER), "user_id": braced(&member)});
        let balances = server.connect(BALANCES, &body).await.json();
        assert_eq!(balances["payload"]["summary"]["total_points"], 10 + 20 + 10 + 1, "{balances}");

        let id = sold["payload"]["id"].as_str().unwrap();
        let body = json!({"retailer_id": braced(RETAILER), "id": braced(id)});
        let read = server.connect(SALE_READ, &body).await.json();
        assert_eq!((&read["payload"]["id"], &read["payload"]["user_id"]), (&json!(id), &json!(member)));
        let body = json!({"retailer_id": RETAILER, "store_id": braced(STORE), "user_id": braced(&member)});
        let sales = server.connect(SALES_READ, &body).await.json();
        assert_eq!(sales["payload"]["total_records"], 1, "{sales}");
        let path = format!("/users/%7B{}%7D", member.to_uppercase());
        assert_eq!(server.core("GET", &path, "").await.json()["user"]["id"], json!(member));
    });
}

/// Adds a member that nobody knows to every object in a value.
fn with_unknown_members(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(with_unknown_members);
            members.insert("x_unknown".into(), json!({"deep": [1, {"er": null}]}));
        }
        Value::Array(elements) => elements.iter_mut().for_each(with_unknown_members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn members_that_nobody_knows_are_passed_over_in_every_object() {
    run(async |server| {
        let mut user = json!({"user": {"external_id": "900", "email": "a@b.example",
            "identifiers": [{"external_id": "901", "external_id_type": "crm"}],
            "phone_numbers": [{"phone_number": "+1 413-555-0100"}]}});
        with_unknown_members(&mut user);
        let created = server.core("POST", "/users", &user.to_string()).await;
        assert_eq!(created.status, 200, "{created:?}");
        assert!(!created.body.contains("x_unknown"), "{created:?}");

        let mut body = sale("r1", "T1", "900", 10.0);
        body["request_payload"]["discounts"] = json!([{"amount": 1, "discounted_line_ids": ["1"]}]);
        with_unknown_members(&mut body);
        let sold = server.till(&body).await.json();
        assert_eq!((&sold["status"], &sold["payload"]["warnings"]), (&json!("OK"), &json!([])), "{sold}");

        let questions = [
            (
                DEPOSIT,
                json!({"deposit_details": [
                {"amount": 50, "point_account_id": POINTS, "point_source_id": SOURCE}]}),
            ),
            ("/incentives/api/1.0/user_points/spend_multiple", json!({"spend_details": [{"amount": 40}]})),
            ("/incentives/api/1.0/user_points/balance", json!({"point_account_ids": [POINTS]})),
            (BALANCES, json!({})),
            ("/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs", json!({"take": 5})),
            (SALE_READ, json!({"store_id": STORE, "pos_transaction_id": "T1"})),
            (SALES_READ, json!({"store_id": STORE})),
        ];
        for (path, mut body) in questions {
            body["retailer_id"] = json!(RETAILER);
            body["user_id"] = json!("900");
            if path == SALE_READ {
                body.as_object_mut().unwrap().remove("user_id");
            }
            with_unknown_members(&mut body);
            let answer = server.connect(path, &body).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
        }
    });
}

/// The grammar lets them pass, but no reader of an answer that repeats them need.
#[test]
fn half_a_character_is_no_text_wherever_it_stands() {
    run(async |server| {
        server.member("900").await;
        let sound = sale("r1", "T1", "900", 1.0).to_string();
        for place in ["\"BANANA\"", "\"Credit\"", "\"POS\"", "{\"x\":1}"] {
            let half = sound.replace(place, r#""\ud800""#);
            assert_ne!(half, sound, "{place}");
            let answer = server.ask("POST", SALE, &basic(&server.keys.pos), &half).await;
            assert_eq!(answer.status, 400, "{answer:?}");
            let whole = half.replace(r"\ud800", r"\ud83d\ude00");
            let answer = server.ask("POST", SALE, &basic(&server.keys.pos), &whole).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    });
}
