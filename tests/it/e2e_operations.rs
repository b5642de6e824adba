//! Health, figures and documents of the real program; what is kept of its keys.

use std::fs;

use serde_json::json;

use crate::server::{RETAILER, STORE, Server};

#[test]
fn figures_count_requests_by_route_and_status() {
    let server = Server::start(&[]);
    server.apply_grocery();
    let sale = json!({"store_id": STORE, "client_id": RETAILER, "request_id": "r", "request_payload": {}});
    assert_eq!(server.pos("send_transaction", &sale).ok()["status"], "invalid_request");
    server.call("POST", "/api/2.0/send_transaction", "", Some("{}"));
    let figures = server.call("GET", "/metrics", "", None).text;
    for line in [
        "laurel_http_requests_total{route=\"send_transaction\",status=\"2xx\"} 1",
        "laurel_http_requests_total{route=\"send_transaction\",status=\"4xx\"} 1",
        "laurel_resident_actors ",
    ] {
        assert!(figures.contains(line), "{line} is not in\n{figures}");
    }
    assert_eq!(server.call("GET", "/healthz", "", None).status, 200);
    let document = server.call("GET", "/openapi.json", "", None).json();
    assert!(document["paths"]["/priv/v1/apps/{api_key}/users"]["post"].is_object());
    assert!(server.call("GET", "/docs/", "", None).text.contains("swagger-ui"));
}

#[test]
fn no_secret_is_kept_in_the_data_folder() {
    let server = Server::start(&[]);
    let keys = server.keys();
    let secrets = [&keys.core.secret, &keys.connect.secret, &keys.pos.secret, &keys.admin_key];
    for entry in fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path != server.keys_file() {
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "{}", path.display());
        }
    }
    let denied = server.call("PUT", "/admin/stores", &format!("Bearer {}", keys.core.secret), Some("[]"));
    assert_eq!(denied.status, 401);
}
