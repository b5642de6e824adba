//! The text forms of time (catalog-transactions.md A.3, pos-offers.md A.3).

use laurel_domain::{
    Timestamp,
    time::{InvalidTime, TimeForm, Zone},
};
use proptest::prelude::*;

fn madrid() -> Zone {
    Zone::named("Europe/Madrid").unwrap()
}

fn iso(text: &str, zone: &Zone) -> String {
    Timestamp::parse(text, zone).unwrap().write(TimeForm::Iso)
}

#[test]
fn every_accepted_form_is_read() {
    for (text, expected) in [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00z", "2026-03-01T12:00:00Z"),
        ("2026-03-01t12:00:00Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00.1Z", "2026-03-01T12:00:00.1Z"),
        ("2026-03-01T12:00:00.123Z", "2026-03-01T12:00:00.123Z"),
        ("2026-05-30T06:08:11.1234567Z", "2026-05-30T06:08:11.123Z"),
        ("2026-03-01T12:00:00.999999999Z", "2026-03-01T12:00:00.999Z"),
        ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"),
        ("2026-03-01T12:00:00-0530", "2026-03-01T17:30:00Z"),
        ("2026-03-01T12:00:00+02", "2026-03-01T10:00:00Z"),
        ("2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00Z"),
        ("2026-03-01T12:00:00+23:59", "2026-02-28T12:01:00Z"),
        ("2026-03-01 12:00:00", "2026-03-01T12:00:00Z"),
        ("2026-03-01 12:00:00.5", "2026-03-01T12:00:00.5Z"),
        ("2026-01-17T14:25:09.06", "2026-01-17T14:25:09.06Z"),
        (" 2026-03-01T12:00:00Z ", "2026-03-01T12:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"),
    ] {
        assert_eq!(iso(text, &Zone::UTC), expected, "{text}");
    }
}

#[test]
fn without_an_offset_the_time_is_the_stores() {
    for (text, expected) in [
        ("2026-01-15T12:00:00", "2026-01-15T11:00:00Z"),
        ("2026-07-15 12:00:00", "2026-07-15T10:00:00Z"),
        ("2026-07-15", "2026-07-14T22:00:00Z"),
        ("2026-07-15T12:00:00Z", "2026-07-15T12:00:00Z"),
        // The clock jumps from 02:00 to 03:00: as if it had not jumped yet.
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
        ("2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
        // The hour is there twice: the first of the two.
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
    ] {
        assert_eq!(iso(text, &madrid()), expected, "{text}");
    }
}

#[test]
fn anything_else_is_refused() {
    for text in [
        "",
        "now",
        "2026",
        "2026-3-1",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-04-31",
        "01-03-2026",
        "2026/03/01",
        "2026-03-01T",
        "2026-03-01T1:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:60Z",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00.1234567890Z",
        "2026-03-01T12:00:00 Z",
        "2026-03-01T12:00:00+2:00",
        "2026-03-01T12:00:00+02:60",
        "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00Europe/Madrid",
        "2026-03-01T12:00:00ZZ",
        "2026-03-01Z",
        "-026-03-01T12:00:00Z",
        "+2026-03-01T12:00:00Z",
        "2026-03-01T12-00-00Z",
        "２０２６-03-01",
        "1772366400",
    ] {
        assert_eq!(Timestamp::parse(text, &Zone::UTC), Err(InvalidTime), "{text:?}");
    }
}

#[test]
fn forms_of_output() {
    let time = Timestamp::parse("2026-01-17T14:25:09.06Z", &Zone::UTC).unwrap();
    assert_eq!(time.write(TimeForm::Iso), "2026-01-17T14:25:09.06Z");
    assert_eq!(time.write(TimeForm::IsoBare), "2026-01-17T14:25:09.06");
    assert_eq!(time.write(TimeForm::Customer), "2026-01-17 14:25:09");
}

#[test]
fn times_stay_within_the_calendar() {
    assert_eq!(Timestamp::MIN.plus_millis(-1), Timestamp::MIN);
    assert_eq!(Timestamp::MAX.plus_millis(i64::MAX), Timestamp::MAX);
    assert_eq!(Timestamp::from_millis(i64::MIN), Timestamp::MIN);
    assert_eq!(Timestamp::MIN.write(TimeForm::Iso), "0000-01-01T00:00:00Z");
    assert_eq!(Timestamp::MAX.write(TimeForm::Iso), "9999-12-30T22:00:00Z");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(millis in Timestamp::MIN.millis()..=Timestamp::MAX.millis()) {
        let time = Timestamp::from_millis(millis);
        prop_assert_eq!(Timestamp::parse(&time.write(TimeForm::Iso), &madrid()), Ok(time));
        prop_assert_eq!(Timestamp::parse(&time.write(TimeForm::IsoBare), &Zone::UTC), Ok(time));
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,20}|.{0,40}") {
        let _ = Timestamp::parse(&text, &madrid());
    }
}
