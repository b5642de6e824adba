//! Expiry is settled with the next decision; balances are right before it.

use laurel_domain::customer::{AuditKind, Event, Purpose};

use crate::{member::*, shop::*};

/// Points of the spendable account live a day and die with the month (incentives.md 4.6).
fn shop() -> Shop {
    let policy = r#", "expiration_policy": {"policy_type": 1, "next_evaluation_date": "2026-01-01T00:00:00",
        "frequency_value": 1, "frequency_unit_type": 2, "expiration_age_value": 1, "expiration_age_unit_type": 0,
        "point_expiration_percentage": 100}"#;
    let trees = [tree(100, "", &per_amount(1, SPEND, "1", ""))];
    Shop { spend: policy.to_owned(), ..Shop::with(&trees) }
}

#[test]
fn what_has_run_out_is_gone_before_anybody_writes_it_down() {
    let mut member = Member::of(&shop());
    member.given(SPEND, "50");
    let events = member.events.len();
    member.at("2026-03-31T23:59:59.999Z");
    assert_eq!(member.available(SPEND), points("50"));
    member.at("2026-04-01T00:00:00Z");
    assert_eq!(member.available(SPEND), points("0"));
    assert_eq!(member.customer.balances(&member.program, member.now).available(), Ok(points("0")));
    member.post(Purpose::Spend(vec![spend(&[SPEND], "1")]), false).unwrap_err();
    assert_eq!(member.events.len(), events, "a refusal writes nothing");
}

#[test]
fn the_next_decision_writes_it_down_as_of_its_time() {
    let mut member = Member::of(&shop());
    member.given(SPEND, "50");
    member.at("2026-04-20T08:00:00Z").given(SPEND, "7");
    assert_eq!(member.available(SPEND), points("7"));
    let kinds: Vec<_> = member.audit().iter().map(|row| (row.kind, row.change, row.occurred)).collect();
    assert_eq!(
        kinds,
        [
            (AuditKind::Issuance, points("50"), time("2026-03-01T12:00:00Z")),
            (AuditKind::Expiration, points("-50"), time("2026-04-01T00:00:00Z")),
            (AuditKind::Issuance, points("7"), time("2026-04-20T08:00:00Z")),
        ]
    );
    assert_eq!(
        (member.audit()[0].amount_expired, member.audit()[0].amount_spent),
        (points("50"), points("0"))
    );
    assert_eq!(member.lifetime(SPEND), points("57"));
}

#[test]
fn a_sale_settles_it_too_and_a_return_does_not_find_it_any_more() {
    let mut member = Member::of(&shop());
    member.buy(500, 1, "50");
    member.at("2026-04-20T08:00:00Z").buy(501, 1, "30");
    assert!(member.events.iter().any(|event| matches!(event, Event::PointsExpired { .. })));
    member.buy(500, 2, "0");
    assert_eq!(
        member.available(SPEND),
        points("-20"),
        "the 50 are taken from the other sale, then overdrawn"
    );
}
