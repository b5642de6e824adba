//! Movements on request (incentives.md 7.6), and returns that take a level back (9.2).

use laurel_domain::customer::{Error, MaintenanceRun, Placement, TierCommand, TierError, TierMoveCause};

use crate::{member::*, shop::*};

fn shop() -> Shop {
    let yearly = r#", "maintenance_frequency_value": 1, "maintenance_frequency_uom": 3"#.to_owned();
    let levels = vec![(GOLD, yearly.clone()), (PLATINUM, yearly)];
    Shop {
        levels,
        ..Shop::with(&[
            enter_for(201, GOLD, 1000, &fixed(1, SPEND, 50)),
            enter_for(202, PLATINUM, 5000, &fixed(2, SPEND, 200)),
            stay(301, GOLD, 1000, ""),
            stay(302, PLATINUM, 5000, ""),
            tree(100, "", &per_amount(3, TIER, "1", "")),
        ])
    }
}

pub fn placement(level: u32) -> Placement {
    Placement {
        system: id(SYSTEM),
        level: id(level),
        process_intermediate_levels: false,
        evaluate_qualifying_rules: false,
        process_joining_outcomes: true,
        reason: "by hand".into(),
        idempotency_id: None,
    }
}

fn run() -> MaintenanceRun {
    MaintenanceRun { system: None, as_of: None, dry_run: false, idempotency_id: None }
}

#[test]
fn a_placement_gives_what_its_flags_say() {
    for (intermediate, joining, expected) in
        [(false, true, "200"), (true, true, "250"), (true, false, "50"), (false, false, "0")]
    {
        let mut member = Member::of(&shop());
        let placement = Placement {
            process_intermediate_levels: intermediate,
            process_joining_outcomes: joining,
            ..placement(PLATINUM)
        };
        let done = member.tiers(TierCommand::Place(placement)).unwrap();
        assert_eq!((member.level(), member.available(SPEND)), (PLATINUM, points(expected)));
        assert_eq!(done.movements.len(), 1);
        assert_eq!((done.movements[0].cause, &*done.movements[0].reason), (TierMoveCause::Manual, "by hand"));
    }
}

#[test]
fn a_placement_may_be_followed_by_qualification() {
    let mut member = Member::of(&shop());
    let quiet = laurel_domain::customer::Posting {
        purpose: laurel_domain::customer::Purpose::Deposit(vec![deposit(TIER, "6000")]),
        allow_partial_success: false,
        disable_event_publishing: true,
    };
    member.when(laurel_domain::customer::Command::Post(Box::new(quiet))).unwrap();
    let placed = TierCommand::Place(Placement { evaluate_qualifying_rules: true, ..placement(GOLD) });
    let done = member.tiers(placed).unwrap();
    let causes: Vec<_> = done.movements.iter().map(|step| step.cause).collect();
    assert_eq!((member.level(), causes), (PLATINUM, vec![TierMoveCause::Manual, TierMoveCause::Qualifying]));
}

#[test]
fn the_level_already_held_is_no_movement() {
    let mut member = Member::of(&shop());
    member.placed(GOLD);
    let joined = member.customer.tiers()[0].joined;
    let events = member.events.len();
    member.at("2026-04-01T00:00:00Z");
    assert!(member.tiers(TierCommand::Place(placement(GOLD))).unwrap().movements.is_empty());
    assert_eq!((member.events.len(), member.customer.tiers()[0].joined), (events, joined));
}

#[test]
fn levels_that_are_not_there_or_not_live_are_refused() {
    let mut shop = shop();
    shop.paused = vec![PLATINUM];
    let mut member = Member::of(&shop);
    let unknown = Placement { system: id(UNKNOWN), ..placement(GOLD) };
    for (placement, error) in [
        (unknown, TierError::SystemNotFound),
        (placement(UNKNOWN), TierError::LevelNotFound),
        (placement(PLATINUM), TierError::LevelNotLive),
    ] {
        assert_eq!(member.tiers(TierCommand::Place(placement)), Err(Error::Tier(error)));
    }
}

#[test]
fn a_repeated_placement_answers_the_first_result() {
    let mut member = Member::of(&shop());
    let keyed = |level| Placement { idempotency_id: Some("k".into()), ..placement(level) };
    let first = member.tiers(TierCommand::Place(keyed(GOLD))).unwrap();
    member.placed(SILVER);
    let events = member.events.len();
    let again = member.tiers(TierCommand::Place(keyed(GOLD))).unwrap();
    assert_eq!((again.movements, member.level(), member.events.len()), (first.movements, SILVER, events));
    assert_eq!(member.tiers(TierCommand::Place(keyed(PLATINUM))), Err(Error::IdempotencyConflict));
}

/// Used in bulk after a migration of points; a second run moves nobody.
#[test]
fn qualifying_on_demand_is_idempotent() {
    let mut member = Member::of(&Shop::with(&[]));
    member.given(TIER, "6000");
    member.publish(&shop());
    assert_eq!(member.tiers(TierCommand::Qualify).unwrap().movements.len(), 1);
    assert_eq!(member.level(), PLATINUM);
    assert!(member.tiers(TierCommand::Qualify).unwrap().movements.is_empty());
}

#[test]
fn maintenance_on_demand() {
    let mut member = Member::of(&shop());
    member.given(TIER, "5000");
    member.spent("4500");
    member.at("2026-06-01T00:00:00Z");
    let dry = |as_of: &str| MaintenanceRun { as_of: Some(time(as_of)), dry_run: true, ..run() };
    let events = member.events.len();
    let would = member.tiers(TierCommand::Maintain(dry("2026-06-01T00:00:00Z"))).unwrap();
    assert_eq!((would.movements.len(), member.level(), member.events.len()), (1, PLATINUM, events));
    // By the year after next two reviews of their own time have failed, and Silver is not reviewed.
    let would = member.tiers(TierCommand::Maintain(dry("2028-05-01T00:00:00Z"))).unwrap();
    assert_eq!(would.movements.len(), 2);
    for as_of in ["2026-05-31T00:00:00Z", "2026-06-02T00:00:00Z"] {
        let wet = MaintenanceRun { dry_run: false, ..dry(as_of) };
        assert_eq!(member.tiers(TierCommand::Maintain(wet)), Err(Error::Tier(TierError::AsOf)));
    }
    let elsewhere = MaintenanceRun { system: Some(id(UNKNOWN)), ..run() };
    assert_eq!(member.tiers(TierCommand::Maintain(elsewhere)), Err(Error::Tier(TierError::SystemNotFound)));
    let keyed = MaintenanceRun { idempotency_id: Some("m".into()), ..run() };
    let done = member.tiers(TierCommand::Maintain(keyed.clone())).unwrap();
    assert_eq!((done.movements.len(), member.level()), (1, GOLD));
    member.at("2026-06-01T00:00:05Z");
    assert_eq!(member.tiers(TierCommand::Maintain(keyed)).unwrap().movements, done.movements);
    assert_eq!(member.level(), GOLD, "a retry does not lead further down");
    member.tiers(TierCommand::Maintain(run())).unwrap();
    assert_eq!(member.level(), SILVER);
}

/// Who was taken out stays out, until placed again.
#[test]
fn a_system_that_was_left_is_not_joined_by_itself() {
    let mut member = Member::of(&shop());
    member.given(TIER, "1000");
    let leave = || TierCommand::Leave { system: id(SYSTEM), reason: "asked".into() };
    let left = member.tiers(leave()).unwrap();
    assert_eq!((left.movements[0].from, left.movements[0].to), (Some(id(GOLD)), None));
    member.buy(500, 1, "9000");
    assert!(member.customer.tiers().is_empty());
    assert!(member.tiers(leave()).unwrap().movements.is_empty(), "once");
    let unknown = TierCommand::Leave { system: id(UNKNOWN), reason: "".into() };
    assert_eq!(member.tiers(unknown), Err(Error::Tier(TierError::SystemNotFound)));
    member.placed(SILVER);
    member.buy(501, 1, "1");
    assert_eq!(member.level(), PLATINUM);
    let causes: Vec<_> = member.history().into_iter().map(|(from, to, ..)| (from, to)).collect();
    assert_eq!(
        causes,
        [
            (None, Some(SILVER)),
            (Some(SILVER), Some(GOLD)),
            (Some(GOLD), None),
            (None, Some(SILVER)),
            (Some(SILVER), Some(PLATINUM)),
        ]
    );
}

#[test]
fn a_return_takes_a_rise_back_when_the_switch_is_on() {
    let demoting = Shop { switches: r#""demote_on_return": true"#, ..shop() };
    let mut member = Member::of(&demoting);
    member.given(TIER, "1000");
    member.buy(500, 1, "4000");
    assert_eq!(member.level(), PLATINUM);
    member.buy(500, 2, "3990");
    assert_eq!(member.level(), GOLD, "4990 points, Gold before the purchase");
    member.spent("4000");
    member.buy(500, 3, "1");
    assert_eq!(member.level(), GOLD, "Gold was not this purchase's doing");
    member.placed(PLATINUM);
    member.buy(500, 4, "0");
    assert_eq!(member.level(), PLATINUM, "placed by hand");
}
