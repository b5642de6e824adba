//! Sales read back (catalog-transactions.md B.2, D.4).

use serde_json::{Value, json};

use crate::support::{RETAILER, STORE, Server, run, sale};

const ONE: &str = "/transactions/api/1.0/transactions/info/get_transaction";
const MANY: &str = "/transactions/api/1.0/transactions/info/get_store_transactions";

async fn ask(server: &Server, path: &str, mut body: Value) -> (u16, Value) {
    body["retailer_id"] = json!(RETAILER);
    let answer = server.connect(path, &body).await;
    assert!(answer.header("X-Correlation-Id").is_some());
    (answer.status, answer.json())
}

#[test]
fn a_sale_is_read_in_the_read_shape() {
    run(async |server| {
        let member = server.member("900").await;
        let mut body = sale("r1", "T1", "900", 9.5);
        body["request_payload"]["items"][0]["quantity"] = json!(2.0);
        body["request_payload"]["open_time"] = json!("2017-01-31 06:00:00");
        let sent = server.till(&body).await.json();
        let (status, read) = ask(&server, ONE, json!({"store_id": STORE, "pos_transaction_id": "T1"})).await;
        assert_eq!((status, &read["status"], &read["errors"]), (200, &json!("OK"), &Value::Null));
        let read = &read["payload"];
        assert_eq!((&read["id"], &read["user_id"]), (&sent["payload"]["id"], &json!(member)));
        assert_eq!(
            (&read["subtotal"], &read["taxtotal"], &read["check_amount"]),
            (&json!(9.5), &json!(1.5), &json!(9.5))
        );
        assert_eq!(read["open_time"], "2017-01-31T12:00:00Z", "without a zone, in the store's");
        assert_eq!((&read["store_time_zone"], &read["guest_count"]), (&json!("America/Chicago"), &json!(0)));
        let item = &read["items"][0];
        assert_eq!((&item["pos_item_key"], &item["quantity"]), (&json!("BANANA"), &json!(2)));
        assert_eq!(item["custom_data"].to_string(), r#"{"a":[1,2.5]}"#);
        assert_ne!(item["master_item_id"], "00000000-0000-0000-0000-000000000000");
        assert_eq!(read["payments"][0]["user_id_type"], "External_ID");
        for always in [
            "discounts",
            "business_def_collection",
            "catalog_lineages",
            "location_lineages",
            "location_lineages_core",
        ] {
            assert!(read.get(always).is_some_and(|value| !value.is_null()), "{always}");
        }
        let by_id = ask(&server, ONE, json!({"id": read["id"]})).await.1;
        let by_number = ask(&server, ONE, json!({"pos_transaction_id": "T1"})).await.1;
        assert_eq!((&by_id["payload"], &by_number["payload"]), (read, read));
    });
}

#[test]
fn sales_of_a_store_are_filtered_sorted_and_paged() {
    run(async |server| {
        server.member("900").await;
        for n in 0..7 {
            let mut body = sale(
                &format!("r{n}"),
                &format!("T{n}"),
                if n < 5 { "900" } else { "nobody" },
                f64::from(n) + 1.0,
            );
            body["request_payload"]["open_time"] = json!(format!("2017-01-30T0{n}:00:00Z"));
            server.till(&body).await;
        }
        let ids = |page: &Value| -> Vec<String> {
            let results = page["payload"]["results"].as_array().unwrap();
            results.iter().map(|sale| sale["pos_transaction_id"].as_str().unwrap().to_owned()).collect()
        };
        let query = json!({"storeId": STORE, "user_id": "900", "take": 2,
                           "sort_by": "check_amount", "sort_direction": "asc"});
        let (_, first) = ask(&server, MANY, query.clone()).await;
        assert_eq!(
            (&first["payload"]["total_records"], ids(&first)),
            (&json!(5), vec!["T0".into(), "T1".into()])
        );
        let mut seen = ids(&first);
        let mut token = first["payload"]["pagination_token"].clone();
        while let Some(text) = token.as_str() {
            let mut next = query.clone();
            next["pagination_token"] = json!(text);
            let (_, page) = ask(&server, MANY, next).await;
            seen.extend(ids(&page));
            token = page["payload"]["pagination_token"].clone();
        }
        assert_eq!(seen, ["T0", "T1", "T2", "T3", "T4"]);

        let mut other = query.clone();
        other["pagination_token"] = first["payload"]["pagination_token"].clone();
        other["channel"] = json!("MOBILE");
        let (status, mismatch) = ask(&server, MANY, other).await;
        assert_eq!((status, &mismatch["errors"]["code"]), (400, &json!("pagination_token_mismatch")));
        let mut late = query.clone();
        late["pagination_token"] = first["payload"]["pagination_token"].clone();
        server.admin("POST", "/admin/test_clock", r#"{"now":"2017-02-02T00:00:01Z"}"#).await;
        let (_, expired) = ask(&server, MANY, late).await;
        assert_eq!(expired["errors"]["code"], "pagination_token_expired");
        let (_, newest) = ask(&server, MANY, json!({"store_ids": [STORE]})).await;
        assert_eq!(ids(&newest)[0], "T6");
    });
}

#[test]
fn wrong_questions_are_refused() {
    run(async |server| {
        let nobody = "00000000-0000-4000-8000-00000000dead";
        let cases = [
            (ONE, json!({"id": nobody}), 404, "transaction_not_found"),
            (ONE, json!({}), 400, "missing_field"),
            (ONE, json!({"receipt_code": "x", "id": nobody}), 400, "invalid_field"),
            (MANY, json!({}), 400, "missing_field"),
            (MANY, json!({"store_id": nobody}), 404, "store_not_found"),
            (MANY, json!({"store_id": STORE, "sort_by": "colour"}), 400, "invalid_sort_field"),
            (MANY, json!({"store_id": STORE, "take": 0}), 400, "invalid_field"),
            (MANY, json!({"store_id": STORE, "skip": 10001}), 400, "invalid_field"),
            (MANY, json!({"store_id": STORE, "start_date": "2016-01-01"}), 400, "date_range_too_large"),
            (MANY, json!({"store_id": STORE, "user_id": "nobody"}), 404, "user_not_found"),
            (MANY, json!({"store_id": STORE, "pagination_token": "x"}), 400, "pagination_token_mismatch"),
        ];
        for (path, body, expected, code) in cases {
            let (status, refused) = ask(&server, path, body.clone()).await;
            assert_eq!((status, &refused["errors"]["code"]), (expected, &json!(code)), "{body}");
        }
        let pointed = ask(&server, MANY, json!({"store_ids": [STORE, 5]})).await.1;
        assert_eq!(pointed["errors"]["validation_errors"][0]["field"], "/store_ids/1");
        let other = json!({"retailer_id": nobody, "store_id": STORE});
        assert_eq!(server.connect(MANY, &other).await.json()["errors"]["code"], "retailer_forbidden");
        assert_eq!(server.connect(MANY, &json!(3)).await.json()["errors"]["code"], "invalid_json");
    });
}
