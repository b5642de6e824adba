//! Deliveries to a server that fails in every way it may: nothing lost, nothing out of order.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use serde_json::json;

use super::{
    DeliveryError, Line, Outcome, Plan, Progress, Sales, deliver,
    fake::{Fake, Faults},
};
use crate::{client::CallError, keys::Keys};

const MEMBERS: usize = 23;

/// Members that pay sale `number`: mostly one, sometimes two, sometimes nobody known.
fn payers(number: usize) -> Vec<usize> {
    let first = number * 7 % MEMBERS;
    match number % 50 {
        0 => vec![first, (first + 5) % MEMBERS],
        1 => vec![],
        _ => vec![first],
    }
}

fn sale(number: usize) -> Line {
    let payments: Vec<_> = payers(number).iter().map(|payer| json!({"user_id": payer.to_string()})).collect();
    let sale = json!({"request_id": number.to_string(),
                      "request_payload": {"transaction_id": format!("T{number}"), "payments": payments}});
    let text = sale.to_string().into_bytes();
    Line { number: u64::try_from(number).unwrap(), source_bytes: 1, text }
}

fn sales(count: usize) -> impl Iterator<Item = io::Result<Line>> + Send {
    (1..=count).map(|number| Ok(sale(number)))
}

fn plan(url: &str, bulk: bool) -> Plan {
    Plan {
        server: url.parse().unwrap(),
        connections: 5.try_into().unwrap(),
        bulk,
        retry_for: Duration::from_secs(20),
        timeout: Duration::from_secs(5),
    }
}

async fn send(count: usize, plan: &Plan) -> Result<Outcome, DeliveryError> {
    let pair = json!({"key": "k", "secret": "s"});
    let keys: Keys = serde_json::from_value(json!({
        "retailer_id": "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10", "core": pair, "pos": pair, "admin_key": "a"
    }))
    .unwrap();
    deliver(sales(count), Arc::new(Sales::new(&keys)), plan, Progress::bar(0, "sales")).await
}

/// Every sale is there once, and every member's sales are in the order in which they happened.
fn assert_in_order(taken: &[usize], count: usize) {
    let mut all = taken.to_vec();
    all.sort_unstable();
    assert_eq!(all, (1..=count).collect::<Vec<_>>());
    let mut last = BTreeMap::new();
    for &number in taken {
        for payer in payers(number) {
            let before = last.insert(payer, number).unwrap_or(0);
            assert!(before < number, "member {payer}: sale {number} came after {before}");
        }
    }
}

#[tokio::test]
async fn single_sales_arrive_once_and_in_order_though_requests_fail() {
    let fake = Fake::start(Faults { unavailable_every: 9, pending_every: 31, ..Faults::default() }).await;
    let outcome = send(600, &plan(&fake.url(), false)).await.unwrap();
    assert_in_order(&fake.taken(), 600);
    assert_eq!((outcome.taken, outcome.refused(), outcome.given_up), (600, 0, false));
    assert!(outcome.retries >= 600 / 9 && outcome.latency.len() == 600);
}

#[tokio::test]
async fn a_stream_goes_on_with_the_first_unanswered_sale_after_it_was_cut() {
    let fake = Fake::start(Faults { cut_every: 331, ..Faults::default() }).await;
    let outcome = send(4_000, &plan(&fake.url(), true)).await.unwrap();
    assert_in_order(&fake.taken(), 4_000);
    assert_eq!((outcome.taken, outcome.refused()), (4_000, 0));
    assert!(outcome.retries > 0, "the stream was cut");
}

#[tokio::test]
async fn a_streamed_sale_that_is_pending_is_sent_again() {
    let fake = Fake::start(Faults { pending_every: 401, ..Faults::default() }).await;
    let outcome = send(2_000, &plan(&fake.url(), true)).await.unwrap();
    let mut taken = fake.taken();
    taken.sort_unstable();
    assert_eq!(taken, (1..=2_000).collect::<Vec<_>>());
    assert_eq!(outcome.taken, 2_000);
}

#[tokio::test]
async fn refusals_are_counted_and_hold_nothing_up() {
    for bulk in [false, true] {
        let fake = Fake::start(Faults { refuse_every: 40, ..Faults::default() }).await;
        let outcome = send(200, &plan(&fake.url(), bulk)).await.unwrap();
        assert_eq!((outcome.taken, outcome.refused()), (195, 5));
        assert_eq!(outcome.refusals["unknown_store"], 5);
        assert!(outcome.examples.iter().any(|refusal| refusal.line == 40 && refusal.message == "told to"));
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_given_up() {
    for bulk in [false, true] {
        let mut plan = plan("http://127.0.0.1:1", bulk);
        plan.retry_for = Duration::from_millis(300);
        let outcome = send(200, &plan).await.unwrap();
        assert!(outcome.given_up && outcome.taken == 0);
        assert!(outcome.elapsed >= plan.retry_for && outcome.elapsed < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_wrong_key_ends_the_delivery_at_once() {
    for bulk in [false, true] {
        let fake = Fake::start(Faults { locked: true, ..Faults::default() }).await;
        let error = send(200, &plan(&fake.url(), bulk)).await.unwrap_err();
        assert!(matches!(error, DeliveryError::Call(CallError::KeyRefused)), "{error}");
    }
}
