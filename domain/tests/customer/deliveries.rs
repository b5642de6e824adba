//! Revisions of sales delivered late, twice, and in the wrong order.

use laurel_domain::{Points, customer::Need};
use proptest::prelude::*;

use crate::{member::*, shop::*};

fn shop() -> Shop {
    let trees = [
        tree(
            100,
            "",
            &[per_amount(1, SPEND, "1.5", ""), per_amount(2, TIER, "1", r#", "hurdle": 20"#)].join(","),
        ),
        tree(101, "", &multiplier(3, "2")),
    ];
    Shop::with(&trees)
}

#[test]
fn a_revision_is_booked_once_and_older_ones_not_at_all() {
    let mut member = Member::of(&shop());
    member.buy(500, 2, "40");
    let events = member.events.len();
    member.buy(500, 2, "40");
    member.buy(500, 1, "100");
    assert_eq!((member.available(SPEND), member.events.len()), (points("120"), events));
    member.buy(500, 3, "20");
    assert_eq!(member.available(SPEND), points("60"));
}

/// An evaluation that has left the state is asked for before anything is taken back.
#[test]
fn an_old_evaluation_is_asked_for() {
    let mut member = Member::of(&shop());
    for sale in 500..540 {
        member.buy(sale, 1, "10");
    }
    assert!(member.needs.is_empty(), "new sales need nothing");
    member.buy(500, 2, "4");
    assert_eq!(member.needs, [Need::Evaluation(id(500))]);
    assert_eq!(member.available(SPEND), points("1182"), "39 times 30 and 12");
    member.buy(500, 3, "6");
    assert_eq!(member.needs.len(), 1, "it is back in the state");
    member.buy(500, 3, "6");
    assert_eq!(member.available(SPEND), points("1188"));
}

/// The record that was fetched goes into the event, so that a replay needs no fetching.
#[test]
fn a_replay_of_the_events_gives_the_same_state() {
    use laurel_domain::{customer::Customer, entity::Entity};
    let mut member = Member::of(&shop());
    for sale in 500..530 {
        member.buy(sale, 1, "25");
    }
    member.buy(500, 2, "10");
    let mut replayed = Customer::default();
    for event in &member.events {
        replayed.apply(event);
    }
    assert_eq!(replayed, member.customer);
}

/// Sales with the cents of their revisions, and the order of deliveries as (sale, revision).
fn deliveries() -> impl Strategy<Value = (Vec<Vec<i64>>, Vec<(usize, usize)>)> {
    let sales = prop::collection::vec(prop::collection::vec(0_i64..100_000, 1..5), 1..10);
    sales.prop_flat_map(|sales| {
        let all: Vec<_> = sales
            .iter()
            .enumerate()
            .flat_map(|(sale, revisions)| (0..revisions.len()).map(move |revision| (sale, revision)))
            .collect();
        let again = prop::collection::vec(prop::sample::select(all.clone()), 0..8);
        let order = again.prop_map(move |again| [all.clone(), again].concat()).prop_shuffle();
        (Just(sales), order)
    })
}

fn amount(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// However they arrive, the balances are those of the last revisions alone.
    #[test]
    fn only_the_last_revisions_count((sales, order) in deliveries()) {
        let shop = shop();
        let (mut member, mut once) = (Member::of(&shop), Member::of(&shop));
        let number = |n: usize| u32::try_from(n).unwrap();
        for (sale, revision) in order {
            member.buy(500 + number(sale), number(revision) + 1, &amount(sales[sale][revision]));
        }
        for (sale, revisions) in sales.iter().enumerate() {
            once.buy(500 + number(sale), number(revisions.len()), &amount(*revisions.last().unwrap()));
        }
        for account in [SPEND, TIER] {
            prop_assert_eq!(member.available(account), once.available(account));
            prop_assert!(member.lifetime(account) >= once.lifetime(account));
            prop_assert!(!member.available(account).is_negative());
        }
        let granted = member.records.iter().flat_map(|record| &record.granted);
        let granted: Vec<_> = granted.map(|granted| granted.points).collect();
        let balances = member.available(SPEND).plus(member.available(TIER));
        prop_assert_eq!(Points::sum(granted), balances, "the records know what is out");
    }
}
