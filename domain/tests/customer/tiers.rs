//! Tier movements (incentives.md 8.1, 8.2).

use laurel_domain::customer::{Command, Event, Posting, Purpose, TierMoveCause};

use crate::{member::*, shop::*};

/// Gold from 1000, Platinum from 5000; a point a unit of money, two for Platinum members.
fn shop() -> Shop {
    Shop::with(&[
        enter(201, GOLD, 1000),
        enter(202, PLATINUM, 5000),
        tree(100, "", &per_amount(1, TIER, "1", "")),
        tree(101, &only_for(PLATINUM), &per_amount(2, SPEND, "1", "")),
    ])
}

/// incentives.md 8.2: 940, then 4200 more: from Silver to Platinum at once; the benefit begins with the next purchase.
#[test]
fn levels_may_be_skipped() {
    let mut member = Member::of(&shop());
    member.given(TIER, "940");
    assert_eq!(member.level(), SILVER);
    member.at("2026-03-02T12:00:00Z").buy(500, 1, "4200");
    assert_eq!((member.level(), member.available(TIER)), (PLATINUM, points("5140")));
    assert_eq!(member.available(SPEND), points("0"), "judged by the level held before");
    assert_eq!(member.customer.tiers()[0].joined, member.now);
    let Some(Event::TiersEntered { moves, .. }) = member.events.last() else {
        panic!("the movement comes last")
    };
    let moved: Vec<_> = moves.iter().map(|step| (step.from, step.to, step.cause)).collect();
    assert_eq!(moved, [(Some(id(SILVER)), id(PLATINUM), TierMoveCause::Qualifying)]);
    member.buy(501, 1, "10");
    assert_eq!(member.available(SPEND), points("10"));
}

/// A return is judged by the level of the purchase, and does not move anybody down at once (9.1, 9.2).
#[test]
fn a_return_does_not_demote() {
    let mut member = Member::of(&shop());
    member.buy(500, 1, "5000");
    assert_eq!(member.level(), PLATINUM);
    member.buy(500, 2, "400");
    assert_eq!((member.level(), member.available(TIER)), (PLATINUM, points("400")));
    assert_eq!(member.available(SPEND), points("0"));
}

#[test]
fn a_deposit_qualifies_unless_events_are_switched_off() {
    let post = |member: &mut Member, disable_event_publishing| {
        let purpose = Purpose::Deposit(vec![deposit(TIER, "1000")]);
        let posting = Posting { purpose, allow_partial_success: false, disable_event_publishing };
        member.when(Command::Post(Box::new(posting))).unwrap();
    };
    let mut member = Member::of(&shop());
    post(&mut member, true);
    assert_eq!(member.level(), SILVER);
    post(&mut member, false);
    assert_eq!(member.level(), GOLD);
}

/// incentives.md 8.1: first contact is registration or the first event.
#[test]
fn a_system_that_goes_live_later_is_joined_at_the_next_event() {
    let mut member = Member::nobody(&shop());
    let program = std::mem::take(&mut member.program);
    let profile = Box::new(laurel_domain::customer::Profile { opted_in: true, ..Default::default() });
    let claimed_until = member.now;
    member.when(Command::Create { id: who(), profile, claimed_until }).unwrap();
    assert!(member.customer.tiers().is_empty());
    member.program = program;
    member.buy(500, 1, "1200");
    assert_eq!(member.level(), GOLD, "joined and risen with the same purchase");
}
