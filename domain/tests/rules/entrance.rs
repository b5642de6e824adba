//! Entering tier levels (incentives.md 2.8, 8.2).

use laurel_domain::{
    Points,
    id::{PointAccountId, TierLevelId},
    program::tree::{Comparison, NodeTest, Triggers},
    rules::{Figure, LimitUsage, Standing},
};

use crate::shop::*;

/// A purchase was evaluated and gave points.
const PURCHASE: Triggers = Triggers { purchase: true, points_earned: true, custom_event: false };

/// A tree to enter a level at a target of the tier account.
fn enter(n: u32, level: u32, discriminator: u32, target: u32, more: &str) -> String {
    let (tree, root, leaf, constraint) = (guid(n), guid(n * 100), guid(n * 100 + 1), guid(n * 100 + 2));
    format!(
        r#"{{"id": "{tree}", "name": "Enter {n}", "status": 2, "tree_type": 3,
            "trigger_events": ["COMPLETE_TRANSACTION"],
            {assigned}{more},
            "rules": [{{"id": "{root}", "discriminator": 1, "rank": 0}},
                      {{"id": "{leaf}", "parent_id": "{root}", "rank": 3, "discriminator": {discriminator},
                        "target_balance": {target}, "comparison": 4, "constraints": [
                        {{"id": "{constraint}", "discriminator": 8, "rank": 1, "version": 2,
                          "point_accounts": {{"{account}": "a former name"}}}}]}}]}}"#,
        assigned = only_for(level),
        account = guid(TIER),
    )
}

fn ladder() -> laurel_domain::program::Program {
    program(&[enter(101, SILVER, 2048, 1000, ""), enter(102, GOLD, 2048, 5000, "")])
}

/// What the tier account holds; the other account must not matter.
fn holding(tier: &'static str) -> impl Fn(PointAccountId) -> Points {
    move |account| if account == id(TIER) { points(tier) } else { points("900000") }
}

fn nothing(_: PointAccountId) -> Points {
    Points::ZERO
}

/// Looks with these balances and lifetime values.
fn with<R>(
    balance: &dyn Fn(PointAccountId) -> Points,
    lifetime: &dyn Fn(PointAccountId) -> Points,
    look: impl FnOnce(&Standing<'_>) -> R,
) -> R {
    let usage = LimitUsage::default();
    look(&Standing { lifetime, ..Standing::anonymous(&[], balance, &usage) })
}

const NOW: &str = "2026-03-15T12:00:00Z";

/// incentives.md 6.3: `mode` is of every constraint. All accounts but those named are summed.
#[test]
fn accounts_are_included_or_excluded() {
    let only = enter(101, SILVER, 2048, 1000, "");
    let others =
        only.replace(r#""rank": 1, "version": 2,"#, r#""rank": 1, "version": 2, "mode": "exclude","#);
    assert_ne!(only, others);
    let spendable = |account| if account == id(SPEND) { points("1000") } else { points("0") };
    for (tree, holds, expected) in [
        (&only, &holding("1000") as &dyn Fn(PointAccountId) -> Points, true),
        (&only, &spendable, false),
        (&others, &spendable, true),
        (&others, &nothing, false),
    ] {
        let program = program(std::slice::from_ref(tree));
        let enters = with(holds, &nothing, |standing| {
            program.entrance_passes(id(SILVER), PURCHASE, standing, time(NOW))
        });
        assert_eq!(enters, expected, "{tree}");
    }
}

/// incentives.md 8.2: entrance at 1000 and 5000; 940 enters neither, 940 + 4200 both.
#[test]
fn thresholds_are_inclusive() {
    let program = ladder();
    let passes = |level: u32, tier| {
        with(&holding(tier), &nothing, |standing| {
            program.entrance_passes(id(level), PURCHASE, standing, time(NOW))
        })
    };
    assert!(!passes(SILVER, "940"));
    assert!(!passes(SILVER, "999.9999"));
    assert!(passes(SILVER, "1000"));
    assert!(!passes(GOLD, "4999.9999"));
    assert!(passes(SILVER, "5140") && passes(GOLD, "5140"));
    // No tree leads into the default level.
    assert!(!passes(MEMBER, "5140"));
    assert_eq!(program.entrance_threshold(id(GOLD)), Some(points("5000")));
    assert_eq!(program.entrance_threshold(id(MEMBER)), None);
}

#[test]
fn any_tree_of_a_level_suffices_while_it_is_in_force() {
    let trees = [
        enter(101, GOLD, 2048, 5000, ""),
        enter(102, GOLD, 2048, 10, r#", "end_date": "2026-02-01T00:00:00""#),
        enter(103, GOLD, 2048, 10, "").replace(r#""status": 2"#, r#""status": 0"#),
    ];
    let program = program(&trees);
    let passes = |at| {
        with(&holding("50"), &nothing, |standing| {
            program.entrance_passes(id(GOLD), PURCHASE, standing, time(at))
        })
    };
    assert!(passes("2026-01-15T12:00:00Z"));
    assert!(!passes(NOW));
    let trees = with(&holding("50"), &nothing, |standing| {
        program.entrance_progress(id(GOLD), standing, time(NOW)).len()
    });
    assert_eq!(trees, 1);
}

#[test]
fn lifetime_points_count_what_was_ever_earned() {
    let program = program(&[enter(101, GOLD, 4096, 5000, "")]);
    let passes = |standing: &Standing<'_>| program.entrance_passes(id(GOLD), PURCHASE, standing, time(NOW));
    assert!(with(&nothing, &holding("5000"), passes));
    assert!(!with(&holding("5000"), &nothing, passes));
}

/// incentives.md 2.8: 640 of 1000; the leaf before the root.
#[test]
fn progress_shows_leaves_before_their_parents() {
    let program = ladder();
    let level: TierLevelId = id(SILVER);
    let progress =
        with(&holding("640"), &nothing, |standing| program.entrance_progress(level, standing, time(NOW)));
    let [tree] = progress.as_slice() else { panic!("one tree leads into Silver") };
    let [leaf, root] = tree.nodes.as_slice() else { panic!("the tree has two nodes") };
    assert_eq!((tree.tree, tree.passed), (id(101), false));
    assert_eq!((leaf.node.id, leaf.node.parent, leaf.node.rank), (id(10101), Some(id(10100)), 3));
    assert_eq!(
        (leaf.discriminator(), leaf.query_result, leaf.passed),
        (2, Some(Figure::Points(points("640"))), false)
    );
    let test = leaf.balance_test().unwrap();
    assert_eq!((test.target, test.comparison.number()), (points("1000"), 4));
    let [constraint] = test.constraints.as_slice() else { panic!("the leaf has one constraint") };
    assert_eq!((constraint.id, constraint.rank, constraint.version), (id(10102), 1, 2));
    let names: Vec<_> =
        constraint.accounts.iter().map(|known| &program.account(*known).unwrap().name).collect();
    assert_eq!(names, ["Status"]);
    assert_eq!((root.node.id, root.node.parent, root.query_result), (id(10100), None, None));
    assert_eq!((root.discriminator(), root.passed), (1, false));
    assert!(matches!(root.node.test, NodeTest::All(_)));
    assert!(with(&holding("1000"), &nothing, |standing| {
        program.entrance_progress(level, standing, time(NOW))[0].passed
    }));
}

#[test]
fn comparisons_hold_as_their_numbers_say() {
    let expected = [
        (0, [false, true, false]),
        (1, [true, false, true]),
        (2, [true, false, false]),
        (3, [false, false, true]),
        (4, [false, true, true]),
        (5, [true, true, false]),
    ];
    for (number, results) in expected {
        let comparison = Comparison::from_number(number).unwrap();
        assert_eq!(i64::from(comparison.number()), number);
        assert_eq!([1, 2, 3].map(|value| comparison.holds(value, 2)), results, "{number}");
    }
    assert!((6..=10).all(|number| Comparison::from_number(number).is_none()));
}

#[test]
fn a_tree_is_looked_at_after_its_own_events_only() {
    let deposit = Triggers { purchase: false, points_earned: true, custom_event: false };
    let passes = |program: &laurel_domain::program::Program, happened| {
        with(&holding("5000"), &nothing, |standing| {
            program.entrance_passes(id(GOLD), happened, standing, time(NOW))
        })
    };
    let purchases_only = program(&[enter(102, GOLD, 2048, 5000, "")]);
    assert!(passes(&purchases_only, PURCHASE));
    assert!(!passes(&purchases_only, deposit), "the tree names COMPLETE_TRANSACTION alone");
    let any = program(&[
        enter(102, GOLD, 2048, 5000, "").replace(r#""trigger_events": ["COMPLETE_TRANSACTION"],"#, "")
    ]);
    assert!(passes(&any, PURCHASE) && passes(&any, deposit), "none named: both");
}
