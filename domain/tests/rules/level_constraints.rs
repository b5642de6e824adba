//! What is for members of certain tier levels only (incentives.md 7.7).

use std::borrow::Cow;

use laurel_domain::{
    Timestamp,
    id::{LevelConstraintId, TierSystemId},
    program::{ConstrainedKind, Program, ProgramText, tree::Attribute},
    rules::{Person, RefusalReason},
};

use crate::shop::*;

const TREE: u32 = 101;
const SOURCE: u32 = 11;

/// Somebody who joined the level at noon of a day.
struct Since(&'static str);

impl Person for Since {
    fn attribute(&self, _: &Attribute) -> Option<Cow<'_, str>> {
        None
    }

    fn registered(&self) -> Option<Timestamp> {
        None
    }

    fn joined(&self, system: TierSystemId) -> Option<Timestamp> {
        (system == id(SYSTEM)).then(|| time(self.0))
    }

    fn has_tag(&self, _: &str) -> bool {
        false
    }
}

fn constraint(n: u32, (kind, entity): (&str, u32), levels: &[u32], more: &str) -> String {
    let levels: Vec<_> = levels.iter().map(|level| format!("\"{}\"", guid(*level))).collect();
    format!(
        r#"{{"id": "{}", "entity_type": "{kind}", "entity_id": "{}", "tier_system_id": "{}",
            "tier_level_ids": [{}]{more}}}"#,
        guid(n),
        guid(entity),
        guid(SYSTEM),
        levels.join(",")
    )
}

fn constrained(trees: &[String], constraints: &[String]) -> String {
    let list = format!(r#""tier_level_constraints": [{}], "rule_trees":"#, constraints.join(","));
    document("", trees).replace("\"rule_trees\":", &list)
}

fn compiled(text: &str) -> Program {
    Program::compile(1, ProgramText { program: text, stores: "", catalog: "" }).unwrap()
}

fn shop(constraints: &[String]) -> Program {
    compiled(&constrained(&[tree(TREE, "", "", &per_amount(1, "1"))], constraints))
}

fn earns(program: &Program, level: u32, since: &'static str) -> bool {
    let person = Since(since);
    !Basket { level, person: &person, ..Basket::worth("10") }.rows(program).is_empty()
}

#[test]
fn a_tree_is_no_candidate_for_others() {
    let on = ("rule_tree", TREE);
    let ran = |constraints: &[String]| {
        let program = shop(constraints);
        [MEMBER, SILVER, GOLD].map(|level| earns(&program, level, "2026-03-01T12:00:00Z"))
    };
    assert_eq!(ran(&[]), [true; 3]);
    // Any listed level suffices; a mode in any letter case.
    assert_eq!(ran(&[constraint(1, on, &[SILVER, GOLD], "")]), [false, true, true]);
    assert_eq!(ran(&[constraint(1, on, &[SILVER], r#", "mode": "Exclude""#)]), [true, false, true]);
    // All constraints must hold.
    let both = [constraint(1, on, &[SILVER, GOLD], ""), constraint(2, on, &[GOLD], r#", "mode": "exclude""#)];
    assert_eq!(ran(&both), [false, true, false]);
    // Those of something else do not matter.
    assert_eq!(ran(&[constraint(1, ("offer", TREE), &[GOLD], "")]), [true; 3]);
}

#[test]
fn a_level_counts_after_so_many_days() {
    let days = |mode: &str| {
        let more = format!(r#", "mode": "{mode}", "min_days_in_level": 14"#);
        shop(&[constraint(1, ("rule_tree", TREE), &[GOLD], &more)])
    };
    // The purchase is at noon of 15 March.
    let (include, exclude) = (days("include"), days("exclude"));
    assert!(earns(&include, GOLD, "2026-03-01T12:00:00Z") && !earns(&exclude, GOLD, "2026-03-01T12:00:00Z"));
    assert!(!earns(&include, GOLD, "2026-03-01T12:00:01Z") && earns(&exclude, GOLD, "2026-03-01T12:00:01Z"));
    assert!(
        !earns(&include, SILVER, "2026-01-01T12:00:00Z") && earns(&exclude, SILVER, "2026-01-01T12:00:00Z")
    );
}

#[test]
fn membership_in_a_paused_level_does_not_count() {
    let more = r#", "mode": "exclude""#;
    let listed = [constraint(1, ("rule_tree", TREE), &[SILVER, GOLD], "")];
    let excluded = [constraint(1, ("rule_tree", TREE), &[GOLD], more)];
    let trees = [tree(TREE, "", "", &per_amount(1, "1"))];
    let paused = |constraints: &[String]| {
        let gold = r#""name": "Gold", "rank": 2, "status": "#;
        compiled(&constrained(&trees, constraints).replace(&format!("{gold}2"), &format!("{gold}1")))
    };
    assert!(!earns(&paused(&listed), GOLD, "2026-03-01T12:00:00Z"));
    assert!(earns(&paused(&listed), SILVER, "2026-03-01T12:00:00Z"));
    assert!(earns(&paused(&excluded), GOLD, "2026-03-01T12:00:00Z"));
}

#[test]
fn event_trees_and_a_sale_that_is_evaluated_again_obey_too() {
    let event = tree(102, "", "", &outcome(2, 1, r#""amount": 5"#))
        .replace(r#""tree_type": 1"#, r#""tree_type": 2, "trigger_events": ["SURVEY"]"#)
        .replace(r#""discriminator": 32768"#, r#""discriminator": 65536"#);
    let trees = [tree(TREE, "", "", &per_amount(1, "1")), event];
    let constraints = [TREE, 102].map(|tree| constraint(tree + 100, ("rule_tree", tree), &[GOLD], ""));
    let program = compiled(&constrained(&trees, &constraints));
    for (level, gives) in [(SILVER, 0), (GOLD, 1)] {
        let basket = Basket { level, ..Basket::worth("10") };
        assert_eq!(basket.happens(&program, "SURVEY", "1", None).awards.len(), gives);
        assert_eq!(basket.evaluate_only(&program, Some(&[id(TREE)])).awards.len(), gives);
    }
}

#[test]
fn a_source_gives_others_nothing_and_the_tree_still_holds() {
    let tag = format!(r#"{{"id": "{}", "discriminator": 64, "action": "add", "tags": ["bought"]}}"#, guid(2));
    let trees = [tree(TREE, "", "", &format!("{},{tag}", per_amount(1, "1")))];
    let program = compiled(&constrained(&trees, &[constraint(1, ("point_source", SOURCE), &[GOLD], "")]));
    let silver = Basket { level: SILVER, ..Basket::worth("10") };
    assert_eq!(silver.reasons(&program), [(id(TREE), RefusalReason::SourceLimit)]);
    let evaluation = silver.evaluate(&program);
    assert_eq!((evaluation.awards.len(), evaluation.actions.len()), (0, 1));
    let gold = Basket { level: GOLD, ..Basket::worth("10") };
    assert_eq!((gold.points(&program), gold.reasons(&program).len()), (points("10"), 0));
    // Where there is nothing to earn, nothing is refused.
    assert_eq!(Basket { level: SILVER, ..Basket::worth("-10") }.reasons(&program), []);
}

#[test]
fn constraints_are_found_by_what_they_are_on() {
    let program = shop(&[
        constraint(1, ("reward_store", 500), &[GOLD], ""),
        constraint(2, ("Reward_Store", 500), &[SILVER], ""),
        constraint(3, ("offer", 500), &[GOLD], ""),
    ]);
    let of = |kind, n: u32| -> Vec<LevelConstraintId> {
        program.level_constraints(kind, id::<TierSystemId>(n).0).map(|known| known.id).collect()
    };
    assert_eq!(of(ConstrainedKind::RewardStore, 500), [id(1), id(2)]);
    assert_eq!(of(ConstrainedKind::RewardStore, 501), []);
}

#[test]
fn what_is_wrong_is_named() {
    let good = constraint(1, ("rule_tree", TREE), &[GOLD], "");
    let stay = tree(102, &only_for(GOLD), "", "").replace(r#""tree_type": 1"#, r#""tree_type": 4"#).replace(
        r#""discriminator": 32768, "constraints": []"#,
        r#""discriminator": 2048, "comparison": 4, "target_balance": 1, "constraints": []"#,
    );
    let trees = [tree(TREE, "", "", &per_amount(1, "1")), stay];
    let wrong = |from: &str, to: &str| {
        let text = constrained(&trees, &[good.replace(from, to)]);
        let problems =
            Program::compile(1, ProgramText { program: &text, stores: "", catalog: "" }).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        let path = problems[0].path.strip_prefix("tier_level_constraints[0].").unwrap().to_owned();
        (path, problems[0].code.as_str())
    };
    let (gold, system) = (guid(GOLD), guid(SYSTEM));
    for (from, to, path, code) in [
        ("rule_tree", "campaign", "entity_type", "invalid_value"),
        ("rule_tree", "", "entity_type", "required"),
        ("rule_tree", "point_source", "entity_id", "point_source_not_found"),
        (&*guid(TREE), &*guid(999), "entity_id", "rule_tree_not_found"),
        (&*guid(TREE), &*guid(102), "entity_id", "not_supported"),
        (&*guid(TREE), "x", "entity_id", "invalid_value"),
        (&*system, &*guid(999), "tier_system_id", "tier_system_not_found"),
        (&*gold, &*guid(999), "tier_level_ids[0]", "tier_level_not_found"),
        (&*format!("\"{gold}\""), "", "tier_level_ids", "required"),
        ("}", r#", "mode": "both"}"#, "mode", "invalid_value"),
        ("}", r#", "min_days_in_level": -1}"#, "min_days_in_level", "out_of_range"),
    ] {
        assert_eq!(wrong(from, to), (path.to_owned(), code), "{from} {to}");
    }
    let twice = constrained(&trees, &[good.clone(), good.clone()]);
    let problems = Program::compile(1, ProgramText { program: &twice, stores: "", catalog: "" }).unwrap_err();
    assert_eq!(problems[0].code.as_str(), "duplicate_id");
}
