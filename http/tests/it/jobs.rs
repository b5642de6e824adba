//! Engine runs over many customers (incentives.md 7.12).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{POINTS, PROGRAM, Server, run},
};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const CLUB: &str = "9a000000-0000-4000-8000-000000000020";
const SILVER: &str = "9a000000-0000-4000-8000-000000000022";
const NOBODY: &str = "9a000000-0000-4000-8000-00000000ffff";

/// The grocery program where Silver is kept with one status point.
async fn configured(server: &Server) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    let trees = program["rule_trees"].as_array_mut().unwrap();
    trees.push(json!({"id": "9b000000-0000-4000-8000-000000000901", "name": "Stay in Silver", "status": 2,
        "tree_type": 4, "tier_assignments": [{"tier_system_id": CLUB, "tier_level_id": SILVER}],
        "rules": [{"id": "9b000000-0000-4000-8000-000000000902", "discriminator": 2048, "target_balance": 1,
                   "comparison": 4, "constraints": [{"id": "9b000000-0000-4000-8000-000000000903",
                   "discriminator": 8, "point_accounts": {"9a000000-0000-4000-8000-000000000002": ""}}]}]}));
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

/// Members in Silver with ten points each.
async fn populate(server: &Server) {
    for user in ["901", "902", "903"] {
        server.member(user).await;
        let detail = json!([{"amount": 10, "point_account_id": POINTS, "point_source_id": SOURCE}]);
        done(server, "user_points/deposit", json!({"user_id": user, "deposit_details": detail})).await;
        let silver = json!({"user_id": user, "tier_system_id": CLUB, "tier_level_id": SILVER});
        done(server, "movement/move_user", silver).await;
    }
    let later = server.admin("POST", "/admin/test_clock", r#"{"now": "2017-02-02T00:00:00Z"}"#).await;
    assert_eq!(later.status, 200, "{later:?}");
}

/// Begins a run and waits for its end; gives the job and its status.
async fn ended(server: &Server, path: &str, body: Value) -> (Value, Value) {
    let job = done(server, path, body).await["job_id"].clone();
    for _ in 0..1_000 {
        let status = done(server, "trigger/job_status", json!({"job_id": job})).await;
        if !["queued", "running"].contains(&status["state"].as_str().unwrap()) {
            return (job, status);
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the job does not end");
}

#[test]
fn a_maintenance_run_moves_members_once_and_says_how_many() {
    run(async |server| {
        configured(&server).await;
        populate(&server).await;
        let tried = json!({"tier_system_id": CLUB, "dry_run": true});
        let (_, tried) = ended(&server, "trigger/run_maintenance", tried).await;
        assert_eq!(
            (&tried["state"], &tried["moved"], &tried["dry_run"]),
            (&json!("done"), &json!(3), &json!(true))
        );
        let level = async |user: &str| {
            let tiers = done(&server, "user_tiers/fetch", json!({"user_id": user})).await;
            tiers["tier_levels"][0]["tier_level_id"].clone()
        };
        assert_eq!(level("901").await, SILVER);
        let body = json!({"tier_system_id": CLUB, "user_ids": ["902", "901", "902"], "idempotency_id": "k"});
        let (job, status) = ended(&server, "trigger/run_maintenance", body.clone()).await;
        assert_eq!(
            (&status["processed"], &status["moved"], &status["failed"], &status["kind"]),
            (&json!(2), &json!(2), &json!(0), &json!("maintenance"))
        );
        assert_eq!(
            (&status["started_at"], &status["finished_at"]),
            (&json!("2017-02-02T00:00:00"), &json!("2017-02-02T00:00:00"))
        );
        assert!(status.get("amount_expired").is_none() && status.get("message").is_none());
        assert_ne!(level("901").await, SILVER);
        assert_eq!(level("903").await, SILVER);
        let (again, status_again) = ended(&server, "trigger/run_maintenance", body).await;
        assert_eq!((&again, &status_again), (&job, &status));
        let other = json!({"tier_system_id": CLUB, "idempotency_id": "k"});
        assert_eq!(refused(&server, "trigger/run_maintenance", other).await.1, "idempotency_conflict");
        let unkeyed = json!({"tier_system_id": CLUB});
        let (first, status) = ended(&server, "trigger/run_maintenance", unkeyed.clone()).await;
        assert_eq!((&status["processed"], &status["moved"]), (&json!(3), &json!(1)));
        assert_eq!(ended(&server, "trigger/run_maintenance", unkeyed).await.0, first);
    });
}

#[test]
fn an_expiration_run_tells_what_will_run_out() {
    run(async |server| {
        configured(&server).await;
        populate(&server).await;
        let ahead = json!({"as_of": "2018-06-01T00:00:00Z", "dry_run": true, "point_account_ids": [POINTS]});
        let (_, status) = ended(&server, "trigger/run_expiration", ahead.clone()).await;
        assert_eq!(
            (&status["state"], &status["processed"], &status["moved"], &status["amount_expired"]),
            (&json!("done"), &json!(3), &json!(3), &json!(30))
        );
        let (_, status) = ended(&server, "trigger/run_expiration", json!({"user_ids": ["901"]})).await;
        assert_eq!(
            (&status["processed"], &status["moved"], &status["amount_expired"]),
            (&json!(1), &json!(0), &json!(0))
        );
        let balance = done(&server, "user_points/balance", json!({"user_id": "901"})).await;
        assert_eq!(balance["summary"]["total_points"], 10);
    });
}

#[test]
fn wrong_runs_are_refused() {
    run(async |server| {
        configured(&server).await;
        server.member("901").await;
        let many: Vec<_> = (0..1_001).map(|number| number.to_string()).collect();
        for (path, body, status, code) in [
            ("run_maintenance", json!({}), 400, "invalid_request"),
            ("run_maintenance", json!({"tier_system_id": NOBODY}), 404, "tier_system_not_found"),
            ("run_maintenance", json!({"tier_system_id": CLUB, "user_ids": ["999"]}), 404, "user_not_found"),
            ("run_maintenance", json!({"tier_system_id": CLUB, "user_ids": [""]}), 400, "invalid_request"),
            ("run_maintenance", json!({"tier_system_id": CLUB, "user_ids": many}), 400, "too_many_users"),
            (
                "run_maintenance",
                json!({"tier_system_id": CLUB, "as_of": "2017-03-01T00:00:00Z"}),
                400,
                "invalid_request",
            ),
            (
                "run_maintenance",
                json!({"tier_system_id": CLUB, "as_of": "2017-01-01T00:00:00Z", "dry_run": true}),
                400,
                "invalid_request",
            ),
            ("run_expiration", json!({"as_of": "2017-03-01T00:00:00Z"}), 400, "invalid_request"),
            ("run_expiration", json!({"point_account_ids": [NOBODY]}), 404, "point_account_not_found"),
            ("run_expiration", json!({"point_account_ids": ["x"]}), 400, "invalid_request"),
            ("run_expiration", json!({"dry_run": 5}), 400, "invalid_request"),
            ("job_status", json!({"job_id": NOBODY}), 404, "job_not_found"),
            ("job_status", json!({}), 400, "invalid_request"),
        ] {
            let found = refused(&server, &format!("trigger/{path}"), body.clone()).await;
            assert_eq!((found.0, &*found.1), (status, code), "{path} {body}");
        }
    });
}

/// Runs are done one after the other, so of many that are asked for at once a hundred wait, and the next is told
/// to come again.
#[test]
fn more_runs_than_may_wait_are_refused() {
    run(async |server| {
        configured(&server).await;
        populate(&server).await;
        let begin = async |number: usize| {
            let body =
                json!({"tier_system_id": CLUB, "dry_run": true, "idempotency_id": format!("k{number}")});
            ask(&server, "trigger/run_maintenance", body).await
        };
        let mut refused = Vec::new();
        for wave in 0..8 {
            let answers = join_all((0..100).map(|number| begin(100 * wave + number))).await;
            refused.extend(answers.into_iter().filter(|answer| answer.status != 200));
        }
        assert!(!refused.is_empty(), "800 runs have found room");
        for answer in &refused {
            assert_eq!((answer.status, &answer.json()["errors"]["code"]), (429, &json!("too_many_jobs")));
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        // There is room again when some are done.
        for number in 800.. {
            let answer = begin(number).await;
            if answer.status == 200 {
                break;
            }
            assert!(number < 10_000, "{answer:?}");
            actix_web::rt::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
}
