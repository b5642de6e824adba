//! What joining levels and staying in them gives (incentives.md 8.2, 8.3, 8.4).

use laurel_domain::{
    customer::{AuditKind, Event, TierBenefit},
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

fn does(n: u32, discriminator: u32, members: &str) -> String {
    format!(r#"{{"id": "{}", "discriminator": {discriminator}, {members}}}"#, guid(n))
}

fn benefits(member: &Member) -> Vec<&TierBenefit> {
    let given = member.events.iter().filter_map(|event| match event {
        Event::TierBenefitsGiven { benefits, .. } => Some(benefits),
        _ => None,
    });
    given.flatten().collect()
}

/// incentives.md 8.4: whatever makes sense without a purchase, in the order of 6.4: spends, expiries, points, tags.
#[test]
fn joining_spends_expires_and_tags() {
    let outcomes = [
        fixed(1, SPEND, 50),
        does(2, 32, &format!(r#""point_account_ids": ["{}"], "amount": 30"#, guid(STRICT))),
        does(3, 512, &format!(r#""point_account_ids": ["{}"], "percentage": 50"#, guid(STRICT))),
        does(4, 64, r#""tags": ["gold;;3600", "vip"]"#),
        does(5, 32, &format!(r#""point_account_ids": ["{}"], "amount": 3000"#, guid(STRICT))),
    ];
    let mut member = Member::of(&Shop::with(&[enter_for(201, GOLD, 1000, &outcomes.join(","))]));
    member.given(STRICT, "100").given(TIER, "1000");
    assert_eq!(
        (member.level(), member.available(SPEND), member.available(STRICT)),
        (GOLD, points("50"), points("35"))
    );
    let tags: Vec<_> =
        member.customer.rule_state().tags.iter().map(|tag| (&*tag.name, tag.until.is_some())).collect();
    assert_eq!(tags, [("gold", true), ("vip", false)]);
    let [benefit] = benefits(&member)[..] else { panic!() };
    assert_eq!(benefit.done.len(), 3);
    assert_eq!(benefit.refused[0].reason, RefusalReason::InsufficientPoints);
    let kinds: Vec<_> = member.audit()[2..].iter().map(|row| (row.kind, row.change)).collect();
    let expected = [
        (AuditKind::Redemption, points("-30")),
        (AuditKind::Expiration, points("-35")),
        (AuditKind::Issuance, points("50")),
    ];
    assert_eq!(kinds, expected);
    assert!(member.audit()[2..].iter().all(|row| &*row.caused_by.modification_type == "TierJoin"));
}

/// Limits of a level's tree and of its outcomes count over all levels and time, beside the joining cap.
#[test]
fn limits_of_trees_and_outcomes_hold() {
    let limited = format!(
        r#"{{"id": "{}", "discriminator": 1, "point_source_id": "{}", "point_account_ids": ["{}"], "amount": 10,
            "limits": [{{"scope": 0, "max": 1, "value": 1, "uom": 7}}]}}"#,
        guid(1),
        guid(SOURCE),
        guid(SPEND)
    );
    let tree = enter_for(201, GOLD, 1000, &[limited, fixed(2, STRICT, 1)].join(","));
    let mut member = Member::of(&Shop::with(&[tree]));
    member.given(TIER, "1000");
    member.placed(SILVER);
    member.given(TIER, "1");
    assert_eq!(
        (member.level(), member.available(SPEND), member.available(STRICT)),
        (GOLD, points("10"), points("2"))
    );
    assert_eq!(benefits(&member)[1].refused[0].reason, RefusalReason::FrequencyLimit);
    // On the tree as a whole, and within a time.
    let monthly = enter_for(201, GOLD, 1000, &fixed(2, STRICT, 5)).replace(
        r#""tree_type": 3,"#,
        r#""tree_type": 3, "limits": [{"scope": 1, "max": 8, "value": 1, "uom": 2}],"#,
    );
    let mut member = Member::of(&Shop::with(&[monthly]));
    for (now, total) in [("2026-03-02", "5"), ("2026-03-03", "8"), ("2026-03-04", "8"), ("2026-04-20", "13")]
    {
        member.at(&format!("{now}T00:00:00Z"));
        if member.level() != SILVER {
            member.placed(SILVER);
        }
        member.given(TIER, "1000");
        assert_eq!((member.level(), member.available(STRICT)), (GOLD, points(total)), "{now}");
    }
}

/// What a level gives may move on, and give what that gives; in a circle it ends.
#[test]
fn movements_lead_to_movements_and_end() {
    let to = |n: u32, level: u32| {
        does(n, 16, &format!(r#""tier_system_id": "{}", "tier_level_id": "{}""#, guid(SYSTEM), guid(level)))
    };
    let trees = [
        enter_for(201, GOLD, 1000, &[fixed(1, SPEND, 1), to(2, PLATINUM)].join(",")),
        enter_for(202, PLATINUM, 9000, &fixed(3, SPEND, 10)),
    ];
    let mut member = Member::of(&Shop::with(&trees));
    member.given(TIER, "1000");
    assert_eq!((member.level(), member.available(SPEND)), (PLATINUM, points("11")));
    let circle = [
        enter_for(201, GOLD, 1000, &[fixed(1, SPEND, 1), to(2, PLATINUM)].join(",")),
        enter_for(202, PLATINUM, 9000, &[fixed(3, SPEND, 10), to(4, GOLD)].join(",")),
    ];
    let mut member = Member::of(&Shop::with(&circle));
    member.given(TIER, "1000");
    let given = benefits(&member);
    assert_eq!(given.last().unwrap().refused[0].reason, RefusalReason::CascadeDepth);
    assert_eq!(given.len(), 6);
    assert_eq!(member.available(SPEND), points("23"));
}

/// Staying may publish an event, which happens at the time of the review and starts its trees.
#[test]
fn staying_publishes_and_leaves() {
    let yearly = r#", "maintenance_frequency_value": 1, "maintenance_frequency_uom": 3"#;
    let survey = format!(
        r#"{{"id": "{}", "name": "Survey", "status": 2, "tree_type": 2, "trigger_events": ["SURVEY"],
            "rules": [{{"id": "{}", "discriminator": 65536}}], "outcomes": [{}]}}"#,
        guid(100),
        guid(10000),
        fixed(9, SPEND, 7)
    );
    let publishes = does(4, 128, r#""event_lookup": "SURVEY", "context": {"why": "stayed"}"#);
    let trees = [enter(201, GOLD, 1000), stay(301, GOLD, 1000, &publishes), survey];
    let shop = Shop { levels: vec![(GOLD, yearly.to_owned())], ..Shop::with(&trees) };
    let mut member = Member::of(&shop);
    member.given(TIER, "1000").at("2028-06-01T00:00:00Z").settled();
    assert_eq!((member.level(), member.available(SPEND)), (GOLD, points("14")));
    let times: Vec<_> = member.audit()[1..].iter().map(|row| row.occurred).collect();
    assert_eq!(times, ["2027-03-01T00:00:00Z", "2028-03-01T00:00:00Z"].map(time));
    // Or it takes out of the system: the review of that level is over.
    let leaves = does(4, 2048, &format!(r#""tier_system_id": "{}""#, guid(SYSTEM)));
    let trees = [enter(201, GOLD, 1000), stay(301, GOLD, 1000, &leaves)];
    let shop = Shop { levels: vec![(GOLD, yearly.to_owned())], ..Shop::with(&trees) };
    let mut member = Member::of(&shop);
    member.given(TIER, "1000").at("2028-06-01T00:00:00Z").settled();
    assert!(member.customer.tiers().is_empty());
}
