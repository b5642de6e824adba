//! Calendar windows and periods (incentives.md 3.1, 4.6, 6.8).

use laurel_domain::{
    Timestamp,
    time::{Span, TimeForm, Unit, Zone},
};
use proptest::prelude::*;

const UNITS: [Unit; 7] =
    [Unit::Day, Unit::Week, Unit::Month, Unit::Year, Unit::Hour, Unit::Minute, Unit::Quarter];

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text, &Zone::UTC).unwrap()
}

fn span(value: u32, unit: Unit) -> Span {
    Span { value, unit }
}

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

fn text(time: Timestamp) -> String {
    time.write(TimeForm::Iso)
}

#[test]
fn windows_begin_where_the_calendar_says() {
    // A Wednesday.
    let now = at("2026-05-20T15:45:30Z");
    for (value, unit, start) in [
        (1, Unit::Minute, "2026-05-20T15:45:00Z"),
        (15, Unit::Minute, "2026-05-20T15:45:00Z"),
        (1, Unit::Hour, "2026-05-20T15:00:00Z"),
        (1, Unit::Day, "2026-05-20T00:00:00Z"),
        (1, Unit::Week, "2026-05-18T00:00:00Z"),
        (1, Unit::Month, "2026-05-01T00:00:00Z"),
        (1, Unit::Quarter, "2026-04-01T00:00:00Z"),
        (1, Unit::Year, "2026-01-01T00:00:00Z"),
        (2, Unit::Month, "2026-05-01T00:00:00Z"),
        (2, Unit::Year, "2026-01-01T00:00:00Z"),
        (10, Unit::Year, "2020-01-01T00:00:00Z"),
    ] {
        assert_eq!(text(Zone::UTC.window_start(now, span(value, unit))), start, "{value} {unit:?}");
    }
    assert_eq!(Zone::UTC.window_start(now, span(1, Unit::Forever)), Timestamp::MIN);
}

#[test]
fn a_week_begins_on_monday() {
    let week = span(1, Unit::Week);
    assert_eq!(text(Zone::UTC.window_start(at("2026-05-24T23:59:59Z"), week)), "2026-05-18T00:00:00Z");
    assert_eq!(text(Zone::UTC.window_start(at("2026-05-25T00:00:00Z"), week)), "2026-05-25T00:00:00Z");
    assert_eq!(text(Zone::UTC.window_start(at("1969-12-30T10:00:00Z"), week)), "1969-12-29T00:00:00Z");
}

#[test]
fn windows_follow_the_zone() {
    let madrid = zone("Europe/Madrid");
    let day = span(1, Unit::Day);
    assert_eq!(text(madrid.window_start(at("2026-07-01T21:50:00Z"), day)), "2026-06-30T22:00:00Z");
    assert_eq!(text(madrid.window_start(at("2026-07-01T22:10:00Z"), day)), "2026-07-01T22:00:00Z");
    let month = span(1, Unit::Month);
    assert_eq!(text(madrid.window_start(at("2026-06-30T22:00:00Z"), month)), "2026-06-30T22:00:00Z");
    // A month that begins in summer time and ends in winter time.
    assert_eq!(text(madrid.window_start(at("2026-10-31T22:59:59Z"), month)), "2026-09-30T22:00:00Z");
    assert_eq!(text(madrid.window_start(at("2026-10-31T23:00:00Z"), month)), "2026-10-31T23:00:00Z");
}

#[test]
fn a_month_later_is_the_same_day_or_the_last() {
    let month = |n| span(n, Unit::Month);
    for (from, months, to) in [
        ("2026-01-31T10:00:00Z", 1, "2026-02-28T10:00:00Z"),
        ("2024-01-31T10:00:00Z", 1, "2024-02-29T10:00:00Z"),
        ("2026-01-31T10:00:00Z", 2, "2026-03-31T10:00:00Z"),
        ("2026-10-31T10:00:00Z", 13, "2027-11-30T10:00:00Z"),
    ] {
        assert_eq!(text(Zone::UTC.later(at(from), month(months)).unwrap()), to, "{from} + {months}");
    }
    assert_eq!(
        text(Zone::UTC.earlier(at("2026-03-31T10:00:00Z"), month(1)).unwrap()),
        "2026-02-28T10:00:00Z"
    );
    assert_eq!(
        text(Zone::UTC.later(at("2024-02-29T00:00:00Z"), span(1, Unit::Year)).unwrap()),
        "2025-02-28T00:00:00Z"
    );
    assert_eq!(
        text(Zone::UTC.later(at("2026-11-30T00:00:00Z"), span(1, Unit::Quarter)).unwrap()),
        "2027-02-28T00:00:00Z"
    );
}

#[test]
fn a_day_later_is_the_same_hour_on_the_wall() {
    let madrid = zone("Europe/Madrid");
    let noon = at("2026-03-28T11:00:00Z");
    assert_eq!(text(madrid.later(noon, span(1, Unit::Day)).unwrap()), "2026-03-29T10:00:00Z");
    assert_eq!(text(madrid.later(noon, span(24, Unit::Hour)).unwrap()), "2026-03-29T11:00:00Z");
}

#[test]
fn what_has_no_end_has_none() {
    let now = at("2026-01-01T00:00:00Z");
    assert_eq!(Zone::UTC.later(now, span(1, Unit::Forever)), None);
    assert_eq!(Zone::UTC.earlier(now, span(1, Unit::Forever)), None);
    assert_eq!(Zone::UTC.later(now, span(u32::MAX, Unit::Year)), None);
    assert_eq!(Zone::UTC.earlier(now, span(u32::MAX, Unit::Quarter)), None);
    assert_eq!(Zone::UTC.next_occurrence(now, span(1, Unit::Forever), now), None);
    assert_eq!(Zone::UTC.next_occurrence(now, span(0, Unit::Day), now), None);
}

/// incentives.md 4.6, calendar month: of many lots of late January, each with its first evaluation a day later.
#[test]
fn monthly_evaluations_from_the_end_of_january() {
    let first = at("2026-01-01T00:00:00Z");
    let monthly = span(1, Unit::Month);
    let expiry = |earned: &str| {
        let ripe = Zone::UTC.later(at(earned), span(1, Unit::Day)).unwrap();
        text(Zone::UTC.next_occurrence(first, monthly, ripe).unwrap())
    };
    assert_eq!(expiry("2026-01-30T10:00:00Z"), "2026-02-01T00:00:00Z");
    assert_eq!(expiry("2026-01-31T00:00:00Z"), "2026-02-01T00:00:00Z");
    assert_eq!(expiry("2026-01-31T00:00:00.001Z"), "2026-03-01T00:00:00Z");
    assert_eq!(expiry("2026-01-31T20:00:00Z"), "2026-03-01T00:00:00Z");
    assert_eq!(expiry("2025-06-01T20:00:00Z"), "2026-01-01T00:00:00Z", "none before the first evaluation");
}

/// An evaluation on the last of January is on the last of each shorter month, and again on the 31st after it.
#[test]
fn periods_count_from_the_anchor_not_from_the_step_before() {
    let anchor = at("2026-01-31T00:00:00Z");
    let next = |from: &str| text(Zone::UTC.next_occurrence(anchor, span(1, Unit::Month), at(from)).unwrap());
    assert_eq!(next("2026-02-01T00:00:00Z"), "2026-02-28T00:00:00Z");
    assert_eq!(next("2026-02-28T00:00:01Z"), "2026-03-31T00:00:00Z");
    assert_eq!(next("2076-06-01T00:00:00Z"), "2076-06-30T00:00:00Z");
}

/// A clock that jumps at midnight has no midnight that day; the next one is at 00:00 all the same.
#[test]
fn midnight_after_a_day_without_one() {
    let santiago = zone("America/Santiago");
    // 2025-09-07: 00:00 becomes 01:00. Midnight of the 8th is 03:00 UTC.
    let noon = at("2025-09-07T15:00:00Z");
    assert_eq!(text(santiago.window_start(noon, span(1, Unit::Day))), "2025-09-07T04:00:00Z");
    assert_eq!(text(santiago.midnight_from(noon)), "2025-09-08T03:00:00Z");
    let midnight = at("2025-09-08T03:00:00Z");
    assert_eq!(santiago.midnight_from(midnight), midnight);
}

#[test]
fn names_and_numbers_of_units() {
    let numbers: Vec<_> = (0..8).map(|number| Unit::from_number(number).unwrap()).collect();
    let names = ["Day", "WEEK", "month", "Year", "Hour", "minute", "Quarter", "Forever"];
    assert_eq!(numbers, names.map(|name| Unit::from_name(name).unwrap()));
    assert_eq!((Unit::from_number(8), Unit::from_number(-1), Unit::from_name("days")), (None, None, None));
    assert_eq!((Zone::named("Nowhere/Here"), Zone::named("utc")), (None, Some(Zone::UTC)));
    assert_eq!(zone("Europe/Madrid").name(), "Europe/Madrid");
}

/// On the day on which summer time ends, an hour comes twice: what begins in the second one begins there.
#[test]
fn an_occurrence_in_an_hour_that_comes_twice_is_its_own_first() {
    let (madrid, second) = (zone("Europe/Madrid"), Timestamp::from_millis(1_130_634_000_000));
    let daily = Span { value: 1, unit: Unit::Day };
    assert_eq!(madrid.next_occurrence(second, daily, second), Some(second));
}

fn any_zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(vec!["UTC", "Europe/Madrid", "America/Santiago", "Asia/Kolkata", "Pacific/Apia"])
        .prop_map(zone)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A window holds the time it is asked for, and all its times have the same start.
    #[test]
    fn windows_hold_their_times(
        zone in any_zone(),
        millis in -2_000_000_000_000_i64..4_000_000_000_000,
        value in 1_u32..6,
        unit in prop::sample::select(UNITS.to_vec()),
    ) {
        let (time, span) = (Timestamp::from_millis(millis), Span { value, unit });
        let start = zone.window_start(time, span);
        prop_assert!(start <= time);
        prop_assert_eq!(zone.window_start(start, span), start);
    }

    /// The next occurrence is one, is not too early, and there is none between.
    #[test]
    fn next_occurrences_are_the_next(
        zone in any_zone(),
        anchor in 1_000_000_000_000_i64..2_000_000_000_000,
        ahead in -400_000_000_000_i64..1_000_000_000_000,
        value in 1_u32..14,
        unit in prop::sample::select(vec![Unit::Day, Unit::Week, Unit::Month, Unit::Year, Unit::Quarter]),
    ) {
        let (anchor, every) = (Timestamp::from_millis(anchor), Span { value, unit });
        let from = anchor.plus_millis(ahead);
        let found = zone.next_occurrence(anchor, every, from).unwrap();
        let mut expected = anchor;
        let mut steps = 0;
        while expected < from {
            steps += 1;
            expected = zone.later(anchor, Span { value: value * steps, unit }).unwrap();
        }
        prop_assert_eq!(found, expected);
    }

    /// No period, however long, makes the calendar fall over.
    #[test]
    fn long_periods_are_answered(
        millis in Timestamp::MIN.millis()..=Timestamp::MAX.millis(),
        value in prop_oneof![Just(u32::MAX), any::<u32>()],
        unit in prop::sample::select(UNITS.to_vec()),
    ) {
        let (time, span) = (Timestamp::from_millis(millis), Span { value, unit });
        let _ = Zone::UTC.later(time, span);
        let _ = Zone::UTC.earlier(time, span);
        prop_assert!(Zone::UTC.window_start(time, span) <= time);
    }
}
