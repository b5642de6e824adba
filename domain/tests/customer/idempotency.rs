//! Repeats of postings (incentives.md 4.8).

use laurel_domain::customer::{DepositDetail, Error, Need, PostedStatus, Purpose, SpendDetail};

use crate::{member::*, shop::*};

const DAY_MS: i64 = 86_400_000;

fn keyed(key: &str, amount: &str) -> DepositDetail {
    DepositDetail { idempotency_id: Some(key.into()), ..deposit(SPEND, amount) }
}

fn one(key: &str, amount: &str) -> Purpose {
    Purpose::Deposit(vec![keyed(key, amount)])
}

#[test]
fn a_repeat_is_answered_the_same_and_does_nothing() {
    let mut member = Member::of(&Shop::default());
    let first = member.post(one("k", "10"), false).unwrap();
    member.given(SPEND, "5");
    let events = member.events.len();
    let again = member.post(one("k", "10"), false).unwrap();
    assert_eq!((member.available(SPEND), member.events.len()), (points("15"), events));
    assert!(!first.details[0].replayed && again.details[0].replayed);
    assert_eq!(again.details[0].rows, first.details[0].rows, "the balance of then, not of now");
    assert_eq!(again.details[0].tracking_id, first.details[0].tracking_id);
    assert!(again.rows.is_empty());
}

#[test]
fn another_body_under_a_known_key_is_a_conflict() {
    let mut member = Member::of(&Shop::default());
    member.post(one("k", "10"), false).unwrap();
    assert_eq!(member.post(one("k", "11"), true), Err(Error::IdempotencyConflict));
    let spend = SpendDetail { idempotency_id: Some("k".into()), ..spend(&[SPEND], "10") };
    assert_eq!(member.post(Purpose::Spend(vec![spend]), true), Err(Error::IdempotencyConflict));
    assert_eq!(member.available(SPEND), points("10"));
}

#[test]
fn a_repeat_in_the_same_call_counts_once() {
    let mut member = Member::of(&Shop::default());
    let twice = Purpose::Deposit(vec![keyed("k", "10"), keyed("k", "10"), keyed("l", "1")]);
    let posted = member.post(twice, false).unwrap();
    assert_eq!(member.available(SPEND), points("11"));
    let replayed: Vec<_> = posted.details.iter().map(|detail| detail.replayed).collect();
    assert_eq!(replayed, [false, true, false]);
    let conflict = Purpose::Deposit(vec![keyed("m", "10"), keyed("m", "11")]);
    assert_eq!(member.post(conflict, true), Err(Error::IdempotencyConflict));
}

/// A detail that was not attempted has no first result, so there is nothing to repeat.
#[test]
fn a_repeat_of_what_was_rolled_back_was_not_attempted_either() {
    let mut member = Member::of(&Shop::default());
    let details = vec![keyed("k", "10"), keyed("k", "10"), deposit(UNKNOWN, "1")];
    let Err(Error::Refused(refused)) = member.post(Purpose::Deposit(details), false) else {
        panic!("one detail fails");
    };
    let found: Vec<_> = refused.details.iter().map(|detail| (detail.status, detail.replayed)).collect();
    let not_attempted = (PostedStatus::NotAttempted, false);
    assert_eq!(found, [not_attempted, not_attempted, (PostedStatus::AccountNotFound, false)]);
    member.post(one("k", "10"), false).unwrap();
    assert_eq!(member.available(SPEND), points("10"), "the key is still free");
}

#[test]
fn failures_are_not_remembered() {
    let mut member = Member::of(&Shop::default());
    let spend =
        || Purpose::Spend(vec![SpendDetail { idempotency_id: Some("k".into()), ..spend(&[SPEND], "10") }]);
    member.post(spend(), false).unwrap_err();
    member.given(SPEND, "10");
    member.post(spend(), false).unwrap();
    assert_eq!(member.available(SPEND), points("0"));
}

/// Keys leave the state, not the memory of the platform: the decision asks for them.
#[test]
fn an_old_key_is_asked_for() {
    let mut member = Member::of(&Shop::default());
    member.post(one("first", "10"), false).unwrap();
    assert!(member.needs.is_empty(), "there never was another key");
    for n in 0..40 {
        member.post(one(&format!("key {n}"), "1"), false).unwrap();
    }
    member.needs.clear();
    assert!(member.post(one("first", "10"), false).unwrap().details[0].replayed);
    assert!(matches!(member.needs.as_slice(), [Need::Remembered(_)]));
    assert_eq!(member.post(one("first", "12"), false), Err(Error::IdempotencyConflict));
    assert_eq!(member.available(SPEND), points("50"));
    let bytes = serde_json::to_string(&member.customer).unwrap().len();
    for n in 40..80 {
        member.post(one(&format!("key {n}"), "1"), false).unwrap();
        member.post(Purpose::Spend(vec![spend(&[SPEND], "1")]), false).unwrap();
    }
    let grown = serde_json::to_string(&member.customer).unwrap().len();
    assert!(grown < bytes + 2_000, "80 more postings of nothing net: {bytes} and {grown} bytes");
}

#[test]
fn a_key_is_free_again_after_400_days() {
    let mut member = Member::of(&Shop::default());
    let start = member.now;
    member.post(one("k", "10"), false).unwrap();
    member.now = start.plus_millis(400 * DAY_MS - 1);
    assert!(member.post(one("k", "10"), false).unwrap().details[0].replayed);
    member.now = start.plus_millis(400 * DAY_MS);
    assert!(!member.post(one("k", "10"), false).unwrap().details[0].replayed);
    assert_eq!(member.available(SPEND), points("20"));
}

/// incentives.md 1.5: one client sends the same reference for everything, so references count only where the switch
/// is on.
#[test]
fn references_count_when_the_switch_is_on() {
    let twice = |switches| {
        let mut member = Member::of(&Shop { switches, ..Shop::default() });
        member.given(SPEND, "10").given(SPEND, "10").given(TIER, "10");
        (member.available(SPEND), member.available(TIER))
    };
    assert_eq!(twice(""), (points("20"), points("10")));
    assert_eq!(twice(r#""dedupe_on_reference": true"#), (points("10"), points("10")));
}
