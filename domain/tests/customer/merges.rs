//! One customer merged into another (incentives.md 7.9): everything arrives once, goes back when it cannot, and
//! returns of earlier purchases follow.

use laurel_domain::{
    Quantity,
    customer::{
        AuditKind, Command, CounterChange, CreditSale, Effect, Merge, MergeCommand, Reply, SetCounters,
        StateCommand, TierMoveCause,
    },
    id::CustomerId,
};

use crate::{member::*, shop::*};

/// Gold from 1000; a point a unit of money, at most 100 points in a lifetime from the second tree.
fn shop() -> Shop {
    let capped = r#""limits": [{"scope": 1, "max": 100, "value": 1, "uom": 7}],"#;
    Shop::with(&[
        enter(201, GOLD, 1000),
        tree(100, "", &per_amount(1, SPEND, "1", "")),
        tree(101, capped, &per_amount(2, STRICT, "1", "")),
    ])
}

fn merged(member: &mut Member, command: MergeCommand) -> Reply {
    member.when(Command::Merge(Box::new(command))).unwrap()
}

fn given(giver: &mut Member, to: u32) -> Merge {
    assert!(matches!(merged(giver, MergeCommand::Give { to: id(to) }), Reply::Merged(Some(_))));
    match giver.effects.pop() {
        Some(Effect::MergeInto(merge)) => *merge,
        other => panic!("{other:?}"),
    }
}

/// The giver is merged into the receiver; what arrives twice is taken in once.
fn merge(giver: &mut Member, receiver: &mut Member, to: u32) {
    let merge = given(giver, to);
    for _ in 0..2 {
        merged(receiver, MergeCommand::Take(Box::new(merge.clone())));
    }
    assert!(receiver.effects.is_empty());
    assert!(receiver.customer.has_taken_in(merge.id));
}

fn count(member: &mut Member, name: &str, value: i64) {
    let counters = vec![(name.into(), CounterChange::Set(Quantity::whole(value).unwrap()))];
    let set = SetCounters { counters, version: None, idempotency_id: None };
    member.when(Command::State(Box::new(StateCommand::SetCounters(set)))).unwrap();
}

fn pair() -> (Member, Member) {
    (Member::named(&shop(), 1000), Member::named(&shop(), 2000))
}

/// A revision of a sale of a giver that has left the moved points to somebody, who is handed it.
fn follows(giver: &mut Member, credit: CreditSale, receiver: &mut Member, to: CustomerId) {
    giver.credit(credit);
    match giver.effects.pop() {
        Some(Effect::CreditMoved { to: whom, moved }) => {
            assert_eq!(whom, to);
            for _ in 0..2 {
                merged(receiver, MergeCommand::Credit(moved.clone()));
            }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn lots_keep_their_dates_and_lifetimes_uses_and_counters_add_up() {
    let (mut ann, mut bob) = pair();
    ann.buy(500, 1, "70");
    ann.at("2026-03-02T12:00:00Z").buy(501, 1, "50");
    bob.buy(502, 1, "60");
    ann.at("2026-03-03T12:00:00Z");
    bob.at("2026-03-03T12:00:00Z");
    ann.post(laurel_domain::customer::Purpose::Spend(vec![spend(&[SPEND], "20")]), false).unwrap();
    count(&mut ann, "visits", 3);
    count(&mut ann, "miles", 5);
    count(&mut bob, "visits", 4);
    merge(&mut ann, &mut bob, 2000);
    assert_eq!((ann.available(SPEND), ann.lifetime(SPEND)), (points("0"), points("0")));
    assert_eq!((bob.available(SPEND), bob.lifetime(SPEND)), (points("160"), points("180")));
    let rows: Vec<_> = bob.audit().iter().filter(|row| row.kind == AuditKind::Transfer).collect();
    let lots: Vec<_> =
        rows.iter().filter(|row| row.account == id(SPEND)).map(|row| (row.change, row.occurred)).collect();
    let expected =
        [(points("50"), time("2026-03-01T12:00:00Z")), (points("50"), time("2026-03-02T12:00:00Z"))];
    assert_eq!(lots, expected);
    assert!(rows.iter().all(|row| row.source == Some(id(SOURCE))));
    let counters = &bob.customer.rule_state().counters;
    assert_eq!(counters.value("visits"), Quantity::whole(7).unwrap());
    assert_eq!(counters.value("miles"), Quantity::whole(5).unwrap());
    assert!(ann.customer.rule_state().counters.is_empty() && ann.customer.usage().all().is_empty());
    // 100 and 60 of the lifetime limit of 100 are used: nothing is left of it.
    assert_eq!(bob.available(STRICT), points("160"));
    bob.buy(503, 1, "10");
    assert_eq!((bob.available(STRICT), bob.available(SPEND)), (points("160"), points("170")));
    // Whoever gave it away begins anew.
    ann.buy(504, 1, "10");
    assert_eq!((ann.available(STRICT), ann.available(SPEND)), (points("10"), points("10")));
}

#[test]
fn a_second_merge_gives_nothing_until_something_has_come() {
    let (mut ann, mut bob) = pair();
    ann.given(SPEND, "5");
    merge(&mut ann, &mut bob, 2000);
    assert_eq!(merged(&mut ann, MergeCommand::Give { to: id(2000) }), Reply::Merged(None));
    assert!(ann.effects.is_empty());
    ann.given(SPEND, "7");
    merge(&mut ann, &mut bob, 2000);
    assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("0"), points("12")));
}

#[test]
fn the_higher_level_wins_with_its_dates_and_gives_nothing() {
    let (mut ann, mut bob) = pair();
    ann.given(TIER, "1000");
    assert_eq!((ann.level(), bob.level()), (GOLD, SILVER));
    let joined = ann.customer.tiers()[0].joined;
    ann.at("2026-05-01T00:00:00Z");
    bob.at("2026-05-01T00:00:00Z");
    merge(&mut ann, &mut bob, 2000);
    assert_eq!((ann.level(), bob.level()), (SILVER, GOLD));
    assert_eq!(bob.customer.tiers()[0].joined, joined);
    let last = bob.history().pop().unwrap();
    assert_eq!(last, (Some(SILVER), Some(GOLD), TierMoveCause::Merged, "2026-05-01T00:00:00Z".to_owned()));
    // A level that nobody enters any more gives way to the one below.
    let (mut ann, mut bob) = pair();
    ann.given(TIER, "1000");
    let paused = Shop { paused: vec![GOLD], version: 2, ..shop() };
    ann.publish(&paused);
    bob.publish(&paused);
    merge(&mut ann, &mut bob, 2000);
    assert_eq!((ann.level(), bob.level()), (SILVER, SILVER));
    // The other way round the lower one changes nothing.
    let (mut low, mut high) = pair();
    low.given(SPEND, "1");
    high.given(TIER, "1000");
    merge(&mut low, &mut high, 2000);
    assert_eq!((low.level(), high.level()), (SILVER, GOLD));
}

#[test]
fn what_is_overdrawn_goes_over_and_is_repaid_by_what_is_there() {
    let forced = |member: &mut Member, amount: &str| {
        let spend = laurel_domain::customer::SpendDetail { force: true, ..spend(&[SPEND], amount) };
        member.post(laurel_domain::customer::Purpose::Spend(vec![spend]), false).unwrap();
    };
    for (has, left) in [("50", "20"), ("10", "-20")] {
        let (mut ann, mut bob) = pair();
        forced(&mut ann, "30");
        bob.given(SPEND, has);
        merge(&mut ann, &mut bob, 2000);
        assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("0"), points(left)));
    }
    let (mut ann, mut bob) = pair();
    ann.given(SPEND, "50");
    forced(&mut bob, "30");
    merge(&mut ann, &mut bob, 2000);
    assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("0"), points("20")));
}

#[test]
fn a_return_of_an_earlier_purchase_is_taken_from_the_one_who_has_the_points() {
    let (mut ann, mut bob) = pair();
    ann.buy(500, 1, "80");
    // A sale that both have paid for: the two parts are booked apart.
    bob.buy(500, 1, "30");
    merge(&mut ann, &mut bob, 2000);
    assert_eq!(bob.available(SPEND), points("110"));
    let half = ann.sale(500, 2, "40");
    follows(&mut ann, half, &mut bob, id(2000));
    assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("0"), points("70")));
    // The next revision follows the same way, on top of what was taken back.
    let more = ann.sale(500, 3, "50");
    follows(&mut ann, more, &mut bob, id(2000));
    assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("0"), points("80")));
    bob.buy(500, 2, "10");
    assert_eq!(bob.available(SPEND), points("60"));
}

#[test]
fn a_return_follows_when_the_purchase_is_known_from_the_history_alone() {
    let (mut ann, mut bob) = pair();
    ann.buy(500, 1, "80");
    merge(&mut ann, &mut bob, 2000);
    let half = ann.sale(500, 2, "40");
    follows(&mut ann, half, &mut bob, id(2000));
    // More than the state keeps.
    for sale in 600..640 {
        bob.buy(sale, 1, "1");
    }
    let gone = ann.sale(500, 3, "0");
    follows(&mut ann, gone, &mut bob, id(2000));
    assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("0"), points("40")));
}

#[test]
fn a_return_follows_through_two_merges() {
    let (mut ann, mut bob) = pair();
    let mut eve = Member::named(&shop(), 3000);
    ann.buy(500, 1, "80");
    merge(&mut ann, &mut bob, 2000);
    merge(&mut bob, &mut eve, 3000);
    let gone = ann.sale(500, 2, "0");
    ann.credit(gone);
    let Some(Effect::CreditMoved { moved, .. }) = ann.effects.pop() else { panic!("it follows") };
    merged(&mut bob, MergeCommand::Credit(moved));
    let Some(Effect::CreditMoved { to, moved }) = bob.effects.pop() else { panic!("it goes on") };
    assert_eq!(to, id(3000));
    merged(&mut eve, MergeCommand::Credit(moved));
    assert_eq!((bob.available(SPEND), eve.available(SPEND)), (points("0"), points("0")));
}

#[test]
fn what_nobody_takes_in_comes_back_with_its_sales() {
    let shop = shop();
    let mut ann = Member::named(&shop, 1000);
    ann.given(TIER, "1000").buy(500, 1, "80");
    count(&mut ann, "visits", 3);
    let before = (ann.available(SPEND), ann.lifetime(SPEND), ann.level());
    let joined = ann.customer.tiers()[0].joined;
    ann.at("2026-05-01T00:00:00Z");
    let merge = given(&mut ann, 2000);
    // A revision is on its way behind the merge.
    let half = ann.sale(500, 2, "40");
    ann.credit(half);
    let Some(Effect::CreditMoved { moved, .. }) = ann.effects.pop() else { panic!("it follows") };
    let mut nobody = Member::nobody(&shop);
    merged(&mut nobody, MergeCommand::Take(Box::new(merge)));
    let Some(Effect::ReturnMerge(back)) = nobody.effects.pop() else { panic!("it goes back") };
    merged(&mut nobody, MergeCommand::Credit(moved));
    let Some(Effect::ReturnMovedCredit(credit)) = nobody.effects.pop() else { panic!("it goes back") };
    for _ in 0..2 {
        merged(&mut ann, MergeCommand::TakeBack(back.clone()));
        assert_eq!((ann.available(SPEND), ann.lifetime(SPEND), ann.level()), before);
    }
    assert_eq!(ann.customer.tiers()[0].joined, joined);
    assert_eq!(ann.customer.rule_state().counters.value("visits"), Quantity::whole(3).unwrap());
    merged(&mut ann, MergeCommand::CreditBack(credit));
    assert_eq!(ann.available(SPEND), points("40"));
    let gone = ann.sale(500, 3, "0");
    ann.credit(gone);
    assert_eq!(ann.available(SPEND), points("0"));
}

#[test]
fn too_many_counters_send_everything_back() {
    let (mut ann, mut bob) = pair();
    for number in 0..150 {
        count(&mut ann, &format!("a{number}"), 1);
        count(&mut bob, &format!("b{number}"), 1);
    }
    let merge = given(&mut ann, 2000);
    merged(&mut bob, MergeCommand::Take(Box::new(merge)));
    assert!(matches!(bob.effects.pop(), Some(Effect::ReturnMerge(_))));
    assert_eq!(bob.customer.rule_state().counters.named().len(), 150);
}
