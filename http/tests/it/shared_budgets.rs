//! What all customers share, over sockets: races of 64 clients for the awards of a budget and the points of a source.

use serde_json::{Value, json};

use crate::{
    configuring::{ask, done, refused},
    support::{POINTS, Server, run},
};

pub const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";
pub const CLIENTS: usize = 64;
const TREE: &str = "9b000000-0000-4000-8000-000000000100";

/// Adds a tree that gives three points for each survey, with one more member.
pub fn add_survey(program: &mut Value, member: &str, value: Value) {
    program["events"] = json!([{"id": "9b000000-0000-4000-8000-000000000001", "event_lookup": "SURVEY"}]);
    let mut tree = json!({"id": TREE, "name": "Survey", "status": 2, "tree_type": 2, "trigger_events": ["SURVEY"],
        "outcomes": [{"id": "9b000000-0000-4000-8000-000000000002", "discriminator": 1, "amount": 3,
                      "point_source_id": SOURCE, "point_account_ids": [POINTS]}],
        "rules": [{"id": "9b000000-0000-4000-8000-000000000101", "discriminator": 65536}]});
    tree[member] = value;
    program["rule_trees"].as_array_mut().unwrap().push(tree);
}

/// Puts restrictions on a source.
pub fn restrict(program: &mut Value, restrictions: Value) {
    let sources = program["point_sources"].as_array_mut().unwrap();
    let source = sources.iter_mut().find(|source| source["id"] == SOURCE).unwrap();
    source["restrictions"] = restrictions;
}

/// Reports a survey; gives its outcome.
pub async fn report(server: &Server, user: &str, key: &str) -> Value {
    let body = json!({"user_id": user, "event_lookup": "SURVEY", "idempotency_id": key});
    done(server, "user_events/trigger_user_event", body).await["outcomes"][0].clone()
}

/// Deposits seven points, or as many of them as fit; gives how many did. None: it was refused with this code.
pub async fn deposit(server: &Server, user: &str, key: &str, refusal: &str) -> u64 {
    let detail =
        json!({"amount": 7, "point_account_id": POINTS, "point_source_id": SOURCE, "idempotency_id": key});
    let body = json!({"user_id": user, "deposit_details": [detail], "allow_partial_success": true});
    let answer = ask(server, "user_points/deposit", body).await;
    if answer.status == 200 {
        return answer.json()["payload"]["summary"]["amount_deposited"].as_u64().unwrap();
    }
    assert_eq!((answer.status, &answer.json()["errors"]["code"]), (400, &json!(refusal)));
    0
}

/// What somebody has.
pub async fn balance(server: &Server, user: &str) -> u64 {
    let payload = done(server, "user_points/all_balances", json!({"user_id": user})).await;
    payload["summary"]["total_points"].as_u64().unwrap()
}

async fn configured(server: &Server, budget: Value) {
    server.apply_grocery_with(|program| add_survey(program, "budget", budget)).await;
}

/// Each client reports so many events of its own member, and the first of them twice; gives how many were awarded.
async fn race(server: &Server, each: usize) -> usize {
    for client in 0..CLIENTS {
        server.member(&format!("c{client}")).await;
    }
    let clients = (0..CLIENTS).map(|client| async move {
        let mut awarded = 0;
        for number in std::iter::once(0).chain(0..each) {
            let outcome = report(server, &format!("c{client}"), &format!("k{number}")).await;
            if outcome["is_outcome_applied"] == true {
                awarded += 1;
            } else {
                assert_eq!(outcome["refusal_reason"], "budget_exhausted", "{outcome}");
            }
        }
        awarded
    });
    let awarded = futures_util::future::join_all(clients).await;
    awarded.into_iter().sum()
}

/// What all members have.
async fn balances(server: &Server) -> u64 {
    let mut sum = 0;
    for client in 0..CLIENTS {
        sum += balance(server, &format!("c{client}")).await;
    }
    sum
}

async fn raced(server: Server, awards: usize, each: usize) {
    configured(&server, json!({"max_awards": awards})).await;
    race(&server, each).await;
    assert_eq!(balances(&server).await, 3 * u64::try_from(awards).unwrap());
    let tree = done(&server, "dynamic_rule_tree/get", json!({"id": TREE})).await;
    let budget = &tree["dynamic_rule_tree"]["budget"];
    assert_eq!(
        (&budget["consumed_awards"], &budget["consumed_points"]),
        (&json!(awards), &json!(3 * awards))
    );
}

#[test]
fn sixty_four_clients_get_exactly_what_there_is() {
    run(async |server| raced(server, 300, 8).await);
}

#[test]
fn sixty_four_clients_get_exactly_ten_thousand() {
    run(async |server| raced(server, 10_000, 200).await);
}

/// Each client deposits 7 points to its own member some times, the first of them twice, and is content with a part;
/// gives what went in by their answers, a repeat counted once.
async fn deposits(server: &Server, each: usize) -> u64 {
    let clients = (0..CLIENTS).map(|client| async move {
        let mut deposited = 0;
        for (turn, number) in std::iter::once(0).chain(0..each).enumerate() {
            let (user, key) = (format!("c{client}"), format!("k{client}-{number}"));
            let fitted = deposit(server, &user, &key, "source_limit_exceeded").await;
            if turn != 1 {
                deposited += fitted;
            }
        }
        deposited
    });
    futures_util::future::join_all(clients).await.into_iter().sum()
}

#[test]
fn sixty_four_clients_get_exactly_what_a_source_gives_all_of_them() {
    run(async |server| {
        // The last deposit that fits is one of three points.
        let (most, each) = (1403, 8);
        let restriction = json!({"discriminator": 2, "personal": false, "max_points": most,
                                 "time": 1, "unit_of_time": "Month"});
        server.apply_grocery_with(|program| restrict(program, json!([restriction]))).await;
        for client in 0..CLIENTS {
            server.member(&format!("c{client}")).await;
        }
        assert_eq!((deposits(&server, each).await, balances(&server).await), (most, most));
    });
}

#[test]
fn one_id_64_times_at_once_is_one_deposit() {
    run(async |server| {
        configured(&server, json!({})).await;
        server.member("900").await;
        let deposits = (0..CLIENTS).map(|_| async {
            let detail = json!({"amount": 5, "point_account_id": POINTS, "point_source_id": SOURCE,
                                "idempotency_id": "once"});
            done(&server, "user_points/deposit", json!({"user_id": "900", "deposit_details": [detail]})).await
        });
        let answers = futures_util::future::join_all(deposits).await;
        let ids: std::collections::HashSet<_> =
            answers.iter().map(|answer| answer["details"][0]["tracking_id"].to_string()).collect();
        let fresh =
            answers.iter().filter(|answer| answer["details"][0]["idempotency_summary"] == "new").count();
        assert_eq!((ids.len(), fresh), (1, 1));
        assert_eq!(balance(&server, "900").await, 5);
    });
}

#[test]
fn a_budget_that_is_none_is_refused() {
    run(async |server| {
        configured(&server, json!({"max_points": 5, "consumed_points": 3})).await;
        let tree =
            done(&server, "dynamic_rule_tree/get", json!({"id": TREE})).await["dynamic_rule_tree"].clone();
        assert_eq!(tree["budget"], json!({"max_points": 5, "consumed_points": 0, "consumed_awards": 0}));
        let mut wrong = tree.clone();
        wrong["budget"]["max_awards"] = json!(1.5);
        let (status, code, path) = refused(&server, "dynamic_rule_tree/update", wrong).await;
        assert_eq!((status, &*code, &*path), (400, "limit_invalid", "budget.max_awards"));
    });
}

#[test]
fn a_simulation_takes_nothing_of_a_budget_and_says_when_it_is_empty() {
    run(async |server| {
        configured(&server, json!({"max_awards": 1})).await;
        for member in ["900", "901"] {
            server.member(member).await;
        }
        let outcome = async |user: Option<&str>, path: &str| {
            let mut body = json!({"event_lookup": "SURVEY"});
            if let Some(user) = user {
                body["user_id"] = json!(user);
            }
            done(&server, path, body).await["outcomes"][0].clone()
        };
        for user in [Some("900"), Some("901"), None, Some("900")] {
            let foreseen = outcome(user, "simulate_outcomes/event").await;
            assert_eq!(foreseen["points_awarded"], 3, "{user:?}: {foreseen}");
        }
        let real = outcome(Some("900"), "user_events/trigger_user_event").await;
        assert_eq!(real["points_awarded"], 3, "{real}");
        for user in [Some("900"), Some("901"), None] {
            let foreseen = outcome(user, "simulate_outcomes/event").await;
            assert_eq!(foreseen["refusal_reason"], "budget_exhausted", "{user:?}: {foreseen}");
        }
    });
}
