//! What a caller meets who knows nothing but the OpenAPI document (`tests/stranger` is one): nonsense is refused, wrong
//! verbs are told the right ones, and the document says it.

use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{RETAILER, STORE, Server, run},
};

const LEVEL: &str = "9a000000-0000-4000-8000-000000000021";

#[test]
fn what_is_no_whole_number_or_no_list_is_not_taken_for_one() {
    run(async |server| {
        let members = async |skip: &str| {
            let body =
                format!(r#"{{"retailer_id": "{RETAILER}", "tier_level_id": "{LEVEL}", "skip": {skip}}}"#);
            let path = "/incentives/api/1.0/user_tiers/fetch_members";
            server.ask("POST", path, &crate::support::basic(&server.keys.connect), &body).await.status
        };
        for whole in ["0", "2.0", "1e2", "2147483647", "\"\"", "null"] {
            assert_eq!(members(whole).await, 200, "{whole}");
        }
        for other in ["2.5890419884777833e-42", "1.0000001", "-1", "2147483648", "\"2\"", "true"] {
            assert_eq!(members(other).await, 400, "{other}");
        }
        let event = done(&server, "trigger/save_event", json!({"event_lookup": "A", "status": 2.0})).await;
        assert_eq!(event["event"]["event_lookup"], "A");
        let broken = json!({"event_lookup": "B", "status": 2.5});
        assert_eq!(refused(&server, "trigger/save_event", broken).await.2, "status");
        let no_list = json!({"name": "Club", "levels": "AAA"});
        assert_eq!(refused(&server, "tier_levels/create_system", no_list).await.2, "levels");
    });
}

#[test]
fn other_verbs_are_told_the_right_ones() {
    run(async |server| {
        for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"] {
            for verb in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
                let answer = server.ask(verb, path, "", "").await;
                assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET")), "{verb} {path}");
            }
        }
    });
}

#[test]
fn a_check_that_is_not_understood_applies_nothing() {
    run(async |server| {
        let stores = json!([{"store_id": STORE, "number": "2", "name": "Two"}]).to_string();
        let version = server.engine.program().version();
        for query in ["check=yes", "check=", "check=false&check=maybe"] {
            let answer = server.admin("PUT", &format!("/admin/stores?{query}"), &stores).await;
            assert_eq!(
                (answer.status, &answer.json()["errors"]["code"]),
                (400, &json!("invalid_request")),
                "{query}"
            );
        }
        for query in ["check", "check=1", "check=true"] {
            assert_eq!(
                server.admin("PUT", &format!("/admin/stores?{query}"), &stores).await.status,
                200,
                "{query}"
            );
        }
        assert_eq!(server.admin("PUT", "/admin/stores", " \n").await.status, 400, "no file is not no stores");
        assert_eq!(server.engine.program().version(), version);
        assert_eq!(server.admin("PUT", "/admin/stores?check=false", "[]").await.status, 200);
        assert_eq!(server.engine.program().stores().len(), 0);
    });
}

#[test]
fn members_of_a_customer_are_looked_at_even_where_they_change_nothing() {
    run(async |server| {
        let id = server.member("900").await;
        let change = async |user: Value| {
            server.core("PUT", &format!("/users/{id}"), &json!({"user": user}).to_string()).await.status
        };
        assert_eq!(change(json!({"registered_at": [], "first_name": "Ann"})).await, 400);
        assert_eq!(change(json!({"test_account": "perhaps"})).await, 400);
        assert_eq!(change(json!({"external_id_type": "x".repeat(256)})).await, 400);
        assert_eq!(change(json!({"password": "secret"})).await, 400);
        // What clients send for what they have not got asks for nothing.
        assert_eq!(change(json!({"password": "", "proxy_id": null, "referral": ""})).await, 200);
        assert_eq!(
            change(json!({"registered_at": "2016-01-01 00:00:00", "test_account": "false"})).await,
            200
        );
    });
}

async fn document(server: &Server) -> Value {
    server.ask("GET", "/openapi.json", "", "").await.json()
}

#[test]
fn the_document_names_key_and_refusals_of_every_operation() {
    run(async |server| {
        let document = document(&server).await;
        for (path, verbs) in document["paths"].as_object().unwrap() {
            for (verb, operation) in verbs.as_object().unwrap() {
                let responses = operation["responses"].as_object().unwrap();
                if operation["tags"] == json!(["operations"]) {
                    assert!(operation.get("security").is_none(), "{verb} {path}");
                    continue;
                }
                let key = operation["security"][0].as_object().unwrap().keys().next().unwrap();
                assert!(document["components"]["securitySchemes"].get(key).is_some(), "{verb} {path}");
                assert!(responses.contains_key("200") && responses.contains_key("401"), "{verb} {path}");
                assert!(responses["401"]["headers"].get("WWW-Authenticate").is_some(), "{verb} {path}");
                if let Some(busy) = responses.get("503") {
                    assert!(busy["headers"].get("Retry-After").is_some(), "{verb} {path}");
                }
            }
        }
    });
}

#[test]
fn the_document_lets_an_empty_text_stand_for_nothing_in_requests_alone() {
    run(async |server| {
        let schemas = document(&server).await["components"]["schemas"].clone();
        let nothing = "#/components/schemas/Nothing";
        let tier = &schemas["MaintenanceRequest"]["properties"]["tier_system_id"];
        assert!(tier.to_string().contains(nothing), "{tier}");
        assert_eq!(schemas["MaintenanceRequest"]["required"], json!(["retailer_id", "user_id"]));
        assert!(!schemas["Transaction"].to_string().contains(nothing));
        // And so it is.
        let body = json!({"user_id": server.member("900").await, "tier_system_id": "", "dry_run": ""});
        assert_eq!(ask(&server, "movement/maintenance", body).await.status, 200);
    });
}
