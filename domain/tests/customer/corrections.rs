//! What back offices do: reverse, modify, expire, move (incentives.md 7.1, 7.2).

use laurel_domain::{
    Points,
    customer::{
        Error, ExpireDetail, ModifyDetail, MoveDetail, Naming, PostedStatus, Purpose, ReversalTarget,
        ReverseDetail,
    },
    id::LedgerRowId,
    ledger::ExpiringAmount,
    program::LostShare,
};

use crate::{member::*, shop::*};

fn shop() -> Shop {
    Shop::with(&[])
}

/// Lots of the spendable account live until 1 June.
fn dated() -> Shop {
    let spend = r#", "expiration_policy": {"policy_type": 1, "next_evaluation_date": "2026-06-01T00:00:00",
        "frequency_value": 1, "frequency_unit_type": 2, "expiration_age_value": 1, "expiration_age_unit_type": 0}"#;
    Shop { spend: spend.to_owned(), ..Shop::with(&[]) }
}

fn reverse(member: &mut Member, target: ReversalTarget, amount: Option<&str>) -> Result<Posted, Error> {
    let detail = ReverseDetail { target, amount: amount.map(points), naming: Naming::default() };
    member.post(Purpose::Reverse(detail), false)
}

fn tracking(posted: &Posted) -> ReversalTarget {
    ReversalTarget::Tracking(posted.details[0].tracking_id.to_string().into())
}

fn status(result: Result<Posted, Error>) -> PostedStatus {
    match result {
        Err(Error::Refused(refused)) => refused.details[0].status,
        other => panic!("{other:?}"),
    }
}

fn lots(member: &Member, account: u32) -> Vec<Points> {
    let lots = member.customer.ledger().account(id(account)).map_or(&[][..], |known| known.lots());
    lots.iter().map(|lot| lot.remaining).collect()
}

fn each(amounts: &[&str]) -> Vec<Points> {
    amounts.iter().map(|text| points(text)).collect()
}

#[test]
fn a_spend_goes_back_into_the_very_lots() {
    let mut member = Member::of(&shop());
    member.given(SPEND, "10").given(SPEND, "20").given(SPEND, "30");
    let before = member.customer.ledger().account(id(SPEND)).unwrap().lots().to_vec();
    let spent = member.post(Purpose::Spend(vec![spend(&[SPEND], "45")]), false).unwrap();
    assert_eq!(lots(&member, SPEND), each(&["15"]));
    reverse(&mut member, tracking(&spent), Some("20")).unwrap();
    assert_eq!(lots(&member, SPEND), each(&["5", "30"]), "what was taken last comes back first");
    let back = reverse(&mut member, tracking(&spent), None).unwrap();
    assert_eq!(back.details[0].rows[0].amount, points("-25"));
    assert_eq!(member.customer.ledger().account(id(SPEND)).unwrap().lots(), before);
    assert_eq!(member.lifetime(SPEND), points("60"));
    let again = reverse(&mut member, tracking(&spent), None).unwrap();
    assert_eq!((again.rows.len(), member.available(SPEND)), (0, points("60")), "a repeat does nothing");
    assert!(member.audit().iter().take(3).all(|row| row.amount_spent == Points::ZERO));
}

#[test]
fn an_overdraft_is_undone_first_and_what_has_repaid_it_comes_back() {
    let mut member = Member::of(&shop());
    member.given(SPEND, "80");
    let mut forced = spend(&[SPEND], "200");
    forced.force = true;
    let spent = member.post(Purpose::Spend(vec![forced]), false).unwrap();
    member.given(SPEND, "50");
    assert_eq!(member.available(SPEND), points("-70"));
    reverse(&mut member, tracking(&spent), Some("100")).unwrap();
    assert_eq!((member.available(SPEND), lots(&member, SPEND)), (points("30"), each(&["30"])));
    reverse(&mut member, tracking(&spent), None).unwrap();
    assert_eq!((member.available(SPEND), lots(&member, SPEND)), (points("130"), each(&["80", "50"])));
}

#[test]
fn a_deposit_is_taken_back_from_its_own_lot_then_from_others() {
    let mut member = Member::of(&shop());
    member.given(SPEND, "10");
    let given = member.post(Purpose::Deposit(vec![deposit(SPEND, "20")]), false).unwrap();
    member.given(SPEND, "30");
    let row = ReversalTarget::Row(given.rows[0].id);
    reverse(&mut member, row.clone(), Some("5")).unwrap();
    assert_eq!(lots(&member, SPEND), each(&["10", "15", "30"]));
    member.post(Purpose::Spend(vec![spend(&[SPEND], "20")]), false).unwrap();
    reverse(&mut member, row.clone(), None).unwrap();
    assert_eq!(lots(&member, SPEND), each(&["20"]), "5 of its own, 10 of the other");
    assert_eq!(
        status(reverse(&mut member, ReversalTarget::Row(id(7)), None)),
        PostedStatus::NothingToReverse
    );
    reverse(&mut member, row, Some("1")).unwrap();
    assert_eq!(member.available(SPEND), points("20"));
}

#[test]
fn restored_lots_that_are_past_their_date_expire_at_the_next_run() {
    let mut member = Member::of(&dated());
    member.given(SPEND, "40");
    let spent = member.post(Purpose::Spend(vec![spend(&[SPEND], "40")]), false).unwrap();
    member.at("2026-06-15T00:00:00Z");
    reverse(&mut member, tracking(&spent), None).unwrap();
    assert_eq!(member.available(SPEND), points("40"));
    member.at("2026-07-01T00:00:00Z");
    assert_eq!(member.available(SPEND), points("0"));
}

#[test]
fn the_spends_of_a_purchase_are_found_by_it() {
    let mut member = Member::of(&shop());
    let mut given = deposit(SPEND, "100");
    given.transaction_id = "T-9".into();
    member.post(Purpose::Deposit(vec![given]), false).unwrap();
    let mut paid = spend(&[SPEND], "60");
    paid.transaction_id = "T-9".into();
    member.post(Purpose::Spend(vec![paid]), false).unwrap();
    let target = || ReversalTarget::Transaction("T-9".into());
    reverse(&mut member, target(), None).unwrap();
    assert_eq!(member.available(SPEND), points("100"), "spends before deposits");
    reverse(&mut member, target(), None).unwrap();
    assert_eq!(member.available(SPEND), points("0"));
    assert_eq!(
        status(reverse(&mut member, ReversalTarget::Transaction("T-1".into()), None)),
        PostedStatus::NothingToReverse
    );
}

fn modify(member: &mut Member, row: LedgerRowId, amount: &str, date: Option<&str>) -> Result<Posted, Error> {
    let detail = ModifyDetail {
        row,
        new_amount: points(amount),
        new_expiration: date.map(time),
        naming: Naming::default(),
    };
    member.post(Purpose::Modify(detail), false)
}

#[test]
fn a_row_is_corrected_by_another() {
    let mut member = Member::of(&shop());
    let given = member.post(Purpose::Deposit(vec![deposit(SPEND, "100")]), false).unwrap();
    let row = given.rows[0].id;
    member.post(Purpose::Spend(vec![spend(&[SPEND], "30")]), false).unwrap();
    assert_eq!(status(modify(&mut member, row, "29.9999", None)), PostedStatus::AmountBelowConsumed);
    modify(&mut member, row, "150", None).unwrap();
    assert_eq!((member.available(SPEND), member.lifetime(SPEND)), (points("120"), points("150")));
    modify(&mut member, row, "40", None).unwrap();
    assert_eq!((member.available(SPEND), member.lifetime(SPEND)), (points("10"), points("150")));
    modify(&mut member, row, "40", None).unwrap();
    assert_eq!(member.available(SPEND), points("10"), "the same again changes nothing");
    let first = &member.audit()[0];
    assert_eq!((first.change, first.remaining()), (points("100"), points("10")));
    modify(&mut member, row, "45", Some("2026-04-01T00:00:00Z")).unwrap();
    member.at("2026-03-31T23:59:59.999Z");
    assert_eq!(member.available(SPEND), points("15"));
    member.at("2026-04-01T00:00:00Z");
    assert_eq!(member.available(SPEND), points("0"));
    assert_eq!(
        status(modify(&mut member, row, "45", Some("2026-03-01T00:00:00Z"))),
        PostedStatus::InvalidAmount
    );
    assert_eq!(status(modify(&mut member, id(8), "45", None)), PostedStatus::RowNotFound);
}

#[test]
fn points_run_out_on_request() {
    let mut member = Member::of(&shop());
    member.given(SPEND, "10").given(SPEND, "20");
    member.at("2026-03-05T00:00:00Z").given(SPEND, "40");
    let expire = |member: &mut Member, what, older_than: Option<&str>| {
        let detail = ExpireDetail {
            accounts: vec![id(SPEND)],
            what,
            source: None,
            older_than: older_than.map(time),
            allow_rollover: false,
            naming: Naming::default(),
        };
        member.post(Purpose::Expire(detail), false).unwrap()
    };
    let half = LostShare::percent("50".parse().unwrap()).unwrap();
    let posted = expire(&mut member, ExpiringAmount::Share(half), Some("2026-03-02T00:00:00Z"));
    assert_eq!(lots(&member, SPEND), each(&["5", "10", "40"]));
    assert_eq!((posted.details[0].rows[0].amount, posted.rows[0].change), (points("15"), points("-15")));
    expire(&mut member, ExpiringAmount::Points(points("12")), None);
    assert_eq!(lots(&member, SPEND), each(&["3", "40"]));
    let all = expire(&mut member, ExpiringAmount::Points(points("50")), None);
    assert_eq!((all.details[0].shortfall, member.available(SPEND)), (points("7"), points("0")));
}

#[test]
fn points_move_between_accounts_of_a_customer() {
    let mut member = Member::of(&dated());
    member.given(SPEND, "10").given(SPEND, "20");
    let moved = |member: &mut Member, from: &[u32], to: u32, amount: &str, preserve_expiration: bool| {
        let from = from.iter().map(|n| id(*n)).collect();
        let (to, amount, naming) = (id(to), points(amount), Naming::default());
        member.post(Purpose::Move(MoveDetail { from, to, amount, preserve_expiration, naming }), false)
    };
    let posted = moved(&mut member, &[], STRICT, "15", true).unwrap();
    assert_eq!((lots(&member, SPEND), lots(&member, STRICT)), (each(&["15"]), each(&["10", "5"])));
    assert!(posted.rows.iter().all(|row| row.kind.number() == 8));
    assert_eq!((member.lifetime(SPEND), member.lifetime(STRICT)), (points("30"), points("0")));
    let before = member.events.len();
    for (from, to, amount, wrong) in [
        (&[STRICT][..], STRICT, "1", PostedStatus::SameAccount),
        (&[], SPEND, "1", PostedStatus::SameAccount),
        (&[SPEND], STRICT, "15.0001", PostedStatus::InsufficientPoints),
        (&[SPEND], UNKNOWN, "1", PostedStatus::AccountNotFound),
        (&[SPEND], INACTIVE, "1", PostedStatus::AccountInactive),
        (&[SPEND], STRICT, "0", PostedStatus::InvalidAmount),
    ] {
        assert_eq!(status(moved(&mut member, from, to, amount, true)), wrong);
    }
    assert_eq!(member.events.len(), before, "a refusal writes nothing");
    moved(&mut member, &[SPEND], TIER, "15", false).unwrap();
    member.at("2026-06-01T00:00:00Z");
    assert_eq!(
        (member.available(STRICT), member.available(TIER)),
        (points("0"), points("15")),
        "a date is kept, or not"
    );
}
