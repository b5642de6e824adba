//! Amounts at the end of their range. What was taken in is answered and shown, whatever its sums come to.

use serde_json::json;

use crate::{
    configuring::done,
    support::{NOW, POINTS, RETAILER, STATUS, STORE, run, sale},
};

const PURCHASES: &str = "9a000000-0000-4000-8000-000000000011";
/// More does not fit into an amount with four decimals.
const MOST: f64 = 922_337_203_685_477.0;
/// The end of the range, as a binary number has it.
const END: f64 = 922_337_203_685_477.6;

#[test]
fn points_whose_sum_is_out_of_range_are_booked_answered_and_shown() {
    run(async |server| {
        let member = server.member("900").await;
        let detail = |account: &str| json!({"amount": MOST, "point_account_id": account, "point_source_id": PURCHASES});
        let deposit = json!({"user_id": "900", "deposit_details": [detail(POINTS), detail(STATUS)]});
        let booked = done(&server, "user_points/deposit", deposit).await;
        assert_eq!(booked["summary"]["amount_deposited"].as_f64(), Some(END), "{booked}");
        assert_eq!(booked["audits"].as_array().unwrap().len(), 2);

        let balances = done(&server, "user_points/all_balances", json!({"user_id": "900"})).await;
        assert_eq!(balances["summary"]["total_points"].as_f64(), Some(END), "{balances}");
        assert_eq!(balances["details"][0]["available_balance"], json!(922_337_203_685_477_u64));
        let exported = done(&server, "gdpr/export_user", json!({"user_id": "900"})).await;
        assert_eq!(exported["audit_logs"]["total_records"], 2);
        for query in ["", "?expand_incentives=true"] {
            let user = server.core("GET", &format!("/users/{member}{query}"), "").await;
            assert_eq!(user.status, 200, "{user:?}");
        }
        let both = json!({"user_id": "900", "point_account_ids": [POINTS, STATUS]});
        let expired = done(&server, "user_points/expire", both).await;
        assert_eq!(expired["amount_expired"].as_f64(), Some(END));
        assert_eq!(expired["audits"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn a_sale_whose_total_is_out_of_range_is_read_back_and_leaves_the_list_readable() {
    run(async |server| {
        let mut absurd = sale("r1", "T1", "900", 8.0);
        absurd["request_payload"]["subtotal"] = json!(MOST);
        absurd["request_payload"]["tax_total"] = json!(MOST);
        assert_eq!(server.till(&absurd).await.json()["status"], "OK");
        assert_eq!(server.till(&sale("r2", "T2", "900", 8.0)).await.json()["status"], "OK");
        let info = "/transactions/api/1.0/transactions/info";
        let one = json!({"retailer_id": RETAILER, "pos_transaction_id": "T1", "store_id": STORE});
        let read = server.connect(&format!("{info}/get_transaction"), &one).await;
        assert_eq!(read.status, 200, "{read:?}");
        let all = json!({"retailer_id": RETAILER, "store_id": STORE, "end_date": NOW});
        let listed = server.connect(&format!("{info}/get_store_transactions"), &all).await;
        assert_eq!(
            (listed.status, &listed.json()["payload"]["total_records"]),
            (200, &json!(2)),
            "{listed:?}"
        );
    });
}
