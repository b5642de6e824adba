//! Limits per customer (incentives.md 6.8).

use laurel_domain::rules::RefusalReason;

use crate::shop::*;

fn limited(limit: &str, more: &str) -> Vec<String> {
    vec![tree(100, &format!(r#""limits": [{limit}]{more}"#), "", &per_amount(1, "1"))]
}

/// incentives.md 6.8: once per calendar day in the tree's zone; 23:50 and 00:10 both earn.
#[test]
fn a_calendar_day_ends_at_local_midnight() {
    let once = r#"{"scope": 0, "max": 1, "value": 1, "uom": 0, "window": 1}"#;
    let program = program(&limited(once, r#", "time_zone": "Europe/Madrid""#));
    let mut basket = Basket::worth("10");
    // Madrid, summer time: 21:50 UTC is 23:50.
    for (at, earned) in [
        ("2026-07-01T21:50:00Z", "10"),
        ("2026-07-01T21:55:00Z", "0"),
        ("2026-07-01T22:10:00Z", "10"),
        ("2026-07-02T21:59:59Z", "0"),
        ("2026-07-02T22:00:00Z", "10"),
    ] {
        basket.time = time(at);
        assert_eq!(basket.buy(&program), points(earned), "{at}");
    }
}

#[test]
fn a_rolling_day_ends_with_the_purchase() {
    let program = program(&limited(r#"{"scope": 0, "max": 1, "value": 1, "uom": 0, "window": 0}"#, ""));
    let mut basket = Basket::worth("10");
    for (at, earned) in [
        ("2026-07-01T23:50:00Z", "10"),
        ("2026-07-02T00:10:00Z", "0"),
        ("2026-07-02T23:49:59Z", "0"),
        ("2026-07-02T23:50:00Z", "10"),
    ] {
        basket.time = time(at);
        assert_eq!(basket.buy(&program), points(earned), "{at}");
    }
}

/// A purchase that arrives late is judged by what was used up to its own time.
#[test]
fn later_uses_do_not_count_against_an_earlier_purchase() {
    let program = program(&limited(r#"{"scope": 0, "max": 1, "value": 1, "uom": 0, "window": 0}"#, ""));
    let mut basket = Basket { time: time("2026-07-02T12:00:00Z"), ..Basket::worth("10") };
    assert_eq!(basket.buy(&program), points("10"));
    basket.time = time("2026-07-02T11:00:00Z");
    assert_eq!(basket.buy(&program), points("10"));
    assert_eq!(basket.buy(&program), points("0"));
}

#[test]
fn a_points_limit_pays_the_part_that_is_left() {
    let program = program(&limited(r#"{"scope": 1, "max": 25, "uom": 7}"#, ""));
    let mut basket = Basket::worth("10");
    let earned: Vec<_> = (0..4).map(|_| basket.buy(&program)).collect();
    assert_eq!(earned, [points("10"), points("10"), points("5"), points("0")]);
    assert_eq!(basket.reasons(&program), [(id(100), RefusalReason::FrequencyLimit)]);
}

#[test]
fn the_tree_limit_and_the_outcome_limit_both_hold() {
    let first =
        per_amount(1, "1").replace(r#""rate""#, r#""limits": [{"scope": 0, "max": 1, "uom": 7}], "rate""#);
    let outcomes = [first, per_amount(2, "2")].join(",");
    let program = program(&[tree(100, r#""limits": [{"scope": 1, "max": 45, "uom": 7}]"#, "", &outcomes)]);
    let mut basket = Basket::worth("10");
    let evaluation = basket.evaluate(&program);
    let keys: Vec<_> =
        evaluation.uses.iter().map(|used| (used.key.outcome, used.times, used.points)).collect();
    assert_eq!(keys, [(None, 1, points("30")), (Some(id(1)), 1, points("10"))]);
    assert_eq!(basket.buy(&program), points("30"));
    // The first outcome has had its one time; 15 of 45 are left for the second.
    assert_eq!(basket.buy(&program), points("15"));
    assert_eq!(basket.buy(&program), points("0"));
}

#[test]
fn uses_name_their_window_and_its_end() {
    let limits = r#"{"scope": 0, "max": 9, "value": 1, "uom": 2, "window": 1},
                    {"scope": 0, "max": 9, "value": 1, "uom": 2, "window": 0},
                    {"scope": 0, "max": 9, "uom": 7, "window": 1}"#;
    let program = program(&limited(limits, ""));
    let uses = Basket::worth("10").evaluate(&program).uses;
    let at: Vec<_> = uses.iter().map(|used| (used.at, used.until)).collect();
    let noon = time("2026-03-15T12:00:00Z");
    assert_eq!(
        at,
        [
            (time("2026-03-01T00:00:00Z"), Some(time("2026-04-01T00:00:00Z"))),
            (noon, Some(time("2026-04-15T12:00:00Z"))),
            (laurel_domain::Timestamp::MIN, None),
        ]
    );
    assert_eq!(uses.iter().map(|used| used.key.place).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn what_gives_nothing_uses_nothing() {
    let program = program(&limited(r#"{"scope": 0, "max": 1, "uom": 7}"#, ""));
    let mut basket = Basket::worth("0.50");
    assert_eq!(basket.buy(&program), points("0"));
    assert!(basket.evaluate(&program).uses.is_empty());
    basket = Basket { usage: basket.usage, ..Basket::worth("7") };
    assert_eq!(basket.buy(&program), points("7"));
    // Given back, as a return does, the time is there again.
    let mut back = Basket::worth("7").evaluate(&program).uses.remove(0);
    (back.times, back.points) = (-back.times, back.points.negated().unwrap());
    assert_eq!(basket.buy(&program), points("0"));
    basket.usage.record(&back).unwrap();
    assert_eq!(basket.buy(&program), points("7"));
}
