//! A year of a grocery's sales on a clock that follows them: what every household has is what its sales come to, at
//! every season, after a crash, and when all sales come late at once.

use std::{collections::BTreeMap, env, path::Path};

use serde_json::{Value, json};

use crate::{
    grocery::{
        Date, Year,
        naive::{Naive, Standing},
    },
    server::{RETAILER, Server},
};

/// Midnights at which everybody is looked at; between them points begin to expire, and at the last most have.
const SEASONS: [Date; 5] =
    [Date(2017, 2, 1), Date(2017, 4, 1), Date(2017, 7, 15), Date(2017, 10, 1), Date(2018, 1, 2)];

/// A server on this clock, with everything but the sales; it takes sales that come up to so many days late.
fn open(year: &Year, clock: &str, backdate_days: u32) -> Server {
    let server = Server::start(&["--test-clock", clock, "--checkpoint-records", "20000"]);
    let (stores, catalog) =
        (server.file("stores.json", &year.stores), server.file("catalog.ndjson", &year.catalog));
    let mut program: Value = serde_json::from_str(include_str!("../../demo/grocery-program.json")).unwrap();
    program["retailer"]["switches"]["max_backdate_days"] = json!(backdate_days);
    let program = server.file("program.json", &program.to_string());
    let mut apply = server.client(&["program", "apply"], &program);
    succeed(apply.arg("--stores").arg(stores).arg("--catalog").arg(catalog));
    succeed(&mut server.client(&["members", "load"], &server.file("members.ndjson", &year.members)));
    server
}

#[track_caller]
fn succeed(command: &mut std::process::Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn send(server: &Server, bodies: &str) {
    succeed(server.client(&["replay"], &server.file("sales.ndjson", bodies)).arg("--bulk"));
}

fn move_clock(server: &Server, to: &str) {
    server.admin("POST", "/admin/test_clock", &json!({"now": to, "wait": true}).to_string()).ok();
}

/// What the server says a household has.
fn shown(server: &Server, household: &str) -> (Value, Value, Value, Value) {
    let asked = json!({"retailer_id": RETAILER, "user_id": household, "include_progress": false});
    let balances = server.connect("/incentives/api/1.0/user_points/all_balances", &asked).ok();
    let details = balances["payload"]["details"].as_array().unwrap();
    let account =
        |name: &str| details.iter().find(|account| account["account_name"] == name).unwrap().clone();
    let (points, status) = (account("Points"), account("Status"));
    let tiers = server.connect("/incentives/api/1.0/user_tiers/fetch", &asked).ok();
    let level = tiers["payload"]["tier_levels"][0]["tier_overview"]["name"].clone();
    (
        points["available_balance"].clone(),
        points["life_time_value"].clone(),
        status["available_balance"].clone(),
        level,
    )
}

#[track_caller]
fn compare(server: &Server, naive: &Naive<'_>, day: Date, what: &str) {
    let mut wrong = Vec::new();
    let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
    for household in naive.households() {
        let standing = naive.standing(household, day);
        let Standing { available, lifetime, status, level } = standing;
        *levels.entry(level).or_default() += 1;
        let found = shown(server, household);
        if found != (json!(available), json!(lifetime), json!(status), json!(level)) {
            wrong.push(format!("{household}: {standing:?}, shown {found:?}"));
        }
    }
    let all = naive.households().count();
    assert!(
        wrong.is_empty(),
        "{what}, {day:?}: {} of {all} wrong, first {:?}",
        wrong.len(),
        &wrong[..wrong.len().min(3)]
    );
    println!("{what}, {day:?}: {all} households as computed, {levels:?}");
}

fn follow(year: &Year) {
    let naive = Naive::new(year);
    let mut server = open(year, "2017-01-01T00:00:00Z", 1);
    let mut days: BTreeMap<Date, String> = BTreeMap::new();
    for sale in &year.sales {
        let day = days.entry(sale.at.date).or_default();
        day.push_str(&sale.body);
        day.push('\n');
    }
    let mut from = Date(2017, 1, 1);
    for season in SEASONS {
        for (day, bodies) in days.range(from..season) {
            move_clock(&server, &day.at("23:59:59.999Z"));
            send(&server, bodies);
        }
        from = season;
        // Before anything is written down, and after.
        server.admin("POST", "/admin/test_clock", &json!({"now": season.at("00:00:00Z")}).to_string()).ok();
        compare(&server, &naive, season, "as it goes");
        move_clock(&server, &season.at("00:00:00Z"));
        compare(&server, &naive, season, "when everything due is done");
    }
    let [.., end] = SEASONS;
    server.kill9();
    server.restart();
    move_clock(&server, &end.at("00:00:00Z"));
    compare(&server, &naive, end, "after a crash");

    let late = open(year, &end.at("00:00:00Z"), 400);
    let all: String = days.into_values().collect();
    send(&late, &all);
    compare(&late, &naive, end, "sent late");
}

#[test]
fn a_year_of_sales_comes_to_what_it_comes_to() {
    follow(&Year::made_up(12, 40));
}

/// With the data that `GROCERY_DIR` names; see `demo/NOTICE.md`.
#[test]
#[ignore = "needs the whole data, and minutes"]
fn the_real_year_comes_to_what_it_comes_to() {
    let folder = env::var_os("GROCERY_DIR").expect("GROCERY_DIR names the folder of the data");
    follow(&Year::read(Path::new(&folder)));
}
