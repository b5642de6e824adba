//! Why each row of the ledger is as it is, by example, for every kind of cause.

use serde_json::{Value, json};

use crate::{
    configuring::done,
    explanations::{all_explained, explained, rows, sold, with},
    support::{POINTS, PROGRAM, RETAILER, STATUS, Server, run, sale},
};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const CLUB: &str = "9a000000-0000-4000-8000-000000000020";
const SILVER: &str = "9a000000-0000-4000-8000-000000000022";
const GOLD: &str = "9a000000-0000-4000-8000-000000000023";

async fn given(server: &Server, user: &str, amount: u32, more: Value) {
    let mut detail = json!({"amount": amount, "point_account_id": POINTS, "point_source_id": SOURCE,
                            "reference_id": "ord-7", "reference_type": "MakeGood"});
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    done(server, "user_points/deposit", json!({"user_id": user, "deposit_details": [detail]})).await;
}

/// The explanations of that type, oldest first.
fn of_type(all: &[Value], kind: &str) -> Vec<Value> {
    all.iter().filter(|why| why["cause"]["type"] == kind).cloned().collect()
}

async fn later(server: &Server, to: &str) {
    let moved =
        server.admin("POST", "/admin/test_clock", &json!({"now": to, "wait": true}).to_string()).await;
    assert_eq!(moved.json()["due_left"], 0, "{moved:?}");
}

/// Two deposits, the older one of 30, and a spend of 40.
async fn deposited_and_spent(server: &Server) {
    server.member("900").await;
    given(server, "900", 30, json!({"time_of_occurrence": "2017-01-10T00:00:00Z"})).await;
    given(server, "900", 50, json!({})).await;
    let spend = json!({"user_id": "900", "amount": 40, "transaction_id": "T-9", "reference_id": "cart"});
    done(server, "user_points/spend", spend).await;
}

#[test]
fn a_deposit_and_a_spend_out_of_its_lots() {
    run(async |server| {
        deposited_and_spent(&server).await;
        let all = all_explained(&server, "900").await;
        let deposits = of_type(&all, "deposit");
        let cause = &deposits[0]["cause"];
        assert_eq!(
            (&cause["reference_id"], &cause["reference_type"], &deposits[0]["lots"]),
            (&json!("ord-7"), &json!("MakeGood"), &json!([]))
        );
        assert_eq!(deposits[0]["audit_log"]["amount_spent"], 30);
        // The older lot runs out sooner and goes first.
        let [spend] = of_type(&all, "spend").try_into().unwrap();
        let lots: Vec<_> = spend["lots"]
            .as_array()
            .unwrap()
            .iter()
            .map(|lot| (lot["point_audit_log_id"].clone(), lot["points"].clone(), lot["remaining"].clone()))
            .collect();
        let lot = |place: usize, points: u32, left: u32| {
            (deposits[place]["point_audit_log_id"].clone(), json!(points), json!(left))
        };
        assert_eq!(lots, [lot(0, 30, 0), lot(1, 10, 40)]);
        assert_eq!(
            (&spend["lots"][0]["time_of_occurrence"], &spend["cause"]["transaction_id"]),
            (&json!("2017-01-10T00:00:00Z"), &json!("T-9"))
        );
    });
}

#[test]
fn what_corrects_a_deposit_and_undoes_a_spend() {
    run(async |server| {
        deposited_and_spent(&server).await;
        let all = all_explained(&server, "900").await;
        let deposits = of_type(&all, "deposit");
        let [spend] = of_type(&all, "spend").try_into().unwrap();
        let lot = &deposits[1]["point_audit_log_id"];
        done(
            &server,
            "user_points/modify",
            json!({"user_id": "900", "point_audit_log_id": lot, "new_amount": 45}),
        )
        .await;
        let reverse =
            json!({"retailer_id": RETAILER, "user_id": "900", "transaction_id": "T-9", "amount": 15});
        let answer = server.connect("/incentives/api/2.0/user_points/reverse", &reverse).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let expire = json!({"user_id": "900", "point_account_ids": [POINTS], "amount": 5});
        done(&server, "user_points/expire", expire).await;
        let force = json!({"user_id": "900", "amount": 100, "force_spend": true});
        done(&server, "user_points/spend", force).await;
        given(&server, "900", 500, json!({})).await;
        let all = all_explained(&server, "900").await;
        let [modified] = of_type(&all, "modify").try_into().unwrap();
        assert_eq!(
            (&modified["cause"]["corrects"], &modified["modification"]),
            (&deposits[1]["point_audit_log_id"], &json!(-5))
        );
        let [reversed] = of_type(&all, "reversal").try_into().unwrap();
        assert_eq!(
            reversed["cause"]["undoes"],
            json!([{"point_audit_log_id": spend["point_audit_log_id"], "points": 15}])
        );
        assert!(reversed["lots"].as_array().unwrap().iter().all(|lot| lot["points"].as_f64().unwrap() < 0.0));
        let [expired] = of_type(&all, "expire").try_into().unwrap();
        assert_eq!((&expired["modification"], &expired["audit_type"]), (&json!(-5), &json!(4)));
        let overdraft = of_type(&all, "spend").into_iter().find(|why| why["audit_type"] == 16).unwrap();
        assert_eq!(overdraft["lots"], json!([]));
        let last = of_type(&all, "deposit").into_iter().find(|why| why["modification"] == 500).unwrap();
        let repaid = overdraft["modification"].as_f64().unwrap();
        assert_eq!(last["repaid_overdraft"].as_f64(), Some(-repaid));
    });
}

#[test]
fn a_transfer_names_the_row_on_the_other_side() {
    run(async |server| {
        let (ann, bob) = (server.member("900").await, server.member("901").await);
        given(&server, "900", 30, json!({})).await;
        let sent = json!({"from_user_id": "900", "to_user_id": "901", "amount": 20, "to_point_account_id": POINTS,
                          "from_point_account_ids": [POINTS]});
        done(&server, "user_points/transfer", sent).await;
        let inside = json!({"from_user_id": "900", "to_user_id": "900", "amount": 5, "from_point_account_ids": [POINTS],
                            "to_point_account_id": STATUS});
        done(&server, "user_points/transfer", inside).await;
        let (mine, theirs) = (all_explained(&server, "900").await, all_explained(&server, "901").await);
        let [gone] = of_type(&mine, "transfer_to_customer").try_into().unwrap();
        let [come] = of_type(&theirs, "transfer_from_customer").try_into().unwrap();
        assert_eq!(
            gone["other_side"],
            json!([{"user_id": bob, "point_audit_log_id": come["point_audit_log_id"], "modification": 20}])
        );
        assert_eq!(
            come["other_side"],
            json!([{"user_id": ann, "point_audit_log_id": gone["point_audit_log_id"], "modification": -20}])
        );
        assert_eq!(gone["cause"]["tracking_id"], come["cause"]["tracking_id"]);
        let [out, into] = of_type(&mine, "transfer").try_into().unwrap();
        assert_eq!(
            (&out["other_side"][0]["point_audit_log_id"], &into["other_side"][0]["point_audit_log_id"]),
            (&into["point_audit_log_id"], &out["point_audit_log_id"])
        );
        assert_eq!((&out["account_name"], &into["account_name"]), (&json!("Points"), &json!("Status")));
        assert_eq!(out["lots"][0]["points"], 5);
    });
}

#[test]
fn points_that_run_out_name_their_lots_their_birth_and_the_run() {
    run(async |server| {
        server.member("900").await;
        server.member("901").await;
        for user in ["900", "901"] {
            given(&server, user, 30, json!({"time_of_occurrence": "2017-01-10T06:00:00Z"})).await;
        }
        later(&server, "2017-08-20T00:00:00Z").await;
        let [expired] = of_type(&all_explained(&server, "900").await, "expiration").try_into().unwrap();
        let cause = &expired["cause"];
        assert_eq!(
            (&cause["due_at"], &cause["policy_type"], &cause["point_expiration_percentage"]),
            (&json!("2017-07-11T00:00:00Z"), &json!(1), &json!(100))
        );
        let lot = &expired["lots"][0];
        assert_eq!(
            (&lot["time_of_occurrence"], &lot["expiration_date"], &lot["remaining"]),
            (&json!("2017-01-10T06:00:00Z"), &json!("2017-07-11T00:00:00Z"), &json!(0))
        );
        assert_eq!(expired["decision"]["decided_at"], "2017-08-20T00:00:00Z");
        assert!(expired["decision"].get("job_id").is_none());
    });
}

#[test]
fn escrow_releases_its_points_into_the_account_behind_it() {
    run(async |server| {
        let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
        let escrow = "9b000000-0000-4000-8000-000000000001";
        program["point_accounts"].as_array_mut().unwrap().push(json!({"id": escrow, "name": "Escrow", "active": true,
            "expiration_policy": {"policy_type": 1, "next_evaluation_date": "2017-01-01T00:00:00",
            "frequency_value": 1, "frequency_unit_type": 0, "expiration_age_value": 14, "expiration_age_unit_type": 0,
            "point_expiration_percentage": 100, "rollover_point_account_id": POINTS}}));
        program["point_sources"][1]["point_account_ids"] = json!([POINTS, escrow]);
        let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
        assert_eq!(put.status, 200, "{put:?}");
        server.member("900").await;
        given(&server, "900", 30, json!({"point_account_id": escrow})).await;
        later(&server, "2017-02-20T00:00:00Z").await;
        let [out, into] = of_type(&all_explained(&server, "900").await, "rollover").try_into().unwrap();
        assert_eq!((&out["account_name"], &into["account_name"]), (&json!("Escrow"), &json!("Points")));
        for (one, other) in [(&out, &into), (&into, &out)] {
            assert_eq!(one["other_side"][0]["point_audit_log_id"], other["point_audit_log_id"]);
            assert_eq!(
                (&one["cause"]["due_at"], &one["cause"]["policy_type"]),
                (&json!("2017-02-15T00:00:00Z"), &json!(1))
            );
        }
    });
}

/// The grocery program with an event, a tree for it, one for points that were earned, and what Gold gives.
async fn configured(server: &Server) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    let own = |n: u32| format!("9b000000-0000-4000-8000-{n:012}");
    program["events"] = json!([{"id": own(1), "event_lookup": "SURVEY"}]);
    let outcome = |n: u32, amount: u32, account: &str, source: &str| {
        json!({"id": own(n), "discriminator": 1, "amount": amount, "point_source_id": source,
               "point_account_ids": [account]})
    };
    let purchases = "9a000000-0000-4000-8000-000000000011";
    let trees = program["rule_trees"].as_array_mut().unwrap();
    trees.push(json!({"id": own(10), "name": "Survey", "status": 2, "tree_type": 2, "trigger_events": ["SURVEY"],
        "rules": [{"id": own(11), "discriminator": 65536}],
        "outcomes": [outcome(12, 7, POINTS, SOURCE), {"id": own(13), "discriminator": 16, "tier_system_id": CLUB,
                     "tier_level_id": SILVER}]}));
    trees.push(json!({"id": own(20), "name": "Thanks", "status": 2, "tree_type": 2,
        "trigger_events": ["TIER_PROMOTED"], "rules": [{"id": own(21), "discriminator": 65536}],
        "outcomes": [outcome(22, 3, STATUS, purchases)]}));
    let gold = trees.iter_mut().find(|tree| tree["name"] == "Enter Gold").unwrap();
    gold["outcomes"] = json!([outcome(31, 50, POINTS, SOURCE)]);
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

#[test]
fn an_event_and_what_it_led_to() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        let body = json!({"user_id": "900", "event_lookup": "SURVEY", "idempotency_id": "k1", "context": {"stars": 5}});
        let answer = done(&server, "user_events/trigger_user_event", body).await;
        let all = all_explained(&server, "900").await;
        let [survey, thanks] = of_type(&all, "event").try_into().unwrap();
        assert_eq!(
            (
                &survey["cause"]["event_id"],
                &survey["cause"]["event_depth"],
                &survey["cause"]["event_context"]
            ),
            (&answer["user_event"]["id"], &json!(0), &json!(r#"{"stars":5}"#))
        );
        assert_eq!(
            (&survey["rule_tree"]["rule_tree_name"], &survey["rule_tree"]["event_lookup"]),
            (&json!("Survey"), &json!("SURVEY"))
        );
        // The level that the event moved to raised another event, which gave something as well.
        assert_eq!(
            (&thanks["cause"]["event_lookup"], &thanks["cause"]["event_depth"]),
            (&json!("TIER_PROMOTED"), &json!(1))
        );
        assert!(thanks["cause"]["event_context"].as_str().unwrap().contains(SILVER));
        assert_eq!(thanks["rule_tree"]["passed"], true);
        // The event itself is told with everything that it led to.
        let body = json!({"user_id": "900", "event_id": answer["user_event"]["id"]});
        let event = explained(&server, body).await["event"].clone();
        assert_eq!(
            (&event["event_lookup"], &event["decision"]["reproduced"]),
            (&json!("SURVEY"), &json!(true))
        );
        assert_eq!(event["rule_trees"][0], survey["rule_tree"]);
        let lookups: Vec<_> =
            event["events"].as_array().unwrap().iter().map(|event| &event["event_lookup"]).collect();
        assert_eq!(lookups, ["SURVEY", "TIER_PROMOTED"]);
        assert_eq!(
            (event["rows"].as_array().unwrap().len(), &event["tier_movements"][0]["cause"]),
            (2, &json!("rule"))
        );
        let history = done(&server, "movement/fetch_history", json!({"user_id": "900"})).await;
        let silver = with(&history["results"], "to_tier_level_id", SILVER);
        let body = json!({"user_id": "900", "tier_movement_id": silver["id"]});
        let why = explained(&server, body).await["tier_movement"].clone();
        assert_eq!(
            (&why["cause"], &why["rule_tree_id"], &why["rule_trees"], &why["decision"]["reproduced"]),
            (&json!("rule"), &survey["cause"]["rule_tree_id"], &json!([]), &json!(true))
        );
    });
}

#[test]
fn a_level_by_hand_and_what_joining_it_gives() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        let by_hand =
            json!({"user_id": "900", "tier_system_id": CLUB, "tier_level_id": GOLD, "reason": "make good"});
        let moved = done(&server, "movement/move_user", by_hand).await;
        let body = json!({"user_id": "900", "tier_movement_id": moved["movements"][0]["id"]});
        let why = explained(&server, body).await["tier_movement"].clone();
        assert_eq!(
            (&why["cause"], &why["reason"], &why["from_tier_level_name"], &why["to_tier_level_name"]),
            (&json!("manual"), &json!("make good"), &json!("Member"), &json!("Gold"))
        );
        assert_eq!(
            (&why["decision"]["reproduced"], &why["benefits"][0]["points_awarded"]),
            (&json!(true), &json!(50))
        );
        let [joining] = of_type(&all_explained(&server, "900").await, "tier_joining").try_into().unwrap();
        assert_eq!(
            (&joining["modification"], &joining["cause"]["tier_level_name"]),
            (&json!(50), &json!("Gold"))
        );
        let tree = &joining["rule_tree"];
        assert_eq!(
            (&tree["rule_tree_name"], &tree["passed"]),
            (&json!("Enter Gold"), &json!(false)),
            "by hand, not by points"
        );
        assert_eq!(tree["rules"][0]["query_result"], 0);
    });
}

#[test]
fn a_run_over_many_names_its_job_and_a_review_its_trees() {
    run(async |server| {
        let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
        let stay = json!({"id": "9b000000-0000-4000-8000-000000000901", "name": "Stay in Silver", "status": 2,
            "tree_type": 4, "tier_assignments": [{"tier_system_id": CLUB, "tier_level_id": SILVER}],
            "rules": [{"id": "9b000000-0000-4000-8000-000000000902", "discriminator": 2048, "target_balance": 100,
                       "comparison": 4, "constraints": [{"id": "9b000000-0000-4000-8000-000000000903",
                       "discriminator": 8, "point_accounts": {STATUS: ""}}]}]});
        program["rule_trees"].as_array_mut().unwrap().push(stay);
        let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
        assert_eq!(put.status, 200, "{put:?}");
        server.member("900").await;
        let silver = json!({"user_id": "900", "tier_system_id": CLUB, "tier_level_id": SILVER});
        done(&server, "movement/move_user", silver).await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        let later = server.admin("POST", "/admin/test_clock", r#"{"now": "2017-02-02T00:00:00Z"}"#).await;
        assert_eq!(later.status, 200);
        let job =
            done(&server, "trigger/run_maintenance", json!({"tier_system_id": CLUB})).await["job_id"].clone();
        for _ in 0..1_000 {
            let status = done(&server, "trigger/job_status", json!({"job_id": job})).await;
            if status["state"] == "done" {
                break;
            }
            actix_web::rt::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let history = done(&server, "movement/fetch_history", json!({"user_id": "900", "take": 1})).await;
        let body = json!({"user_id": "900", "tier_movement_id": history["results"][0]["id"]});
        let why = explained(&server, body).await["tier_movement"].clone();
        assert_eq!((&why["cause"], &why["direction"]), (&json!("maintenance"), &json!("down")));
        let decision = &why["decision"];
        assert_eq!(
            (&decision["job_id"], &decision["job"], &decision["reproduced"]),
            (&job, &json!("run_maintenance"), &json!(true)),
            "{why:#}"
        );
        let tree = with(&why["rule_trees"], "rule_tree_name", "Stay in Silver");
        assert_eq!(tree["passed"], false);
        let node = with(&tree["rules"], "rule_id", tree["failed_at_rule_id"].as_str().unwrap());
        assert_eq!((&node["query_result"], &node["target"]), (&json!(60), &json!(100)));
    });
}

#[test]
fn the_rows_of_an_erased_customer_are_explained_as_far_as_they_are_kept() {
    run(async |server| {
        let id = server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 30.0)).await;
        given(&server, "900", 25, json!({"reference_id": "Anna"})).await;
        done(&server, "user_points/spend", json!({"user_id": "900", "amount": 40})).await;
        let before = rows(&server, "900").await;
        let body = json!({"user_id": "900", "request_id": "e1", "reason": "asked"});
        let tombstone = done(&server, "gdpr/forget_user", body).await["tombstone_user_id"].clone();
        for row in &before {
            for user in [json!("900"), json!(id)] {
                let body = json!({"user_id": user, "point_audit_log_id": row["id"]});
                let (status, code, _) =
                    crate::configuring::refused(&server, "point_audit_logs/explain", body).await;
                assert_eq!((status, &*code), (404, "user_not_found"));
            }
            let body = json!({"user_id": tombstone, "point_audit_log_id": row["id"]});
            let why = explained(&server, body).await["row"].clone();
            assert_eq!(
                (&why["cause"]["type"], &why["modification"]),
                (&json!("erased"), &row["modification"])
            );
            assert_eq!(why["decision"]["not_reproduced_because"], "customer_erased");
            let lots = why["lots"].as_array().unwrap();
            let taken: f64 = lots.iter().map(|lot| lot["points"].as_f64().unwrap()).sum();
            assert!(lots.is_empty() || taken == -row["modification"].as_f64().unwrap());
            for personal in ["Anna", &*id, "T-1"] {
                assert!(!why.to_string().contains(personal), "{why:#}");
            }
        }
    });
}
