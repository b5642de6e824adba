//! Multipliers (incentives.md 6.5, 6.7).

use laurel_domain::{Points, rules::RefusalReason};
use proptest::prelude::*;

use crate::shop::*;

fn base(rate: &str) -> String {
    tree(100, r#""priority": 500"#, "", &per_amount(1, rate))
}

/// incentives.md 6.5: factors 2 and 3 on one award.
#[test]
fn factors_combine_by_their_kind() {
    for (combine, total, rows) in [
        ("add", "40", ["10", "10", "20"]),
        ("multiply", "60", ["10", "10", "40"]),
        ("max", "30", ["10", "10", "10"]),
    ] {
        let trees = [
            base("1"),
            tree(201, r#""priority": 90"#, "", &multiplier(11, "2", combine)),
            tree(202, r#""priority": 80"#, "", &multiplier(12, "3", combine)),
        ];
        let program = program(&trees);
        let basket = Basket::worth("10");
        assert_eq!(basket.points(&program), points(total), "{combine}");
        let [base, two, three] = rows;
        let expected = [(id(100), points(base)), (id(201), points(two)), (id(202), points(three))];
        assert_eq!(basket.rows(&program), expected, "{combine}");
    }
}

#[test]
fn kinds_are_combined_within_and_then_multiplied() {
    let trees = [
        base("1"),
        tree(201, "", "", &multiplier(11, "2", "add")),
        tree(202, "", "", &multiplier(12, "3", "add")),
        tree(203, "", "", &multiplier(13, "1.5", "multiply")),
        tree(204, "", "", &multiplier(14, "2", "max")),
        tree(205, "", "", &multiplier(15, "1.5", "max")),
    ];
    let program = program(&trees);
    // (1 + 1 + 2) x 1.5 x 2; the smaller of the max factors adds no row.
    assert_eq!(Basket::worth("10").points(&program), points("120"));
    assert_eq!(Basket::worth("10").rows(&program).len(), 5);
}

#[test]
fn the_unrounded_award_is_multiplied_and_rounded_once() {
    let program = program(&[base("1"), tree(201, "", "", &multiplier(11, "1.5", "multiply"))]);
    // 10.90 x 1.5 = 16.35: 16, not 15 (rounded twice).
    let rows = Basket::worth("10.90").rows(&program);
    assert_eq!(rows, [(id(100), points("10")), (id(201), points("6"))]);
    // 0.90 gives nothing by itself, and 1.35 gives 1.
    assert_eq!(Basket::worth("0.90").rows(&program), [(id(201), points("1"))]);
}

#[test]
fn a_multiplier_reaches_only_the_trees_and_groups_it_names() {
    let mult = |n, names: &str| {
        let id = guid(n);
        format!(
            r#"{{"id": "{id}", "discriminator": 4096, "factor": 2, "combine": "add", "applies_to": [{names}]}}"#
        )
    };
    let grouped = tree(101, r#""exclusivity_group": "base-earn""#, "", &per_amount(2, "1"));
    let by_tree = tree(201, "", "", &mult(11, &format!(r#""{}""#, guid(100))));
    let by_group = tree(202, "", "", &mult(12, r#""base-earn""#));
    let other = tree(102, "", "", &per_amount(3, "1"));
    let program = program(&[base("1"), grouped, other, by_tree, by_group]);
    let rows = Basket::worth("10").rows(&program);
    let ten = points("10");
    assert_eq!(rows, [(id(100), ten), (id(201), ten), (id(101), ten), (id(202), ten), (id(102), ten)]);
}

#[test]
fn the_cap_of_an_outcome_holds_with_multipliers() {
    let capped = outcome(1, 2, r#""rate": 1, "max_points": 15"#);
    let program = program(&[tree(100, "", "", &capped), tree(201, "", "", &multiplier(11, "2", "add"))]);
    assert_eq!(Basket::worth("10").rows(&program), [(id(100), points("10")), (id(201), points("5"))]);
    assert_eq!(Basket::worth("20").rows(&program), [(id(100), points("15"))]);
}

#[test]
fn a_bonus_counts_against_the_limits_of_its_own_tree() {
    let limit = r#""limits": [{"scope": 1, "max": 15, "value": 1, "uom": 7}]"#;
    let program = program(&[base("1"), tree(201, limit, "", &multiplier(11, "2", "add"))]);
    let mut basket = Basket::worth("10");
    assert_eq!(basket.buy(&program), points("20"));
    assert_eq!(basket.reasons(&program), [(id(201), RefusalReason::FrequencyLimit)]);
    assert_eq!(basket.buy(&program), points("15"));
    assert_eq!(basket.buy(&program), points("10"));
}

#[test]
fn a_base_award_that_a_limit_has_cut_is_multiplied_as_cut() {
    let limit = r#""priority": 500, "limits": [{"scope": 1, "max": 15, "value": 1, "uom": 7}]"#;
    let program =
        program(&[tree(100, limit, "", &per_amount(1, "1")), tree(201, "", "", &multiplier(11, "2", "add"))]);
    let mut basket = Basket::worth("10");
    assert_eq!(basket.buy(&program), points("20"));
    assert_eq!(basket.buy(&program), points("10"));
    assert_eq!(basket.buy(&program), points("0"));
}

#[test]
fn a_multiplier_whose_arithmetic_fails_leaves_the_base() {
    let program = program(&[base("1"), tree(201, "", "", &multiplier(11, "9000000000000", "multiply"))]);
    let evaluation = Basket::worth("100000").evaluate(&program);
    assert_eq!(evaluation.failed, [id(201)]);
    let rows: Vec<_> = evaluation.awards.iter().map(|award| (award.tree, award.points)).collect();
    assert_eq!(rows, [(id(100), points("100000"))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the factors, the rows sum to the award rounded once, and none is negative.
    #[test]
    fn rows_sum_to_the_whole(cents in 1_i64..100_000, factors in prop::collection::vec(100_i64..400, 0..5)) {
        let mut trees = vec![base("1")];
        for (n, factor) in (0_u32..).zip(&factors) {
            let factor = format!("{}.{:02}", factor / 100, factor % 100);
            trees.push(tree(201 + n, "", "", &multiplier(11 + n, &factor, "multiply")));
        }
        let basket = Basket::worth(&format!("{}.{:02}", cents / 100, cents % 100));
        let rows = basket.rows(&program(&trees));
        let scale = 100_i128.pow(u32::try_from(factors.len()).unwrap());
        let exact = factors.iter().fold(i128::from(cents), |product, factor| product * i128::from(*factor));
        let whole = i64::try_from(exact / scale / 100).unwrap();
        prop_assert!(rows.iter().all(|(_, points)| points.is_positive()));
        prop_assert_eq!(Points::sum(rows.iter().map(|(_, points)| *points)).unwrap(), Points::whole(whole).unwrap());
    }
}
