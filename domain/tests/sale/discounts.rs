//! What discounts take off each line (incentives.md 6.6).

use laurel_domain::{
    Money,
    amount::AmountError,
    sale::{Content, line_discounts},
};
use proptest::prelude::*;

use crate::till::*;

fn taken(lines: &[&str], discounts: &[(&str, &[&str])]) -> Vec<String> {
    let items = (1..).zip(lines).map(|(n, amount): (u32, _)| item(&n.to_string(), amount)).collect();
    let discounts = discounts.iter().map(|(amount, lines)| discount(amount, lines)).collect();
    let content = Content { items, discounts, ..sale("0", "2026-03-02T12:12:00Z") };
    line_discounts(&content).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn a_discount_is_spread_over_its_lines() {
    assert_eq!(taken(&["300", "200"], &[("20", &["2"])]), ["0", "20"], "incentives.md 6.6");
    assert_eq!(taken(&["300", "100"], &[("20", &[])]), ["15", "5"]);
    assert_eq!(taken(&["10", "10", "10"], &[("10", &["1", "2", "3"])]), ["3.33", "3.33", "3.34"]);
    assert_eq!(taken(&["10", "10"], &[("1", &["1"]), ("2", &[])]), ["2", "1"]);
    assert_eq!(taken(&["10"], &[("1", &["9"])]), ["0"], "of a line that is not there");
    assert_eq!(taken(&["0", "0"], &[("1", &[])]), ["0", "0"]);
    assert_eq!(taken(&[], &[("1", &[])]), [""; 0]);
}

#[test]
fn sums_that_do_not_fit_are_refused() {
    let most = Money::from_units(i64::MAX).to_string();
    let items = vec![item("1", &most), item("2", &most)];
    let content = Content { items, discounts: vec![discount("1", &[])], ..sale("0", "2026-03-02T12:12:00Z") };
    assert_eq!(line_discounts(&content), Err(AmountError::OutOfRange));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing of a discount is lost or made.
    #[test]
    fn what_is_taken_sums_to_the_discount(
        lines in prop::collection::vec(1_i64..100_000, 1..10),
        cents in 0_i64..100_000,
    ) {
        let worth = |cents: &i64| Money::from_units(cents * 100).to_string();
        let items = (0_u32..).zip(&lines).map(|(n, cents)| item(&n.to_string(), &worth(cents)));
        let amount = Money::from_units(cents * 100);
        let discounts = vec![discount(&amount.to_string(), &[])];
        let content = Content { items: items.collect(), discounts, ..sale("0", "2026-03-02T12:12:00Z") };
        prop_assert_eq!(Money::sum(line_discounts(&content).unwrap()), Ok(amount));
    }
}
