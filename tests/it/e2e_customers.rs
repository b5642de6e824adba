//! Customers across a kill: who they are, and whose an identifier is (customers-campaigns.md B1).

use serde_json::json;

use crate::server::Server;

#[test]
fn profiles_and_their_uniqueness_survive_a_kill() {
    let mut server = Server::start(&["--test-clock", "2017-02-01T00:00:00Z"]);
    let user = json!({"user": {"external_id": "crm-1", "external_id_type": "crm", "email": "ann@example.test",
                               "first_name": "Ann",
                               "user_profile": {"cars": ["a", "b"]}}});
    let created = server.core("POST", "/users/", Some(&user)).ok();
    let id = created["user"]["id"].as_str().unwrap().to_owned();
    let more = json!({"user": {"identifiers": [{"external_id": "a b@c/d"}, {"external_id": "crm-1", "delete": true}]}});
    server.core("PUT", &format!("/users/{id}"), Some(&more)).ok();
    server.kill9();
    server.restart();

    let read = server
        .core("GET", "/external/users/a%20b%40c%2Fd?user[user_profile]=true?show_identifiers=true", None)
        .ok();
    let user = &read["user"];
    assert_eq!((&user["id"], &user["external_id"]), (&json!(id), &json!("a b@c/d")));
    assert_eq!(user["user_profile"], json!({"_version": 1, "cars": ["a", "b"]}));
    assert_eq!(user["identifiers"], json!([{"external_id": "a b@c/d"}]));
    assert_eq!(user["referrer_code"], created["user"]["referrer_code"]);

    let clash = json!({"user": {"external_id": "other", "email": "ANN@example.test"}});
    let clash = server.core("POST", "/users", Some(&clash));
    assert_eq!((clash.status, &clash.json()["errors"]["user"]["email"]), (400, &json!(["taken"])));
    assert_eq!(clash.json()["errors"]["user"]["id"], id);
    let freed = server.core("POST", "/users", Some(&json!({"user": {"external_id": "crm-1"}}))).ok();
    assert_ne!(freed["user"]["id"], id, "an id that was given up is free");
}
