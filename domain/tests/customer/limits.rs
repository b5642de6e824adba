//! Ceilings, personal limits (incentives.md 4.5) and limits of trees (6.8) in a customer's hands.

use laurel_domain::customer::{Error, Event, PostedStatus, Purpose};
use laurel_domain::rules::RefusalReason;

use crate::{member::*, shop::*};

fn refusal(error: Error) -> PostedStatus {
    match error {
        Error::Refused(refused) => refused.details[0].status,
        other => panic!("{other:?}"),
    }
}

fn last_refusals(member: &Member) -> Vec<RefusalReason> {
    let last = member.events.iter().rev().find_map(|event| match event {
        Event::SaleCredited(credited) => {
            Some(credited.refused.iter().map(|refused| refused.reason).collect())
        }
        _ => None,
    });
    last.unwrap()
}

fn shop(spend: &str, restrictions: &'static str) -> Shop {
    let trees = [tree(100, "", &per_amount(1, SPEND, "1", ""))];
    Shop { spend: spend.to_owned(), restrictions, ..Shop::with(&trees) }
}

const MONTHLY: &str =
    r#"{"discriminator": 2, "personal": true, "max_points": 1500, "time": 1, "unit_of_time": "Month"}"#;

/// incentives.md 4.5: ceiling 1400, balance 1300, award 150.
#[test]
fn a_ceiling_cuts_deposits_and_awards() {
    let mut member = Member::of(&shop(r#", "max_allowed_balance": 1400"#, ""));
    member.given(SPEND, "1300");
    let more = || Purpose::Deposit(vec![deposit(SPEND, "150")]);
    assert_eq!(refusal(member.post(more(), false).unwrap_err()), PostedStatus::MaxBalanceExceeded);
    let posted = member.post(more(), true).unwrap();
    assert_eq!(
        (posted.details[0].rows[0].amount, posted.details[0].shortfall),
        (points("100"), points("50"))
    );
    assert_eq!(member.available(SPEND), points("1400"));
    assert_eq!(
        refusal(member.post(more(), true).unwrap_err()),
        PostedStatus::MaxBalanceExceeded,
        "no room at all"
    );
    member.buy(500, 1, "150");
    assert_eq!(
        (member.available(SPEND), last_refusals(&member)),
        (points("1400"), vec![RefusalReason::MaxBalance])
    );
}

/// incentives.md 4.5: limit 1500 a month, 1000 issued, award 600.
#[test]
fn a_personal_limit_cuts_deposits_and_awards() {
    let mut member = Member::of(&shop("", MONTHLY));
    member.given(SPEND, "1000");
    let more = || Purpose::Deposit(vec![deposit(TIER, "600")]);
    assert_eq!(refusal(member.post(more(), false).unwrap_err()), PostedStatus::SourceLimitExceeded);
    member.buy(500, 1, "600");
    assert_eq!(
        (member.available(SPEND), last_refusals(&member)),
        (points("1500"), vec![RefusalReason::SourceLimit])
    );
    member.at("2026-04-01T12:00:00Z").buy(501, 1, "600");
    assert_eq!(member.available(SPEND), points("2100"), "a month later");
}

/// What a ceiling kept from the member is not taken back, and what goes comes off it first.
#[test]
fn a_return_takes_first_what_was_never_given() {
    let mut member = Member::of(&shop(r#", "max_allowed_balance": 100"#, ""));
    member.buy(500, 1, "150");
    assert_eq!(member.available(SPEND), points("100"));
    member.buy(500, 2, "120");
    assert_eq!(member.available(SPEND), points("100"), "30 of the 50 that were forfeited");
    member.buy(500, 3, "60");
    assert_eq!(member.available(SPEND), points("60"));
    member.buy(500, 4, "90");
    assert_eq!(member.available(SPEND), points("90"));
}

fn once_a_day(switches: &'static str) -> Shop {
    let limits = r#""limits": [{"scope": 0, "max": 1, "value": 1, "uom": 0, "window": 1}],"#;
    Shop { switches, ..Shop::with(&[tree(100, limits, &per_amount(1, SPEND, "1", ""))]) }
}

/// incentives.md 6.8: a use is given back with the return.
#[test]
fn a_void_gives_a_limit_back() {
    let mut member = Member::of(&once_a_day(""));
    member.buy(500, 1, "10");
    member.buy(501, 1, "20");
    assert_eq!(member.available(SPEND), points("10"));
    member.buy(500, 2, "0");
    assert_eq!(member.available(SPEND), points("0"));
    member.buy(502, 1, "30");
    assert_eq!(member.available(SPEND), points("30"));
}

#[test]
fn unless_the_retailer_says_otherwise() {
    let mut member = Member::of(&once_a_day(r#""restore_on_return": false"#));
    member.buy(500, 1, "10");
    member.buy(500, 2, "0");
    member.buy(501, 1, "30");
    assert_eq!(member.available(SPEND), points("0"));
    member.buy(500, 3, "5");
    assert_eq!(member.available(SPEND), points("5"), "its own use does not stand in the sale's way");
}

/// A correction within the limit is no second use of it.
#[test]
fn a_sale_does_not_meet_its_own_use() {
    let mut member = Member::of(&once_a_day(""));
    member.buy(500, 1, "10");
    member.buy(500, 2, "25");
    assert_eq!(member.available(SPEND), points("25"));
    member.buy(501, 1, "10");
    assert_eq!(member.available(SPEND), points("25"));
}
