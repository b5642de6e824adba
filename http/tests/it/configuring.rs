//! Asking the configuration endpoints.

use serde_json::{Value, json};

use crate::support::{Answer, RETAILER, Server};

/// Asks; the tenant is added, in upper case.
pub async fn ask(server: &Server, path: &str, mut body: Value) -> Answer {
    body["retailer_id"] = json!(RETAILER.to_uppercase());
    server.connect(&format!("/incentives/api/1.0/{path}"), &body).await
}

/// The payload of an answer that must be a success.
pub async fn done(server: &Server, path: &str, body: Value) -> Value {
    let answer = ask(server, path, body).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()["payload"].clone()
}

/// Status, code, and the path of the first problem.
pub async fn refused(server: &Server, path: &str, body: Value) -> (u16, String, String) {
    let answer = ask(server, path, body).await;
    let errors = answer.json()["errors"].clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status, text(&errors["code"]), text(&errors["problems"][0]["path"]))
}
