//! Lots that never expire and are never spent: few of them are held, and nobody can tell.

use laurel_domain::{
    Points,
    customer::{Event, History, Need, Purpose},
};

use crate::{member::*, shop::*};

const MANY: u32 = 1_000;

/// A member with a thousand purchases that gave 1, 2, 3, ... points; sale `n` was on day `n`.
fn collector() -> Member {
    let mut member = Member::of(&Shop::with(&[tree(100, "", &per_amount(1, SPEND, "1", ""))]));
    for n in 1..=MANY {
        member.now = member.now.plus_millis(86_400_000);
        member.buy(1_000 + n, 1, &n.to_string());
    }
    member
}

fn held(member: &Member) -> usize {
    member.customer.ledger().account(id(SPEND)).unwrap().lots().len()
}

/// The same customer with every lot.
fn whole(member: &Member) -> Vec<Points> {
    let mut history = History::default();
    member.events.iter().for_each(|event| history.apply(event));
    let lots = history.ledger().account(id(SPEND)).unwrap().lots();
    lots.iter().map(|lot| lot.remaining).collect()
}

#[test]
fn the_state_holds_few_lots_and_the_balance_of_all() {
    let member = collector();
    assert!(held(&member) <= 192, "{} lots", held(&member));
    assert_eq!(member.available(SPEND), points("500500"));
    assert_eq!(whole(&member).len(), 1_000);
}

#[test]
fn a_spend_within_the_first_lots_asks_for_nothing() {
    let mut member = collector();
    member.post(Purpose::Spend(vec![spend(&[SPEND], "2000")]), false).unwrap();
    assert!(member.needs.is_empty());
    assert_eq!(whole(&member)[0], points("16"), "63 lots are 2016");
}

#[test]
fn a_deeper_spend_asks_for_the_history_and_draws_in_the_same_order() {
    let mut member = collector();
    member.post(Purpose::Spend(vec![spend(&[SPEND], "125250")]), false).unwrap();
    assert_eq!(member.needs, [Need::History]);
    let left = whole(&member);
    assert_eq!((left.len(), left[0]), (500, points("501")), "1 + 2 + ... + 500, oldest first");
    assert_eq!(member.available(SPEND), points("375250"));
    let spent = member.audit().iter().filter(|row| row.amount_spent == row.change);
    assert_eq!(spent.count(), 500, "every lot's row says so");
    assert!(member.events.iter().any(|event| matches!(event, Event::LotsRecalled { .. })));
    // Later spends go on in front of the gap for a while.
    member.needs.clear();
    for _ in 0..3 {
        member.post(Purpose::Spend(vec![spend(&[SPEND], "600")]), false).unwrap();
    }
    assert!(member.needs.len() <= 1, "{:?}", member.needs);
    assert!(held(&member) <= 320, "{} lots", held(&member));
}

#[test]
fn a_return_of_an_old_sale_takes_its_own_lot() {
    let mut member = collector();
    member.buy(1_500, 2, "100");
    assert!(member.needs.contains(&Need::History));
    let left = whole(&member);
    assert_eq!((left[498], left[499], left[500]), (points("499"), points("100"), points("501")));
    // The rest of it leaves the gap as if it were there.
    member.buy(1_500, 3, "0");
    assert_eq!((whole(&member).len(), member.available(SPEND)), (999, points("500000")));
}

#[test]
fn everything_can_be_spent() {
    let mut member = collector();
    member.post(Purpose::Spend(vec![spend(&[SPEND], "500500")]), false).unwrap();
    assert_eq!((held(&member), member.available(SPEND)), (0, points("0")));
    member.buy(9_000, 1, "5");
    assert_eq!((held(&member), member.available(SPEND)), (1, points("5")));
}

/// Points in escrow are due when a decision needs lots that are only in the history: they roll over first, and can be
/// spent by it.
#[test]
fn what_is_due_happens_before_a_deep_spend() {
    let escrow = format!(
        r#", "expiration_policy": {{"policy_type": 1, "next_evaluation_date": "2026-01-01T00:00:00",
            "frequency_value": 1, "frequency_unit_type": 0, "expiration_age_value": 14,
            "expiration_age_unit_type": 0, "rollover_point_account_id": "{}"}}"#,
        guid(SPEND)
    );
    let trees = [tree(100, "", &per_amount(1, TIER, "1", ""))];
    let mut member = Member::of(&Shop { tier: escrow, ..Shop::with(&trees) });
    for n in 1..=400_u32 {
        member.now = member.now.plus_millis(86_400_000);
        member.buy(1_000 + n, 1, &n.to_string());
    }
    assert!(held(&member) <= 192 && whole(&member).len() > 350, "{} lots", held(&member));
    member.now = member.now.plus_millis(60 * 86_400_000);
    member.needs.clear();
    let all = points("80200");
    assert_eq!((member.available(SPEND), member.available(TIER)), (all, points("0")));
    member.post(Purpose::Spend(vec![spend(&[SPEND], "80000")]), false).unwrap();
    assert_eq!(member.needs, [Need::History]);
    assert_eq!(whole(&member), [points("200")], "the newest is spent last");
    assert_eq!((member.available(SPEND), member.lifetime(SPEND)), (points("200"), all));
}
