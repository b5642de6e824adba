//! Sales that are odd or wrong in what they say: what is refused changes nothing, what is taken is counted exactly.

use serde_json::{Value, json};

use crate::support::{POINTS, RETAILER, STORE, Server, run, sale};

const READ: &str = "/transactions/api/1.0/transactions/info/get_transaction";

async fn points(server: &Server, user: &str) -> Value {
    let body = json!({"retailer_id": RETAILER, "user_id": user, "point_account_ids": [POINTS]});
    let answer = server.connect("/incentives/api/1.0/user_points/balance", &body).await;
    answer.json()["payload"]["details"][0]["available_balance"].clone()
}

async fn is_stored(server: &Server, transaction_id: &str) -> bool {
    let body = json!({"retailer_id": RETAILER, "store_id": STORE, "pos_transaction_id": transaction_id});
    let answer = server.connect(READ, &body).await;
    assert!(matches!(answer.status, 200 | 404), "{answer:?}");
    answer.status == 200
}

/// The warnings of a sale that has to be taken.
async fn taken(server: &Server, body: &Value) -> Value {
    let answer = server.till(body).await.json();
    assert_eq!(answer["status"], "OK", "{answer}");
    answer["payload"]["warnings"].clone()
}

/// The first fault of a sale that has to be refused: its place and its code.
async fn refused(server: &Server, body: &Value) -> (String, String) {
    let answer = server.till(body).await.json();
    assert_eq!(answer["status"], "invalid_request", "{answer}");
    let fault = &answer["errors"]["validation"][0];
    (fault["field"].as_str().unwrap().to_owned(), fault["code"].as_str().unwrap().to_owned())
}

fn item(line: usize, item: &str, quantity: i64, subtotal: i64) -> Value {
    json!({"line_id": line.to_string(), "item_id": item, "quantity": quantity, "unit_price": 1, "subtotal": subtotal})
}

fn payment(id: &str, amount: i64, member: Option<&str>) -> Value {
    let time = "2017-01-31T12:00:00Z";
    let mut payment = json!({"payment_id": id, "amount": amount, "type": "Cash", "payment_time": time});
    if let Some(member) = member {
        payment["user_id"] = json!(member);
        payment["user_id_type"] = json!("External_ID");
    }
    payment
}

#[test]
fn each_required_member_is_asked_for_by_its_place() {
    run(async |server| {
        let whole = sale("r1", "T1", "900", 10.0);
        let of_container = ["store_id", "client_id", "request_id", "request_payload"];
        let of_sale = ["transaction_id", "subtotal", "open_time"];
        let of_item = ["line_id", "item_id", "quantity", "unit_price", "subtotal"];
        let of_payment = ["payment_id", "amount", "type", "payment_time"];
        let cases = [
            ("", "", &of_container[..]),
            ("/request_payload", "request_payload.", &of_sale),
            ("/request_payload/items/0", "request_payload.items[0].", &of_item),
            ("/request_payload/payments/0", "request_payload.payments[0].", &of_payment),
        ];
        for (pointer, place, names) in cases {
            for name in names {
                let mut body = whole.clone();
                body.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(*name).unwrap();
                assert_eq!(refused(&server, &body).await, (format!("{place}{name}"), "required".to_owned()));
            }
        }
        let mut body = whole.clone();
        body["request_payload"]["discounts"] = json!([{"status": "Applied"}]);
        let of_discount = ("request_payload.discounts[0].amount".to_owned(), "required".to_owned());
        assert_eq!(refused(&server, &body).await, of_discount);
        assert!(!is_stored(&server, "T1").await);
    });
}

#[test]
fn a_member_of_another_type_is_named() {
    run(async |server| {
        let cases = [
            ("/store_id", json!(5), "store_id"),
            ("/request_id", json!({}), "request_id"),
            ("/request_payload", json!("sale"), "request_payload"),
            ("/request_payload/items", json!({"0": {}}), "request_payload.items"),
            ("/request_payload/payments", json!(true), "request_payload.payments"),
            ("/request_payload/open_time", json!(1_485_864_000), "request_payload.open_time"),
            ("/request_payload/items/0/quantity", json!("2"), "request_payload.items[0].quantity"),
            ("/request_payload/payments/0/user_id", json!([900]), "request_payload.payments[0].user_id"),
        ];
        for (pointer, value, place) in cases {
            let mut body = sale("r1", "T1", "900", 10.0);
            *body.pointer_mut(pointer).unwrap() = value;
            assert_eq!(refused(&server, &body).await, (place.to_owned(), "type".to_owned()));
        }
        assert!(!is_stored(&server, "T1").await);
    });
}

#[test]
fn three_thousand_items_are_refused_and_two_thousand_taken() {
    run(async |server| {
        server.member("900").await;
        let of = |count| {
            let mut body = sale(&format!("r{count}"), &format!("T{count}"), "900", 10.0);
            body["request_payload"]["subtotal"] = json!(count);
            body["request_payload"]["items"] = (0..count).map(|line| item(line, "BREAD", 1, 1)).collect();
            body
        };
        let limit = ("request_payload.items".to_owned(), "limit".to_owned());
        assert_eq!(refused(&server, &of(3_000)).await, limit);
        assert!(!is_stored(&server, "T3000").await);
        assert_eq!(points(&server, "900").await, 0);
        assert_eq!(taken(&server, &of(2_000)).await, json!([]));
        assert!(is_stored(&server, "T2000").await);
        let repeated = |count: usize| {
            let mut body = of(count);
            body["request_payload"]["items"][count - 1]["line_id"] = json!("0");
            body
        };
        let twice = ("request_payload.items[1999].line_id".to_owned(), "duplicate".to_owned());
        assert_eq!(refused(&server, &repeated(2_000)).await, twice);
    });
}

#[test]
fn returned_lines_count_against_the_others_and_lines_of_nothing_not_at_all() {
    run(async |server| {
        server.member("900").await;
        let mut body = sale("r1", "T1", "900", 6.0);
        let lines = [item(1, "BREAD", 1, 10), item(2, "BREAD", -1, -4), item(3, "BREAD", 0, 0)];
        body["request_payload"]["items"] = json!(lines);
        assert_eq!(taken(&server, &body).await, json!([]));
        assert_eq!(points(&server, "900").await, 6);
        let read = json!({"retailer_id": RETAILER, "store_id": STORE, "pos_transaction_id": "T1"});
        let read = server.connect(READ, &read).await.json();
        let quantities: Vec<_> =
            read["payload"]["items"].as_array().unwrap().iter().map(|item| &item["quantity"]).collect();
        assert_eq!(quantities, [1, -1, 0]);
    });
}

#[test]
fn what_nobody_paid_is_credited_to_nobody() {
    run(async |server| {
        server.member("900").await;
        let mut anonymous = sale("r1", "T1", "900", 10.0);
        anonymous["request_payload"]["payments"] = json!([payment("1", 10, None)]);
        assert_eq!(taken(&server, &anonymous).await, json!([]));
        assert!(is_stored(&server, "T1").await);
        assert_eq!(points(&server, "900").await, 0);
        let mut half = sale("r2", "T2", "900", 10.0);
        let payments = json!([payment("1", 4, None), payment("2", 6, Some("900"))]);
        half["request_payload"]["payments"] = payments;
        assert_eq!(taken(&server, &half).await, json!([]));
        assert_eq!(points(&server, "900").await, 18, "6 base and 12 for produce");
    });
}

#[test]
fn an_uneven_split_loses_no_cent_and_makes_none() {
    run(async |server| {
        server.member("smaller").await;
        server.member("larger").await;
        let mut body = sale("r1", "T1", "", 4.49);
        let payments = json!([payment("1", 1, Some("smaller")), payment("2", 2, Some("larger"))]);
        body["request_payload"]["payments"] = payments;
        assert_eq!(taken(&server, &body).await, json!([]));
        // A third of 4.49 is cut to 1.49, and the other has what remains: 3.00, though two thirds are 2.99.
        assert_eq!(points(&server, "smaller").await, 1 + 2, "base, and 2 a unit for produce");
        assert_eq!(points(&server, "larger").await, 3 + 6);
    });
}

#[test]
fn a_version_that_was_changed_earlier_than_the_known_one_changes_nothing() {
    run(async |server| {
        server.member("900").await;
        let at = |request: &str, amount: f64, modified: &str| {
            let mut body = sale(request, "T1", "900", amount);
            body["request_payload"]["modified_time"] = json!(modified);
            body
        };
        taken(&server, &at("r1", 10.0, "2017-01-31T12:20:00Z")).await;
        let late = server.till(&at("r2", 50.0, "2017-01-31T12:19:59Z")).await.json();
        assert_eq!((&late["status"], &late["payload"]["revision"]), (&json!("OK"), &json!(1)));
        assert_eq!(points(&server, "900").await, 30);
        let newer = server.till(&at("r3", 20.0, "2017-01-31T12:20:01Z")).await.json();
        assert_eq!(newer["payload"]["revision"], 2);
        assert_eq!(points(&server, "900").await, 60);
    });
}
