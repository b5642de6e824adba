//! The commands that speak to a server: `replay`, `members load`, `program`.

use std::{
    fmt::Write,
    process::{Child, Output, Stdio},
};

use serde_json::json;

use crate::server::{RETAILER, STORE, Server, eventually, free_port, program};

/// On this clock the sales below are recent.
const CLOCK: [&str; 2] = ["--test-clock", "2017-02-01T00:00:00Z"];
/// What a sale of ten dollars earns by the grocery program.
const POINTS_PER_SALE: i64 = 10;

fn grocery(members: usize) -> Server {
    let server = Server::start(&CLOCK);
    server.apply_grocery();
    for member in 0..members {
        server.create_customer(&member.to_string());
    }
    server
}

/// Sales of ten dollars, the members in turn, a second apart.
fn sales(count: usize, members: usize, store: &str) -> String {
    let mut text = String::new();
    for number in 0..count {
        let (minutes, seconds) = (number / 60, number % 60);
        let time = format!(
            "2017-01-{:02}T{:02}:{:02}:{seconds:02}.000Z",
            1 + minutes / 1440,
            minutes / 60 % 24,
            minutes % 60
        );
        let payment = json!({"payment_id": "1", "amount": 10, "type": "Cash", "payment_time": time,
                             "user_id": (number % members).to_string(), "user_id_type": "External_ID"});
        let item =
            json!({"line_id": "1", "item_id": "bread", "quantity": 1, "unit_price": 10, "subtotal": 10});
        let sale = json!({"store_id": store, "client_id": RETAILER, "request_id": format!("r-{number}"),
            "request_payload": {"transaction_id": format!("T-{number}"), "channel": "POS", "subtotal": 10,
                "open_time": time, "modified_time": time, "items": [item], "payments": [payment], "discounts": []}});
        writeln!(text, "{sale}").unwrap();
    }
    text
}

fn run(server: &Server, command: &[&str], name: &str, text: &str, flags: &[&str]) -> Output {
    server.client(command, &server.file(name, text)).args(flags).output().unwrap()
}

fn start_replay(server: &Server, text: &str, flags: &[&str]) -> Child {
    let mut replay = server.client(&["replay"], &server.file("sales.ndjson", text));
    replay.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[track_caller]
fn told(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}{errors}");
    text
}

#[track_caller]
fn assert_points(server: &Server, members: usize, sales_each: usize) {
    let expected = POINTS_PER_SALE * i64::try_from(sales_each).unwrap();
    for member in 0..members {
        let mut seen = None;
        // A sale is answered when it is durable, its points follow.
        eventually(&format!("member {member} has {expected} points"), || {
            seen = server.available_points(&member.to_string());
            (seen >= Some(expected)).then_some(())
        });
        assert_eq!(seen, Some(expected), "member {member}");
    }
}

#[test]
fn sales_are_counted_once_however_often_the_file_is_sent() {
    let server = grocery(10);
    let text = sales(500, 10, STORE);
    for flags in [[].as_slice(), &["--bulk"], &["--connections", "3"]] {
        let told = told(&run(&server, &["replay"], "sales.ndjson", &text, flags), 0);
        assert!(told.starts_with("500 sales acknowledged"), "{told}");
        assert!(told.contains("p99.9"), "{told}");
        assert_points(&server, 10, 50);
    }
}

/// Kills the server when the first points have arrived, starts it again, and expects that nothing is lost or doubled.
fn survives_a_killed_server(count: usize, members: usize, flags: &[&str]) {
    let mut server = grocery(members);
    let mut replay = start_replay(&server, &sales(count, members, STORE), flags);
    eventually("the first points", || server.available_points("0").filter(|points| *points > 0));
    server.kill9();
    assert_eq!(replay.try_wait().unwrap(), None, "the replay was over before the server was killed");
    server.restart();
    let told = told(&replay.wait_with_output().unwrap(), 0);
    assert!(told.starts_with(&format!("{count} sales acknowledged")), "{told}");
    assert!(told.contains("were repeated"), "{told}");
    assert_points(&server, members, count / members);
}

#[test]
fn a_bulk_replay_survives_a_killed_server() {
    survives_a_killed_server(30_000, 300, &["--bulk"]);
}

#[test]
fn a_replay_of_single_sales_survives_a_killed_server() {
    survives_a_killed_server(6_000, 60, &["--connections", "8"]);
}

#[test]
fn refusals_are_counted_by_code() {
    let server = grocery(1);
    let elsewhere = "00000000-0000-4000-8000-000000000001";
    for flags in [[].as_slice(), &["--bulk"]] {
        let text = sales(3, 1, STORE) + &sales(2, 1, elsewhere).replace("\"r-", "\"elsewhere-");
        let told = told(&run(&server, &["replay"], "sales.ndjson", &text, flags), 1);
        assert!(told.starts_with("3 sales acknowledged"), "{told}");
        assert!(told.contains("2  unknown_store") && told.contains("line 4: unknown_store"), "{told}");
    }
}

#[test]
fn a_server_that_is_not_there_is_given_up() {
    let server = grocery(1);
    let url = format!("http://127.0.0.1:{}", free_port());
    let file = server.file("sales.ndjson", &sales(3, 1, STORE));
    let mut replay = program();
    replay
        .arg("replay")
        .arg(file)
        .args(["--url", &url, "--retry-for", "1"])
        .arg("--keys-file")
        .arg(server.keys_file());
    assert!(told(&replay.output().unwrap(), 2).contains("given up"));
}

#[test]
fn wrong_keys_are_an_error_that_says_so() {
    let server = grocery(1);
    let pair = json!({"key": "k", "secret": "wrong"});
    let keys = json!({"retailer_id": RETAILER, "core": pair, "pos": pair, "admin_key": "wrong"});
    let file = server.file("sales.ndjson", &sales(3, 1, STORE));
    let mut replay = program();
    let keys = server.file("wrong.json", &keys.to_string());
    let output =
        replay.arg("replay").arg(file).args(["--url", &server.url("")]).arg("--keys-file").arg(keys).output();
    let output = output.unwrap();
    told(&output, 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("does not accept the key"));
}

#[test]
fn members_are_created_once() {
    let server = Server::start(&CLOCK);
    let mut text = String::new();
    for number in 0..50 {
        writeln!(text, r#"{{"external_id":"m-{number}","email":"m-{number}@example.test"}}"#).unwrap();
    }
    let load = |text: &str| run(&server, &["members", "load"], "members.ndjson", text, &[]);
    assert!(!told(&load(&text), 0).contains("were there before"));
    assert_eq!(server.available_points("m-49"), Some(0));
    assert!(told(&load(&text), 0).contains("50 of them were there before"));

    let stolen = r#"{"external_id":"somebody-else","email":"m-1@example.test"}"#;
    assert!(told(&load(stolen), 1).contains("1  validation"));
}

#[test]
fn a_program_is_checked_and_applied() {
    let server = Server::start(&CLOCK);
    let sound = include_str!("../../demo/grocery-program.json");
    let stores =
        json!([{"store_id": STORE, "number": "1", "name": "Store 1", "time_zone": "UTC"}]).to_string();
    let stores = server.file("stores.json", &stores);
    let with_stores = ["--stores", stores.to_str().unwrap()];

    let told_check = told(&run(&server, &["program", "check"], "program.json", sound, &with_stores), 0);
    assert_eq!(told_check.matches("no problems").count(), 2, "{told_check}");
    let told_apply = told(&run(&server, &["program", "apply"], "program.json", sound, &with_stores), 0);
    assert_eq!(told_apply.matches("in force, version").count(), 2, "{told_apply}");

    let mut broken: serde_json::Value = serde_json::from_str(sound).unwrap();
    broken["rule_trees"][0]["outcomes"][0]["point_source_id"] = json!("00000000-0000-4000-8000-00000000dead");
    for command in ["check", "apply"] {
        let told = told(&run(&server, &["program", command], "broken.json", &broken.to_string(), &[]), 1);
        assert!(told.contains("rule_trees[0].outcomes[0].point_source_id"), "{told}");
    }
}
