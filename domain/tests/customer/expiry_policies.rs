//! Shares, rollover, inactivity: what time does by itself (incentives.md 4.6, 4.7). Reads are checked before anything
//! has been written down, and again after it has.

use laurel_domain::{
    Points,
    customer::{AuditKind, Command, Event, Purpose, Reply},
};

use crate::{member::*, shop::*};

/// A policy as a further member of an account. `age` and `every` are a number and a unit (incentives.md 3.1).
fn policy(kind: u32, first: &str, every: (u32, u32), age: (u32, u32), more: &str) -> String {
    format!(
        r#", "expiration_policy": {{"policy_type": {kind}, "next_evaluation_date": "{first}",
            "frequency_value": {}, "frequency_unit_type": {}, "expiration_age_value": {},
            "expiration_age_unit_type": {}{more}}}"#,
        every.0, every.1, age.0, age.1
    )
}

fn percent(percentage: &str) -> String {
    format!(r#", "point_expiration_percentage": {percentage}"#)
}

const DAY: u32 = 0;
const MONTH: u32 = 2;

/// An escrow of 14 days before the spendable account.
fn escrow(spend: &str) -> Shop {
    let into = format!(r#", "rollover_point_account_id": "{}""#, guid(SPEND));
    let tier = policy(1, "2026-01-01T00:00:00", (1, DAY), (14, DAY), &into);
    let trees = [tree(100, "", &per_amount(1, TIER, "1", ""))];
    Shop { tier, spend: spend.to_owned(), ..Shop::with(&trees) }
}

/// Writes down what is due, and nothing that is read changes by it.
fn written_down(member: &mut Member) {
    let read = |member: &Member| [SPEND, TIER, STRICT].map(|n| (member.available(n), member.lifetime(n)));
    let before = read(member);
    assert_eq!(member.when(Command::Settle), Ok(Reply::Settled));
    assert_eq!(read(member), before, "writing down changes nothing");
    assert!(member.customer.next_point_due(&member.program).is_none_or(|due| due > member.now));
    let events = member.events.len();
    assert_eq!(member.when(Command::Settle), Ok(Reply::Settled));
    assert_eq!(member.events.len(), events, "nothing is due twice");
}

/// incentives.md 4.7: purchase of 1 May, 14 days: 0 / 100 until 15 May, then 100 / 0.
#[test]
fn points_wait_in_escrow() {
    let mut member = Member::of(&escrow(""));
    member.at("2026-05-01T00:00:00Z").buy(500, 1, "100");
    assert_eq!(member.customer.next_point_due(&member.program), Some(time("2026-05-15T00:00:00Z")));
    member.at("2026-05-14T23:59:59.999Z");
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("0"), points("100")));
    member.at("2026-05-15T00:00:00Z");
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("100"), points("0")));
    assert_eq!((member.lifetime(SPEND), member.lifetime(TIER)), (points("100"), points("100")));
    member.at("2026-05-20T00:00:00Z");
    written_down(&mut member);
    let rows: Vec<_> =
        member.audit().iter().skip(1).map(|row| (row.kind, row.change, row.occurred)).collect();
    let moved = time("2026-05-15T00:00:00Z");
    assert_eq!(
        rows,
        [(AuditKind::Expiration, points("-100"), moved), (AuditKind::Rollover, points("100"), moved)]
    );
    assert!(member.audit()[1..].iter().all(|row| &*row.caused_by.modification_type == "Rollover"));
    member.post(Purpose::Spend(vec![spend(&[SPEND], "100")]), false).unwrap();
}

/// incentives.md 4.7, 9.3: a return on 8 May takes from the escrow; one after the points have moved follows them.
#[test]
fn a_return_finds_its_points_wherever_they_are() {
    let mut member = Member::of(&escrow(""));
    member.at("2026-05-01T10:00:00Z").buy(500, 1, "100");
    member.at("2026-05-08T10:00:00Z").buy(500, 2, "60");
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("0"), points("60")));
    member.at("2026-05-20T10:00:00Z").buy(501, 1, "7");
    member.buy(500, 3, "50");
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("50"), points("7")));
    member.post(Purpose::Spend(vec![spend(&[SPEND], "50")]), false).unwrap();
    member.at("2026-05-21T10:00:00Z").buy(500, 4, "0");
    let sum = member.available(SPEND).plus(member.available(TIER));
    assert_eq!((sum, member.available(SPEND)), (Ok(points("-43")), points("-43")), "7 pending, 43 overdrawn");
    member.buy(500, 5, "30");
    member.at("2026-05-22T00:00:00Z");
    assert_eq!(member.available(SPEND), points("-13"), "given again, and long over its time in escrow");
}

/// What a full account cannot take runs out.
#[test]
fn the_ceiling_of_the_target_holds() {
    let mut member = Member::of(&escrow(r#", "max_allowed_balance": 130"#));
    member.given(SPEND, "50");
    member.at("2026-05-01T00:00:00Z").buy(500, 1, "100");
    member.at("2026-05-16T00:00:00Z");
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("130"), points("0")));
    written_down(&mut member);
    let lot = member.audit().iter().find(|row| row.change == points("100")).unwrap();
    assert_eq!(lot.amount_expired, points("100"));
}

/// incentives.md 4.6: `round(remaining * percentage / 100, 4)`, again at every evaluation.
#[test]
fn a_share_of_what_remains_runs_out_at_every_evaluation() {
    let spend = policy(1, "2026-01-01T00:00:00", (1, MONTH), (1, MONTH), &percent("33.3"));
    let mut member = Member::of(&Shop { spend, ..Shop::with(&[]) });
    member.given(SPEND, "100");
    member.at("2026-03-20T00:00:00Z").given(SPEND, "10.0001");
    member.at("2026-05-01T00:00:00Z");
    // 1 April: not a month old. 1 May: the first loses 33.3, the second 3.33003.
    assert_eq!(member.available(SPEND), points("73.3701"));
    let dates = member.customer.expirations(&[id(SPEND)], None, &member.program, member.now);
    let dates: Vec<_> = dates.into_iter().map(|coming| (coming.points, coming.at)).collect();
    assert_eq!(dates, [(points("24.4322"), time("2026-06-01T00:00:00Z"))], "22.2111 and 2.2211");
    member.at("2026-06-01T00:00:00Z");
    written_down(&mut member);
    assert_eq!(member.available(SPEND), points("48.9379"));
    let expired = member.audit().iter().filter(|row| row.kind == AuditKind::Expiration);
    assert_eq!(expired.map(|row| row.change).collect::<Vec<_>>(), each(&["-36.63", "-24.4322"]));
    // A long absence ends with what is too little to lose anything.
    member.at("2036-01-01T00:00:00Z");
    written_down(&mut member);
    assert_eq!(
        (member.available(SPEND), member.customer.next_point_due(&member.program)),
        (points("0.0002"), None)
    );
}

fn each(amounts: &[&str]) -> Vec<Points> {
    amounts.iter().map(|text| points(text)).collect()
}

/// Daily, a month without a purchase or a deposit.
fn inactive(more: &str) -> Shop {
    let events = format!(r#", "specific_activity_event_types": ["EARN_POINTS", "SPEND_POINTS"]{more}"#);
    let spend = policy(2, "2026-01-01T00:00:00", (1, DAY), (1, MONTH), &events);
    Shop { spend, ..Shop::with(&[tree(100, "", &per_amount(1, SPEND, "1", ""))]) }
}

/// incentives.md 4.6, inactivity: last event 2 May, everything expires at the run of 2 June.
#[test]
fn everything_expires_after_a_month_without_activity() {
    let mut member = Member::of(&inactive(""));
    member.at("2026-04-10T00:00:00Z").given(SPEND, "30");
    member.at("2026-05-02T00:00:00Z").given(SPEND, "20");
    assert_eq!(member.customer.next_point_due(&member.program), Some(time("2026-06-02T00:00:00Z")));
    member.at("2026-06-01T23:59:59.999Z");
    assert_eq!(member.available(SPEND), points("50"));
    member.at("2026-06-02T00:00:00Z");
    assert_eq!(member.available(SPEND), points("0"));
    member.at("2026-07-09T00:00:00Z");
    written_down(&mut member);
    let last = member.audit().last().unwrap();
    assert_eq!(
        (last.kind, last.change, last.occurred),
        (AuditKind::Expiration, points("-50"), time("2026-06-02T00:00:00Z"))
    );
}

/// incentives.md 4.6, inactivity: any activity on 1 June saves all points.
#[test]
fn any_activity_saves_all_points() {
    let mut member = Member::of(&inactive(""));
    member.at("2026-05-02T00:00:00Z").given(SPEND, "50");
    member.at("2026-06-01T12:00:00Z");
    member.post(Purpose::Spend(vec![spend(&[SPEND], "1")]), false).unwrap();
    member.at("2026-07-01T00:00:00Z");
    assert_eq!(member.available(SPEND), points("49"));
    member.at("2026-07-02T00:00:00Z");
    assert_eq!(member.available(SPEND), points("0"));
}

/// incentives.md 2.2: whatever loyalty event there is may count as activity, those of callers too.
#[test]
fn every_kind_of_event_saves_the_points() {
    let kinds = [
        ("survey", "2026-04-10"),
        ("EXPIRE_POINTS", "2026-04-11"),
        ("EARN_POINTS", "2026-04-12"),
        ("SPEND_POINTS", "2026-04-13"),
        ("TIER_PROMOTED", "2026-04-14"),
        ("TIER_DEMOTED", "2026-04-15"),
        ("COMPLETE_TRANSACTION", "2026-04-16"),
        // None of them has happened.
        ("UPGRADE", "2026-04-02"),
    ];
    for (kind, until) in kinds {
        let events = format!(r#", "specific_activity_event_types": ["{kind}"]"#);
        let spend = policy(2, "2026-01-01T00:00:00", (1, DAY), (1, MONTH), &events);
        let mut member = Member::of(&Shop { spend, ..Shop::with(&[]) });
        let posting = laurel_domain::customer::Posting {
            purpose: Purpose::Deposit(vec![deposit(SPEND, "50"), deposit(STRICT, "5")]),
            allow_partial_success: false,
            disable_event_publishing: true,
        };
        member.when(Command::Post(Box::new(posting))).unwrap();
        do_something_of_every_kind(&mut member);
        let program = std::sync::Arc::clone(&member.program);
        let until = time(&format!("{until}T00:00:00Z"));
        let left =
            |member: &Member, at| member.customer.as_of(&program, at).available(id(SPEND), &program, at);
        if until > member.now {
            assert_eq!(left(&member, until.plus_millis(-1)), points("50"), "{kind}");
        }
        assert_eq!(left(&member, until.max(member.now)), points("0"), "{kind}");
    }
}

/// One kind a day.
fn do_something_of_every_kind(member: &mut Member) {
    let survey = laurel_domain::customer::UserEvent {
        lookup: "SURVEY".into(),
        occurred: None,
        quantity: "1".parse().unwrap(),
        context: None,
        transaction_id: "".into(),
        idempotency_id: None,
    };
    member.at("2026-03-10T00:00:00Z").when(Command::Trigger(Box::new(survey))).unwrap();
    let expire = laurel_domain::customer::ExpireDetail {
        accounts: vec![id(STRICT)],
        what: laurel_domain::ledger::ExpiringAmount::Points(points("1")),
        source: None,
        older_than: None,
        allow_rollover: false,
        naming: laurel_domain::customer::Naming::default(),
    };
    member.at("2026-03-11T00:00:00Z").post(Purpose::Expire(expire), false).unwrap();
    member.at("2026-03-12T00:00:00Z").given(STRICT, "1");
    member.at("2026-03-13T00:00:00Z").post(Purpose::Spend(vec![spend(&[STRICT], "1")]), false).unwrap();
    member.at("2026-03-14T00:00:00Z").placed(GOLD);
    member.at("2026-03-15T00:00:00Z").placed(SILVER);
    member.at("2026-03-16T00:00:00Z").buy(500, 1, "5");
}

/// A posting without events is no activity; an evaluation that has passed does not take what came after it.
#[test]
fn quiet_postings_save_nothing_and_are_judged_by_the_next_evaluation() {
    let mut member = Member::of(&inactive(""));
    member.at("2026-05-02T00:00:00Z").given(SPEND, "50");
    member.at("2026-06-10T12:00:00Z");
    let quiet = |member: &mut Member, amount: &str| {
        let posting = laurel_domain::customer::Posting {
            purpose: Purpose::Deposit(vec![deposit(SPEND, amount)]),
            allow_partial_success: false,
            disable_event_publishing: true,
        };
        member.when(Command::Post(Box::new(posting))).unwrap();
    };
    quiet(&mut member, "7");
    assert_eq!(member.available(SPEND), points("7"), "the run of 10 June is over");
    member.at("2026-06-11T00:00:00Z");
    assert_eq!(member.available(SPEND), points("0"), "inactive for more than a month");
    quiet(&mut member, "3");
    let purchase = member.sale(500, 1, "5");
    member.credit(purchase);
    member.at("2026-07-10T00:00:00Z");
    assert_eq!(member.available(SPEND), points("8"), "earning is activity");
}

/// Who has just come is not inactive, whatever the policy counts; shares run out again every day.
#[test]
fn a_share_runs_out_for_every_day_of_inactivity() {
    let mut member = Member::of(&inactive(&percent("50")));
    let posting = laurel_domain::customer::Posting {
        purpose: Purpose::Deposit(vec![deposit(SPEND, "0.001")]),
        allow_partial_success: false,
        disable_event_publishing: true,
    };
    member.when(Command::Post(Box::new(posting))).unwrap();
    member.at("2026-04-01T23:00:00Z");
    assert_eq!(member.available(SPEND), points("0.001"), "the customer came on 1 March at noon");
    for (day, left) in [("02", "0.0005"), ("03", "0.0002"), ("04", "0.0001"), ("05", "0")] {
        member.at(&format!("2026-04-{day}T00:00:00Z"));
        assert_eq!(member.available(SPEND), points(left), "halves are rounded up");
    }
    written_down(&mut member);
    assert_eq!(member.audit().iter().filter(|row| row.kind == AuditKind::Expiration).count(), 4);
}

/// The moments are written down in their order, over all accounts, and chains are followed.
#[test]
fn a_chain_of_accounts_is_followed_in_time_order() {
    let into = |account: u32| format!(r#", "rollover_point_account_id": "{}""#, guid(account));
    let tier = policy(1, "2026-01-01T00:00:00", (1, MONTH), (1, DAY), &into(SPEND));
    let spend = policy(1, "2026-01-01T00:00:00", (1, MONTH), (1, MONTH), &into(STRICT));
    let mut member = Member::of(&Shop { tier, spend, ..Shop::with(&[]) });
    member.given(TIER, "10").given(SPEND, "4");
    member.at("2026-06-15T00:00:00Z");
    let balances = [TIER, SPEND, STRICT].map(|account| member.available(account));
    assert_eq!(balances, [points("0"), points("0"), points("14")]);
    written_down(&mut member);
    let expired = member.events.iter().rev().find_map(|event| match event {
        Event::PointsExpired { movements, .. } => Some(movements),
        _ => None,
    });
    let movements = expired.expect("what ran out is written down");
    let times: Vec<_> = movements.iter().map(|movement| movement.occurred()).collect();
    assert!(times.is_sorted() && times.len() == 4, "{times:?}");
    assert_eq!((times[0], times[3]), (time("2026-04-01T00:00:00Z"), time("2026-05-01T00:00:00Z")));
}
