//! Due moments: noted with the record that makes them, never too late, and done in the order of time whoever comes
//! first, the clock or the customer.

use laurel_domain::customer::{Customer, Event, Purpose};
use proptest::prelude::*;

use crate::{member::*, shop::*};

/// Points of both accounts live three months; levels are reviewed every month.
fn shop() -> Shop {
    let policy = r#", "expiration_policy": {"policy_type": 1, "next_evaluation_date": "2026-01-01T00:00:00",
        "frequency_value": 1, "frequency_unit_type": 0, "expiration_age_value": 3, "expiration_age_unit_type": 2,
        "point_expiration_percentage": 100}"#;
    let monthly = r#", "maintenance_frequency_value": 1, "maintenance_frequency_uom": 2"#.to_owned();
    let overall =
        format!(r#"{monthly}, "maintenance_frequency_is_relative": false, "maintenance_frequency_day": 31"#);
    let trees = [
        enter_for(201, GOLD, 100, &fixed(1, SPEND, 5)),
        enter_for(202, PLATINUM, 300, &fixed(2, SPEND, 20)),
        stay(301, GOLD, 100, &fixed(3, SPEND, 1)),
        stay(302, PLATINUM, 300, ""),
        tree(100, "", &per_amount(4, TIER, "1", "")),
        tree(101, &only_for(GOLD), &per_amount(5, SPEND, "1", "")),
    ];
    Shop {
        spend: policy.to_owned(),
        tier: policy.to_owned(),
        levels: vec![(GOLD, monthly), (PLATINUM, overall)],
        ..Shop::with(&trees)
    }
}

#[test]
fn the_moment_is_noted_when_it_comes_nearer_and_not_otherwise() {
    let mut member = Member::of(&shop());
    let noted = |member: &Member| {
        member.events.iter().filter(|event| matches!(event, Event::DueNoted { .. })).count()
    };
    assert_eq!((member.customer.due(), noted(&member)), (None, 0));
    member.given(SPEND, "10");
    assert_eq!((member.customer.due(), noted(&member)), (Some(time("2026-06-02T00:00:00Z")), 1));
    member.at("2026-03-20T00:00:00Z").given(SPEND, "10");
    assert_eq!(noted(&member), 1, "the first lot is the first to go");
    member.post(Purpose::Spend(vec![spend(&[SPEND], "10")]), false).unwrap();
    assert_eq!(noted(&member), 1, "a moment that has become too early does no harm");
    member.at("2026-06-02T00:00:00Z").settled();
    assert_eq!((member.customer.due(), noted(&member)), (Some(time("2026-06-20T00:00:00Z")), 2));
    member.at("2026-06-20T00:00:00Z").settled();
    assert_eq!((member.customer.due(), noted(&member), member.available(SPEND)), (None, 3, points("0")));
}

/// A deposit of long ago has run out before it came.
#[test]
fn late_points_are_due_at_once() {
    let mut member = Member::of(&shop());
    let late = laurel_domain::customer::DepositDetail {
        occurred: Some(time("2025-01-01T00:00:00Z")),
        ..deposit(SPEND, "10")
    };
    member.post(Purpose::Deposit(vec![late]), false).unwrap();
    assert_eq!(member.customer.due(), Some(member.now));
    member.settled();
    assert_eq!((member.customer.due(), member.available(SPEND)), (None, points("0")));
}

/// The same shop, with rules for what becomes due: they give points that become due in turn, and lead to levels.
fn shop_with_events() -> Shop {
    let listens = |n: u32, lookup: &str, outcomes: &str| {
        format!(
            r#"{{"id": "{}", "name": "Event {n}", "status": 2, "tree_type": 2, "trigger_events": ["{lookup}"],
                "rules": [{{"id": "{}", "discriminator": 65536}}], "outcomes": [{outcomes}]}}"#,
            guid(n),
            guid(n * 100)
        )
    };
    let mut shop = shop();
    shop.trees.push(listens(110, "EXPIRE_POINTS", &fixed(11, TIER, 40)));
    shop.trees.push(listens(111, "TIER_DEMOTED", &fixed(12, TIER, 150)));
    shop.trees.push(listens(112, "TIER_PROMOTED", &fixed(13, STRICT, 1)));
    shop
}

#[derive(Debug, Clone)]
enum Step {
    Buy(u32),
    Give(u32),
    Spend(u32),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1_u32..200).prop_map(Step::Buy),
        (1_u32..200).prop_map(Step::Give),
        (1_u32..100).prop_map(Step::Spend),
        (1_i64..60 * 24).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..25)
}

/// What others see of a customer.
fn seen(customer: &Customer, member: &Member) -> impl PartialEq + std::fmt::Debug {
    let tiers: Vec<_> = customer
        .tiers()
        .iter()
        .map(|tier| (tier.level, tier.joined, tier.cause, tier.next_review(&member.program, member.now)))
        .collect();
    let balances = customer.balances(&member.program, member.now).accounts;
    // The ids depend on how many decisions there were.
    let balances: Vec<_> =
        balances.into_iter().map(|known| (known.account, known.available, known.lifetime)).collect();
    (tiers, balances)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn it_does_not_matter_who_comes_first(steps in steps(), events in any::<bool>()) {
        let shop = if events { shop_with_events() } else { shop() };
        let (mut woken, mut left_alone) = (Member::of(&shop), Member::of(&shop));
        for (sale, step) in (500..).zip(&steps) {
            for member in [&mut woken, &mut left_alone] {
                match step {
                    Step::Buy(amount) => member.buy(sale, 1, &amount.to_string()),
                    Step::Give(amount) => { member.given(TIER, &amount.to_string()); }
                    Step::Spend(amount) => {
                        let _ = member.post(Purpose::Spend(vec![spend(&[TIER], &amount.to_string())]), false);
                    }
                    Step::Wait(_) => {}
                }
            }
            if let Step::Wait(hours) = step {
                let until = woken.now.plus_millis(hours * 3_600_000);
                // The clock wakes one of them at each moment of its own.
                while let Some(due) = woken.customer.due().filter(|due| *due <= until) {
                    woken.now = due;
                    woken.settled();
                    prop_assert!(woken.customer.due() != Some(due), "what is due gets done");
                }
                (woken.now, left_alone.now) = (until, until);
            }
            let shown = left_alone.customer.as_of(&left_alone.program, left_alone.now);
            prop_assert_eq!(seen(&woken.customer, &woken), seen(&shown, &left_alone));
        }
        prop_assert_eq!(woken.history(), { left_alone.settled(); left_alone.history() });
    }
}
