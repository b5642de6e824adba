//! Several payers on one ticket (pos-offers.md B.4, incentives.md 5.3).

use laurel_domain::{Money, Points, rules::Share};
use proptest::prelude::*;

use crate::shop::*;

fn payers(paid: &[Money]) -> impl Iterator<Item = Share> {
    (0..paid.len()).map(|payer| Share::of(paid.to_vec(), payer))
}

#[test]
fn each_payer_earns_on_the_share_and_the_largest_has_the_units() {
    let outcomes = [per_amount(1, "1"), outcome(2, 4, r#""points": 100, "quantity_per_award": 1"#)].join(",");
    let program = program(&[tree(100, "", "", &outcomes)]);
    let paid = [money("30"), money("60"), money("10")];
    let earned: Vec<_> = payers(&paid)
        .map(|share| Basket { share, ..Basket::new(vec![line("apple", "2", "100")]) }.points(&program))
        .collect();
    assert_eq!(earned, [points("30"), points("260"), points("10")]);
}

#[test]
fn a_hurdle_is_measured_on_the_share_and_a_check_size_on_the_ticket() {
    let paid = [money("30"), money("70")];
    let hurdle = program(&[tree(100, "", "", &outcome(1, 2, r#""rate": 1, "hurdle": 50"#))]);
    let size = program(&[tree(100, "", r#"{"discriminator": 16, "min": 50}"#, &per_amount(1, "1"))]);
    let earned = |program| {
        let baskets = payers(&paid).map(|share| Basket { share, ..Basket::worth("100") });
        baskets.map(|basket| basket.points(program)).collect::<Vec<_>>()
    };
    assert_eq!(earned(&hurdle), [points("0"), points("70")]);
    assert_eq!(earned(&size), [points("30"), points("70")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn parts_sum_to_the_whole(
        paid in prop::collection::vec(-1_000_000_i64..50_000_000, 1..6),
        amount in -50_000_000_i64..500_000_000,
    ) {
        let paid: Vec<_> = paid.into_iter().map(Money::from_units).collect();
        let amount = Money::from_units(amount);
        let parts: Vec<_> = payers(&paid).map(|share| share.part(amount).unwrap()).collect();
        prop_assert_eq!(Money::sum(parts).unwrap(), amount);
        prop_assert_eq!(payers(&paid).filter(Share::is_largest).count(), 1);
    }

    /// Unrounded points of all payers together are those of the whole ticket.
    #[test]
    fn points_of_all_payers_sum_to_the_ticket(
        paid in prop::collection::vec(1_i64..50_000, 1..6),
        cents in 1_i64..500_000,
    ) {
        let paid: Vec<_> = paid.into_iter().map(|cents| Money::from_units(cents * 100)).collect();
        let program = program(&[tree(100, "", "", &outcome(1, 2, r#""rate": 3"#))]);
        let subtotal = format!("{}.{:02}", cents / 100, cents % 100);
        let earned = payers(&paid).map(|share| Basket { share, ..Basket::worth(&subtotal) }.points(&program));
        prop_assert_eq!(Points::sum(earned).unwrap(), Basket::worth(&subtotal).points(&program));
    }
}
