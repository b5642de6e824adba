//! Point accounts and sources as they are configured (incentives.md 7.4).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{POINTS, RETAILER, STATUS, run},
};

#[test]
fn accounts_are_listed_as_documented() {
    run(async |server| {
        let body =
            json!({"take": 50, "sort_column": "Name", "sort_direction": "desc", "tier_system_id": "x"});
        let plain = done(&server, "point_accounts/fetch", body).await;
        assert_eq!(plain["total_records"], 2);
        assert_eq!(
            plain["results"][0],
            json!({
                "id": STATUS, "retailer_id": RETAILER, "name": "Status", "grouping_label": "Tier",
                "include_in_default_points": false, "active": true, "allow_negative_balance": false,
            })
        );
        let body = json!({"skip": 1, "take": 1, "sort_column": "name", "include_expiration_policy": true,
                          "include_point_sources": true, "include_restrictions": true});
        let full = done(&server, "point_accounts/fetch", body).await;
        assert_eq!((&full["total_records"], full["results"].as_array().unwrap().len()), (&json!(2), 1));
        let status = &full["results"][0];
        assert_eq!(status["expiration_policy"]["point_account_id"], STATUS);
        assert_eq!(status["expiration_policy"]["policy_type"], 0);
        assert_eq!(status["point_sources"][0]["name"], "Purchases");
        assert_eq!(status["point_sources"][0]["point_accounts"], json!([]));
        assert_eq!(status["point_sources"][0]["restrictions"], json!([]));
        let sources = done(&server, "point_sources/fetch", json!({"sort_column": "Name"})).await;
        let bonuses = &sources["results"][0];
        assert_eq!(
            (&bonuses["name"], &bonuses["point_accounts"][0]["id"]),
            (&json!("Bonuses"), &json!(POINTS))
        );
        assert_eq!(bonuses["point_accounts"][0]["point_sources"], json!([]));
        for (body, code) in [
            (json!({"take": 1001}), "take_too_large"),
            (json!({"skip": -1}), "invalid_request"),
            (json!({"sort_column": "Colour"}), "invalid_request"),
            (json!({"sort_direction": "up"}), "invalid_request"),
        ] {
            assert_eq!(refused(&server, "point_accounts/fetch", body).await.1, code);
        }
    });
}

#[test]
fn an_account_is_made_changed_and_used() {
    run(async |server| {
        let made = json!({"id": "", "name": "Bonus", "grouping_label": "", "description": "For birthdays",
                          "max_allowed_balance": 100.50});
        let account = done(&server, "point_accounts/create", made.clone()).await;
        let id = account["id"].as_str().unwrap().to_owned();
        assert_eq!(
            (&account["description"], &account["max_allowed_balance"]),
            (&json!("For birthdays"), &json!(100.5))
        );
        assert_eq!(account["expiration_policy"]["point_account_id"], json!(id));
        assert_eq!(account["expiration_policy"]["next_evaluation_date"], "2017-02-01T00:00:00");
        assert_eq!(
            refused(&server, "point_accounts/create", made).await,
            (400, "duplicate_name".to_owned(), "name".to_owned())
        );

        let changed = json!({"id": id.to_uppercase(), "name": "Extra", "max_allowed_balance": null});
        let account = done(&server, "point_accounts/update", changed).await;
        assert_eq!((&account["name"], account.get("max_allowed_balance")), (&json!("Extra"), None));
        assert_eq!(done(&server, "point_accounts/get", json!({"id": id})).await, account);
        let never = json!({"id": POINTS, "expiration_policy": null});
        let never = done(&server, "point_accounts/update", never).await;
        assert_eq!(never["expiration_policy"]["policy_type"], 0);

        let source = json!({"name": "Gifts", "point_accounts": [{"id": id}]});
        let source = done(&server, "point_sources/create", source).await;
        assert_eq!((&source["status"], &source["point_accounts"][0]["name"]), (&json!(1), &json!("Extra")));
        let customer = server.member("900").await;
        let deposit = json!({"user_id": customer, "deposit_details": [
            {"amount": 5, "point_account_id": id, "point_source_id": source["id"]}]});
        done(&server, "user_points/deposit", deposit.clone()).await;
        done(&server, "point_accounts/set_active", json!({"id": id, "active": false})).await;
        assert_eq!(refused(&server, "user_points/deposit", deposit).await.1, "point_account_inactive");
        let active = done(&server, "point_accounts/fetch", json!({"active_only": true})).await;
        assert_eq!(active["total_records"], 2);
    });
}

#[test]
fn an_account_is_refused_with_the_path_of_what_is_wrong() {
    run(async |server| {
        let policy = |policy: Value| json!({"id": POINTS, "expiration_policy": policy});
        let nobody = "9a000000-0000-4000-8000-00000000ffff";
        for (body, status, code, path) in [
            (json!({"id": nobody}), 404, "point_account_not_found", ""),
            (json!({"id": "x"}), 400, "invalid_request", "id"),
            (json!({"name": "No id"}), 400, "invalid_request", "id"),
            (json!({"id": POINTS, "max_allowed_balance": -1}), 400, "invalid_request", "max_allowed_balance"),
            (json!({"id": POINTS, "active": false}), 409, "account_in_use", ""),
            (
                policy(json!({"frequency_value": null})),
                400,
                "invalid_request",
                "expiration_policy.frequency_value",
            ),
            (
                policy(json!({"point_expiration_percentage": 101})),
                400,
                "invalid_request",
                "expiration_policy.point_expiration_percentage",
            ),
            (
                policy(json!({"policy_type": 2})),
                400,
                "expiration_policy_invalid",
                "expiration_policy.specific_activity_event_types",
            ),
            (
                policy(json!({"rollover_point_account_id": POINTS})),
                400,
                "expiration_policy_invalid",
                "expiration_policy.rollover_point_account_id",
            ),
            (
                policy(json!({"rollover_point_account_id": nobody})),
                404,
                "point_account_not_found",
                "expiration_policy.rollover_point_account_id",
            ),
        ] {
            let found = refused(&server, "point_accounts/update", body.clone()).await;
            assert_eq!(found, (status, code.to_owned(), path.to_owned()), "{body}");
        }
        assert_eq!(
            refused(&server, "point_accounts/set_active", json!({"id": POINTS, "active": false})).await.1,
            "account_in_use"
        );
        assert_eq!(refused(&server, "point_accounts/set_active", json!({"id": POINTS})).await.2, "active");
        let other =
            server.connect("/incentives/api/1.0/point_accounts/fetch", &json!({"retailer_id": POINTS})).await;
        assert_eq!((other.status, &other.json()["errors"]["code"]), (403, &json!("retailer_not_authorized")));
    });
}

#[test]
fn restrictions_come_and_go_and_hold() {
    run(async |server| {
        let source =
            done(&server, "point_sources/create", json!({"name": "Gifts", "point_account_ids": [POINTS]}))
                .await;
        let restriction = json!({"point_source_id": source["id"], "personal": true, "max_points": 10, "time": 1,
                                 "unit_of_time": "Month", "discriminator": 2, "id": ""});
        let saved = done(&server, "point_sources/save_restriction", restriction.clone()).await;
        let saved = saved["restrictions"][0].clone();
        assert_eq!((&saved["max_points"], &saved["point_source_id"]), (&json!(10), &source["id"]));
        server.member("900").await;
        let deposit = json!({"user_id": "900", "deposit_details": [
            {"amount": 11, "point_account_id": POINTS, "point_source_id": source["id"]}]});
        assert_eq!(refused(&server, "user_points/deposit", deposit.clone()).await.1, "source_limit_exceeded");
        let mut looser = restriction.clone();
        looser["id"] = saved["id"].clone();
        looser["max_points"] = json!(12);
        let changed = done(&server, "point_sources/save_restriction", looser).await;
        assert_eq!(changed["restrictions"].as_array().unwrap().len(), 1);
        done(&server, "user_points/deposit", deposit).await;
        let mut wrong = restriction;
        wrong["unit_of_time"] = json!("Fortnight");
        assert_eq!(
            refused(&server, "point_sources/save_restriction", wrong).await,
            (400, "limit_invalid".to_owned(), "unit_of_time".to_owned())
        );
        let gone = done(&server, "point_sources/delete_restriction", json!({"id": saved["id"]})).await;
        assert_eq!(gone["restrictions"], json!([]));
        let again = refused(&server, "point_sources/delete_restriction", json!({"id": saved["id"]})).await;
        assert_eq!((again.0, again.1.as_str()), (404, "restriction_not_found"));

        done(&server, "point_sources/set_status", json!({"id": source["id"], "status": 0})).await;
        assert_eq!(
            done(&server, "point_sources/fetch", json!({"active_only": true})).await["total_records"],
            2
        );
        let (id, nobody) = (&source["id"], json!([RETAILER]));
        assert_eq!(
            refused(&server, "point_sources/update", json!({"id": id, "point_account_ids": nobody})).await,
            (404, "point_account_not_found".to_owned(), "point_account_ids[0]".to_owned())
        );
        assert_eq!(
            refused(&server, "point_sources/get", json!({"id": POINTS})).await.1,
            "point_source_not_found"
        );
        assert_eq!(
            refused(&server, "point_sources/set_status", json!({"id": id, "status": 2})).await.2,
            "status"
        );
    });
}

#[test]
fn sixteen_accounts_at_once_are_all_there() {
    run(async |server| {
        let create =
            |number: usize| ask(&server, "point_accounts/create", json!({"name": format!("A{number}")}));
        let answers = join_all((0..16).map(create)).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        let all = done(&server, "point_accounts/fetch", json!({})).await;
        assert_eq!(all["total_records"], 18);
    });
}

/// 2.3: a total budget of a source says what remains of it.
#[test]
fn an_inventory_says_what_remains() {
    run(async |server| {
        let user = server.member("900").await;
        let source = json!({"name": "Gifts", "point_account_ids": [POINTS]});
        let source = done(&server, "point_sources/create", source).await;
        let inventory = json!({"point_source_id": source["id"], "discriminator": 1, "max_points": 20});
        let saved = done(&server, "point_sources/save_restriction", inventory).await;
        let mut inventory = saved["restrictions"][0].clone();
        assert_eq!(inventory["remaining_points"], 20, "{saved}");
        let detail = json!({"amount": 7.5, "point_account_id": POINTS, "point_source_id": source["id"]});
        let body = json!({"user_id": user, "deposit_details": [detail]});
        done(&server, "user_points/deposit", body).await;
        let shown = async |inventory: Option<Value>| {
            if let Some(inventory) = inventory {
                done(&server, "point_sources/save_restriction", inventory).await;
            }
            let one = done(&server, "point_sources/get", json!({"id": source["id"]})).await;
            let all = done(&server, "point_sources/fetch", json!({"include_restrictions": true})).await;
            let listed = all["results"].as_array().unwrap().iter().find(|known| known["id"] == source["id"]);
            assert_eq!(listed.unwrap()["restrictions"], one["restrictions"]);
            one["restrictions"][0]["remaining_points"].clone()
        };
        assert_eq!(shown(None).await, 12.5);
        // What a caller sends back of it means nothing; a smaller total leaves nothing rather than less.
        inventory["remaining_points"] = json!(999);
        inventory["max_points"] = json!(10);
        assert_eq!(shown(Some(inventory.clone())).await, 2.5);
        inventory["max_points"] = json!(5);
        assert_eq!(shown(Some(inventory)).await, 0);
    });
}
