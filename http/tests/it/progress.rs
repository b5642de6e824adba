//! Progress in a tier system, and the events that happened (incentives.md 7.10, 7.11).

use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{POINTS, PROGRAM, Server, basic, run, sale},
};

const SYSTEM: &str = "9a000000-0000-4000-8000-000000000020";
const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const STATUS: &str = "9a000000-0000-4000-8000-000000000002";
const SILVER: &str = "9a000000-0000-4000-8000-000000000022";
const ALIAS: &str = "/incentives/api/Progress/GetUserProgressByTierSystem";

/// Silver is reviewed every year and kept with 5000 status points; two events, and a tree that follows issues.
async fn configured(server: &Server) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    let silver = &mut program["tier_systems"][0]["tier_levels"][1];
    silver["maintenance_frequency_value"] = json!(1);
    silver["maintenance_frequency_uom"] = json!(3);
    program["events"] = json!([
        {"id": "9b000000-0000-4000-8000-000000000001", "event_lookup": "APP_INSTALLED", "name": "App installed"},
        {"id": "9b000000-0000-4000-8000-000000000002", "event_lookup": "SURVEY", "name": "Survey"}]);
    let trees = program["rule_trees"].as_array_mut().unwrap();
    trees.push(json!({
        "id": "9a000000-0000-4000-8000-000000000901", "name": "Stay in Silver", "status": 2, "tree_type": 4,
        "tier_assignments": [{"tier_system_id": SYSTEM, "tier_level_id": SILVER}],
        "rules": [{"id": "9a000000-0000-4000-8000-000000000902", "discriminator": 2048, "target_balance": 5000,
                   "comparison": 4, "constraints": [{"id": "9a000000-0000-4000-8000-000000000903",
                   "discriminator": 8, "point_accounts": {STATUS: ""}}]}]}));
    trees.push(json!({"id": "9b000000-0000-4000-8000-000000000100", "name": "Install", "status": 2,
        "tree_type": 2, "trigger_events": ["APP_INSTALLED"],
        "outcomes": [{"id": "9b000000-0000-4000-8000-000000000003", "discriminator": 1, "amount": 100,
                      "point_source_id": SOURCE, "point_account_ids": [POINTS]}],
        "rules": [{"id": "9b000000-0000-4000-8000-000000000101", "discriminator": 65536}]}));
    trees.push(json!({"id": "9b000000-0000-4000-8000-000000000200", "name": "Earned", "status": 2,
        "tree_type": 2, "trigger_events": ["EARN_POINTS"],
        "outcomes": [{"id": "9b000000-0000-4000-8000-000000000004", "discriminator": 64, "tags": ["earner;;60"]}],
        "rules": [{"id": "9b000000-0000-4000-8000-000000000201", "discriminator": 65536}]}));
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

#[test]
fn progress_in_a_system_shows_the_way_up_and_what_keeps_the_level() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        let asked = json!({"user_id": "900", "tier_system_id": SYSTEM.to_uppercase()});
        let begin = done(&server, "progress/tier_system/user_progress", asked.clone()).await;
        assert_eq!(
            (&begin["current_tier"]["name"], &begin["next_tier"]["name"], &begin["maintenance"]),
            (&json!("Member"), &json!("Silver"), &json!([]))
        );
        assert_eq!(begin["entrance"][0]["rules"][0]["query_result"], 0);
        assert_eq!(begin.get("next_maintenance_eval_date"), None);
        server.till(&sale("r1", "T1", "900", 600.0)).await;
        let seen = done(&server, "progress/tier_system/user_progress", asked).await;
        assert_eq!(
            (&seen["current_tier"]["name"], &seen["next_tier"]["name"]),
            (&json!("Silver"), &json!("Gold"))
        );
        assert_eq!(seen["current_tier"]["id"], SILVER);
        // 2.8: leaves first, the root last; the figure, its target and how they are compared.
        let stay = &seen["maintenance"][0]["rules"][0];
        assert_eq!(seen["maintenance"][0]["rule_tree_id"], "9a000000-0000-4000-8000-000000000901");
        assert_eq!(
            (&stay["query_result"], &stay["rule_passed"], &stay["discriminator"]),
            (&json!(600), &json!(false), &json!(2))
        );
        assert_eq!(
            (&stay["rule"]["target_balance"], &stay["rule"]["comparison"], &stay["rule"]["discriminator"]),
            (&json!(5000), &json!(4), &json!(2048))
        );
        assert!(stay["rule"]["constraints"][0]["point_accounts"][STATUS].is_string(), "a map of id to name");
        let entrance = &seen["entrance"][0]["rules"];
        assert_eq!(entrance[0]["query_result"], 600);
        assert_eq!(seen["next_maintenance_eval_date"], "2018-02-01T00:00:00");
        let by_query = format!("{ALIAS}?userId=900&tierSystemId={SYSTEM}");
        let alias = server.ask("GET", &by_query, &basic(&server.keys.connect), "").await;
        assert_eq!((alias.status, &alias.json()["payload"]), (200, &seen), "{alias:?}");
        let tree = json!({"user_id": "900", "ids": ["9a000000-0000-4000-8000-000000000901", POINTS]});
        let tree = done(&server, "progress/rule_tree/user_progress", tree).await;
        assert_eq!(tree["results"].as_array().unwrap().len(), 1, "unknown trees are left out");
        assert_eq!((&tree["results"][0]["rules"][0], &tree["results"][0]["passed"]), (stay, &json!(false)));
        assert_eq!(tree["results"][0]["rule_tree_name"], "");
    });
}

#[test]
fn wrong_questions_for_progress_are_refused_with_their_code() {
    run(async |server| {
        server.member("900").await;
        for (body, status, code) in [
            (json!({"user_id": "nobody", "tier_system_id": SYSTEM}), 404, "user_not_found"),
            (json!({"user_id": "900", "tier_system_id": SOURCE}), 404, "tier_system_not_found"),
            (json!({"user_id": "900"}), 400, "invalid_request"),
            (json!({"user_id": "900", "tier_system_id": "gold"}), 400, "invalid_request"),
        ] {
            let (is, told, _) = refused(&server, "progress/tier_system/user_progress", body.clone()).await;
            assert_eq!((is, &*told), (status, code), "{body}");
        }
        for (query, status, code) in [
            (format!("userId=nobody&tierSystemId={SYSTEM}"), 404, "user_not_found"),
            (format!("userId=900&tierSystemId={SOURCE}"), 404, "tier_system_not_found"),
            (format!("tierSystemId={SYSTEM}"), 400, "invalid_request"),
            ("userId=900&tierSystemId=gold".to_owned(), 400, "invalid_request"),
        ] {
            let path = format!("{ALIAS}?{query}");
            let answer = server.ask("GET", &path, &basic(&server.keys.connect), "").await;
            assert_eq!((answer.status, &answer.json()["errors"]["code"]), (status, &json!(code)), "{query}");
        }
        let post = server.connect(ALIAS, &json!({})).await;
        assert_eq!((post.status, post.header("allow")), (405, Some("GET")));
        let unknown = server.ask("GET", ALIAS, "Basic eDp5", "").await;
        assert_eq!((unknown.status, &unknown.json()["errors"]["code"]), (401, &json!("unauthorized")));
    });
}

#[test]
fn events_that_happened_are_listed_newest_first() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        let trigger = async |lookup: &str, at: &str| {
            let body = json!({"user_id": "900", "event_lookup": lookup, "time_of_occurrence": at});
            done(&server, "user_events/trigger_user_event", body).await["user_event"].clone()
        };
        let first = trigger("SURVEY", "2017-01-30T10:00:00Z").await;
        let second = trigger("APP_INSTALLED", "2017-01-29T10:00:00Z").await;
        let fetch = async |more: Value| {
            let mut body = json!({"user_id": "900"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            done(&server, "user_events/fetch", body).await
        };
        let names = |page: &Value| -> Vec<String> {
            let rows = page["results"].as_array().unwrap().iter();
            rows.map(|row| row["event_lookup"].as_str().unwrap().to_owned()).collect()
        };
        let all = fetch(json!({})).await;
        assert_eq!(
            (names(&all), &all["total_records"]),
            (vec!["SURVEY".into(), "EARN_POINTS".into(), "APP_INSTALLED".into()], &json!(3))
        );
        assert_eq!((&all["results"][0], &all["results"][2]), (&first, &second));
        // What the points of the event raised is the platform's own.
        assert_eq!(all["results"][1]["is_session_m"], true);
        let some = fetch(json!({"event_lookups": ["survey", "EARN_POINTS"]})).await;
        assert_eq!(names(&some), ["SURVEY", "EARN_POINTS"]);
        let late =
            fetch(json!({"from_date": "2017-01-30T10:00:00", "to_date": "2017-01-30T10:00:00Z"})).await;
        assert_eq!((names(&late), &late["total_records"]), (vec!["SURVEY".to_owned()], &json!(1)));
        let page = fetch(json!({"skip": 1, "take": 1})).await;
        assert_eq!((names(&page), &page["total_records"]), (vec!["EARN_POINTS".to_owned()], &json!(3)));
        assert_eq!(fetch(json!({"event_lookups": ["NEVER"]})).await["results"], json!([]));
        for (body, status, code) in [
            (json!({"user_id": "nobody"}), 404, "user_not_found"),
            (json!({"user_id": "900", "take": 1001}), 400, "take_too_large"),
            (
                json!({"user_id": "900", "from_date": "2017-02-01", "to_date": "2017-01-01"}),
                400,
                "invalid_request",
            ),
            (json!({"user_id": "900", "event_lookups": vec!["X"; 51]}), 400, "invalid_request"),
            (json!({}), 400, "invalid_request"),
        ] {
            let (is, told, _) = refused(&server, "user_events/fetch", body.clone()).await;
            assert_eq!((is, &*told), (status, code), "{body}");
        }
        let mut body = json!({"user_id": "900"});
        body["retailer_id"] = json!(POINTS);
        let foreign = server.connect("/incentives/api/1.0/user_events/fetch", &body).await;
        assert_eq!(foreign.json()["errors"]["code"], "retailer_not_authorized");
        assert_eq!(ask(&server, "user_events/fetch", json!({"user_id": "900"})).await.status, 200);
    });
}
