//! Merging customers (incentives.md 7.9).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{POINTS, Server, run, sale},
};

async fn available(server: &Server, user: &str) -> Value {
    let balances = done(server, "user_points/all_balances", json!({"user_id": user})).await;
    let details = balances["details"].as_array().unwrap();
    details.iter().find(|row| row["point_account_id"] == POINTS).unwrap()["available_balance"].clone()
}

async fn tier(server: &Server, user: &str) -> Value {
    let tiers = done(server, "user_tiers/fetch", json!({"user_id": user})).await;
    tiers["tier_levels"][0]["tier_overview"]["name"].clone()
}

fn pair() -> Value {
    json!({"from_user_id": "900", "to_user_id": "901"})
}

/// The first sale, brought back.
fn voided(request: &str) -> Value {
    let mut again = sale(request, "T1", "900", 600.0);
    again["request_payload"]["modified_time"] = json!("2017-01-31T18:00:00Z");
    again["request_payload"]["is_voided"] = json!(true);
    again
}

#[test]
fn everything_is_merged_once_and_returns_follow() {
    run(async |server| {
        server.member("900").await;
        server.member("901").await;
        server.till(&sale("r1", "T1", "900", 600.0)).await;
        server.till(&sale("r2", "T2", "901", 10.0)).await;
        let (given, had) = (available(&server, "900").await, available(&server, "901").await);
        assert_eq!(
            (tier(&server, "900").await, tier(&server, "901").await),
            (json!("Silver"), json!("Member"))
        );
        for (user, visits) in [("900", 3), ("901", 4)] {
            let counters = json!([{"name": "visits", "value": visits}]);
            let set = json!({"user_id": user, "counters": counters});
            done(&server, "user_state/set_counters", set).await;
        }
        // Eight at once are one merge.
        let tries = (0..8).map(|_| ask(&server, "user_state/merge", pair()));
        for answer in join_all(tries).await {
            assert_eq!(answer.status, 200, "{answer:?}");
            let state = answer.json()["payload"].clone();
            assert_eq!(state["user_id"], "901");
            let counter = &state["counters"][0];
            assert_eq!((&counter["name"], &counter["value"]), (&json!("visits"), &json!(7)));
        }
        let sum = given.as_f64().unwrap() + had.as_f64().unwrap();
        assert_eq!(available(&server, "901").await.as_f64().unwrap(), sum);
        assert_eq!(available(&server, "900").await, json!(0));
        assert_eq!(
            (tier(&server, "900").await, tier(&server, "901").await),
            (json!("Member"), json!("Silver"))
        );
        let emptied = done(&server, "user_state/fetch", json!({"user_id": "900"})).await;
        assert_eq!((&emptied["counters"], &emptied["outcome_usage"]), (&json!([]), &json!([])));
        let core = server.core("GET", "/external/users/900?expand_incentives=true", "").await;
        assert_eq!((core.status, &core.json()["user"]["available_points"]), (200, &json!(0)));
        // The purchase comes back: what it gave is taken from the one who has it, after a crash as well.
        let after = server.after_power_cut().await;
        let taken = after.till(&voided("r3")).await;
        assert_eq!((taken.status, &taken.json()["status"]), (200, &json!("OK")), "{taken:?}");
        // Whoever looks at the giver waits until it has gone on to the receiver.
        assert_eq!((available(&after, "900").await, available(&after, "901").await), (json!(0), had));
    });
}

#[test]
fn rows_of_a_merge_are_told() {
    run(async |server| {
        server.member("900").await;
        server.member("901").await;
        server.till(&sale("r1", "T1", "900", 40.0)).await;
        done(&server, "user_state/merge", pair()).await;
        for (user, sign) in [("900", -1.0), ("901", 1.0)] {
            let asked = json!({"user_id": user, "modification_types": ["Transfer"]});
            let log = done(&server, "point_audit_logs/fetch_point_audit_logs", asked).await;
            let row = log["results"].as_array().unwrap().iter().find(|row| row["point_account_id"] == POINTS);
            let row = row.unwrap_or_else(|| panic!("{log}"));
            assert_eq!(row["audit_type"], 8);
            assert!(row["modification"].as_f64().unwrap() * sign > 0.0, "{row}");
            let told = json!({"user_id": user, "point_audit_log_id": row["id"]});
            let told = done(&server, "point_audit_logs/explain", told).await;
            let cause = &told["row"]["cause"];
            assert_eq!(
                (&cause["type"], &cause["tracking_id"]),
                (&json!("merge"), &row["request_id"]),
                "{told}"
            );
        }
    });
}

#[test]
fn wrong_merges_change_nothing() {
    run(async |server| {
        server.member("900").await;
        server.member("901").await;
        server.till(&sale("r1", "T1", "900", 40.0)).await;
        let before = available(&server, "900").await;
        for (body, status, code) in [
            (json!({"from_user_id": "900", "to_user_id": "nobody"}), 404, "user_not_found"),
            (json!({"from_user_id": "nobody", "to_user_id": "901"}), 404, "user_not_found"),
            (json!({"from_user_id": "900", "to_user_id": "900"}), 400, "invalid_request"),
            (json!({"from_user_id": "900", "to_user_id": ""}), 400, "invalid_request"),
            (json!({"to_user_id": "901"}), 400, "invalid_request"),
        ] {
            let (is, told, _) = refused(&server, "user_state/merge", body.clone()).await;
            assert_eq!((is, &*told), (status, code), "{body}");
        }
        for (user, letter) in [("900", "a"), ("901", "b")] {
            let names = |from: usize| -> Vec<Value> {
                (from..from + 60).map(|n| json!({"name": format!("{letter}{n}"), "value": 1})).collect()
            };
            for from in [0, 60] {
                let set = json!({"user_id": user, "counters": names(from)});
                done(&server, "user_state/set_counters", set).await;
            }
        }
        assert_eq!(refused(&server, "user_state/merge", pair()).await.1, "too_many_counters");
        assert_eq!((available(&server, "900").await, available(&server, "901").await), (before, json!(0)));
    });
}
