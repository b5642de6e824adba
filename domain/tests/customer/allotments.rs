//! Budgets of trees and restrictions of sources over all customers (incentives.md 6.8, 4.5): what members get of them
//! together, what comes back, and what a crash leaves behind.

use laurel_domain::{
    allotment::{
        Allotment, Amounts, Asking, Cap, Command as Ask, Effect as Told, Piece, Reply as Answer,
        ReservationKey, Terms,
    },
    customer::{Command, Effect, Error, Event, Fingerprint, PostedStatus, Purpose},
    id::{AllotmentId, CustomerId, RuleTreeId},
    rules::RefusalReason,
};
use proptest::prelude::*;

use crate::{member::*, shop::*};

fn budget_of(tree: u32) -> AllotmentId {
    AllotmentId::of_tree(id::<RuleTreeId>(tree))
}

fn used(member: &Member, allotment: AllotmentId) -> (String, i64) {
    let shared = member.shared.borrow();
    let allotment = shared.get(&allotment).cloned().unwrap_or_default();
    assert_eq!(allotment.open(), 0, "everything reserved is settled");
    (allotment.used().points.to_string(), allotment.used().awards)
}

fn refusals(member: &Member) -> Vec<RefusalReason> {
    let credited = member.events.iter().rev().find_map(|event| match event {
        Event::SaleCredited(credited) => Some(credited.refused.iter().map(|known| known.reason).collect()),
        _ => None,
    });
    credited.unwrap()
}

/// A point for each unit of money, out of a budget.
fn shop(budget: &str) -> Shop {
    Shop::with(&[tree(100, &format!(r#""budget": {{{budget}}},"#), &per_amount(1, SPEND, "1", ""))])
}

/// Two members who share.
fn two(shop: &Shop) -> (Member, Member) {
    let (ann, mut bob) = (Member::of(shop), Member::named(shop, 2000));
    bob.shared = ann.shared.clone();
    (ann, bob)
}

#[test]
fn an_award_that_does_not_fit_is_skipped_or_paid_in_part() {
    for (mode, paid, refused) in [(0, "0", 1), (1, "40", 1), (2, "0", 1)] {
        let (mut ann, mut bob) = two(&shop(&format!(r#""max_points": 100, "on_exhausted": {mode}"#)));
        ann.buy(500, 1, "60");
        bob.buy(501, 1, "50");
        assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("60"), points(paid)), "mode {mode}");
        assert_eq!(refusals(&bob), vec![RefusalReason::BudgetExhausted; refused]);
        bob.buy(502, 1, "40");
        assert_eq!(bob.available(SPEND), points("40"), "what is left is there for whoever it is enough for");
        assert_eq!(used(&ann, budget_of(100)).0, "100");
    }
}

#[test]
fn awards_are_counted_in_total_and_per_day() {
    let (mut ann, mut bob) = two(&shop(r#""max_awards": 3, "max_awards_per_day": 2"#));
    ann.buy(500, 1, "10");
    bob.buy(501, 1, "10");
    ann.buy(502, 1, "10");
    assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("10"), points("10")), "two a day");
    for member in [&mut ann, &mut bob] {
        member.at("2026-03-02T12:00:00Z");
        member.buy(if member.available(SPEND) == points("10") { 503 } else { 504 }, 1, "10");
    }
    ann.buy(505, 1, "10");
    let sum = ann.available(SPEND).plus(bob.available(SPEND)).unwrap();
    assert_eq!((sum, used(&ann, budget_of(100))), (points("30"), ("30".to_owned(), 3)), "three altogether");
}

#[test]
fn what_a_return_gives_back_is_there_for_others() {
    let (mut ann, mut bob) = two(&shop(r#""max_points": 100"#));
    ann.buy(500, 1, "100");
    bob.buy(501, 1, "30");
    assert!(bob.available(SPEND).is_zero());
    ann.buy(500, 2, "60");
    assert_eq!((ann.available(SPEND), used(&ann, budget_of(100))), (points("60"), ("60".to_owned(), 1)));
    bob.buy(502, 1, "30");
    assert_eq!(bob.available(SPEND), points("30"));
    // More of it again: ten are left, not the forty more. What she has she keeps.
    ann.buy(500, 3, "100");
    assert_eq!((ann.available(SPEND), refusals(&ann)), (points("60"), vec![RefusalReason::BudgetExhausted]));
    ann.buy(500, 4, "0");
    assert!(ann.available(SPEND).is_zero());
    assert_eq!(used(&ann, budget_of(100)).0, "30");
}

#[test]
fn nothing_comes_back_when_the_switch_is_off() {
    let shop = Shop { switches: r#""restore_on_return": false"#, ..shop(r#""max_points": 100"#) };
    let (mut ann, mut bob) = two(&shop);
    ann.buy(500, 1, "100");
    ann.buy(500, 2, "0");
    bob.buy(501, 1, "30");
    assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("0"), points("0")));
    ann.buy(500, 3, "80");
    assert_eq!((ann.available(SPEND), used(&ann, budget_of(100)).0), (points("80"), "100".to_owned()));
}

/// A tree whose budget has run out does not stand in the way of one that still gives.
#[test]
fn the_most_points_are_those_that_are_left() {
    let group = r#""exclusivity_group": "g", "exclusivity_mode": 2,"#;
    let rich =
        tree(100, &format!(r#"{group} "budget": {{"max_points": 100}},"#), &per_amount(1, SPEND, "2", ""));
    let poor = tree(101, group, &per_amount(2, SPEND, "1", ""));
    let (mut ann, mut bob) = two(&Shop::with(&[rich, poor]));
    ann.buy(500, 1, "40");
    assert_eq!(ann.available(SPEND), points("80"));
    bob.buy(501, 1, "40");
    assert_eq!(bob.available(SPEND), points("40"));
    assert_eq!(used(&ann, budget_of(100)), ("80".to_owned(), 1), "who loses uses nothing");
}

#[test]
fn a_multiplier_takes_of_the_budget_of_its_own_tree() {
    let base = tree(100, "", &per_amount(1, SPEND, "1", ""));
    let double = tree(101, r#""budget": {"max_points": 30, "on_exhausted": 1},"#, &multiplier(2, "2"));
    let (mut ann, mut bob) = two(&Shop::with(&[base, double]));
    ann.buy(500, 1, "20");
    bob.buy(501, 1, "20");
    assert_eq!((ann.available(SPEND), bob.available(SPEND)), (points("40"), points("30")));
    assert_eq!(used(&ann, budget_of(101)), ("30".to_owned(), 2));
}

const INVENTORY: &str =
    r#"{"id": "00000000-0000-4000-8000-000000000777", "discriminator": 1, "max_points": 100}"#;
const MONTHLY: &str =
    r#"{"discriminator": 2, "personal": false, "max_points": 100, "time": 1, "unit_of_time": "Month"}"#;

fn restricted(restrictions: &'static str) -> Shop {
    let trees = [tree(100, "", &per_amount(1, SPEND, "1", ""))];
    Shop { restrictions, ..Shop::with(&trees) }
}

#[test]
fn a_source_gives_all_customers_together_so_much() {
    for restriction in [INVENTORY, MONTHLY] {
        let (mut ann, mut bob) = two(&restricted(restriction));
        ann.given(SPEND, "70");
        let more = || Purpose::Deposit(vec![deposit(SPEND, "40")]);
        match bob.post(more(), false) {
            Err(Error::Refused(refused)) => {
                assert_eq!(refused.details[0].status, PostedStatus::SourceLimitExceeded);
            }
            other => panic!("{other:?}"),
        }
        let posted = bob.post(more(), true).unwrap();
        assert_eq!(
            (posted.details[0].rows[0].amount, posted.details[0].shortfall),
            (points("30"), points("10"))
        );
        ann.buy(500, 1, "5");
        assert_eq!((ann.available(SPEND), refusals(&ann)), (points("70"), vec![RefusalReason::SourceLimit]));
        // The window rolls; an inventory does not come back.
        ann.at("2026-04-03T00:00:00Z");
        ann.buy(501, 1, "5");
        let expected = if restriction == MONTHLY { "75" } else { "70" };
        assert_eq!(ann.available(SPEND), points(expected));
    }
}

/// incentives.md 6.8: tree limit, outcome limit, tree budget, source restriction, account ceiling.
#[test]
fn checks_come_in_order() {
    let outcome = per_amount(1, SPEND, "1", r#", "limits": [{"scope": 1, "max": 90, "value": 1, "uom": 7}]"#);
    let more = r#""limits": [{"scope": 1, "max": 95, "value": 1, "uom": 7}],
                  "budget": {"max_points": 80, "on_exhausted": 1},"#;
    let shop = Shop {
        restrictions: r#"{"discriminator": 1, "max_points": 70}"#,
        spend: r#", "max_allowed_balance": 60"#.to_owned(),
        ..Shop::with(&[tree(100, more, &outcome)])
    };
    let (mut ann, mut bob) = two(&shop);
    ann.buy(500, 1, "100");
    assert_eq!(ann.available(SPEND), points("60"));
    use RefusalReason::{BudgetExhausted, FrequencyLimit, MaxBalance};
    let mut said = refusals(&ann);
    said.sort_by_key(|reason| reason.as_str());
    assert_eq!(said, [BudgetExhausted, FrequencyLimit, MaxBalance]);
    bob.buy(501, 1, "100");
    assert!(bob.available(SPEND).is_zero());
    bob.given(TIER, "10");
    let posted = bob.post(Purpose::Deposit(vec![deposit(TIER, "1")]), true);
    assert!(posted.is_err(), "60 and 10 are 70");
}

#[test]
fn a_program_that_shares_nothing_asks_for_nothing() {
    let mut ann = Member::of(&restricted(""));
    ann.buy(500, 1, "10");
    ann.given(SPEND, "10");
    assert!(ann.needs.is_empty() && ann.effects.is_empty() && ann.shared.borrow().is_empty());
}

fn key(n: u32) -> ReservationKey {
    ReservationKey { customer: id::<CustomerId>(n % 7 + 1), decision: Fingerprint::of(&n.to_string()) }
}

fn wish(n: u32, pieces: &[i64], max: i64, in_part: bool) -> Asking {
    let piece = |points: &i64| Piece { points: laurel_domain::Points::whole(*points).unwrap(), awards: 1 };
    let total = Cap { points: Some(laurel_domain::Points::whole(max).unwrap()), awards: Some(max / 2) };
    Asking {
        allotment: budget_of(100),
        key: key(n),
        pieces: pieces.iter().map(piece).collect(),
        terms: Terms { total, window: None, in_part },
        pauses: None,
    }
}

/// What a crash leaves behind is asked for, and is there again unless it was used.
#[test]
fn an_open_reservation_is_found_out_about() {
    let mut allotment = Allotment::default();
    let start = time("2026-03-01T00:00:00Z");
    let reserve = |allotment: &mut Allotment, n, at| match ask_allotment(
        allotment,
        &Ask::Reserve(Box::new(wish(n, &[10], 20, false))),
        at,
    ) {
        (Answer::Granted(grant), effects) => (grant.amounts.awards, effects),
        other => panic!("{other:?}"),
    };
    assert_eq!(reserve(&mut allotment, 1, start), (1, vec![]));
    assert_eq!(reserve(&mut allotment, 2, start), (1, vec![]));
    assert_eq!(reserve(&mut allotment, 1, start), (1, vec![]), "the same decision, the same reservation");
    assert_eq!(reserve(&mut allotment, 3, start), (0, vec![]), "all is reserved");
    let later = start.plus_millis(61_000);
    let (granted, asked) = reserve(&mut allotment, 3, later);
    assert_eq!((granted, asked.len()), (0, 2));
    assert_eq!(reserve(&mut allotment, 3, later), (0, vec![]), "asked once");
    // The first comes again before its answer arrives: the answer is about the time before, and frees nothing.
    assert_eq!(reserve(&mut allotment, 1, later).0, 1);
    for Told::Ask { key, round, .. } in asked {
        ask_allotment(&mut allotment, &Ask::Told { key, round }, later);
    }
    assert_eq!(allotment.open(), 1);
    let used = Amounts { points: points("10"), awards: 1 };
    ask_allotment(&mut allotment, &Ask::Settle { key: key(1), used }, later);
    assert_eq!(reserve(&mut allotment, 3, later).0, 1);
    ask_allotment(&mut allotment, &Ask::Settle { key: key(3), used }, later);
    assert_eq!((allotment.used().awards, allotment.open()), (2, 0));
}

/// A customer's answer stands behind everything it has decided.
#[test]
fn a_customer_tells_what_it_is_asked_to_tell() {
    let mut ann = Member::of(&restricted(""));
    let command = Command::Tell { allotment: budget_of(100), key: key(1), round: 3 };
    ann.when(command.clone()).unwrap();
    assert!(matches!(ann.effects[..], [Effect::TellAllotment { round: 3, .. }]));
    let mut nobody = Member::nobody(&restricted(""));
    nobody.when(command).unwrap();
    assert_eq!(nobody.effects.len(), 1, "who is no more has used nothing more");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Reserve, use, give back and crash in any order: never more than there is, and the sums agree.
    #[test]
    fn it_never_overshoots_and_the_sums_agree(
        steps in prop::collection::vec(
            (0_u32..40, 0_u8..6, prop::collection::vec(0_i64..30, 1..4), any::<bool>()),
            1..200,
        ),
    ) {
        let (mut allotment, mut now) = (Allotment::default(), time("2026-03-01T00:00:00Z"));
        let mut open: std::collections::BTreeMap<u32, Amounts> = std::collections::BTreeMap::new();
        let (mut settled, mut asked, mut done) = (Amounts::default(), Vec::new(), std::collections::BTreeSet::new());
        for (n, step, pieces, in_part) in steps {
            match step {
                0..=2 if !done.contains(&n) => {
                    let command = Ask::Reserve(Box::new(wish(n, &pieces, 100, in_part)));
                    let (answer, effects) = ask_allotment(&mut allotment, &command, now);
                    let Answer::Granted(grant) = answer else { panic!("{answer:?}") };
                    if let Some(known) = open.get(&n) {
                        prop_assert_eq!(grant.amounts, *known, "the same reservation");
                    } else if !grant.amounts.is_nothing() {
                        open.insert(n, grant.amounts);
                    }
                    asked.extend(effects);
                }
                3 => {
                    // Uses a part, told twice.
                    let Some(granted) = open.remove(&n) else { continue };
                    let used = if in_part { granted } else { Amounts { points: granted.points, awards: 0 } };
                    for _ in 0..2 {
                        ask_allotment(&mut allotment, &Ask::Settle { key: key(n), used }, now);
                    }
                    settled = settled.plus(used);
                    done.insert(n);
                }
                4 => {
                    // A crash: what is open and was not used is found out about, and is free.
                    now = now.plus_millis(61_000);
                    for Told::Ask { key: known, round, .. } in asked.drain(..) {
                        let before = allotment.open();
                        ask_allotment(&mut allotment, &Ask::Told { key: known, round }, now);
                        if allotment.open() < before {
                            open.retain(|n, _| key(*n) != known);
                        }
                    }
                }
                _ => {
                    let back = Amounts { points: settled.points.min(points("5")), awards: 0 };
                    let giver = ReservationKey { decision: Fingerprint::of(&format!("back {n}")), ..key(n) };
                    let before = allotment.used();
                    for _ in 0..2 {
                        ask_allotment(&mut allotment, &Ask::GiveBack { key: giver, back, part: None }, now);
                    }
                    settled = settled.minus(before.minus(allotment.used()));
                }
            }
            let reserved = open.values().fold(Amounts::default(), |sum, known| sum.plus(*known));
            prop_assert_eq!(allotment.used(), settled);
            prop_assert_eq!(allotment.taken(), settled.plus(reserved));
            prop_assert!(allotment.taken().points <= points("100") && allotment.taken().awards <= 50);
        }
    }
}
