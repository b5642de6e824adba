//! Tiers, their movements and their maintenance (incentives.md 2.7, 2.9, 7.6, 7.8).

use serde_json::{Value, json};

use crate::support::{RETAILER, STATUS, Server, run, sale};

const PROGRAM: &str = include_str!("../../../demo/grocery-program.json");
const SYSTEM: &str = "9a000000-0000-4000-8000-000000000020";
const MEMBER: &str = "9a000000-0000-4000-8000-000000000021";
const SILVER: &str = "9a000000-0000-4000-8000-000000000022";
const GOLD: &str = "9a000000-0000-4000-8000-000000000023";
const NOWHERE: &str = "00000000-0000-4000-8000-00000000dead";

async fn ask(server: &Server, path: &str, mut body: Value) -> (u16, Value) {
    body["retailer_id"] = json!(RETAILER);
    let answer = server.connect(&format!("/incentives/api/1.0/{path}"), &body).await;
    (answer.status, answer.json())
}

/// The payload of an answer that must be a success.
async fn done(server: &Server, path: &str, body: Value) -> Value {
    let (status, answer) = ask(server, path, body).await;
    assert_eq!((status, &answer["status"]), (200, &json!("ok")), "{answer}");
    answer["payload"].clone()
}

/// Silver is reviewed every year from joining and kept with 5000 status points.
async fn with_maintenance(server: &Server) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    let silver = &mut program["tier_systems"][0]["tier_levels"][1];
    silver["maintenance_frequency_value"] = json!(1);
    silver["maintenance_frequency_uom"] = json!(3);
    let stay = json!({
        "id": "9a000000-0000-4000-8000-000000000901", "name": "Stay in Silver", "status": 2, "tree_type": 4,
        "tier_assignments": [{"tier_system_id": SYSTEM, "tier_level_id": SILVER}],
        "rules": [{"id": "9a000000-0000-4000-8000-000000000902", "discriminator": 2048, "target_balance": 5000,
                   "comparison": 4, "constraints": [{"id": "9a000000-0000-4000-8000-000000000903",
                   "discriminator": 8, "point_accounts": {STATUS: ""}}]}]});
    program["rule_trees"].as_array_mut().unwrap().push(stay);
    let applied = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(applied.status, 200, "{applied:?}");
}

async fn user(server: &Server) -> Value {
    server.core("GET", "/external/users/900?expand_incentives=true", "").await.json()["user"].clone()
}

#[test]
fn a_review_shows_at_once_and_is_written_down_by_the_clock() {
    run(async |server| {
        with_maintenance(&server).await;
        server.member("900").await;
        server.till(&sale("r1", "T1", "900", 600.0)).await;
        let before = user(&server).await;
        // incentives.md 2.9: 5000 - 600, and a year after joining.
        assert_eq!((&before["tier"], &before["tier_points"]), (&json!("Silver"), &json!(600)));
        assert_eq!(
            (&before["maintenance_points"], &before["maintenance_required_points"]),
            (&json!(5000), &json!(4400))
        );
        assert_eq!(before["tier_resets_at"], "2018-02-01 00:00:00");
        let tiers = done(&server, "user_tiers/fetch", json!({"user_id": "900"})).await;
        let level = &tiers["tier_levels"][0];
        assert_eq!(tiers["user_id"], "900");
        assert_eq!(
            (&level["join_date"], &level["next_maintenance_eval_date"]),
            (&json!("2017-02-01T00:00:00"), &json!("2018-02-01T00:00:00"))
        );
        assert!(level["tier_progress"].is_array());

        let moved = server.admin("POST", "/admin/test_clock", r#"{"now":"2018-06-01T00:00:00Z"}"#).await;
        assert!(moved.json().get("due_left").is_none());
        let after = user(&server).await;
        assert_eq!(
            (&after["tier"], &after["tier_entered_at"]),
            (&json!("Member"), &json!("2018-02-01 00:00:00"))
        );
        assert!(
            after.get("maintenance_points").is_none() && after.get("maintenance_required_points").is_none()
        );
        assert_eq!(after["available_points"], 0, "the points have run out as well");
        let waited =
            server.admin("POST", "/admin/test_clock", r#"{"now":"2018-06-01T00:00:00Z","wait":true}"#).await;
        assert_eq!(waited.json()["due_left"], 0);
        let history = done(&server, "movement/fetch_history", json!({"user_id": "900", "take": 1})).await;
        assert_eq!((&history["total_records"], history["results"].as_array().unwrap().len()), (&json!(3), 1));
        let last = &history["results"][0];
        assert_eq!((&last["cause"], &last["direction"]), (&json!("maintenance"), &json!("down")));
        assert_eq!(
            (&last["from_tier_level_id"], &last["to_tier_level_id"], &last["time_of_occurrence"]),
            (&json!(SILVER), &json!(MEMBER), &json!("2018-02-01T00:00:00Z"))
        );
        let figures = server.ask("GET", "/metrics", "", "").await.body;
        assert!(figures.contains("laurel_due_rows 0") && figures.contains("laurel_due_processed_total"));
        let wrong = server.admin("POST", "/admin/test_clock", r#"{"now":"2018-07-01","wait":"soon"}"#).await;
        assert_eq!(wrong.json()["errors"]["code"], "invalid_request");
    });
}

#[test]
fn users_are_moved_by_hand() {
    run(async |server| {
        server.member("900").await;
        let to = |level: &str| {
            json!({"user_id": "900", "tier_system_id": SYSTEM, "tier_level_id": level,
                                      "reason": "make good", "idempotency_id": ""})
        };
        let moved = done(&server, "movement/move_user", to(&GOLD.to_uppercase())).await;
        assert_eq!(moved["user_tier"]["tier_overview"]["name"], "Gold");
        let movement = &moved["movements"][0];
        assert_eq!((&movement["cause"], &movement["direction"]), (&json!("manual"), &json!("up")));
        assert_eq!((&movement["reason"], &movement["to_tier_level_id"]), (&json!("make good"), &json!(GOLD)));
        assert_eq!(moved["outcomes"], json!([]));
        let again = done(&server, "movement/move_user", to(GOLD)).await;
        assert_eq!((&again["movements"], &again["user_tier"]), (&json!([]), &moved["user_tier"]));

        let qualified = done(&server, "movement/qualifying", json!({"user_id": "900"})).await;
        assert_eq!(
            (&qualified["movements"], qualified["user_tiers"].as_array().unwrap().len()),
            (&json!([]), 1)
        );
        let keyed = |level: &str| {
            let mut body = to(level);
            body["idempotency_id"] = json!("k1");
            body
        };
        let first = done(&server, "movement/move_user", keyed(SILVER)).await;
        done(&server, "movement/move_user", to(GOLD)).await;
        let repeated = done(&server, "movement/move_user", keyed(SILVER)).await;
        assert_eq!(
            (&repeated["movements"], &repeated["user_tier"]["tier_level_id"]),
            (&first["movements"], &json!(GOLD))
        );
        let (status, conflict) = ask(&server, "movement/move_user", keyed(MEMBER)).await;
        assert_eq!((status, &conflict["errors"]["code"]), (409, &json!("idempotency_conflict")));

        let leave = json!({"user_id": "900", "tier_system_id": SYSTEM});
        let left = done(&server, "movement/remove_user", leave.clone()).await;
        assert!(left.get("user_tier").is_none());
        assert_eq!(
            (&left["movements"][0]["from_tier_level_id"], left["movements"][0].get("to_tier_level_id")),
            (&json!(GOLD), None)
        );
        assert_eq!(done(&server, "movement/remove_user", leave).await["movements"], json!([]));
        let none = done(&server, "user_tiers/fetch", json!({"user_id": "900"})).await;
        assert_eq!(none["tier_levels"], json!([]));
    });
}

#[test]
fn maintenance_is_tried_and_done_on_demand() {
    run(async |server| {
        with_maintenance(&server).await;
        server.member("900").await;
        server.till(&sale("r1", "T1", "900", 600.0)).await;
        // A read comes after the credit; the clock may not.
        done(&server, "user_tiers/fetch", json!({"user_id": "900"})).await;
        server.admin("POST", "/admin/test_clock", r#"{"now":"2017-03-01T00:00:00Z","wait":true}"#).await;
        let run = |more: Value| {
            let mut body = json!({"user_id": "900"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let path = "movement/maintenance";
        let would = done(&server, path, run(json!({"dry_run": true, "as_of": "2018-03-01T00:00:00"}))).await;
        assert_eq!(would["movements"][0]["time_of_occurrence"], "2018-02-01T00:00:00Z");
        assert_eq!(would["user_tiers"][0]["tier_overview"]["name"], "Silver", "nothing was done");
        for as_of in ["2017-01-01", "2018-03-01"] {
            let (status, refused) = ask(&server, path, run(json!({"as_of": as_of}))).await;
            assert_eq!((status, &refused["errors"]["code"]), (400, &json!("invalid_request")));
        }
        let (status, unknown) = ask(&server, path, run(json!({"tier_system_id": NOWHERE}))).await;
        assert_eq!((status, &unknown["errors"]["code"]), (404, &json!("tier_system_not_found")));
        let did = done(&server, path, run(json!({"tier_system_id": SYSTEM, "idempotency_id": "m1"}))).await;
        assert_eq!(
            (&did["movements"][0]["cause"], &did["user_tier"]["tier_level_id"]),
            (&json!("maintenance"), &json!(MEMBER))
        );
        let again = done(&server, path, run(json!({"tier_system_id": SYSTEM, "idempotency_id": "m1"}))).await;
        assert_eq!(again["movements"], did["movements"]);
    });
}

#[test]
fn members_are_listed_by_level_and_levels_by_member() {
    run(async |server| {
        let mut ids = Vec::new();
        for number in 0..5 {
            ids.push(server.member(&format!("90{number}")).await);
        }
        let move_ = json!({"user_id": "903", "tier_system_id": SYSTEM, "tier_level_id": GOLD});
        done(&server, "movement/move_user", move_).await;
        let members =
            |level: &str, skip: u32, take: u32| json!({"tier_level_id": level, "skip": skip, "take": take});
        let gold = done(&server, "user_tiers/fetch_members", members(GOLD, 0, 10)).await;
        assert_eq!(
            gold,
            json!({"total_records": 1, "results": [
            {"user_id": ids[3], "join_date": "2017-02-01T00:00:00"}]})
        );
        let rest = done(&server, "user_tiers/fetch_members", members(MEMBER, 1, 2)).await;
        assert_eq!((&rest["total_records"], rest["results"].as_array().unwrap().len()), (&json!(4), 2));

        let bulk =
            done(&server, "user_tiers/fetch_bulk", json!({"user_ids": ["903", "nobody", ids[0]]})).await;
        let results = bulk["results"].as_array().unwrap();
        assert_eq!(
            results.iter().map(|known| &known["user_id"]).collect::<Vec<_>>(),
            ["903", ids[0].as_str()]
        );
        assert_eq!(results[0]["tier_levels"][0]["tier_level_id"], GOLD);
        assert!(results[0]["tier_levels"][0].get("tier_progress").is_none());
        let quiet = json!({"user_id": "900", "include_progress": false, "tier_system_ids": [SYSTEM]});
        let quiet = done(&server, "user_tiers/fetch", quiet).await;
        assert!(quiet["tier_levels"][0].get("tier_progress").is_none());
        assert!(quiet["tier_levels"][0].get("next_maintenance_eval_date").is_none());
    });
}

#[test]
fn systems_that_are_not_live_show_only_when_asked_for() {
    run(async |server| {
        server.member("900").await;
        let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
        program["tier_systems"][0]["disabled"] = json!(true);
        assert_eq!(server.admin("PUT", "/admin/program", &program.to_string()).await.status, 200);
        let fetch = async |inactive| {
            let body = json!({"user_id": "900", "include_inactive": inactive});
            done(&server, "user_tiers/fetch", body).await["tier_levels"].as_array().unwrap().len()
        };
        assert_eq!((fetch(false).await, fetch(true).await), (0, 1));
        let user = user(&server).await;
        assert!(user.get("tier").is_none());
        assert_eq!(user["tier_details"]["tier_levels"], json!([]));
        let (status, refused) = ask(
            &server,
            "movement/move_user",
            json!({"user_id": "900", "tier_system_id": SYSTEM, "tier_level_id": GOLD}),
        )
        .await;
        assert_eq!((status, &refused["errors"]["code"]), (400, &json!("tier_level_not_live")));
    });
}

#[test]
fn wrong_requests_are_refused() {
    run(async |server| {
        server.member("900").await;
        let to = |user: &str, system: &str, level: &str| {
            json!({"user_id": user, "tier_system_id": system,
                   "tier_level_id": level})
        };
        let many = json!({"user_ids": vec!["900"; 101]});
        for (path, body, status, code) in [
            ("movement/move_user", to("nobody", SYSTEM, GOLD), 404, "user_not_found"),
            ("movement/move_user", to("900", NOWHERE, GOLD), 404, "tier_system_not_found"),
            ("movement/move_user", to("900", SYSTEM, NOWHERE), 404, "tier_level_not_found"),
            ("movement/move_user", to("900", "", ""), 400, "invalid_request"),
            ("movement/qualifying", json!({"user_id": "nobody"}), 404, "user_not_found"),
            ("movement/remove_user", to("900", NOWHERE, ""), 404, "tier_system_not_found"),
            ("movement/fetch_history", json!({"user_id": "nobody"}), 404, "user_not_found"),
            ("movement/fetch_history", json!({"user_id": "900", "take": 1001}), 400, "take_too_large"),
            (
                "user_tiers/fetch",
                json!({"user_id": "900", "tier_system_ids": [NOWHERE]}),
                404,
                "tier_system_not_found",
            ),
            ("user_tiers/fetch_bulk", many, 400, "too_many_users"),
            ("user_tiers/fetch_bulk", json!({}), 400, "invalid_request"),
            ("user_tiers/fetch_members", json!({"tier_level_id": NOWHERE}), 404, "tier_level_not_found"),
            ("user_tiers/fetch_members", json!({"tier_level_id": GOLD, "take": 1001}), 400, "take_too_large"),
        ] {
            let (got, refused) = ask(&server, path, body).await;
            assert_eq!((got, &refused["errors"]["code"]), (status, &json!(code)), "{path}");
        }
        let other = json!({"retailer_id": NOWHERE, "tier_level_id": GOLD});
        let other = server.connect("/api/1.0/user_tiers/fetch_members", &other).await;
        assert_eq!((other.status, &other.json()["errors"]["code"]), (403, &json!("retailer_not_authorized")));
    });
}
