//! Maintenance of tier levels (incentives.md 2.6, 8.3, 8.5).

use laurel_domain::{
    customer::{Event, ReviewResult, TierMoveCause},
    time::TimeForm,
};

use crate::{member::*, shop::*};

/// Yearly from the day of joining.
const ANNIVERSARY: &str = r#", "maintenance_frequency_value": 1, "maintenance_frequency_uom": 3,
    "maintenance_frequency_is_relative": true"#;
/// Every year on its first day, not in the first three months of membership.
const NEW_YEAR: &str = r#", "maintenance_frequency_value": 1, "maintenance_frequency_uom": 3,
    "maintenance_frequency_is_relative": false, "maintenance_frequency_day": 1,
    "maintenance_age_value": 3, "maintenance_age_uom": 2"#;

/// Gold from 1000 and kept with 5000, Platinum from 10000 and kept with 20000.
fn shop(timing: &str) -> Shop {
    let trees = [
        enter(201, GOLD, 1000),
        enter(202, PLATINUM, 10000),
        stay(301, GOLD, 5000, ""),
        stay(302, PLATINUM, 20000, ""),
    ];
    let levels = [SILVER, GOLD, PLATINUM].map(|level| (level, timing.to_owned())).to_vec();
    Shop { levels, ..Shop::with(&trees) }
}

/// A member who has got so many points at a time.
fn risen(shop: &Shop, joined: &str, points: &str) -> Member {
    let mut member = Member::of(shop);
    member.at(joined).given(TIER, points);
    member
}

/// One who has joined Gold with them.
fn gold(shop: &Shop, joined: &str, points: &str) -> Member {
    let member = risen(shop, joined, points);
    assert_eq!(member.level(), GOLD);
    member
}

fn next(member: &Member) -> Option<String> {
    let tier = &member.customer.tiers()[0];
    tier.next_review(&member.program, member.now).map(|at| at.write(TimeForm::IsoBare))
}

/// incentives.md 8.3: Gold joined 10 March, 4300 a year later: Silver, joined 10 March.
#[test]
fn an_anniversary_that_fails_leads_one_level_down() {
    let mut member = gold(&shop(ANNIVERSARY), "2026-03-10T14:25:09Z", "4300");
    assert_eq!(next(&member).as_deref(), Some("2027-03-10T00:00:00"));
    assert_eq!(member.customer.due(), Some(time("2027-03-10T00:00:00Z")));
    member.at("2027-03-09T23:59:59.999Z").settled();
    assert_eq!(member.level(), GOLD);
    member.at("2027-03-10T08:00:00Z").settled();
    assert_eq!(member.level(), SILVER);
    assert_eq!(member.customer.tiers()[0].joined, time("2027-03-10T00:00:00Z"));
    let moved = (Some(GOLD), Some(SILVER), TierMoveCause::Maintenance, "2027-03-10T00:00:00Z".to_owned());
    assert_eq!(member.history().last(), Some(&moved));
    let events = member.events.len();
    member.settled();
    assert_eq!(member.events.len(), events, "it is done once");
}

/// The same with 5100: the next run is 10 March of the year after.
#[test]
fn an_anniversary_that_passes_sets_the_next_one() {
    let mut member = gold(&shop(ANNIVERSARY), "2026-03-10T14:25:09Z", "5100");
    member.at("2027-03-10T00:00:00Z").settled();
    assert_eq!((member.level(), next(&member).as_deref()), (GOLD, Some("2028-03-10T00:00:00")));
    assert_eq!(member.customer.tiers()[0].joined, time("2026-03-10T14:25:09Z"), "it is held on to");
    let passed = member.events.iter().any(|event| {
        matches!(event, Event::TierReviewsSet { reviews, .. } if reviews[0].result == ReviewResult::Passed)
    });
    assert!(passed);
}

/// incentives.md 8.3, overall: who joined on 20 November is left alone until the 1 January after the next.
#[test]
fn an_overall_run_leaves_the_safe_time_alone() {
    let shop = shop(NEW_YEAR);
    let mut early = gold(&shop, "2026-06-20T12:00:00Z", "4300");
    let mut late = gold(&shop, "2026-11-20T12:00:00Z", "4300");
    assert_eq!(next(&late).as_deref(), Some("2028-01-01T00:00:00"));
    assert_eq!(early.at("2027-01-01T00:00:00Z").settled().level(), SILVER);
    assert_eq!(late.at("2027-01-01T00:00:00Z").settled().level(), GOLD);
    assert_eq!(late.at("2028-01-01T00:00:00Z").settled().level(), SILVER);
}

/// A level without stay rules is kept for ever, whatever its timing; it shows a date all the same (2.7).
#[test]
fn without_stay_rules_nobody_falls() {
    let shop = Shop { levels: vec![(GOLD, ANNIVERSARY.to_owned())], ..Shop::with(&[enter(201, GOLD, 1000)]) };
    let mut member = gold(&shop, "2026-03-10T14:25:09Z", "4300");
    assert_eq!(member.customer.due(), None);
    assert_eq!(next(&member).as_deref(), Some("2027-03-10T00:00:00"));
    assert_eq!(member.at("2030-01-01T00:00:00Z").settled().level(), GOLD);
}

/// Who comes back after missed reviews is reviewed first, for each of them, and then judged by what he does.
#[test]
fn missed_reviews_come_first_and_as_of_their_time() {
    let mut member = risen(&shop(ANNIVERSARY), "2026-03-10T14:25:09Z", "12000");
    assert_eq!(member.level(), PLATINUM);
    member.spent("8000");
    member.at("2029-07-01T10:00:00Z").given(TIER, "100");
    let joined = |from, to, cause, at: &str| (from, Some(to), cause, at.to_owned());
    assert_eq!(
        member.history()[2..],
        [
            joined(Some(PLATINUM), GOLD, TierMoveCause::Maintenance, "2027-03-10T00:00:00Z"),
            joined(Some(GOLD), SILVER, TierMoveCause::Maintenance, "2028-03-10T00:00:00Z"),
            joined(Some(SILVER), GOLD, TierMoveCause::Qualifying, "2029-07-01T10:00:00Z"),
        ]
    );
}

#[test]
fn readers_see_a_review_that_nobody_has_written_down() {
    let mut member = gold(&shop(ANNIVERSARY), "2026-03-10T14:25:09Z", "4300");
    member.at("2027-03-10T00:00:00Z");
    assert_eq!(member.level(), GOLD);
    let seen = member.customer.as_of(&member.program, member.now).into_owned();
    member.settled();
    assert_eq!(seen.tiers()[0].level, id(SILVER));
    assert_eq!(seen.tiers()[0].joined, member.customer.tiers()[0].joined);
}

#[test]
fn to_qualified_leads_to_the_highest_level_whose_stay_rules_pass() {
    let mut shop = shop(ANNIVERSARY);
    shop.trees.push(stay(303, SILVER, 0, ""));
    let fall = |shop: &Shop, left: &str| {
        let mut member = risen(shop, "2026-03-10T14:25:09Z", "12000");
        member.spent(left);
        member.at("2027-03-10T00:00:00Z").settled().level()
    };
    assert_eq!(fall(&shop, "11000"), GOLD, "one level");
    shop.switches = r#""demotion_mode": "to_qualified""#;
    assert_eq!(fall(&shop, "11000"), SILVER, "1000 do not keep Gold");
    assert_eq!(fall(&shop, "7000"), GOLD, "5000 do");
    assert_eq!(fall(&shop, "0"), GOLD);
}

/// There is nowhere to fall from rank 0; the next run is set all the same.
#[test]
fn the_lowest_level_is_kept() {
    let mut shop = shop(ANNIVERSARY);
    shop.trees.push(stay(303, SILVER, 50, ""));
    let mut member = Member::of(&shop);
    member.at("2027-03-01T00:00:00Z").settled();
    assert_eq!((member.level(), next(&member).as_deref()), (SILVER, Some("2028-03-01T00:00:00")));
}

/// incentives.md 8.5: a paused level keeps its members, cannot be entered and gives nothing.
#[test]
fn a_paused_level_is_frozen() {
    let mut shop = shop(ANNIVERSARY);
    shop.trees.push(tree(100, &only_for(GOLD), &per_amount(1, SPEND, "1", "")));
    let mut member = gold(&shop, "2026-03-10T14:25:09Z", "4300");
    member.buy(500, 1, "10");
    assert_eq!(member.available(SPEND), points("10"));
    shop.paused = vec![GOLD];
    member.publish(&shop);
    member.at("2028-06-01T00:00:00Z").buy(501, 1, "10");
    assert_eq!((member.level(), member.available(SPEND)), (GOLD, points("10")));
    assert_eq!(next(&Member::of(&shop)), Some("2027-03-01T00:00:00".to_owned()), "the others go on");
    let mut other = Member::of(&shop);
    assert_eq!(other.given(TIER, "4000").level(), SILVER);
    assert_eq!(other.given(TIER, "6000").level(), PLATINUM);
    // Live again: the reviews it missed are not caught up on.
    shop.paused = Vec::new();
    member.publish(&shop);
    member.settled();
    assert_eq!((member.level(), next(&member).as_deref()), (GOLD, Some("2029-03-10T00:00:00")));
    // Those who fall pass over it.
    shop.paused = vec![GOLD];
    other.publish(&shop);
    other.spent("9000");
    assert_eq!(other.at("2029-01-01T00:00:00Z").settled().level(), SILVER);
}

/// Maintenance that is introduced, or changed, reviews nobody for the past.
#[test]
fn changed_settings_count_from_the_change_on() {
    let mut member = gold(&shop(""), "2026-03-10T14:25:09Z", "4300");
    assert_eq!(member.customer.due(), None);
    member.at("2029-06-01T00:00:00Z").publish(&shop(ANNIVERSARY));
    member.settled();
    assert_eq!((member.level(), next(&member).as_deref()), (GOLD, Some("2030-03-10T00:00:00")));
    member.publish(&shop(NEW_YEAR));
    member.settled();
    assert_eq!(member.customer.due(), Some(time("2030-01-01T00:00:00Z")));
    member.publish(&shop(""));
    member.settled();
    assert_eq!(member.customer.due(), None);
}

/// Days are those of the retailer.
#[test]
fn reviews_follow_the_retailers_zone() {
    let mut shop = shop(ANNIVERSARY);
    shop.zone = "America/Chicago";
    let mut member = gold(&shop, "2026-03-10T02:00:00Z", "4300");
    // 9 March in Chicago, which is then on summer time.
    assert_eq!(next(&member).as_deref(), Some("2027-03-09T06:00:00"));
    assert_eq!(member.at("2027-03-09T06:00:00Z").settled().level(), SILVER);
}
