//! Outcomes that give no points (incentives.md 6.5, 6.4 step 8).

use laurel_domain::{
    program::{
        Program,
        tree::{MoveTo, TagRule},
    },
    rules::{Act, RefusalReason},
};

use crate::shop::*;

/// An outcome of any type.
fn does(n: u32, discriminator: u32, members: &str) -> String {
    format!(r#"{{"id": "{}", "discriminator": {discriminator}, {members}}}"#, guid(n))
}

fn acts(basket: &Basket<'_>, program: &Program) -> Vec<Act> {
    basket.evaluate(program).actions.into_iter().map(|action| action.act).collect()
}

fn tag(name: &str, seconds: Option<i64>) -> TagRule {
    TagRule { name: name.into(), seconds }
}

#[test]
fn everything_is_done_in_the_order_of_the_algorithm() {
    let outcomes = [
        does(
            1,
            16,
            &format!(
                r#""tier_system_id": "{}", "direction": "up", "process_joining_outcomes": false"#,
                guid(SYSTEM)
            ),
        ),
        does(2, 64, r#""tags": ["weekday_shopper;;2592000", "Loud"]"#),
        does(3, 64, r#""tags": ["quiet"], "action": "remove""#),
        does(4, 512, &format!(r#""point_account_ids": ["{}"], "percentage": 12.5"#, guid(TIER))),
        does(
            5,
            32,
            &format!(r#""point_account_ids": ["{}"], "amount": 30, "force_spend": true"#, guid(SPEND)),
        ),
        does(6, 2048, &format!(r#""tier_system_id": "{}""#, guid(SYSTEM))),
    ];
    let program = program(&[tree(100, "", "", &outcomes.join(","))]);
    assert_eq!(
        acts(&Basket::worth("10"), &program),
        [
            Act::Spend { accounts: vec![id(SPEND)], points: points("30"), force: true },
            Act::Expire { accounts: vec![id(TIER)], percentage: "12.5".parse().unwrap() },
            Act::AddTags(vec![tag("weekday_shopper", Some(2_592_000)), tag("loud", None)]),
            Act::RemoveTags(vec!["quiet".into()]),
            Act::Move { system: id(SYSTEM), to: MoveTo::Up, joining_outcomes: false },
            Act::Leave(id(SYSTEM)),
        ]
    );
}

#[test]
fn a_spend_may_follow_the_amount() {
    let rate = does(1, 32, &format!(r#""point_account_ids": ["{}"], "rate": 2"#, guid(SPEND)));
    let program = program(&[tree(100, "", "", &rate)]);
    let spent = |amount| acts(&Basket::worth(amount), &program);
    assert_eq!(spent("40"), [Act::Spend { accounts: vec![id(SPEND)], points: points("80"), force: false }]);
    assert_eq!(spent("0"), []);
    assert_eq!(spent("-5"), [], "a return pays nothing");
}

/// incentives.md 7.14, the complete example: the tag is set though the hurdle is not met.
#[test]
fn limits_and_hurdles_leave_other_outcomes_alone() {
    let outcomes = [
        outcome(
            1,
            2,
            r#""rate": 3, "hurdle": 20, "max_points": 600, "rounding_mode": 1,
            "limits": [{"scope": 0, "max": 3, "value": 1, "uom": 2, "window": 1}]"#,
        ),
        does(
            2,
            64,
            r#""action": "add", "tags": ["weekday_shopper;;2592000"],
            "limits": [{"scope": 0, "max": 1, "uom": 7}]"#,
        ),
    ];
    let program = program(&[tree(100, "", "", &outcomes.join(","))]);
    let mut member = Basket::worth("19.99");
    assert_eq!(member.reasons(&program), [(id(100), RefusalReason::HurdleNotMet)]);
    assert_eq!(acts(&member, &program).len(), 1);
    assert_eq!(member.buy(&program), points("0"));
    member = Basket { usage: member.usage, ..Basket::worth("45.90") };
    assert_eq!(member.buy(&program), points("137"));
    assert_eq!(member.reasons(&program), [(id(100), RefusalReason::FrequencyLimit)], "the tag was set once");
    member = Basket { usage: member.usage, ..Basket::worth("250") };
    assert_eq!(member.buy(&program), points("600"));
    assert_eq!(member.buy(&program), points("600"));
    assert_eq!(member.buy(&program), points("0"), "three times a month");
    member.time = time("2026-04-01T00:00:00Z");
    assert_eq!(member.buy(&program), points("600"));
}

#[test]
fn losers_of_a_group_do_nothing() {
    let group = r#""exclusivity_group": "g", "exclusivity_mode": 1, "priority": "#;
    let trees = [
        tree(100, &format!("{group} 200"), "", &does(1, 64, r#""tags": ["winner"]"#)),
        tree(101, &format!("{group} 100"), "", &does(2, 64, r#""tags": ["loser"]"#)),
    ];
    let program = program(&trees);
    assert_eq!(acts(&Basket::worth("10"), &program), [Act::AddTags(vec![tag("winner", None)])]);
    assert_eq!(Basket::worth("10").reasons(&program), [(id(101), RefusalReason::Exclusivity)]);
}
