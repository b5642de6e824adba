//! Migration of opening balances (incentives.md 7.18).

use serde_json::{Value, json};

use crate::support::{POINTS, RETAILER, STATUS, Server, run};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000011";
const REQUEST: &str = "11111111-0000-4000-8000-000000000001";
const OTHER_REQUEST: &str = "11111111-0000-4000-8000-000000000002";

async fn ask(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let answer = server.connect(&format!("/incentives/api/1.0/{path}"), body).await;
    (answer.status, answer.json())
}

async fn standup(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    ask(server, &format!("retailer_standup/{path}"), body).await
}

fn mode() -> Value {
    json!({"requesting_retailer_id": RETAILER.to_uppercase(), "target_retailer_id": RETAILER})
}

async fn expire(server: &Server, at: &str) -> (u16, Value) {
    let mut body = mode();
    body["expiration_date_utc"] = json!(at);
    standup(server, "set_standup_mode_expiration_for_retailer", &body).await
}

fn row(user: &str, account: &str, amount: &Value) -> Value {
    json!({"retailer_id": RETAILER, "user_id": user, "amount": amount,
           "time_of_occurrence": "2014-05-01T10:00:00Z", "point_source_id": SOURCE, "point_account_id": account,
           "modification_type": "Opening balance", "modification_entity_id": "22222222-0000-4000-8000-000000000002"})
}

async fn seed(server: &Server, request: &str, rows: &[Value]) -> (u16, Value) {
    let body = json!({"requesting_retailer_id": RETAILER, "request_id": request,
                      "point_issuance_logs_batch": rows});
    standup(server, "seed_point_issuance_logs", &body).await
}

async fn total(server: &Server, user: &str) -> Value {
    let user = json!({"retailer_id": RETAILER, "user_id": user});
    let (_, balances) = ask(server, "user_points/all_balances", &user).await;
    balances["payload"]["summary"]["life_time_points"].clone()
}

fn statuses(payload: &Value) -> Vec<u64> {
    let results = payload["results"].as_array().unwrap();
    results.iter().map(|result| result["error_status"].as_u64().unwrap()).collect()
}

#[test]
fn balances_are_seeded_once_with_their_time_and_move_nobody() {
    run(async |server| {
        let id = server.member("900").await;
        server.member("901").await;
        assert_eq!(
            standup(&server, "enable_standup_mode", &mode()).await,
            (200, json!({"status": "ok", "payload": {"success": true}}))
        );
        let rows =
            [row("900", POINTS, &json!(40.5)), row(&id, STATUS, &json!(9000)), row("901", POINTS, &json!(7))];
        let (status, first) = seed(&server, REQUEST, &rows).await;
        assert_eq!(status, 200, "{first}");
        let payload = &first["payload"];
        assert_eq!((&payload["success"], &payload["processed"]), (&json!(true), &json!(3)));
        assert_eq!(statuses(payload), [0, 0, 0]);
        assert_eq!(payload["results"][1]["user_id"], json!(id));

        let wanted = json!({"retailer_id": RETAILER, "user_id": "900", "from_date": "2014-04-01T00:00:00Z",
                            "to_date": "2014-06-01T00:00:00Z"});
        let (_, log) = ask(&server, "point_audit_logs/fetch_point_audit_logs", &wanted).await;
        let logged = log["payload"]["results"].as_array().unwrap();
        assert_eq!(logged.len(), 2, "{log}");
        let points = logged.iter().find(|row| row["point_account_id"] == POINTS).unwrap();
        assert_eq!(points["id"], payload["results"][0]["id"]);
        assert_eq!(
            (&points["modification"], &points["modification_type"]),
            (&json!(40.5), &json!("Opening balance"))
        );
        assert_eq!(points["modification_entity_id"], "22222222-0000-4000-8000-000000000002");
        assert!(points["time_of_occurrence"].as_str().unwrap().starts_with("2014-05-01T10:00:00"));
        assert_eq!(points["audit_type"], 128);

        let user = json!({"retailer_id": RETAILER, "user_id": "900"});
        let (_, before) = ask(&server, "user_tiers/fetch", &user).await;
        let (_, moved) = ask(&server, "movement/qualifying", &user).await;
        let (_, after) = ask(&server, "user_tiers/fetch", &user).await;
        let rank = |tiers: &Value| tiers["payload"]["tier_levels"][0]["tier_overview"]["rank"].as_u64();
        assert_eq!(rank(&before), Some(0), "{before}");
        assert!(rank(&after) > Some(0), "{moved} {after}");

        let (_, again) = seed(&server, REQUEST, &rows).await;
        assert_eq!(statuses(&again["payload"]), [4, 4, 4]);
        assert_eq!(again["payload"]["results"][0]["id"], payload["results"][0]["id"]);
        let (_, balances) = ask(&server, "user_points/all_balances", &user).await;
        assert_eq!(balances["payload"]["summary"]["life_time_points"], 9040.5, "{balances}");
    });
}

#[test]
fn rows_that_do_not_fit_say_so_each_alone() {
    run(async |server| {
        server.member("900").await;
        standup(&server, "enable_standup_mode", &mode()).await;
        let unknown = "99999999-0000-4000-8000-000000000009";
        let mut ahead = row("900", POINTS, &json!(1));
        ahead["time_of_occurrence"] = json!("2019-01-01T00:00:00Z");
        let mut foreign_source = row("900", POINTS, &json!(1));
        foreign_source["point_source_id"] = json!(unknown);
        let mut unlinked = row("900", STATUS, &json!(1));
        unlinked["point_source_id"] = json!("9a000000-0000-4000-8000-000000000012");
        let rows = [
            row("900", POINTS, &json!(5)),
            row("999", POINTS, &json!(5)),
            row("900", unknown, &json!(5)),
            row("900", POINTS, &json!(0)),
            foreign_source,
            ahead,
            unlinked,
        ];
        let (status, answer) = seed(&server, REQUEST, &rows).await;
        assert_eq!(status, 200, "{answer}");
        let payload = &answer["payload"];
        assert_eq!(statuses(payload), [0, 5, 2, 5, 6, 5, 7]);
        assert_eq!((&payload["success"], &payload["processed"]), (&json!(false), &json!(1)));
        assert_eq!(payload["results"][1]["error_code"], "user_not_found");
        // None of them fits: refused, with what is wrong with each.
        let (status, answer) = seed(&server, OTHER_REQUEST, &rows[1..]).await;
        assert_eq!((status, &answer["errors"]["code"]), (400, &json!("user_not_found")));
        assert_eq!(statuses(&answer["payload"]), [5, 2, 5, 6, 5, 7]);
        assert_eq!(answer["payload"]["processed"], 0);
        // Whoever has come meanwhile gets his on a repeat.
        server.member("999").await;
        let (_, answer) = seed(&server, REQUEST, &rows).await;
        assert_eq!(statuses(&answer["payload"]), [4, 0, 2, 5, 6, 5, 7]);
    });
}

#[test]
fn a_request_id_means_the_same_rows_for_ever() {
    run(async |server| {
        server.member("900").await;
        standup(&server, "enable_standup_mode", &mode()).await;
        let rows = [row("900", POINTS, &json!(5)), row("900", STATUS, &json!(6))];
        assert_eq!(statuses(&seed(&server, REQUEST, &rows).await.1["payload"]), [0, 0]);
        let more = [rows.as_slice(), &[row("900", POINTS, &json!(7))]].concat();
        for other in [&more[..], &rows[..1], &[row("900", POINTS, &json!(6)), rows[1].clone()]] {
            let (status, answer) = seed(&server, REQUEST, other).await;
            assert_eq!((status, &answer["errors"]["code"]), (409, &json!("idempotency_conflict")));
        }
        assert_eq!(total(&server, "900").await, json!(11));
    });
}

/// Eight at once, then a power cut, then a ninth after the mode has ended: whatever began is brought to its end.
#[test]
fn a_batch_is_seeded_once_however_often_and_whenever_it_is_sent() {
    run(async |server| {
        server.member("900").await;
        server.member("901").await;
        standup(&server, "enable_standup_mode", &mode()).await;
        let users = ["900", "901", "900", "999"];
        let rows: Vec<_> = (1..).zip(users).map(|(amount, user)| row(user, POINTS, &json!(amount))).collect();
        let asked = (0..8).map(|_| seed(&server, REQUEST, &rows));
        let answers = futures_util::future::join_all(asked).await;
        let mut ids = Vec::new();
        for (status, answer) in &answers {
            assert_eq!(*status, 200, "{answer}");
            ids.push(answer["payload"]["results"][2]["id"].clone());
        }
        assert!(ids.iter().all(|id| *id == ids[0] && *id != ""), "{ids:?}");
        let new = answers.iter().filter(|(_, answer)| statuses(&answer["payload"])[0] == 0);
        assert_eq!(new.count(), 1);

        let server = server.after_power_cut().await;
        assert_eq!(expire(&server, "2017-02-01T00:00:00Z").await.0, 200);
        let (_, answer) = seed(&server, REQUEST, &rows).await;
        assert_eq!(statuses(&answer["payload"]), [4, 4, 4, 5]);
        assert_eq!(answer["payload"]["results"][2]["id"], ids[0]);
        assert_eq!((total(&server, "900").await, total(&server, "901").await), (json!(4), json!(2)));
        let (_, answer) = seed(&server, OTHER_REQUEST, &rows).await;
        assert_eq!(answer["errors"]["code"], "standup_mode_required");
    });
}

#[test]
fn nothing_is_seeded_outside_of_standup_mode() {
    run(async |server| {
        server.member("900").await;
        let rows = [row("900", POINTS, &json!(5))];
        let required = async |what: &str| {
            let (status, answer) = seed(&server, REQUEST, &rows).await;
            assert_eq!((status, &answer["errors"]["code"]), (400, &json!("standup_mode_required")), "{what}");
        };
        required("never enabled").await;
        let (status, answer) = expire(&server, "2017-03-01T00:00:00Z").await;
        assert_eq!((status, &answer["errors"]["code"]), (400, &json!("standup_mode_required")));
        assert_eq!(expire(&server, "2017-02-01T00:00:00Z").await.0, 200, "off it is already");

        standup(&server, "enable_standup_mode", &mode()).await;
        assert_eq!(expire(&server, "2017-02-01T00:00:00Z").await.0, 200);
        required("switched off").await;
        standup(&server, "enable_standup_mode", &mode()).await;
        assert_eq!(expire(&server, "2017-02-02T00:00:00Z").await.0, 200);
        assert_eq!(seed(&server, OTHER_REQUEST, &rows).await.0, 200);
        let clock = json!({"now": "2017-02-02T00:00:01Z"}).to_string();
        assert_eq!(server.admin("POST", "/admin/test_clock", &clock).await.status, 200);
        required("expired").await;
    });
}

#[test]
fn malformed_requests_are_refused_as_a_whole() {
    run(async |server| {
        server.member("900").await;
        standup(&server, "enable_standup_mode", &mode()).await;
        let other = "00000000-0000-4000-8000-000000000001";
        let mut foreign_mode = mode();
        foreign_mode["target_retailer_id"] = json!(other);
        let (status, answer) = standup(&server, "enable_standup_mode", &foreign_mode).await;
        assert_eq!((status, &answer["errors"]["code"]), (403, &json!("retailer_not_authorized")));
        assert_eq!(standup(&server, "enable_standup_mode", &json!({})).await.0, 400);
        assert_eq!(standup(&server, "set_standup_mode_expiration_for_retailer", &mode()).await.0, 400);

        let good = row("900", POINTS, &json!(5));
        let mut foreign = good.clone();
        foreign["retailer_id"] = json!(other);
        let mut untimed = good.clone();
        untimed["time_of_occurrence"] = json!("");
        for (request, rows, expected) in [
            ("", vec![good.clone()], (400, "invalid_request")),
            ("no guid", vec![good.clone()], (400, "invalid_request")),
            (REQUEST, vec![], (400, "invalid_request")),
            (REQUEST, vec![good.clone(), untimed], (400, "invalid_request")),
            (REQUEST, vec![good.clone(), foreign], (403, "retailer_not_authorized")),
            (REQUEST, vec![good.clone(); 1001], (400, "too_many_details")),
        ] {
            let (status, answer) = seed(&server, request, &rows).await;
            assert_eq!((status, answer["errors"]["code"].as_str().unwrap()), expected, "{request}");
        }
        let user = json!({"retailer_id": RETAILER, "user_id": "900"});
        let (_, balances) = ask(&server, "user_points/all_balances", &user).await;
        assert_eq!(balances["payload"]["summary"]["life_time_points"], 0);
    });
}
