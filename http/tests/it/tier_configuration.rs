//! Tier systems and levels as they are configured (incentives.md 7.5).

use serde_json::{Value, json};

use crate::{
    configuring::{done, refused},
    support::{RETAILER, run},
};

const CLUB: &str = "9a000000-0000-4000-8000-000000000020";
const MEMBER: &str = "9a000000-0000-4000-8000-000000000021";
const GOLD: &str = "9a000000-0000-4000-8000-000000000023";
const NOBODY: &str = "9a000000-0000-4000-8000-00000000ffff";

#[test]
fn a_system_is_fetched_with_its_levels() {
    run(async |server| {
        let answer = done(&server, "tier_levels/fetch", json!({"tier_system_id": CLUB.to_uppercase()})).await;
        let system = &answer["tier_system"];
        assert_eq!(
            (
                &system["id"],
                &system["name"],
                &system["number_of_levels"],
                &system["status"],
                &system["disabled"]
            ),
            (&json!(CLUB), &json!("Basket club"), &json!(4), &json!(2), &json!(false))
        );
        assert_eq!(
            system["tier_levels"][0],
            json!({
                "id": MEMBER, "tier_system_id": CLUB, "retailer_id": RETAILER, "name": "Member", "rank": 0, "status": 2,
            })
        );
        for (body, status, code) in [
            (json!({"tier_system_id": NOBODY}), 404, "tier_system_not_found"),
            (json!({"tier_system_id": ""}), 400, "invalid_request"),
            (json!({"tier_system_id": "club"}), 400, "invalid_request"),
        ] {
            let found = refused(&server, "tier_levels/fetch", body).await;
            assert_eq!((found.0, found.1.as_str()), (status, code));
        }
    });
}

#[test]
fn a_system_is_built_and_published_level_by_level() {
    run(async |server| {
        let made = done(
            &server,
            "tier_levels/create_system",
            json!({"name": "Stars", "external_id": "S", "levels": [{"name": "One star", "rank": 1}]}),
        )
        .await;
        let system = made["tier_system"].clone();
        assert_eq!((&system["number_of_levels"], &system["status"]), (&json!(2), &json!(0)));
        assert_eq!(
            (&system["external_id"], &system["create_date"]),
            (&json!("S"), &json!("2017-02-01T00:00:00"))
        );
        assert_eq!(system["tier_levels"][1]["rank"], 0);
        let system_id = &system["id"];
        let two = json!({"tier_system_id": system_id, "name": "Two stars", "rank": 2, "icon": "**"});
        let level = done(&server, "tier_levels/create", two).await["tier_level"].clone();
        assert_eq!((&level["status"], &level["icon"]), (&json!(0), &json!("**")));

        let publish = json!({"id": system_id, "status": 2});
        assert_eq!(
            refused(&server, "tier_levels/update_system", publish.clone()).await,
            (400, "tier_level_not_live".to_owned(), "status".to_owned())
        );
        let mut levels: Vec<Value> = system["tier_levels"].as_array().unwrap().clone();
        levels.push(level.clone());
        for level in &levels {
            let body = json!({"id": level["id"], "status": 2});
            let live = done(&server, "tier_levels/set_status", body).await;
            assert_eq!(live["tier_level"]["status"], 2);
        }
        assert_eq!(done(&server, "tier_levels/update_system", publish).await["tier_system"]["status"], 2);
        let live =
            done(&server, "tier_levels/fetch_systems", json!({"status": 2, "sort_column": "Name"})).await;
        assert_eq!((&live["total_records"], &live["results"][1]["name"]), (&json!(2), &json!("Stars")));

        let renamed = done(&server, "tier_levels/update", json!({"id": level["id"], "name": "Top"})).await;
        assert_eq!(
            (&renamed["tier_level"]["name"], &renamed["tier_level"]["rank"]),
            (&json!("Top"), &json!(2))
        );
    });
}

#[test]
fn what_is_wrong_with_a_level_is_named() {
    run(async |server| {
        let (id, system_id) = (GOLD, CLUB);
        for (path, body, status, code, at) in [
            ("update", json!({"id": id, "rank": 1}), 400, "rank_taken", "rank"),
            ("update", json!({"id": NOBODY, "rank": 1}), 404, "tier_level_not_found", ""),
            ("set_status", json!({"id": id, "status": 0}), 400, "invalid_request", "status"),
            ("set_status", json!({"id": id, "status": 4}), 400, "invalid_request", "status"),
            (
                "create",
                json!({"tier_system_id": system_id, "name": "X", "rank": -1}),
                400,
                "invalid_request",
                "rank",
            ),
            (
                "create",
                json!({"tier_system_id": NOBODY, "name": "X", "rank": 9}),
                404,
                "tier_system_not_found",
                "",
            ),
            ("delete", json!({"id": id}), 409, "level_in_use", ""),
            ("delete", json!({"id": ""}), 400, "invalid_request", ""),
            ("delete_system", json!({"id": NOBODY}), 404, "tier_system_not_found", ""),
            ("delete_system", json!({"id": CLUB}), 409, "level_in_use", ""),
        ] {
            let found = refused(&server, &format!("tier_levels/{path}"), body.clone()).await;
            assert_eq!(found, (status, code.to_owned(), at.to_owned()), "{path} {body}");
        }
        let base = json!({"id": MEMBER, "rank": 7});
        assert_eq!(refused(&server, "tier_levels/update", base).await.1, "default_level_required");
    });
}

#[test]
fn drafts_of_levels_go_unless_a_tree_names_them() {
    run(async |server| {
        let draft = json!({"tier_system_id": CLUB, "name": "Diamond", "rank": 9});
        let level = done(&server, "tier_levels/create", draft).await["tier_level"]["id"].clone();
        let tree = "9a000000-0000-4000-8000-000000000101";
        let pair = json!({"tier_level_id": level, "rule_tree_id": tree});
        let attached = done(&server, "tier_levels/attach_rule_tree", pair.clone()).await;
        assert_eq!(
            (&attached["tier_level"]["name"], &attached["rule_tree_ids"]),
            (&json!("Diamond"), &json!([tree]))
        );
        assert_eq!(refused(&server, "tier_levels/delete", json!({"id": level})).await.1, "level_in_use");
        let again = done(&server, "tier_levels/attach_rule_tree", pair.clone()).await;
        assert_eq!(again["rule_tree_ids"], json!([tree]));
        assert_eq!(done(&server, "tier_levels/detach_rule_tree", pair).await["rule_tree_ids"], json!([]));
        assert_eq!(done(&server, "tier_levels/delete", json!({"id": level})).await["success"], true);
        assert_eq!(
            refused(&server, "tier_levels/delete", json!({"id": level})).await.1,
            "tier_level_not_found"
        );
        let no_tree = json!({"tier_level_id": MEMBER, "rule_tree_id": NOBODY});
        assert_eq!(refused(&server, "tier_levels/attach_rule_tree", no_tree).await.1, "rule_tree_not_found");
        for number in 2..=5 {
            done(&server, "tier_levels/create_system", json!({"name": format!("S{number}")})).await;
        }
        let sixth = refused(&server, "tier_levels/create_system", json!({"name": "S6"})).await;
        assert_eq!((sixth.0, sixth.1.as_str()), (400, "too_many_tier_systems"));
    });
}

/// Published or not: what nobody is in goes, what somebody is in stays as it was.
#[test]
fn levels_and_systems_that_were_published_go_when_nobody_is_in_them() {
    run(async |server| {
        server.member("900").await;
        let level = json!({"tier_system_id": CLUB, "name": "Diamond", "rank": 9, "status": 2});
        let level = done(&server, "tier_levels/create", level).await["tier_level"]["id"].clone();
        let into = |level: &Value| json!({"user_id": "900", "tier_system_id": CLUB, "tier_level_id": level});
        done(&server, "movement/move_user", into(&level)).await;
        let found = refused(&server, "tier_levels/delete", json!({"id": level})).await;
        assert_eq!((found.0, found.1.as_str()), (409, "level_in_use"));
        let club = done(&server, "tier_levels/fetch", json!({"tier_system_id": CLUB})).await;
        assert_eq!(club["tier_system"]["tier_levels"][4]["status"], 2, "it is open as before");
        done(&server, "movement/move_user", into(&json!(GOLD))).await;
        assert_eq!(done(&server, "tier_levels/delete", json!({"id": level})).await["success"], true);
        assert_eq!(
            refused(&server, "tier_levels/delete", json!({"id": level})).await.1,
            "tier_level_not_found"
        );
        assert_eq!(refused(&server, "movement/move_user", into(&level)).await.1, "tier_level_not_found");

        // Every customer joins the lowest level of a live system when he next comes.
        let stars = json!({"name": "Stars", "levels": [{"name": "One star", "rank": 0, "status": 2}]});
        let stars = done(&server, "tier_levels/create_system", stars).await["tier_system"].clone();
        let live = json!({"id": stars["id"], "status": 2});
        done(&server, "tier_levels/update_system", live.clone()).await;
        done(&server, "movement/qualifying", json!({"user_id": "900"})).await;
        let one = json!({"id": stars["tier_levels"][0]["id"]});
        assert_eq!(refused(&server, "tier_levels/delete", one.clone()).await.1, "default_level_required");
        let system = json!({"id": stars["id"]});
        assert_eq!(refused(&server, "tier_levels/delete_system", system.clone()).await.1, "level_in_use");
        let leave = json!({"user_id": "900", "tier_system_id": stars["id"]});
        done(&server, "movement/remove_user", leave).await;
        assert_eq!(refused(&server, "tier_levels/delete", one).await.1, "default_level_required");
        let again = done(&server, "tier_levels/fetch", json!({"tier_system_id": stars["id"]})).await;
        assert_eq!(
            (&again["tier_system"]["tier_levels"][0]["status"], &again["tier_system"]["disabled"]),
            (&json!(2), &json!(false))
        );
        assert_eq!(done(&server, "tier_levels/delete_system", system.clone()).await["success"], true);
        assert_eq!(refused(&server, "tier_levels/delete_system", system).await.1, "tier_system_not_found");
        let server = server.after_power_cut().await;
        let left = done(&server, "tier_levels/fetch_systems", json!({})).await;
        assert_eq!(left["total_records"], 1);
    });
}
