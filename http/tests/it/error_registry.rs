//! The registry of error codes (incentives.md 10): each code is provoked by a request, or it is said why it cannot be.
//!
//! One table for each surface; the shop of the tests has an account for each way in which points are refused.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    configuring::done,
    support::{POINTS, PROGRAM, RETAILER, STATUS, Server, basic, run},
};

/// The registry, as the API file has it. Of `too_many_*` those that the sections name.
const REGISTRY: &[(&str, u16)] = &[
    ("invalid_request", 400),
    ("invalid_amount", 400),
    ("insufficient_points", 400),
    ("point_account_inactive", 400),
    ("point_source_not_linked", 400),
    ("source_limit_exceeded", 400),
    ("max_balance_exceeded", 400),
    ("no_default_point_account", 400),
    ("too_many_details", 400),
    ("too_many_point_accounts", 400),
    ("too_many_point_sources", 400),
    ("too_many_modification_types", 400),
    ("too_many_users", 400),
    ("too_many_nodes", 400),
    ("too_many_outcomes", 400),
    ("too_many_constraints", 400),
    ("too_many_limits", 400),
    ("too_many_tier_systems", 400),
    ("too_many_counters", 400),
    ("too_many_records", 400),
    ("take_too_large", 400),
    ("date_range_too_long", 400),
    ("event_reserved", 400),
    ("context_must_be_flat", 400),
    ("standup_mode_required", 400),
    ("unauthorized", 401),
    ("retailer_not_authorized", 403),
    ("user_not_found", 404),
    ("point_account_not_found", 404),
    ("point_source_not_found", 404),
    ("tier_system_not_found", 404),
    ("tier_level_not_found", 404),
    ("rule_tree_not_found", 404),
    ("template_not_found", 404),
    ("event_not_found", 404),
    ("idempotency_conflict", 409),
    ("version_conflict", 409),
    ("state_version_conflict", 409),
    ("user_locked", 423),
    ("rate_limited", 429),
    ("system_error", 500),
    ("temporarily_unavailable", 503),
];

/// Codes that no request provokes, and why.
const UNPROVOKED: &[(&str, &str)] = &[
    ("user_locked", "an erasure is one decision: nobody is ever met in the middle of one"),
    ("rate_limited", "no rate is limited yet"),
    ("system_error", "a fault of ours, which a request cannot ask for"),
    ("too_many_records", "takes 100,000 lots or rows of one customer"),
];

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
const CLUB: &str = "9a000000-0000-4000-8000-000000000020";
const NOBODY: &str = "00000000-0000-4000-8000-00000000dead";
const INACTIVE: &str = "9e000000-0000-4000-8000-000000000001";
const SMALL: &str = "9e000000-0000-4000-8000-000000000002";
const LIMITED: &str = "9e000000-0000-4000-8000-000000000011";
const TREE: &str = "9e000000-0000-4000-8000-000000000020";

/// What is asked, and what it must answer.
struct Case {
    code: &'static str,
    path: &'static str,
    body: Value,
}

fn case(code: &'static str, path: &'static str, body: Value) -> Case {
    Case { code, path, body }
}

/// The grocery program with an inactive account, one with a ceiling, a source with a limit, and an event.
fn shop(default_pool: bool) -> Value {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    let accounts = program["point_accounts"].as_array_mut().unwrap();
    accounts[0]["include_in_default_points"] = json!(default_pool);
    accounts.push(json!({"id": INACTIVE, "name": "Inactive", "active": false}));
    accounts.push(json!({"id": SMALL, "name": "Small", "max_allowed_balance": 10}));
    let sources = program["point_sources"].as_array_mut().unwrap();
    let all = json!([POINTS, INACTIVE, SMALL]);
    sources[1]["point_account_ids"] = all.clone();
    sources.push(json!({"id": LIMITED, "name": "Limited", "point_account_ids": all, "restrictions": [
        {"id": "9e000000-0000-4000-8000-000000000012", "discriminator": 2, "personal": true, "max_points": 5,
         "time": 1, "unit_of_time": "Month"}]}));
    program["events"] =
        json!([{"id": "9e000000-0000-4000-8000-000000000030", "event_lookup": "SURVEY", "name": "Survey"}]);
    program
}

fn deposit(account: &str, source: &str, amount: i64) -> Value {
    json!({"user_id": "900", "deposit_details": [
        {"amount": amount, "point_account_id": account, "point_source_id": source}]})
}

fn points() -> Vec<Case> {
    let keyed = |amount: i64| {
        json!({"user_id": "900", "deposit_details": [{"amount": amount, "point_account_id": POINTS,
            "point_source_id": SOURCE, "idempotency_id": "once"}]})
    };
    let many = vec![json!({"amount": 1, "point_account_id": POINTS, "point_source_id": SOURCE}); 101];
    let spend =
        |amount: i64, from: Value| json!({"user_id": "900", "amount": amount, "point_account_ids": from});
    vec![
        case("invalid_request", "user_points/deposit", json!({"user_id": "900", "deposit_details": 7})),
        case("invalid_amount", "user_points/deposit", deposit(POINTS, SOURCE, -1)),
        case("insufficient_points", "user_points/spend", spend(1_000_000, json!([POINTS]))),
        case("point_account_inactive", "user_points/deposit", deposit(INACTIVE, SOURCE, 1)),
        case("point_source_not_linked", "user_points/deposit", deposit(STATUS, SOURCE, 1)),
        case("source_limit_exceeded", "user_points/deposit", deposit(POINTS, LIMITED, 6)),
        case("max_balance_exceeded", "user_points/deposit", deposit(SMALL, SOURCE, 11)),
        case("too_many_details", "user_points/deposit", json!({"user_id": "900", "deposit_details": many})),
        case("user_not_found", "user_points/balance", json!({"user_id": "nobody"})),
        case("point_account_not_found", "user_points/spend", spend(1, json!([NOBODY]))),
        case("", "user_points/deposit", keyed(1)),
        case("idempotency_conflict", "user_points/deposit", keyed(2)),
    ]
}

fn audit_log() -> Vec<Case> {
    let asked = |name: &str, value: Value| {
        let mut body = json!({"user_id": "900"});
        body[name] = value;
        body
    };
    let path = "point_audit_logs/fetch_point_audit_logs";
    vec![
        case("take_too_large", path, asked("take", json!(1001))),
        case("too_many_point_accounts", path, asked("point_account_ids", json!(vec![POINTS; 11]))),
        case("too_many_point_sources", path, asked("point_source_ids", json!(vec![SOURCE; 11]))),
        case("too_many_modification_types", path, asked("modification_types", json!(vec!["x"; 6]))),
        case(
            "date_range_too_long",
            path,
            json!({"user_id": "900", "from_date": "2015-01-01", "to_date": "2016-02-01"}),
        ),
    ]
}

fn tiers() -> Vec<Case> {
    let to = |system: &str, level: &str| json!({"user_id": "900", "tier_system_id": system, "tier_level_id": level});
    let users: Vec<_> = (0..101).map(|n| n.to_string()).collect();
    vec![
        case("tier_system_not_found", "progress/tier_system/user_progress", to(NOBODY, NOBODY)),
        case("tier_level_not_found", "movement/move_user", to(CLUB, NOBODY)),
        case("too_many_users", "user_tiers/fetch_bulk", json!({"user_ids": users})),
    ]
}

fn events_and_state() -> Vec<Case> {
    let event =
        |lookup: &str, context: Value| json!({"user_id": "900", "event_lookup": lookup, "context": context});
    let counters = |from: usize, to: usize| {
        let all: Vec<_> = (from..to).map(|n| json!({"name": format!("c{n}"), "value": 1})).collect();
        json!({"user_id": "900", "counters": all})
    };
    let mut outdated = counters(0, 1);
    outdated["version"] = json!(9_999);
    vec![
        case("event_not_found", "user_events/trigger_user_event", event("NEVER", json!({}))),
        case("event_reserved", "user_events/trigger_user_event", event("EARN_POINTS", json!({}))),
        case(
            "context_must_be_flat",
            "user_events/trigger_user_event",
            event("SURVEY", json!({"a": {"b": 1}})),
        ),
        case("state_version_conflict", "user_state/set_counters", outdated),
        case("", "user_state/set_counters", counters(0, 100)),
        case("", "user_state/set_counters", counters(100, 200)),
        case("too_many_counters", "user_state/set_counters", counters(200, 201)),
    ]
}

fn tree(more: &str, value: Value) -> Value {
    let outcome = json!({"id": "9e000000-0000-4000-8000-000000000021", "discriminator": 1, "amount": 1,
        "point_source_id": SOURCE, "point_account_ids": [POINTS]});
    let mut tree = json!({"name": "Tree", "status": 2, "tree_type": 1, "outcomes": [outcome],
        "rules": [{"id": "9e000000-0000-4000-8000-000000000022", "discriminator": 32768}]});
    if !more.is_empty() {
        tree[more] = value;
    }
    tree
}

fn configuration() -> Vec<Case> {
    let outcome = |n: usize| {
        json!({"id": format!("9e000000-0000-4000-8000-{:012}", 5_000 + n), "discriminator": 1, "amount": 1,
               "point_source_id": SOURCE, "point_account_ids": [POINTS]})
    };
    let unknown = json!([{"id": "9e000000-0000-4000-8000-000000000021", "discriminator": 1, "amount": 1,
        "point_source_id": NOBODY, "point_account_ids": [POINTS]}]);
    let leaf = |n: usize| {
        json!({"id": format!("9e000000-0000-4000-8000-{:012}", 1_000 + n), "discriminator": 32768,
               "parent_id": TREE})
    };
    let mut nodes: Vec<_> = (0..200).map(leaf).collect();
    nodes.push(json!({"id": TREE, "discriminator": 1}));
    let constraints = vec![json!({"discriminator": 64, "channels": ["POS"]}); 21];
    let crowded = json!([{"id": TREE, "discriminator": 32768, "constraints": constraints}]);
    let limits = vec![json!({"scope": 0, "max": 1, "value": 1, "uom": 0}); 300];
    let create = "dynamic_rule_tree/create";
    vec![
        case("point_source_not_found", create, tree("outcomes", unknown)),
        case("too_many_nodes", create, tree("rules", json!(nodes))),
        case("too_many_outcomes", create, tree("outcomes", (0..21).map(outcome).collect())),
        case("too_many_constraints", create, tree("rules", crowded)),
        case("too_many_limits", create, tree("limits", json!(limits))),
        case("rule_tree_not_found", "dynamic_rule_tree/get", json!({"id": NOBODY})),
        case("template_not_found", create, tree("template_id", json!(NOBODY))),
    ]
}

async fn answer(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let mut body = body.clone();
    if body.get("retailer_id").is_none() {
        body["retailer_id"] = json!(RETAILER);
    }
    let answer = server.connect(&format!("/incentives/api/1.0/{path}"), &body).await;
    (answer.status, answer.json())
}

async fn put(server: &Server, program: &Value) {
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

/// What has been answered, by code.
#[derive(Default)]
struct Provoked(BTreeMap<String, u16>);

impl Provoked {
    async fn ask(&mut self, server: &Server, asked: &Case) {
        let (status, answer) = answer(server, asked.path, &asked.body).await;
        let is = answer["errors"]["code"].as_str().unwrap_or_default();
        assert_eq!(is, asked.code, "{}: {answer}", asked.path);
        if !asked.code.is_empty() {
            assert_eq!(answer["status"], "error");
            self.0.insert(is.to_owned(), status);
        }
    }
}

#[test]
fn every_code_of_the_registry_is_provoked_or_said_why_not() {
    run(async |server| {
        put(&server, &shop(true)).await;
        server.member("900").await;
        let mut provoked = Provoked::default();
        for asked in points().iter().chain(&audit_log()).chain(&tiers()).chain(&events_and_state()) {
            provoked.ask(&server, asked).await;
        }
        for asked in &configuration() {
            provoked.ask(&server, asked).await;
        }
        provoked.versions_and_systems(&server).await;
        provoked.access(&server).await;
        put(&server, &shop(false)).await;
        let spend = json!({"user_id": "900", "amount": 1});
        provoked.ask(&server, &case("no_default_point_account", "user_points/spend", spend)).await;
        server.engine.drain(std::time::Duration::from_secs(5)).await.unwrap();
        let closed = case("temporarily_unavailable", "user_points/deposit", deposit(POINTS, SOURCE, 1));
        provoked.ask(&server, &closed).await;
        provoked.are_all();
    });
}

impl Provoked {
    /// Every code of the registry has been provoked with its status, or it is said why not; and no other.
    fn are_all(self) {
        let why_not = |code: &str| UNPROVOKED.iter().find(|(known, _)| *known == code).map(|(_, why)| *why);
        for (code, status) in REGISTRY {
            match (self.0.get(*code), why_not(code)) {
                (Some(is), None) => assert_eq!(is, status, "{code}"),
                (None, Some(why)) => assert!(!why.is_empty(), "{code}"),
                (Some(_), Some(_)) => panic!("{code} is provoked, and said not to be"),
                (None, None) => panic!("{code} is neither provoked nor said why not"),
            }
        }
        let known = |code: &str| REGISTRY.iter().any(|(known, _)| *known == code);
        for code in self.0.keys().map(String::as_str).chain(UNPROVOKED.iter().map(|(code, _)| *code)) {
            assert!(known(code), "{code} is not in the registry");
        }
    }

    /// A tree that was changed by somebody else; more systems than there may be.
    async fn versions_and_systems(&mut self, server: &Server) {
        let made = done(server, "dynamic_rule_tree/create", tree("", json!(null))).await["dynamic_rule_tree"]
            .clone();
        let mut outdated = made.clone();
        outdated["version"] = json!(7);
        self.ask(server, &case("version_conflict", "dynamic_rule_tree/update", outdated)).await;
        for n in 0..4 {
            done(server, "tier_levels/create_system", json!({"name": format!("System {n}")})).await;
        }
        let sixth = json!({"name": "One too many"});
        self.ask(server, &case("too_many_tier_systems", "tier_levels/create_system", sixth)).await;
    }

    /// Whoever may not ask.
    async fn access(&mut self, server: &Server) {
        let other = json!({"retailer_id": NOBODY, "user_id": "900"});
        self.ask(server, &case("retailer_not_authorized", "user_points/balance", other)).await;
        let mode = json!({"requesting_retailer_id": RETAILER, "target_retailer_id": RETAILER,
            "expiration_date_utc": "2017-03-01T00:00:00Z"});
        let path = "retailer_standup/set_standup_mode_expiration_for_retailer";
        self.ask(server, &case("standup_mode_required", path, mode)).await;
        let mut stranger = server.keys.connect.clone();
        stranger.secret = "wrong".to_owned();
        let path = "/incentives/api/1.0/user_points/balance";
        let answer = server.ask("POST", path, &basic(&stranger), "{}").await;
        assert_eq!(answer.json()["errors"]["code"], "unauthorized");
        self.0.insert("unauthorized".to_owned(), answer.status);
    }
}
