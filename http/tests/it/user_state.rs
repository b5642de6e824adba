//! What the rules remember of a customer, and what callers change of it (incentives.md 7.9).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{POINTS, PROGRAM, Server, run, sale},
};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const CLUB: &str = "9a000000-0000-4000-8000-000000000020";
const SILVER: &str = "9a000000-0000-4000-8000-000000000022";
const COUNTS: &str = "9b000000-0000-4000-8000-000000000200";

/// The grocery program with a tree that counts purchases and has a limit, and a capped joining benefit of Silver.
async fn configured(server: &Server) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    let outcome = |n: u32| {
        json!([{"id": format!("9b000000-0000-4000-8000-00000000000{n}"), "discriminator": 1, "amount": 7,
                "point_source_id": SOURCE, "point_account_ids": [POINTS]}])
    };
    for system in program["tier_systems"].as_array_mut().unwrap() {
        for level in system["tier_levels"].as_array_mut().unwrap() {
            level["joining_outcome_frequency_value"] = json!(2);
            level["joining_outcome_frequency_uom"] = json!(7);
        }
    }
    let trees = program["rule_trees"].as_array_mut().unwrap();
    trees.push(json!({"id": COUNTS, "name": "Visits", "status": 2, "tree_type": 1, "outcomes": outcome(3),
        "limits": [{"scope": 0, "max": 5, "value": 1, "uom": 7}],
        "rules": [{"id": "9b000000-0000-4000-8000-000000000201", "discriminator": 4, "target_count": 1,
                   "lookback": {"value": 30, "uom": 0}}]}));
    trees.push(json!({"id": "9b000000-0000-4000-8000-000000000300", "name": "Welcome", "status": 2,
        "tree_type": 3, "outcomes": outcome(4),
        "tier_assignments": [{"tier_system_id": CLUB, "tier_level_id": SILVER}],
        "rules": [{"id": "9b000000-0000-4000-8000-000000000301", "discriminator": 1}]}));
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

async fn state(server: &Server) -> Value {
    done(server, "user_state/fetch", json!({"user_id": "900"})).await
}

#[test]
fn the_state_shows_what_was_counted_and_used_in_the_sections_asked_for() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        server.till(&sale("r1", "T1", "900", 10.0)).await;
        server.till(&sale("r2", "T2", "900", 10.0)).await;
        let seen = state(&server).await;
        let node = &seen["node_counters"][0];
        assert_eq!((&node["tree_id"], &node["value"]), (&json!(COUNTS), &json!(2)));
        assert_eq!(node["window"], json!({"value": 30, "uom": 0}));
        let used = &seen["outcome_usage"];
        assert_eq!((&used[0]["tree_id"], &used[0]["times"]), (&json!(COUNTS), &json!(2)));
        assert!(used[1].is_null() && used[0].get("outcome_id").is_none(), "the limit is the tree's: {used}");
        let activity: Vec<_> = seen["last_activity"].as_array().unwrap().iter().collect();
        assert!(activity.iter().any(|row| row["event_lookup"] == "COMPLETE_TRANSACTION"));
        assert!(seen["version"].as_u64().unwrap() > 0);
        let some = json!({"user_id": "900", "sections": ["Outcome_Usage", "tags"]});
        let some = done(&server, "user_state/fetch", some).await;
        assert_eq!((&some["outcome_usage"], &some["tags"]), (used, &json!([])));
        assert!(some.get("counters").is_none() && some.get("node_counters").is_none());
        let wrong = json!({"user_id": "900", "sections": ["points"]});
        assert_eq!(refused(&server, "user_state/fetch", wrong).await.1, "invalid_request");
    });
}

#[test]
fn counters_are_set_and_grow_once_for_each_id_and_version() {
    run(async |server| {
        server.member("900").await;
        let set = json!({"user_id": "900",
            "counters": [{"name": "visits", "value": 4}, {"name": "miles", "increment": 2.5}]});
        let first = done(&server, "user_state/set_counters", set).await;
        let values = |seen: &Value| -> Vec<(String, Value)> {
            let counters = seen["counters"].as_array().unwrap().iter();
            counters.map(|row| (row["name"].as_str().unwrap().to_owned(), row["value"].clone())).collect()
        };
        let pairs =
            |visits: Value, miles: Value| vec![("miles".to_owned(), miles), ("visits".to_owned(), visits)];
        assert_eq!(values(&first), pairs(json!(4), json!(2.5)));
        let version = first["version"].as_u64().unwrap();
        let grow = |version: u64| {
            let counters = json!([{"name": "visits", "increment": 1}]);
            json!({"user_id": "900", "version": version, "counters": counters})
        };
        let tries = (0..8).map(|_| ask(&server, "user_state/set_counters", grow(version)));
        let answers = join_all(tries).await;
        let lost = answers.iter().filter(|answer| answer.status == 409);
        assert!(lost.clone().all(|answer| answer.json()["errors"]["code"] == "state_version_conflict"));
        assert_eq!(lost.count(), 7);
        let keyed = json!({"user_id": "900", "idempotency_id": "k",
            "counters": [{"name": "visits", "increment": -2}]});
        for _ in 0..3 {
            let seen = done(&server, "user_state/set_counters", keyed.clone()).await;
            assert_eq!(values(&seen), pairs(json!(3), json!(2.5)));
            assert_eq!(seen["version"], json!(version + 2));
        }
        let other =
            json!({"user_id": "900", "idempotency_id": "k", "counters": [{"name": "visits", "value": 9}]});
        assert_eq!(refused(&server, "user_state/set_counters", other).await.1, "idempotency_conflict");
    });
}

#[test]
fn what_is_reset_is_forgotten_and_the_rest_stays() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        server.till(&sale("r1", "T1", "900", 10.0)).await;
        let silver = json!({"user_id": "900", "tier_system_id": CLUB, "tier_level_id": SILVER});
        done(&server, "movement/move_user", silver).await;
        let set = json!({"user_id": "900", "counters": [{"name": "visits", "value": 4}]});
        done(&server, "user_state/set_counters", set).await;
        let before = state(&server).await;
        assert_eq!(
            (&before["joining_usage"][0]["tier_level_id"], &before["joining_usage"][0]["times"]),
            (&json!(SILVER), &json!(1))
        );
        let other = json!({"user_id": "900", "tree_ids": [CLUB]});
        assert_eq!(done(&server, "user_state/reset", other).await, before, "nothing is of that tree");
        let tree = json!({"user_id": "900", "tree_ids": [COUNTS]});
        let after = done(&server, "user_state/reset", tree.clone()).await;
        assert_eq!((&after["node_counters"], &after["outcome_usage"]), (&json!([]), &json!([])));
        assert_eq!(
            (&after["counters"], &after["joining_usage"]),
            (&before["counters"], &before["joining_usage"])
        );
        assert_eq!(after["version"].as_u64(), before["version"].as_u64().map(|version| version + 1));
        assert_eq!(done(&server, "user_state/reset", tree).await, after, "a repeat changes nothing");
        let joining = json!({"user_id": "900", "sections": ["joining_usage"]});
        let after = done(&server, "user_state/reset", joining).await;
        assert_eq!((&after["joining_usage"], &after["counters"]), (&json!([]), &before["counters"]));
        let all = done(&server, "user_state/reset", json!({"user_id": "900"})).await;
        assert_eq!((&all["counters"], &all["last_activity"]), (&json!([]), &before["last_activity"]));
    });
}

#[test]
fn wrong_changes_of_the_state_are_refused_and_change_nothing() {
    run(async |server| {
        server.member("900").await;
        let before = state(&server).await;
        let many: Vec<_> = (0..200).map(|n| json!({"name": format!("c{n}"), "value": 1})).collect();
        for (path, change, status, code) in [
            ("set_counters", json!({}), 400, "invalid_request"),
            ("set_counters", json!({"counters": [{"value": 1}]}), 400, "invalid_request"),
            ("set_counters", json!({"counters": [{"name": "a"}]}), 400, "invalid_request"),
            (
                "set_counters",
                json!({"counters": [{"name": "a", "value": 1, "increment": 1}]}),
                400,
                "invalid_request",
            ),
            ("set_counters", json!({"counters": [{"name": "a", "value": "x"}]}), 400, "invalid_request"),
            (
                "set_counters",
                json!({"counters": [{"name": "a".repeat(101), "value": 1}]}),
                400,
                "invalid_request",
            ),
            (
                "set_counters",
                json!({"counters": [{"name": "a", "value": 1}], "version": 99}),
                409,
                "state_version_conflict",
            ),
            (
                "set_counters",
                json!({"user_id": "901", "counters": [{"name": "a", "value": 1}]}),
                404,
                "user_not_found",
            ),
            ("reset", json!({"sections": ["tags"]}), 400, "invalid_request"),
            ("reset", json!({"sections": ["counters"], "tree_ids": [COUNTS]}), 400, "invalid_request"),
            ("reset", json!({"tree_ids": ["x"]}), 400, "invalid_request"),
            ("reset", json!({"user_id": "901"}), 404, "user_not_found"),
        ] {
            let mut body = json!({"user_id": "900"});
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let found = refused(&server, &format!("user_state/{path}"), body.clone()).await;
            assert_eq!((found.0, &*found.1), (status, code), "{path} {body}");
        }
        assert_eq!(state(&server).await, before);
        done(&server, "user_state/set_counters", json!({"user_id": "900", "counters": many})).await;
        let more = json!({"user_id": "900", "counters": [{"name": "more", "value": 1}]});
        assert_eq!(refused(&server, "user_state/set_counters", more).await.1, "too_many_counters");
    });
}
