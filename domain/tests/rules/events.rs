//! Event trees, and events that follow from outcomes (incentives.md 6.1, 6.5, 1.6).

use laurel_domain::rules::{Act, RefusalReason, Share};

use crate::shop::*;

/// A tree for an event; `node` asks of the event.
fn listens(n: u32, events: &str, node: &str, outcomes: &str) -> String {
    format!(
        r#"{{"id": "{}", "name": "Event {n}", "status": 2, "tree_type": 2, "trigger_events": [{events}],
            "rules": [{{"id": "{}", "discriminator": 65536 {node}}}], "outcomes": [{outcomes}]}}"#,
        guid(n),
        guid(n * 100)
    )
}

fn fixed(n: u32, amount: u32) -> String {
    outcome(n, 1, &format!(r#""amount": {amount}"#))
}

fn publishes(n: u32, lookup: &str) -> String {
    format!(r#"{{"id": "{}", "discriminator": 128, "event_lookup": "{lookup}"}}"#, guid(n))
}

#[test]
fn an_event_runs_the_trees_that_name_it() {
    let trees = [
        listens(100, r#""app_installed""#, "", &fixed(1, 100)),
        listens(101, r#""SURVEY", "UPGRADE""#, "", &fixed(2, 7)),
        tree(102, "", "", &fixed(3, 1000)),
    ];
    let program = program(&trees);
    let member = Basket::worth("10");
    let gives = |lookup: &str| -> Vec<_> {
        let awards = member.happens(&program, lookup, "1", None).awards;
        awards.iter().map(|award| (award.tree, award.points)).collect()
    };
    assert_eq!(gives("APP_INSTALLED"), [(id(100), points("100"))]);
    assert_eq!(gives("UPGRADE"), [(id(101), points("7"))]);
    assert_eq!(gives("LOOP"), []);
    assert_eq!(member.points(&program), points("1000"), "a purchase starts none of them");
}

#[test]
fn context_and_quantity_of_the_event() {
    let node = r#", "event_lookup": "SURVEY", "constraints": [
        {"discriminator": 1024, "key": "score", "comparison": 4, "values": [7]}]"#;
    let per = outcome(1, 4, r#""points": 10, "quantity_per_award": 2"#);
    let field = outcome(2, 4, r#""points": 1, "quantity_per_award": 1, "quantity_field": "score""#);
    let program = program(&[listens(100, r#""SURVEY""#, node, &[per, field].join(","))]);
    let member = Basket::worth("10");
    let points_of = |quantity: &str, context: Option<&str>| -> Vec<_> {
        let awards = member.happens(&program, "SURVEY", quantity, context).awards;
        awards.iter().map(|award| award.points).collect()
    };
    assert_eq!(points_of("5", Some(r#"{"score": 8}"#)), [points("20"), points("8")]);
    assert_eq!(points_of("1", Some(r#"{"score": "7"}"#)), [points("7")]);
    assert_eq!(points_of("5", Some(r#"{"score": 6.9}"#)), []);
    assert_eq!(points_of("5", None), []);
}

#[test]
fn a_node_may_ask_for_another_event_than_the_trigger() {
    let trees = [listens(100, r#""SURVEY", "UPGRADE""#, r#", "event_lookup": "UPGRADE""#, &fixed(1, 5))];
    let program = program(&trees);
    let member = Basket::worth("10");
    assert!(member.happens(&program, "SURVEY", "1", None).awards.is_empty());
    assert_eq!(member.happens(&program, "UPGRADE", "1", None).awards.len(), 1);
}

#[test]
fn every_third_event_counts_as_often_as_it_says() {
    let count = format!(
        r#"{{"id": "{}", "name": "Third", "status": 2, "tree_type": 2, "trigger_events": ["SURVEY"],
            "rules": [{{"id": "{}", "discriminator": 8, "event_lookup": "SURVEY", "target_count": 3,
                       "lookback": {{"value": 1, "uom": 0}}}}],
            "outcomes": [{}]}}"#,
        guid(100),
        guid(101),
        fixed(1, 30)
    );
    let program = program(&[count]);
    let mut member = Basket::worth("10");
    let survey = |member: &mut Basket<'_>, quantity: &str| {
        let evaluation = member.happens(&program, "SURVEY", quantity, None);
        member.count(&evaluation.counted);
        !evaluation.awards.is_empty()
    };
    assert!(!survey(&mut member, "1"));
    assert!(!survey(&mut member, "1"));
    assert!(survey(&mut member, "1"), "the event itself counts");
    member.time = time("2026-03-17T12:00:00Z");
    assert!(!survey(&mut member, "2.5"));
    assert!(survey(&mut member, "0.5"));
}

#[test]
fn a_purchase_leads_to_events_within_one_evaluation() {
    let trees = [
        tree(100, "", "", &[per_amount(1, "1"), publishes(2, "SURVEY")].join(",")),
        listens(101, r#""SURVEY""#, "", &[fixed(3, 50), publishes(4, "UPGRADE")].join(",")),
        listens(102, r#""UPGRADE""#, "", &fixed(5, 3)),
        listens(103, r#""COMPLETE_TRANSACTION""#, "", &fixed(6, 1)),
    ];
    let program = program(&trees);
    let mut member = Basket::worth("10");
    let rows =
        [(id(100), points("10")), (id(103), points("1")), (id(101), points("50")), (id(102), points("3"))];
    assert_eq!(member.rows(&program), rows);
    // Who paid less leads to nothing that cannot be split.
    member.share = Share::of(vec![money("4"), money("6")], 0);
    assert_eq!(member.rows(&program), [(id(100), points("4"))]);
}

#[test]
fn events_stop_leading_to_events_at_the_fifth() {
    let program = program(&[listens(100, r#""LOOP""#, "", &[fixed(1, 1), publishes(2, "LOOP")].join(","))]);
    let evaluation = Basket::worth("10").happens(&program, "LOOP", "1", None);
    assert_eq!(evaluation.awards.len(), 6, "the event itself and five that follow");
    let published = evaluation.actions.iter().filter(|action| matches!(action.act, Act::Publish { .. }));
    assert_eq!(published.count(), 5);
    assert_eq!(evaluation.refused.len(), 1);
    assert_eq!(evaluation.refused[0].reason, RefusalReason::CascadeDepth);
}

#[test]
fn limits_hold_along_the_events_of_one_evaluation() {
    let limited = outcome(1, 1, r#""amount": 10, "limits": [{"scope": 1, "max": 25, "uom": 7}]"#);
    let program = program(&[listens(100, r#""LOOP""#, "", &[limited, publishes(2, "LOOP")].join(","))]);
    let evaluation = Basket::worth("10").happens(&program, "LOOP", "1", None);
    let given: Vec<_> = evaluation.awards.iter().map(|award| award.points).collect();
    assert_eq!(given, [points("10"), points("10"), points("5")]);
}

#[test]
fn many_events_at_every_step_stay_bounded() {
    let outcomes: Vec<_> = (1..=20).map(|n| publishes(n, "LOOP")).collect();
    let program = program(&[listens(100, r#""LOOP""#, "", &outcomes.join(","))]);
    let evaluation = Basket::worth("10").happens(&program, "LOOP", "1", None);
    assert!(evaluation.actions.len() <= 100, "{}", evaluation.actions.len());
    assert!(evaluation.refused.iter().all(|refused| refused.reason == RefusalReason::CascadeDepth));
}

#[test]
fn trees_of_a_following_event_see_the_balance_before_them() {
    let rich = format!(
        r#"{{"id": "{}", "name": "Rich", "status": 2, "tree_type": 2, "trigger_events": ["SURVEY"],
            "rules": [{{"id": "{}", "discriminator": 2048, "target_balance": 10}}], "outcomes": [{}]}}"#,
        guid(101),
        guid(102),
        fixed(3, 1)
    );
    let first = tree(100, "", "", &[per_amount(1, "1"), publishes(2, "SURVEY")].join(","));
    let program = program(&[first, rich]);
    assert_eq!(Basket::worth("9").rows(&program).len(), 1);
    assert_eq!(Basket::worth("10").rows(&program).len(), 2);
}
