//! The core surface (customers-campaigns.md A, B1).

use laurel_http::{ErrorHttpMode, HttpSwitches};
use serde_json::json;

use crate::support::{basic, run, run_with, sale};

#[test]
fn a_customer_is_created_read_and_changed() {
    run(async |server| {
        let body = json!({"user": {
            "external_id": 1001, "external_id_type": "crm", "email": "Ann@Example.com",
            "first_name": "Ann", "last_name": "Noon",
            "locale": "en_US", "gender": "Female", "country": "US", "state": "Massachusetts", "opted_in": "true",
            "phone_numbers": [{"phone_number": "+1 413-555-0100"}], "zip": "", "latitude": 42.50, "id": "ignored",
            "user_profile": {"favourite_drink": "mocha", "_version": 4}, "second_last_name": "x",
        }});
        let body = body.to_string().replace("42.5", "42.50");
        let created = server.core("POST", "/users/?user[user_profile]=true&r=1", &body).await;
        assert_eq!(created.status, 200, "{created:?}");
        let user = &created.json()["user"];
        assert_eq!(created.json()["status"], "ok");
        assert_eq!(user["external_id"], "1001");
        assert_eq!(user["identifiers"], json!([{"external_id": "1001", "external_id_type": "crm"}]));
        assert_eq!(user["email"], "Ann@Example.com");
        assert_eq!((&user["locale"], &user["gender"]), (&json!("en-us"), &json!("f")));
        assert_eq!((&user["country"], &user["state"]), (&json!("USA"), &json!("MA")));
        assert_eq!(user["user_profile"], json!({"_version": 1, "favourite_drink": "mocha"}));
        assert_eq!(user["created_at"], "2017-02-01 00:00:00");
        assert_eq!(user["registered_at"], "2017-02-01 00:00:00");
        assert_eq!(user["phone_numbers"][0]["phone_number"], "14135550100");
        assert_eq!(user["phone_numbers"][0]["preference_flags"], json!(["primary"]));
        assert!(created.body.contains("\"latitude\":42.50"), "as sent: {}", created.body);
        assert!(user["referrer_code"].as_str().unwrap().starts_with("ANNN-"));
        assert!(user.get("zip").is_none() && user.get("tier_details").is_none());
        assert!(created.header("X-Request-Id").is_some());

        let id = user["id"].as_str().unwrap();
        let changed =
            json!({"user": {"zip": "01001", "first_name": "", "identifiers": [{"external_id": "a b@c/d"}]}});
        let changed =
            server.core("PUT", &format!("/users/{}", id.to_uppercase()), &changed.to_string()).await.json();
        assert_eq!((&changed["user"]["zip"], changed["user"].get("first_name")), (&json!("01001"), None));
        assert_eq!(changed["user"]["external_id"], "a b@c/d");
        assert_eq!(changed["user"]["referrer_code"], user["referrer_code"]);

        let read = server
            .core("GET", "/external/users/a%20b%40c%2Fd?show_identifiers=true?expand_incentives=true", "")
            .await;
        let read = &read.json()["user"];
        assert_eq!(read["id"], id);
        assert_eq!(read["identifiers"].as_array().unwrap().len(), 2);
        assert_eq!(read["tier_details"]["point_account_balances"]["user_id"], id);
    });
}

#[test]
fn clashes_and_wrong_bodies_are_named_and_change_nothing() {
    run(async |server| {
        let other = server.member("900").await;
        let clash = server
            .core("POST", "/users", r#"{"user":{"external_id":"900","email":"new@example.com"}}"#)
            .await;
        assert_eq!(clash.status, 400);
        let errors = &clash.json()["errors"];
        assert_eq!(errors["code"], "validation");
        assert_eq!(errors["user"], json!({"external_id": ["taken"], "id": other}));

        let cases = [
            ("{}", "missing_data", "user"),
            (r#"{"user":{}}"#, "missing_data", "user.external_id"),
            (r#"{"user":[]}"#, "argument_error", "user"),
            (r#"{"user":{"email":{"a":1}}}"#, "argument_error", "user.email"),
            (r#"{"user":{"email":"a@b.example","dob":"1990-02-30"}}"#, "argument_error", "user.dob"),
            (r#"{"user":{"email":"a@b.example","dob":"2010-01-01"}}"#, "validation", "user.dob"),
            (r#"{"user":{"email":"a@b.example","opted_in":1}}"#, "argument_error", "user.opted_in"),
            (r#"{"user":{"email":"a@b.example","auth_token":true}}"#, "validation", "user.auth_token"),
            (
                r#"{"user":{"email":"a@b.example","referral":{"referral_code":"X"}}}"#,
                "validation",
                "user.referral",
            ),
            ("not json", "argument_error", "body"),
            ("[]", "argument_error", "body"),
        ];
        for (body, code, field) in cases {
            let refused = server.core("POST", "/users", body).await;
            assert_eq!((refused.status, &refused.json()["errors"]["code"]), (400, &json!(code)), "{body}");
            assert_eq!(refused.json()["errors"]["details"][0]["field"], field, "{body}");
        }
        let free = server.core("POST", "/users", r#"{"user":{"email":"new@example.com"}}"#).await;
        assert_eq!(free.status, 200, "the refused creation has left no claim behind: {free:?}");
    });
}

#[test]
fn the_last_key_stays_and_a_freed_one_can_be_taken() {
    run(async |server| {
        let id = server.member("first").await;
        let path = format!("/users/{id}");
        let remove = r#"{"user":{"identifiers":[{"external_id":"first","delete":true}]}}"#;
        let refused = server.core("PUT", &path, remove).await;
        assert_eq!((refused.status, &refused.json()["errors"]["code"]), (400, &json!("validation")));
        let moved =
            server.core("PUT", &path, r#"{"user":{"clear_identifiers":true,"external_id":"second"}}"#).await;
        assert_eq!(moved.json()["user"]["external_id"], "second");
        assert_eq!(server.core("GET", "/external/users/first", "").await.status, 404);
        server.member("first").await;
        let cleared = server.core("PUT", &path, r#"{"user":{"email":null,"opted_in":"false"}}"#).await;
        assert_eq!((cleared.status, &cleared.json()["user"]["opted_in"]), (200, &json!(false)));
    });
}

#[test]
fn tiers_and_points_are_projected_onto_the_customer() {
    run(async |server| {
        server.member("900").await;
        assert_eq!(server.till(&sale("r1", "T1", "900", 600.0)).await.json()["status"], "OK");
        let user =
            server.core("GET", "/external/users/900?expand_incentives=true", "").await.json()["user"].clone();
        // 600 base, 1200 for produce, 25 for the big basket; 600 status passes Silver's 500.
        assert_eq!((&user["available_points"], &user["tier"]), (&json!(1825), &json!("Silver")));
        assert_eq!((&user["tier_points"], &user["tier_ends_value"]), (&json!(600), &json!(1500)));
        assert_eq!((&user["next_tier_points"], &user["next_tier_percentage"]), (&json!(900), &json!(40)));
        assert_eq!(
            (&user["tier_entered_at"], &user["tier_resets_at"]),
            (&json!("2017-02-01 00:00:00"), &json!("2018-02-01 00:00:00"),)
        );
        let level = &user["tier_details"]["tier_levels"][0];
        assert_eq!(
            (&level["tier_overview"]["name"], &level["next_tier_overview"]["name"]),
            (&json!("Silver"), &json!("Gold"))
        );
        assert_eq!(level["join_date"], "2017-02-01T00:00:00Z");
        let rules = level["tier_progress"][0]["rules"].as_array().unwrap();
        let (leaf, root) = (rules.first().unwrap(), rules.last().unwrap());
        assert_eq!((&leaf["query_result"], &leaf["rule"]["target_balance"]), (&json!(600), &json!(1500)));
        assert_eq!((&leaf["rule"]["discriminator"], &leaf["rule"]["comparison"]), (&json!(2048), &json!(4)));
        assert!(root.get("query_result").is_none() && root.get("parent_id").is_none());
        let balances = &user["tier_details"]["point_account_balances"];
        assert_eq!(balances["details"].as_array().unwrap().len(), 2);
        assert_eq!(balances["summary"]["total_points"], 2425);
    });
}

#[test]
fn credentials_are_asked_for_and_scoped() {
    run(async |server| {
        let path = format!("/priv/v1/apps/{}/users/{}", server.keys.core.key, uuid_of_nobody());
        let none = server.ask("GET", &path, "", "").await;
        assert_eq!((none.status, &none.json()["errors"]["code"]), (401, &json!("invalid_api_key")));
        assert!(none.header("WWW-Authenticate").unwrap().starts_with("Basic"));
        for pair in [&server.keys.pos, &server.keys.connect] {
            assert_eq!(server.ask("GET", &path, &basic(pair), "").await.status, 401);
        }
        let other_key = format!("/priv/v1/apps/other/users/{}", uuid_of_nobody());
        assert_eq!(server.ask("GET", &other_key, &basic(&server.keys.core), "").await.status, 401);
        let nobody = server.core("GET", &format!("/users/{}", uuid_of_nobody()), "").await;
        assert_eq!((nobody.status, &nobody.json()["errors"]["code"]), (404, &json!("user_not_found")));
        let verb = server.core("DELETE", "/users", "").await;
        assert_eq!((verb.status, verb.header("Allow")), (405, Some("POST")));
        assert_eq!(server.core("GET", "/nowhere", "").await.status, 404);
    });
}

#[test]
fn documented_mode_answers_refusals_with_200() {
    let switches = HttpSwitches { error_http_mode: ErrorHttpMode::Documented, ..HttpSwitches::default() };
    run_with(switches, async |server| {
        let refused = server.core("POST", "/users", r#"{"user":{}}"#).await;
        assert_eq!((refused.status, &refused.json()["status"]), (200, &json!("error")));
        let nobody = server.core("GET", &format!("/users/{}", uuid_of_nobody()), "").await;
        assert_eq!(nobody.status, 404);
    });
}

fn uuid_of_nobody() -> &'static str {
    "00000000-0000-4000-8000-00000000dead"
}
