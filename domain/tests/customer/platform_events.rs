//! Events that the platform raises start event trees (incentives.md 1.6, 4.1, 4.6, 7.1, 7.2, 8.4).

use laurel_domain::{
    Points,
    customer::{
        Command, Event, EventTriggered, ExpireDetail, MoveDetail, Naming, Posting, Purpose, Reply,
        TierCommand, UserEvent,
    },
    ledger::ExpiringAmount,
    program::LostShare,
};

use crate::{member::*, shop::*};

/// A tree for events; `node` is the members of its only node.
fn listens(n: u32, lookup: &str, node: &str, outcomes: &str) -> String {
    format!(
        r#"{{"id": "{}", "name": "Event {n}", "status": 2, "tree_type": 2, "trigger_events": ["{lookup}"],
            "rules": [{{"id": "{}", "discriminator": 65536{node}}}], "outcomes": [{outcomes}]}}"#,
        guid(n),
        guid(n * 100)
    )
}

/// Only events whose context says this.
fn saying(key: &str, value: &str) -> String {
    format!(
        r#", "constraints": [{{"discriminator": 1024, "key": "{key}", "comparison": 0, "values": ["{value}"]}}]"#
    )
}

fn of_account(account: u32) -> String {
    saying("point_account_id", &guid(account))
}

fn raised(member: &Member) -> Vec<&EventTriggered> {
    let triggered = member.events.iter().filter_map(|event| match event {
        Event::EventTriggered(triggered) => Some(&**triggered),
        _ => None,
    });
    triggered.filter(|triggered| triggered.depth > 0).collect()
}

fn lookups(member: &Member) -> Vec<(&str, u8)> {
    raised(member).iter().map(|event| (&*event.answer.lookup, event.depth)).collect()
}

/// A deposit says that points were earned, once for each row; what the rules give for it is in the answer.
#[test]
fn a_deposit_starts_the_trees_of_earned_points() {
    let bonus = listens(100, "earn_points", &of_account(TIER), &fixed(1, SPEND, 10));
    let mut member = Member::of(&Shop::with(&[bonus]));
    let details = vec![deposit(TIER, "50"), deposit(SPEND, "7")];
    let purpose = Purpose::Deposit(details);
    let posting = Posting { purpose, allow_partial_success: false, disable_event_publishing: false };
    let Ok(Reply::Posted { outcomes, .. }) = member.when(Command::Post(Box::new(posting.clone()))) else {
        panic!()
    };
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("17"), points("50")));
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].given.unwrap().points, points("10"));
    // The bonus itself is earned too, and of another account.
    assert_eq!(lookups(&member), [("EARN_POINTS", 1), ("EARN_POINTS", 1), ("EARN_POINTS", 2)]);
    let context: serde_json::Value =
        serde_json::from_str(raised(&member)[0].context.as_deref().unwrap()).unwrap();
    assert_eq!(context["point_account_id"], guid(TIER));
    assert_eq!(context["point_source_id"], guid(SOURCE));
    assert_eq!(context["points"], 50);
    assert_eq!(context["point_audit_log_id"], member.audit()[0].id.to_string());
    // Quietly: nothing is raised, and nothing counts.
    let quiet = Posting { disable_event_publishing: true, ..posting };
    member.when(Command::Post(Box::new(quiet))).unwrap();
    assert_eq!((member.available(SPEND), raised(&member).len()), (points("24"), 3));
}

#[test]
fn a_repeat_leads_to_nothing_again() {
    let mut member =
        Member::of(&Shop::with(&[listens(100, "EARN_POINTS", &of_account(TIER), &fixed(1, SPEND, 10))]));
    for _ in 0..2 {
        let detail =
            laurel_domain::customer::DepositDetail { idempotency_id: Some("k".into()), ..deposit(TIER, "5") };
        member.post(Purpose::Deposit(vec![detail]), false).unwrap();
        member.buy(500, 1, "10");
    }
    assert_eq!(member.available(SPEND), points("10"));
}

/// A purchase raises one event for each row, at the business time, and of what a return takes back none.
#[test]
fn a_purchase_starts_the_trees_of_earned_points() {
    let trees = [
        tree(100, "", &[per_amount(1, SPEND, "1", ""), per_amount(2, TIER, "1", "")].join(",")),
        listens(101, "EARN_POINTS", &of_account(SPEND), &fixed(3, STRICT, 1)),
    ];
    let mut member = Member::of(&Shop::with(&trees));
    let mut sale = member.sale(500, 1, "40");
    sale.business_time = time("2026-02-27T09:00:00Z");
    member.credit(sale);
    assert_eq!(member.available(STRICT), points("1"));
    let events = raised(&member);
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event.answer.occurred == time("2026-02-27T09:00:00Z")));
    assert_eq!((&*events[0].transaction_id, &*member.audit()[2].caused_by.transaction_id), ("T-1", "T-1"));
    member.buy(500, 2, "10");
    assert_eq!((member.available(SPEND), member.available(STRICT)), (points("10"), points("1")));
    member.buy(500, 3, "25");
    assert_eq!(member.available(STRICT), points("2"), "what is given anew is earned anew");
}

#[test]
fn a_spend_starts_its_trees_by_whomever() {
    let spends = format!(
        r#"{{"id": "{}", "discriminator": 32, "point_account_ids": ["{}"], "amount": 30}}"#,
        guid(1),
        guid(TIER)
    );
    let trees = [listens(100, "SPEND_POINTS", "", &fixed(2, STRICT, 1)), listens(101, "SURVEY", "", &spends)];
    let mut member = Member::of(&Shop::with(&trees));
    member.given(SPEND, "100").given(TIER, "100");
    member.post(Purpose::Spend(vec![spend(&[SPEND, TIER], "150")]), false).unwrap();
    assert_eq!(member.available(STRICT), points("2"), "a row for each account");
    let back = laurel_domain::customer::SpendDetail { is_return: true, ..spend(&[TIER], "10") };
    member.post(Purpose::Spend(vec![back]), false).unwrap();
    assert_eq!(member.available(STRICT), points("2"), "a return is no spend");
    happens(&mut member, "SURVEY");
    assert_eq!((member.available(TIER), member.available(STRICT)), (points("10"), points("3")));
}

fn happens(member: &mut Member, lookup: &str) -> laurel_domain::customer::Triggered {
    let event = UserEvent {
        lookup: lookup.into(),
        occurred: None,
        quantity: "1".parse().unwrap(),
        context: None,
        transaction_id: "".into(),
        idempotency_id: Some("once".into()),
    };
    match member.when(Command::Trigger(Box::new(event))).unwrap() {
        Reply::Triggered(triggered) => *triggered,
        other => panic!("{other:?}"),
    }
}

/// The answer to an event says what its consequences led to, and a repeat says the same.
#[test]
fn the_answer_to_an_event_has_all_outcomes() {
    let trees = [
        listens(100, "SURVEY", "", &fixed(1, SPEND, 5)),
        listens(101, "EARN_POINTS", &of_account(SPEND), &fixed(2, TIER, 6)),
    ];
    let mut member = Member::of(&Shop::with(&trees));
    let first = happens(&mut member, "SURVEY");
    let given: Vec<_> = first.outcomes.iter().map(|outcome| outcome.given.unwrap().points).collect();
    assert_eq!(given, [points("5"), points("6")]);
    assert_eq!(happens(&mut member, "SURVEY"), first);
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("5"), points("6")));
}

/// incentives.md 1.6: the sixth link of a chain is dropped, and it is written down that it was.
#[test]
fn a_chain_ends_after_five() {
    let mut member = Member::of(&Shop::with(&[listens(100, "EARN_POINTS", "", &fixed(1, SPEND, 1))]));
    member.given(SPEND, "100");
    assert_eq!(member.available(SPEND), points("105"));
    let depths: Vec<_> = raised(&member).iter().map(|event| (event.depth, event.dropped)).collect();
    assert_eq!(depths, [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1)]);
}

/// An event that a rule publishes is a link of the same chain.
#[test]
fn published_events_count_in_the_chain() {
    let publishes = |n: u32, lookup: &str| {
        format!(r#"{{"id": "{}", "discriminator": 128, "event_lookup": "{lookup}"}}"#, guid(n))
    };
    let trees = [
        listens(100, "EARN_POINTS", "", &publishes(1, "SURVEY")),
        listens(101, "SURVEY", "", &fixed(2, SPEND, 1)),
    ];
    let mut member = Member::of(&Shop::with(&trees));
    member.given(SPEND, "100");
    // EARN 1, SURVEY 2, EARN 3, SURVEY 4, EARN 5; SURVEY 6 is too deep.
    assert_eq!(member.available(SPEND), points("102"));
    assert_eq!(lookups(&member), [("EARN_POINTS", 1), ("EARN_POINTS", 3), ("EARN_POINTS", 5)]);
}

/// Many rows that lead to many rows stay bounded.
#[test]
fn a_decision_raises_a_bounded_number_of_events() {
    let both = [fixed(1, SPEND, 1), fixed(2, TIER, 1), fixed(3, STRICT, 1), fixed(4, SPEND, 1)].join(",");
    let mut member = Member::of(&Shop::with(&[listens(100, "EARN_POINTS", "", &both)]));
    member.given(SPEND, "100");
    assert_eq!(raised(&member).len(), 100);
    assert!(raised(&member)[99].dropped > 0);
}

/// Trees see what the decision before them and the events before theirs have left.
#[test]
fn limits_and_balances_go_along() {
    let limited = format!(
        r#"{{"id": "{}", "discriminator": 1, "amount": 10, "point_source_id": "{}", "point_account_ids": ["{}"],
            "limits": [{{"scope": 0, "max": 2, "uom": 7}}]}}"#,
        guid(1),
        guid(SOURCE),
        guid(SPEND)
    );
    let mut member = Member::of(&Shop::with(&[listens(100, "EARN_POINTS", &of_account(TIER), &limited)]));
    let details = ["1", "2", "3"].map(|amount| deposit(TIER, amount)).to_vec();
    member.post(Purpose::Deposit(details), false).unwrap();
    assert_eq!(member.available(SPEND), points("20"));
}

/// Points expire at their own time, and so does what is given for it; the next expiry comes after that.
#[test]
fn late_expiry_bears_its_own_time() {
    let policy = |more: &str| {
        format!(
            r#", "expiration_policy": {{"policy_type": 1, "next_evaluation_date": "2026-01-01T00:00:00",
            "frequency_value": 1, "frequency_unit_type": 0, "expiration_age_value": 10,
            "expiration_age_unit_type": 0, "point_expiration_percentage": 100{more}}}"#
        )
    };
    let trees = [
        listens(100, "EXPIRE_POINTS", &of_account(SPEND), &fixed(1, TIER, 3)),
        tree(101, "", &fixed(2, SPEND, 8)),
    ];
    let into = format!(r#", "rollover_point_account_id": "{}""#, guid(STRICT));
    let shop = Shop { spend: policy(""), tier: policy(&into), ..Shop::with(&trees) };
    let mut member = Member::of(&shop);
    member.given(SPEND, "100").at("2026-03-05T12:00:00Z").given(SPEND, "50");
    member.at("2026-06-01T00:00:00Z");
    let shown = member.customer.as_of(&member.program, member.now).into_owned();
    assert_eq!(
        shown.available(id(STRICT), &member.program, member.now),
        points("6"),
        "a read knows it before"
    );
    member.buy(500, 1, "1");
    let times: Vec<_> = raised(&member).iter().map(|event| event.answer.occurred).collect();
    assert_eq!(times, ["2026-03-12T00:00:00Z", "2026-03-16T00:00:00Z"].map(time));
    // What was given for it has rolled over since, each at its own time: that is no expiry.
    assert_eq!((member.available(TIER), member.available(STRICT)), (points("0"), points("6")));
    let rolled: Vec<_> = member.audit().iter().filter(|row| row.account == id(STRICT)).collect();
    let times: Vec<_> = rolled.iter().map(|row| row.occurred).collect();
    assert_eq!(times, ["2026-03-22T00:00:00Z", "2026-03-26T00:00:00Z"].map(time));
    assert!(rolled.iter().all(|row| row.created == member.now));
}

/// incentives.md 7.1: expire publishes `EXPIRE_POINTS`, but for what rolls over.
#[test]
fn expiry_on_request_and_by_a_rule() {
    let expires = format!(
        r#"{{"id": "{}", "discriminator": 512, "point_account_ids": ["{}"], "percentage": 50}}"#,
        guid(2),
        guid(SPEND)
    );
    let trees =
        [listens(100, "EXPIRE_POINTS", "", &fixed(1, STRICT, 1)), listens(101, "SURVEY", "", &expires)];
    let mut member = Member::of(&Shop::with(&trees));
    member.given(SPEND, "100");
    let detail = ExpireDetail {
        accounts: vec![id(SPEND)],
        what: ExpiringAmount::Share(LostShare::WHOLE),
        source: None,
        older_than: None,
        allow_rollover: false,
        naming: Naming::default(),
    };
    member.post(Purpose::Expire(detail), false).unwrap();
    assert_eq!(member.available(STRICT), points("1"));
    member.given(SPEND, "10");
    happens(&mut member, "SURVEY");
    assert_eq!((member.available(SPEND), member.available(STRICT)), (points("5"), points("2")));
    let detail = MoveDetail {
        from: vec![id(SPEND)],
        to: id(TIER),
        amount: points("5"),
        preserve_expiration: true,
        naming: Naming::default(),
    };
    member.post(Purpose::Move(detail), false).unwrap();
    assert_eq!(member.available(STRICT), points("2"), "a transfer raises nothing (incentives.md 7.1)");
}

/// incentives.md 8.4: from and to, and why.
#[test]
fn movements_between_levels() {
    let yearly = r#", "maintenance_frequency_value": 1, "maintenance_frequency_uom": 3"#;
    let trees = [
        enter(201, GOLD, 1000),
        stay(301, GOLD, 1000, ""),
        listens(100, "TIER_PROMOTED", &saying("to_tier_level_id", &guid(GOLD)), &fixed(1, SPEND, 5)),
        listens(101, "TIER_DEMOTED", &saying("cause", "maintenance"), &fixed(2, SPEND, 70)),
    ];
    let shop = Shop { levels: vec![(GOLD, yearly.to_owned())], ..Shop::with(&trees) };
    let mut member = Member::of(&shop);
    assert_eq!(raised(&member).len(), 0, "the first level is no promotion");
    member.given(TIER, "1000");
    assert_eq!((member.level(), member.available(SPEND)), (GOLD, points("5")));
    let context: serde_json::Value =
        serde_json::from_str(raised(&member)[0].context.as_deref().unwrap()).unwrap();
    let expected = serde_json::json!({
        "tier_system_id": guid(SYSTEM), "from_tier_level_id": guid(SILVER), "to_tier_level_id": guid(GOLD),
        "cause": "qualifying"
    });
    assert_eq!(context, expected);
    member.spent("1");
    // A year later, noticed late: demoted at the time of the review, and given something for it then.
    member.at("2027-05-01T00:00:00Z").settled();
    assert_eq!((member.level(), member.available(SPEND)), (SILVER, points("75")));
    let demoted = raised(&member)[1];
    assert_eq!(
        (&*demoted.answer.lookup, demoted.answer.occurred),
        ("TIER_DEMOTED", time("2027-03-01T00:00:00Z"))
    );
    assert_eq!(demoted.at, member.now);
    // By hand: up, and down again for another reason.
    member.tiers(TierCommand::Place(crate::movements::placement(GOLD))).unwrap();
    assert_eq!(member.available(SPEND), points("80"));
    member.placed(SILVER);
    assert_eq!(member.available(SPEND), points("80"));
}

/// What an event of the platform gives may lift into a level, which raises an event in turn.
#[test]
fn what_they_give_qualifies() {
    let trees = [
        enter(201, GOLD, 1000),
        listens(100, "SPEND_POINTS", "", &fixed(1, TIER, 1000)),
        listens(101, "TIER_PROMOTED", "", &fixed(2, STRICT, 1)),
    ];
    let mut member = Member::of(&Shop::with(&trees));
    member.given(SPEND, "10");
    member.post(Purpose::Spend(vec![spend(&[SPEND], "1")]), false).unwrap();
    assert_eq!((member.level(), member.available(STRICT)), (GOLD, points("1")));
    assert_eq!(lookups(&member), [("SPEND_POINTS", 1), ("TIER_PROMOTED", 2)]);
}

/// Nodes that count them by name count them; those that count any event do not.
#[test]
fn counting_them() {
    let counts = |n: u32, node: &str, account: u32| {
        format!(
            r#"{{"id": "{}", "name": "Count {n}", "status": 2, "tree_type": 1,
                "rules": [{{"id": "{}", "discriminator": 8, "target_count": 2{node}}}], "outcomes": [{}]}}"#,
            guid(n),
            guid(n * 100),
            fixed(n, account, 1)
        )
    };
    let trees = [counts(100, r#", "event_lookup": "SPEND_POINTS""#, STRICT), counts(101, "", TIER)];
    let mut member = Member::of(&Shop::with(&trees));
    member.given(SPEND, "100");
    let spends =
        |member: &mut Member| member.post(Purpose::Spend(vec![spend(&[SPEND], "1")]), false).unwrap();
    spends(&mut member);
    member.buy(500, 1, "1");
    assert_eq!(member.available(STRICT), points("0"));
    spends(&mut member);
    member.buy(501, 1, "1");
    assert_eq!(member.available(STRICT), points("1"));
    // Of the events, only the purchases themselves were any event.
    assert_eq!(member.available(TIER), points("0"));
}

/// Without a tree that follows them, none is raised.
#[test]
fn nothing_is_raised_that_nobody_follows() {
    let mut member = Member::of(&Shop::with(&[listens(100, "SURVEY", "", &fixed(1, SPEND, 5))]));
    member.given(SPEND, "100").spent("0");
    happens(&mut member, "SURVEY");
    assert!(raised(&member).is_empty());
}

/// Who has opted out gets nothing for them either.
#[test]
fn not_for_who_has_opted_out() {
    let mut member = Member::of(&Shop::with(&[listens(100, "EARN_POINTS", "", &fixed(1, SPEND, 5))]));
    let identity = member.customer.identity().unwrap().clone();
    let profile = laurel_domain::customer::Profile { opted_in: false, ..identity.profile };
    let (based_on, claimed_until) = (identity.updated_at, member.now);
    member.when(Command::Update { profile: Box::new(profile), based_on, claimed_until }).unwrap();
    member.given(SPEND, "100");
    assert_eq!(member.available(SPEND), Points::from_units(100 * Points::UNIT));
}
