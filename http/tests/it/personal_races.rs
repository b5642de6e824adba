//! What is one customer's alone, over sockets: a race of 64 clients up to a ceiling, to a limit, and to what a source
//! gives one customer. Each is reached exactly.

use serde_json::{Value, json};

use crate::{
    shared_budgets::{CLIENTS, add_survey, balance, deposit, report, restrict},
    support::{Server, run},
};

const EACH: usize = 6;

/// Each client does something some times, by the number of the time; gives the sum of what came of it.
async fn race(one: impl AsyncFn(&str) -> u64) -> u64 {
    let one = &one;
    let clients = (0..CLIENTS).map(|client| async move {
        let mut sum = 0;
        for number in 0..EACH {
            sum += one(&format!("{client}-{number}")).await;
        }
        sum
    });
    futures_util::future::join_all(clients).await.into_iter().sum()
}

/// What went in by the answers to deposits, and what is there.
async fn deposited(server: &Server, refusal: &str) -> (u64, u64) {
    server.member("900").await;
    let deposited = race(async |key| deposit(server, "900", key, refusal).await).await;
    (deposited, balance(server, "900").await)
}

#[test]
fn a_ceiling_is_reached_and_not_passed() {
    run(async |server| {
        server
            .apply_grocery_with(|program| program["point_accounts"][0]["max_allowed_balance"] = json!(1400))
            .await;
        const { assert!(CLIENTS * EACH * 7 > 1400, "they ask for more than there is room for") };
        assert_eq!(deposited(&server, "max_balance_exceeded").await, (1400, 1400));
    });
}

#[test]
fn what_a_source_gives_one_customer_is_reached_and_not_passed() {
    run(async |server| {
        let restriction = json!({"discriminator": 2, "personal": true, "max_points": 1500,
                                 "time": 1, "unit_of_time": "Month"});
        server.apply_grocery_with(|program| restrict(program, json!([restriction]))).await;
        assert_eq!(deposited(&server, "source_limit_exceeded").await, (1500, 1500));
    });
}

/// What was awarded by the answers to events, and what is there.
async fn limited(server: &Server, limit: Value) -> (u64, u64) {
    server.apply_grocery_with(|program| add_survey(program, "limits", json!([limit]))).await;
    server.member("900").await;
    let awarded =
        race(async |key| report(server, "900", key).await["points_awarded"].as_u64().unwrap_or(0)).await;
    (awarded, balance(server, "900").await)
}

/// A lifetime is unit 7. The last award is paid in part.
#[test]
fn a_limit_of_points_is_reached_and_not_passed() {
    run(async |server| {
        let limit = json!({"scope": 1, "max": 1000, "value": 1, "uom": 7});
        assert_eq!(limited(&server, limit).await, (1000, 1000));
    });
}

#[test]
fn a_limit_of_times_is_reached_and_not_passed() {
    run(async |server| {
        let limit = json!({"scope": 0, "max": 123, "value": 1, "uom": 7});
        assert_eq!(limited(&server, limit).await, (369, 369));
    });
}
