//! Amounts as JSON text: exact in both directions (catalog-transactions.md A.3, pos-offers.md A.3).

use laurel_domain::{
    Money, Points, Quantity, Rate,
    amount::{AmountError, MAX_DECIMAL_TEXT},
};
use proptest::prelude::*;

fn units(text: &str) -> Result<i64, AmountError> {
    text.parse::<Points>().map(Points::units)
}

#[test]
fn numbers_are_read_exactly() {
    let table = [
        ("0", 0),
        ("-0", 0),
        ("-0.0", 0),
        ("640", 6_400_000),
        ("12.5", 125_000),
        ("-0.25", -2_500),
        ("0.0001", 1),
        ("0.30000000000000004", 3_000),
        ("0.1e1", 10_000),
        ("1e3", 10_000_000),
        ("1E+3", 10_000_000),
        ("25e-1", 25_000),
        ("1e-4", 1),
        ("12345.6789e-8", 1),
        ("0e400", 0),
        ("922337203685477.5807", i64::MAX),
        ("-922337203685477.5808", i64::MIN),
        ("9223372036854775807e-4", i64::MAX),
    ];
    for (text, expected) in table {
        assert_eq!(units(text), Ok(expected), "{text}");
    }
}

/// Digits behind the fourth are rounded half away from zero, on both sides of it.
#[test]
fn surplus_digits_are_rounded_half_away_from_zero() {
    let table = [
        ("0.00004", 0),
        ("0.000049999999999999999999999999999999999", 0),
        ("0.00005", 1),
        ("-0.00005", -1),
        ("0.00015", 2),
        ("0.00014999", 1),
        ("-0.00014999", -1),
        ("4e-5", 0),
        ("5e-5", 1),
        ("9e-300", 0),
        ("0.99995", 10_000),
    ];
    for (text, expected) in table {
        assert_eq!(units(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for text in ["1e400", "-1e400", "1e19", "922337203685477.5808", "922337203685477.58075", "1e99999"] {
        assert_eq!(units(text), Err(AmountError::OutOfRange), "{text}");
    }
}

#[test]
fn what_is_no_json_number_is_refused() {
    let texts = [
        "", "-", "+1", "01", "-01", "00", ".5", "5.", "1.e3", "1e", "1e+", "e5", "--1", "1_000", "1,5", " 1",
        "1 ", "0x10", "NaN", "Infinity", "1.2.3", "1e2e3", "1e2.5", "\u{0661}",
    ];
    for text in texts {
        assert_eq!(units(text), Err(AmountError::NotANumber), "{text:?}");
    }
}

/// The longest text that is read is read right, however its digits lie.
#[test]
fn texts_are_read_up_to_their_longest() {
    let third = format!("0.{}", "3".repeat(MAX_DECIMAL_TEXT - 2));
    assert_eq!(third.len(), MAX_DECIMAL_TEXT);
    assert_eq!(units(&third), Ok(3_333));
    let nearly_half = format!("0.00014{}", "9".repeat(MAX_DECIMAL_TEXT - 7));
    assert_eq!(units(&nearly_half), Ok(1));
    let tiny = format!("0.{}1", "0".repeat(MAX_DECIMAL_TEXT - 3));
    assert_eq!(units(&tiny), Ok(0));
    let shifted = format!("{}e-50", "2".repeat(MAX_DECIMAL_TEXT - 4));
    assert_eq!(
        units(&shifted),
        Ok(22_222_222_222_222),
        "60 twos moved down by 50 places: 10 before the point"
    );
    let huge = "9".repeat(MAX_DECIMAL_TEXT);
    assert_eq!(units(&huge), Err(AmountError::OutOfRange));
    let on_the_edge = format!("{}.9e-30", i128::MAX);
    assert_eq!(units(&on_the_edge), Ok(1_701_411_834_605));
    assert_eq!(units(&format!("{}.9e-4", i128::MAX)), Err(AmountError::OutOfRange));
    let too_long = "0".to_owned() + "." + &"0".repeat(MAX_DECIMAL_TEXT - 1);
    assert_eq!(too_long.len(), MAX_DECIMAL_TEXT + 1);
    assert_eq!(units(&too_long), Err(AmountError::OutOfRange));
}

#[test]
fn each_type_keeps_its_own_number_of_decimals() {
    assert_eq!("0.123456".parse::<Quantity>().unwrap().units(), 123_456);
    assert_eq!("0.123456".parse::<Rate>().unwrap().units(), 123_456);
    assert_eq!("0.123456".parse::<Money>().unwrap().units(), 1_235);
    assert_eq!("0.1".parse::<Quantity>().unwrap().to_string(), "0.1");
}

/// Whole numbers have no decimal point, fractions no trailing zeros (incentives.md 1.3).
#[test]
fn json_shows_no_trailing_zeros() {
    for (units, json) in [
        (6_400_000, "640"),
        (125_000, "12.5"),
        (-2_500, "-0.25"),
        (0, "0"),
        (1, "0.0001"),
        (100_100, "10.01"),
        (i64::MIN, "-922337203685477.5808"),
        (i64::MAX, "922337203685477.5807"),
    ] {
        let points = Points::from_units(units);
        assert_eq!(serde_json::to_string(&points).unwrap(), json);
        assert_eq!(points.to_string(), json);
    }
}

#[test]
fn json_members_are_read_from_their_text() {
    let read: Vec<Money> = serde_json::from_str("[0.30000000000000004, 1e2, -0, 19.99]").unwrap();
    assert_eq!(read.iter().map(|money| money.units()).collect::<Vec<_>>(), [3_000, 1_000_000, 0, 199_900]);
    for text in ["\"5\"", "true", "null", "[]", "1e400"] {
        assert!(serde_json::from_str::<Money>(text).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(units in any::<i64>()) {
        let (points, quantity) = (Points::from_units(units), Quantity::from_units(units));
        prop_assert_eq!(points.to_string().parse(), Ok(points));
        prop_assert_eq!(quantity.to_string().parse(), Ok(quantity));
        let json = serde_json::to_string(&points).unwrap();
        prop_assert_eq!(serde_json::from_str::<Points>(&json).unwrap(), points);
    }

    /// The same number with its point moved and the exponent changed is the same amount.
    #[test]
    fn exponents_move_the_point(units in any::<i32>(), places in -12_i32..12) {
        let plain = Points::from_units(i64::from(units) * 10_000);
        let digits = if places >= 0 {
            format!("{units}{}e-{places}", "0".repeat(usize::try_from(places).unwrap()))
        } else {
            format!("{units}e{places}")
        };
        let moved: Points = digits.parse().unwrap();
        if places >= 0 {
            prop_assert_eq!(moved, plain);
        } else {
            let divisor = 10_i128.pow(u32::try_from(-places).unwrap());
            let wide = plain.wide();
            let expected = (wide.abs() + divisor / 2) / divisor * wide.signum();
            prop_assert_eq!(moved.wide(), expected);
        }
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(text in ".{0,70}") {
        let _ = text.parse::<Points>();
    }
}
