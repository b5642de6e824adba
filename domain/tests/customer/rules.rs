//! What rules do with a customer besides giving points for purchases: events, counters, tags, movements (incentives.md
//! 6, 7.10, 9).

use std::sync::Arc;

use laurel_domain::{
    customer::{Command, Error, Event, Need, Profile, Reply, Triggered, UserEvent},
    rules::RefusalReason,
};

use crate::{member::*, shop::*};

fn event(lookup: &str, key: Option<&str>) -> UserEvent {
    UserEvent {
        lookup: lookup.into(),
        occurred: None,
        quantity: "1".parse().unwrap(),
        context: None,
        transaction_id: "".into(),
        idempotency_id: key.map(Into::into),
    }
}

fn happens(member: &mut Member, event: UserEvent) -> Result<Triggered, Error> {
    match member.when(Command::Trigger(Box::new(event)))? {
        Reply::Triggered(triggered) => Ok(*triggered),
        other => panic!("{other:?}"),
    }
}

/// A tree for an event without conditions.
fn listens(n: u32, lookup: &str, outcomes: &str) -> String {
    format!(
        r#"{{"id": "{}", "name": "Event {n}", "status": 2, "tree_type": 2, "trigger_events": ["{lookup}"],
            "rules": [{{"id": "{}", "discriminator": 65536}}], "outcomes": [{outcomes}]}}"#,
        guid(n),
        guid(n * 100)
    )
}

fn fixed(n: u32, account: u32, amount: u32) -> String {
    format!(
        r#"{{"id": "{}", "discriminator": 1, "amount": {amount}, "point_source_id": "{}",
            "point_account_ids": ["{}"]}}"#,
        guid(n),
        guid(SOURCE),
        guid(account)
    )
}

fn does(n: u32, discriminator: u32, members: &str) -> String {
    format!(r#"{{"id": "{}", "discriminator": {discriminator}, {members}}}"#, guid(n))
}

/// A purchase tree of one node under which everything else holds too.
fn asks(n: u32, node: &str, outcomes: &str) -> String {
    format!(
        r#"{{"id": "{}", "name": "Asks {n}", "status": 2, "tree_type": 1,
            "rules": [{{"id": "{}", {node}}}], "outcomes": [{outcomes}]}}"#,
        guid(n),
        guid(n * 100)
    )
}

/// incentives.md 7.10: 100 points for installing the app, once per report.
#[test]
fn an_event_gives_points_once_per_key() {
    let mut member = Member::of(&Shop::with(&[listens(100, "APP_INSTALLED", &fixed(1, SPEND, 100))]));
    let first = happens(&mut member, event("APP_INSTALLED", Some("k1"))).unwrap();
    let [outcome] = first.outcomes.as_slice() else { panic!("{first:?}") };
    assert_eq!((outcome.discriminator, outcome.refused, first.complete), (1, None, true));
    assert_eq!(outcome.given.unwrap().points, points("100"));
    assert_eq!(happens(&mut member, event("APP_INSTALLED", Some("k1"))), Ok(first.clone()));
    assert_eq!(member.available(SPEND), points("100"));
    let other = UserEvent { quantity: "2".parse().unwrap(), ..event("APP_INSTALLED", Some("k1")) };
    assert_eq!(happens(&mut member, other), Err(Error::IdempotencyConflict));
    let row = &member.audit()[0];
    assert_eq!((&*row.caused_by.modification_type, row.caused_by.tree), ("RuleTree", Some(id(100))));
    assert_eq!(&*row.caused_by.request_id, first.id.to_string());
    // Without a key, every report is an event.
    happens(&mut member, event("APP_INSTALLED", None)).unwrap();
    happens(&mut member, event("APP_INSTALLED", None)).unwrap();
    assert_eq!(member.available(SPEND), points("300"));
    let of_sale = UserEvent { transaction_id: "T-9".into(), ..event("APP_INSTALLED", None) };
    happens(&mut member, of_sale.clone()).unwrap();
    happens(&mut member, of_sale).unwrap();
    assert_eq!(member.available(SPEND), points("400"), "a transaction_id is a key too");
}

#[test]
fn an_old_answer_is_fetched_and_repeated_for_400_days() {
    let mut member = Member::of(&Shop::with(&[listens(100, "APP_INSTALLED", &fixed(1, SPEND, 1))]));
    let first = happens(&mut member, event("APP_INSTALLED", Some("k0"))).unwrap();
    for n in 1..=16 {
        happens(&mut member, event("APP_INSTALLED", Some(&format!("k{n}")))).unwrap();
    }
    assert!(matches!(member.needs.as_slice(), [] | [.., Need::AnsweredEvent(_)]));
    assert_eq!(happens(&mut member, event("APP_INSTALLED", Some("k0"))), Ok(first));
    assert!(matches!(member.needs.as_slice(), [.., Need::AnsweredEvent(_)]));
    assert_eq!(member.available(SPEND), points("17"));
    member.at("2027-04-05T12:00:00Z");
    happens(&mut member, event("APP_INSTALLED", Some("k0"))).unwrap();
    assert_eq!(member.available(SPEND), points("18"));
}

#[test]
fn events_that_are_not_there_or_not_in_time_are_refused() {
    let mut member = Member::of(&Shop::with(&[listens(100, "APP_INSTALLED", &fixed(1, SPEND, 1))]));
    assert_eq!(happens(&mut member, event("LOG_IN", None)), Err(Error::EventNotFound));
    assert_eq!(happens(&mut member, event("PAUSED", None)), Err(Error::EventNotFound));
    let at = |text| UserEvent { occurred: Some(time(text)), ..event("APP_INSTALLED", None) };
    assert_eq!(happens(&mut member, at("2026-03-01T12:00:00.001Z")), Err(Error::OccurrenceOutOfRange));
    assert_eq!(happens(&mut member, at("2025-11-01T12:00:00Z")), Err(Error::OccurrenceOutOfRange));
    assert!(happens(&mut member, at("2026-02-01T12:00:00Z")).is_ok());
    let mut nobody = Member::nobody(&Shop::with(&[]));
    assert_eq!(happens(&mut nobody, event("APP_INSTALLED", None)), Err(Error::NotFound));
}

#[test]
fn who_has_opted_out_gets_nothing_for_an_event() {
    let mut member = Member::nobody(&Shop::with(&[listens(100, "APP_INSTALLED", &fixed(1, SPEND, 1))]));
    let claimed_until = member.now;
    let profile = Box::new(Profile::default());
    member.when(Command::Create { id: who(), profile, claimed_until }).unwrap();
    assert_eq!(happens(&mut member, event("APP_INSTALLED", None)).unwrap().outcomes, []);
}

/// incentives.md 7.10: members are moved between tiers by firing an event.
#[test]
fn an_event_moves_between_tiers() {
    let to =
        |n: u32, members: &str| does(n, 16, &format!(r#""tier_system_id": "{}", {members}"#, guid(SYSTEM)));
    let trees = [
        listens(100, "SURVEY", &to(1, &format!(r#""tier_level_id": "{}""#, guid(PLATINUM)))),
        listens(101, "UPGRADE", &to(2, r#""direction": "down""#)),
        listens(102, "APP_INSTALLED", &does(3, 2048, &format!(r#""tier_system_id": "{}""#, guid(SYSTEM)))),
    ];
    let mut member = Member::of(&Shop::with(&trees));
    let moved = happens(&mut member, event("SURVEY", None)).unwrap();
    assert_eq!((moved.outcomes[0].discriminator, moved.outcomes[0].given), (16, None));
    assert_eq!(member.level(), PLATINUM);
    let again = happens(&mut member, event("SURVEY", None)).unwrap();
    assert_eq!(again.outcomes[0].refused, Some(RefusalReason::AlreadyInLevel));
    happens(&mut member, event("UPGRADE", None)).unwrap();
    assert_eq!(member.level(), GOLD);
    happens(&mut member, event("UPGRADE", None)).unwrap();
    let bottom = happens(&mut member, event("UPGRADE", None)).unwrap();
    assert_eq!((member.level(), bottom.outcomes[0].refused), (SILVER, Some(RefusalReason::AlreadyInLevel)));
}

/// incentives.md 6.5, 8.4: a rule that moves a member up gives what joining gives, when it says so; who was taken out
/// of a system by a rule does not join it again by itself.
#[test]
fn a_level_that_a_rule_moves_to_gives_its_benefit() {
    let moving = |n: u32, joining: bool| {
        let (system, level) = (guid(SYSTEM), guid(GOLD));
        let members = format!(
            r#""tier_system_id": "{system}", "tier_level_id": "{level}", "process_joining_outcomes": {joining}"#
        );
        does(n, 16, &members)
    };
    let leaving = does(5, 2048, &format!(r#""tier_system_id": "{}""#, guid(SYSTEM)));
    let shop = Shop::with(&[
        enter_for(201, GOLD, 1000, &fixed(1, SPEND, 50)),
        listens(100, "SURVEY", &moving(2, true)),
        listens(101, "UPGRADE", &moving(3, false)),
        listens(102, "APP_INSTALLED", &leaving),
    ]);
    let mut quiet = Member::of(&shop);
    happens(&mut quiet, event("UPGRADE", None)).unwrap();
    assert_eq!((quiet.level(), quiet.available(SPEND)), (GOLD, points("0")));

    let mut member = Member::of(&shop);
    happens(&mut member, event("SURVEY", None)).unwrap();
    assert_eq!((member.level(), member.available(SPEND)), (GOLD, points("50")));
    happens(&mut member, event("APP_INSTALLED", None)).unwrap();
    assert!(member.customer.tiers().is_empty());
    member.given(TIER, "5000");
    assert!(member.customer.tiers().is_empty(), "nobody asked for it");
}

#[test]
fn rules_spend_and_let_points_run_out() {
    let spend = does(1, 32, &format!(r#""point_account_ids": ["{}"], "amount": 30"#, guid(STRICT)));
    let expire = does(2, 512, &format!(r#""point_account_ids": ["{}"], "percentage": 12.5"#, guid(TIER)));
    let mut member = Member::of(&Shop::with(&[listens(100, "SURVEY", &[spend, expire].join(","))]));
    let poor = happens(&mut member, event("SURVEY", None)).unwrap();
    let refused = poor.outcomes.iter().map(|outcome| outcome.refused);
    assert!(refused.eq([Some(RefusalReason::InsufficientPoints); 2]));
    member.given(STRICT, "50").given(TIER, "33.3333");
    let rich = happens(&mut member, event("SURVEY", None)).unwrap();
    assert!(rich.outcomes.iter().all(|outcome| outcome.refused.is_none()));
    assert_eq!((member.available(STRICT), member.available(TIER)), (points("20"), points("29.1666")));
    let kinds: Vec<_> = member.audit().iter().map(|row| row.kind.number()).collect();
    assert_eq!(kinds, [1, 1, 2, 4]);
}

#[test]
fn a_ceiling_cuts_what_an_event_gives() {
    let mut shop = Shop::with(&[listens(100, "SURVEY", &fixed(1, SPEND, 70))]);
    shop.spend = r#", "max_allowed_balance": 100"#.to_owned();
    let mut member = Member::of(&shop);
    happens(&mut member, event("SURVEY", None)).unwrap();
    let cut = happens(&mut member, event("SURVEY", None)).unwrap();
    assert_eq!(cut.outcomes[0].given.unwrap().points, points("30"));
    assert_eq!(cut.outcomes[1].refused, Some(RefusalReason::MaxBalance));
}

#[test]
fn a_tag_opens_a_rule_for_a_while_and_is_not_taken_back() {
    let trees = [
        asks(100, r#""discriminator": 32768"#, &does(1, 64, r#""tags": ["Fresh;;3600"]"#)),
        asks(101, r#""discriminator": 1024, "tags": ["fresh"]"#, &fixed(2, SPEND, 5)),
    ];
    let mut member = Member::of(&Shop::with(&trees));
    member.buy(500, 1, "10");
    assert_eq!(member.available(SPEND), points("0"), "the tag was not there before the purchase");
    member.at("2026-03-01T12:59:59Z").buy(501, 1, "10");
    assert_eq!(member.available(SPEND), points("5"));
    // Two hours later the tag is gone, but not from the evaluation of the second sale.
    member.at("2026-03-01T15:00:00Z").buy(501, 2, "20");
    assert_eq!(member.available(SPEND), points("5"));
    let mut voided = member.sale(500, 2, "10");
    Arc::make_mut(&mut voided.content).is_voided = true;
    member.credit(voided);
    assert_eq!(member.customer.rule_state().tags.len(), 1);
    member.buy(502, 1, "10");
    assert_eq!(member.available(SPEND), points("5"));
}

/// incentives.md 6.2: the triggering purchase counts, a return subtracts what it added; 9.1: what was evaluated before
/// is evaluated as it was then.
#[test]
fn counters_move_by_the_difference() {
    let count = r#""discriminator": 4, "target_count": 3, "comparison": 0, "constraints": [
        {"discriminator": 16, "min": 10}]"#;
    let mut member = Member::of(&Shop::with(&[asks(100, count, &fixed(1, SPEND, 30))]));
    member.buy(501, 1, "10");
    member.buy(502, 1, "10");
    member.buy(502, 2, "9");
    member.buy(503, 1, "10");
    assert_eq!(member.available(SPEND), points("0"), "the second was made too small to count");
    member.buy(504, 1, "10");
    assert_eq!(member.available(SPEND), points("30"));
    member.buy(505, 1, "10");
    member.buy(504, 2, "12");
    assert_eq!(member.available(SPEND), points("30"), "the fourth is still the third that counted");
    member.buy(504, 3, "5");
    assert_eq!(member.available(SPEND), points("0"));
    let parts: i64 = member.customer.rule_state().counters.nodes()[0].sum(None, member.now).unwrap();
    assert_eq!(parts, 3, "501, 503 and 505");
}

#[test]
fn points_earned_in_a_window_count_deposits_and_purchases_and_returns() {
    let count = format!(
        r#""discriminator": 16, "target_points": 100, "lookback": {{"value": 1, "uom": 2}}, "constraints": [
            {{"discriminator": 8, "point_accounts": {{"{}": ""}}}}]"#,
        guid(TIER)
    );
    let trees = [tree(100, "", &per_amount(1, TIER, "1", "")), asks(101, &count, &fixed(2, SPEND, 5))];
    let mut member = Member::of(&Shop::with(&trees));
    member.given(TIER, "60").given(SPEND, "1000");
    member.buy(501, 1, "50");
    member.buy(501, 2, "30");
    assert_eq!(member.available(SPEND), points("1000"));
    // 60 + 30 so far; the purchase's own points come after its rules.
    member.buy(502, 1, "10");
    assert_eq!(member.available(SPEND), points("1000"));
    member.buy(503, 1, "1");
    assert_eq!(member.available(SPEND), points("1005"));
    member.at("2026-04-01T12:00:00Z").buy(504, 1, "1");
    assert_eq!(member.available(SPEND), points("1005"), "a month later they have left the window");
}

#[test]
fn what_a_purchase_led_to_is_taken_back_with_it() {
    let publishes = does(1, 128, r#""event_lookup": "SURVEY""#);
    let first = [per_amount(2, SPEND, "1", ""), publishes].join(",");
    let mut member =
        Member::of(&Shop::with(&[tree(100, "", &first), listens(101, "SURVEY", &fixed(3, TIER, 50))]));
    member.buy(500, 1, "10");
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("10"), points("50")));
    member.buy(500, 2, "8");
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("8"), points("50")));
    let mut voided = member.sale(500, 3, "8");
    Arc::make_mut(&mut voided.content).is_voided = true;
    member.credit(voided);
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("0"), points("0")));
}

#[test]
fn a_node_that_counts_something_else_since_is_not_corrected_by_a_return() {
    let shop = |version: u32, min: u32| Shop {
        version,
        ..Shop::with(&[asks(
            100,
            &format!(
                r#""discriminator": 4, "target_count": 9, "constraints": [{{"discriminator": 16, "min": {min}}}]"#
            ),
            &fixed(1, SPEND, 30),
        )])
    };
    let mut member = Member::of(&shop(1, 1));
    member.buy(501, 1, "10");
    member.publish(&shop(2, 2));
    member.buy(502, 1, "10");
    member.buy(501, 2, "0.5");
    let counters = &member.customer.rule_state().counters;
    assert_eq!(counters.nodes()[0].sum(None, member.now), Ok(1));
    assert!(member.events.iter().any(|event| matches!(event, Event::SaleCredited(_))));
}
