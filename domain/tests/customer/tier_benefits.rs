//! What joining levels and staying in them gives (incentives.md 8.2, 8.3, 8.4).

use laurel_domain::{
    customer::{AuditKind, Event},
    rules::RefusalReason,
};

use crate::{member::*, shop::*};

/// Gold from 1000 gives 50, Platinum from 5000 gives 200.
fn shop() -> Shop {
    Shop::with(&[
        enter_for(201, GOLD, 1000, &fixed(1, SPEND, 50)),
        enter_for(202, PLATINUM, 5000, &fixed(2, SPEND, 200)),
        tree(100, "", &per_amount(3, TIER, "1", "")),
    ])
}

/// incentives.md 8.2: Silver to Platinum grants what Gold and Platinum give.
#[test]
fn skipped_levels_give_too() {
    let mut member = Member::of(&shop());
    member.given(TIER, "940").at("2026-03-02T12:00:00Z").buy(500, 1, "4200");
    assert_eq!((member.level(), member.available(SPEND)), (PLATINUM, points("250")));
    let rows: Vec<_> = member.audit()[2..].iter().collect();
    assert!(rows.iter().all(|row| row.kind == AuditKind::Issuance && row.occurred == member.now));
    assert!(rows.iter().all(|row| &*row.caused_by.modification_type == "TierJoin"));
    assert_eq!(&*rows[0].caused_by.modification_entity_id, guid(GOLD));
}

#[test]
fn unless_the_switch_is_off() {
    let mut member = Member::of(&Shop { switches: r#""grant_intermediate_levels": false"#, ..shop() });
    member.given(TIER, "5000");
    assert_eq!((member.level(), member.available(SPEND)), (PLATINUM, points("200")));
}

/// A return takes back what the sale gave, not what the level gave; giving the sale again does not give it twice.
#[test]
fn a_return_leaves_the_benefit() {
    let mut member = Member::of(&shop());
    member.buy(500, 1, "1200");
    member.buy(500, 2, "100");
    assert_eq!((member.level(), member.available(TIER)), (GOLD, points("100")));
    member.buy(500, 3, "1200");
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("50"), points("1200")));
}

/// What joining gives may lead higher still, within the same decision.
#[test]
fn benefits_qualify() {
    let mut shop = shop();
    shop.trees[0] = enter_for(201, GOLD, 1000, &fixed(1, TIER, 4000));
    let mut member = Member::of(&shop);
    member.given(TIER, "1000");
    assert_eq!((member.level(), member.available(TIER)), (PLATINUM, points("5000")));
    assert_eq!(member.available(SPEND), points("200"));
}

/// incentives.md 2.6: value 1 and unit 7 are once in a lifetime; 1 and 3 once a year.
#[test]
fn a_cap_ends_the_oscillation() {
    let with_cap = |uom: u32| {
        let cap =
            format!(r#", "joining_outcome_frequency_value": 1, "joining_outcome_frequency_uom": {uom}"#);
        Shop { levels: vec![(GOLD, cap)], ..shop() }
    };
    for (uom, again) in [(7, "50"), (3, "100")] {
        let mut member = Member::of(&with_cap(uom));
        member.given(TIER, "1000");
        member.placed(SILVER);
        member.at("2026-12-01T00:00:00Z").given(TIER, "1");
        assert_eq!((member.level(), member.available(SPEND)), (GOLD, points("50")));
        let Some(Event::TierBenefitsGiven { benefits, .. }) = member.events.last() else { panic!() };
        assert_eq!(benefits[0].refused[0].reason, RefusalReason::FrequencyLimit);
        member.placed(SILVER);
        member.at("2027-03-02T00:00:00Z").given(TIER, "1");
        assert_eq!((member.level(), member.available(SPEND)), (GOLD, points(again)), "unit {uom}");
    }
}

#[test]
fn staying_gives_at_every_review_that_passes() {
    let mut shop = shop();
    let yearly = r#", "maintenance_frequency_value": 1, "maintenance_frequency_uom": 3"#;
    shop.levels = vec![(GOLD, yearly.to_owned())];
    shop.trees.push(stay(301, GOLD, 1000, &fixed(4, SPEND, 7)));
    let mut member = Member::of(&shop);
    member.given(TIER, "1000").at("2029-01-01T00:00:00Z").settled();
    assert_eq!(member.available(SPEND), points("64"), "50 and two years of 7");
    let times: Vec<_> = member.audit().iter().skip(2).map(|row| row.occurred).collect();
    assert_eq!(times, ["2027-03-01T00:00:00Z", "2028-03-01T00:00:00Z"].map(time));
    member.spent("1");
    member.at("2029-03-01T00:00:00Z").settled();
    assert_eq!((member.level(), member.available(SPEND)), (SILVER, points("64")));
}

/// A ceiling cuts what a level gives, and says so.
#[test]
fn ceilings_hold_for_benefits() {
    let shop = Shop { spend: r#", "max_allowed_balance": 60"#.to_owned(), ..shop() };
    let mut member = Member::of(&shop);
    member.given(TIER, "5000");
    assert_eq!(member.available(SPEND), points("60"));
    let Some(Event::TierBenefitsGiven { benefits, .. }) = member.events.last() else { panic!() };
    assert_eq!(benefits[1].refused[0].reason, RefusalReason::MaxBalance);
}
