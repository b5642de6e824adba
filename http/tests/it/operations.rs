//! Health, figures, documents and administration.

use laurel_http::HttpSwitches;
use serde_json::json;

use crate::support::{run, run_with, sale};

#[test]
fn health_figures_and_documents_are_open() {
    run(async |server| {
        assert_eq!(server.ask("GET", "/healthz", "", "").await.status, 200);
        assert_eq!(server.ask("GET", "/readyz", "", "").await.status, 200);
        let figures = server.ask("GET", "/metrics", "", "").await;
        assert!(
            figures.body.contains("# TYPE laurel_resident_actors gauge\nlaurel_resident_actors "),
            "{}",
            figures.body
        );
        let document = server.ask("GET", "/openapi.json", "", "").await.json();
        assert!(document["paths"]["/api/2.0/send_transaction"]["post"].is_object());
        let page = server.ask("GET", "/docs", "", "").await;
        assert_eq!((page.status, page.header("Location")), (308, Some("/docs/")));
        let page = server.ask("GET", "/docs/", "", "").await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("swagger-ui"));
        let script = server.ask("GET", "/docs/swagger-initializer.js", "", "").await;
        assert!(script.body.contains("/openapi.json"));
        engine_drains(&server).await;
    });
}

async fn engine_drains(server: &crate::support::Server) {
    server.engine.drain(std::time::Duration::from_millis(100)).await.unwrap();
    assert_eq!(server.ask("GET", "/readyz", "", "").await.status, 503);
    assert_eq!(server.ask("GET", "/healthz", "", "").await.status, 200);
    let refused = server.till(&sale("r1", "T1", "900", 1.0)).await;
    assert_eq!((refused.status, refused.header("Retry-After")), (503, Some("1")));
    assert_eq!(refused.json()["status"], "service_draining");
}

#[test]
fn the_program_is_checked_and_replaced() {
    run(async |server| {
        let program = include_str!("../../../demo/grocery-program.json");
        let before = server.engine.program().version();
        let checked =
            server.admin("PUT", "/admin/program?check=true", &program.replace("Grocery", "Grocer")).await;
        assert_eq!((checked.status, &checked.json()["status"]), (200, &json!("ok")));
        assert_eq!(server.engine.program().version(), before);
        let taken = server.admin("PUT", "/admin/program", &program.replace("Grocery", "Grocer")).await;
        assert_eq!(taken.json()["version"], before + 1);
        assert_eq!(server.engine.program().retailer().name, "Grocer");
        let wrong = server
            .admin(
                "PUT",
                "/admin/program",
                &program.replace("\"discriminator\": 2048", "\"discriminator\": 7"),
            )
            .await;
        assert_eq!((wrong.status, &wrong.json()["errors"]["code"]), (400, &json!("invalid_program")));
        assert!(wrong.json()["errors"]["problems"][0]["path"].as_str().unwrap().starts_with("rule_trees["));
        let other =
            program.replace("6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10", "00000000-0000-4000-8000-00000000dead");
        assert_eq!(
            server.admin("PUT", "/admin/program", &other).await.json()["errors"]["code"],
            "retailer_mismatch"
        );
        let stores = server.admin("PUT", "/admin/stores", "[]").await;
        assert_eq!(stores.status, 200);
        assert_eq!(server.admin("PUT", "/admin/catalog", "not json\n").await.status, 400);
    });
}

#[test]
fn administration_needs_its_own_key() {
    run(async |server| {
        let denied =
            server.ask("PUT", "/admin/stores", &format!("Bearer {}", server.keys.core.secret), "[]").await;
        assert_eq!((denied.status, &denied.json()["errors"]["code"]), (401, &json!("unauthorized")));
        assert!(denied.header("WWW-Authenticate").unwrap().starts_with("Bearer"));
        let made = server.admin("POST", "/admin/checkpoint", "").await;
        assert_eq!((made.status, &made.json()["status"]), (200, &json!("ok")));
        let get = server.admin("GET", "/admin/stores", "").await;
        assert_eq!((get.status, get.header("Allow")), (405, Some("PUT")));
        let back = server.admin("POST", "/admin/test_clock", r#"{"now":"2016-01-01T00:00:00Z"}"#).await;
        assert_eq!((back.status, &back.json()["errors"]["code"]), (400, &json!("clock_backwards")));
        let on = server.admin("POST", "/admin/test_clock", r#"{"now":"2017-03-01T00:00:00Z"}"#).await;
        assert_eq!(on.json()["now"], "2017-03-01T00:00:00Z");
        assert_eq!(server.admin("POST", "/admin/test_clock", r#"{"now":5}"#).await.status, 400);
    });
    run_with(HttpSwitches::default(), async |server| {
        let refused = server.admin("POST", "/admin/test_clock", r#"{"now":"2017-03-01T00:00:00Z"}"#).await;
        assert_eq!(refused.json()["errors"]["code"], "not_a_test_clock");
    });
}
