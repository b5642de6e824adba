//! Sums that do not fit are refused; quotients are rounded as their mode says (incentives.md 3.9).

use laurel_domain::{
    Points,
    amount::{AmountError, Rounding, divide_rounded},
};
use proptest::prelude::*;

const MODES: [Rounding; 5] =
    [Rounding::None, Rounding::Down, Rounding::Up, Rounding::Nearest, Rounding::HalfEven];

#[test]
fn overflow_is_an_error_never_a_wrap() {
    let (most, least, one) =
        (Points::from_units(i64::MAX), Points::from_units(i64::MIN), Points::from_units(1));
    let refused = Err(AmountError::OutOfRange);
    assert_eq!(most.plus(one), refused);
    assert_eq!(least.minus(one), refused);
    assert_eq!(least.negated(), refused);
    assert_eq!(Points::sum([most, one]), refused);
    assert_eq!(Points::whole(922_337_203_685_478), refused);
    assert_eq!(Points::from_wide(i128::from(i64::MAX) + 1), refused);
    assert_eq!(Points::whole(922_337_203_685_477).unwrap().to_string(), "922337203685477");
    assert_eq!(most.minus(one).unwrap().plus(one), Ok(most));
}

/// Quotients of tenths: what each mode makes of them.
#[test]
fn rounding_modes() {
    let table = [
        // tenths, none, down, up, nearest, half even
        (20, [2, 2, 2, 2, 2]),
        (21, [2, 2, 3, 2, 2]),
        (25, [2, 2, 3, 3, 2]),
        (29, [2, 2, 3, 3, 3]),
        (35, [3, 3, 4, 4, 4]),
        (5, [0, 0, 1, 1, 0]),
        (0, [0, 0, 0, 0, 0]),
        (-21, [-2, -2, -3, -2, -2]),
        (-25, [-2, -2, -3, -3, -2]),
        (-35, [-3, -3, -4, -4, -4]),
    ];
    for (tenths, expected) in table {
        for (mode, expected) in MODES.into_iter().zip(expected) {
            assert_eq!(divide_rounded(tenths, 10, mode), Ok(expected), "{tenths}/10 {mode:?}");
            assert_eq!(divide_rounded(-tenths, -10, mode), Ok(expected), "{}/-10 {mode:?}", -tenths);
        }
    }
}

#[test]
fn impossible_quotients_are_refused() {
    assert_eq!(divide_rounded(1, 0, Rounding::Down), Err(AmountError::OutOfRange));
    assert_eq!(divide_rounded(i128::MIN, -1, Rounding::Down), Err(AmountError::OutOfRange));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A quotient is never further from the truth than its mode allows, and a return mirrors its purchase.
    #[test]
    fn quotients_are_near_and_symmetric(numerator in -1_000_000_i128..1_000_000, denominator in 1_i128..1_000) {
        for mode in MODES {
            let quotient = divide_rounded(numerator, denominator, mode).unwrap();
            let off = quotient * denominator - numerator;
            match mode {
                Rounding::None | Rounding::Down => prop_assert!(off.abs() < denominator && off * numerator <= 0),
                Rounding::Up => prop_assert!(off.abs() < denominator && off * numerator >= 0),
                Rounding::Nearest | Rounding::HalfEven => prop_assert!(2 * off.abs() <= denominator),
            }
            prop_assert_eq!(divide_rounded(-numerator, denominator, mode), Ok(-quotient));
        }
    }
}
