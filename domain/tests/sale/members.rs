//! Who gets the credit for a sale, and how much of it (pos-offers.md B.4).

use laurel_domain::Money;
use proptest::prelude::*;

use crate::till::*;

const FIRST: &str = "2026-03-02T12:12:00Z";
const SECOND: &str = "2026-03-02T12:13:00Z";

fn parts(amounts: &[&str], payers: &[(Option<u16>, u32)]) -> Vec<(u32, Money)> {
    let recorded = Till::new().send(paid(amounts, FIRST), payers);
    recorded.parts().into_iter().map(|(customer, _, part)| (customer, part.unwrap())).collect()
}

#[test]
fn members_share_by_what_they_paid() {
    let pays = |customer, part| (customer, money(part));
    for (amounts, payers, expected) in [
        (vec!["100"], vec![(Some(0), 1)], vec![pays(1, "100")]),
        (vec!["75", "25"], vec![(Some(0), 1), (Some(1), 2)], vec![pays(1, "75"), pays(2, "25")]),
        // The part of nobody is nobody's.
        (vec!["75", "25"], vec![(Some(1), 2)], vec![pays(2, "25")]),
        // One member on two payments is one member.
        (
            vec!["30", "50", "20"],
            vec![(Some(0), 1), (Some(1), 2), (Some(2), 1)],
            vec![pays(1, "50"), pays(2, "50")],
        ),
        (vec!["30", "70"], vec![(Some(0), 1), (Some(1), 1)], vec![pays(1, "100")]),
        // Cents that remain go to the largest payer, here the first of equals.
        (
            vec!["10", "10", "10"],
            vec![(Some(0), 1), (Some(1), 2), (Some(2), 3)],
            vec![pays(1, "33.34"), pays(2, "33.33"), pays(3, "33.33")],
        ),
        // Nobody paid anything: the first member has it all.
        (vec!["0", "0"], vec![(Some(0), 1), (Some(1), 2)], vec![pays(1, "100"), pays(2, "0")]),
        (vec!["0", "0"], vec![(Some(1), 2)], vec![pays(2, "100")]),
        // Money given back counts as nothing paid.
        (vec!["120", "-20"], vec![(Some(0), 1), (Some(1), 2)], vec![pays(1, "100"), pays(2, "0")]),
    ] {
        assert_eq!(parts(&amounts, &payers), expected, "{amounts:?} {payers:?}");
    }
}

/// catalog-transactions.md D.1, pos-offers.md B.4: a member named outside the payments has the whole, unless a
/// payment names one.
#[test]
fn a_member_outside_the_payments_has_the_whole() {
    assert_eq!(parts(&["75", "25"], &[(None, 7)]), [(7, money("100"))]);
    assert_eq!(parts(&[], &[(None, 7), (None, 8)]), [(7, money("100"))]);
    assert_eq!(parts(&["75", "25"], &[(None, 7), (Some(1), 2)]), [(2, money("25"))]);
    assert_eq!(parts(&["75", "25"], &[]), []);
}

/// Who goes is told first, so that what goes is taken before anything is given.
#[test]
fn a_member_who_no_longer_pays_is_told_so() {
    let mut till = Till::new();
    till.send(paid(&["75", "25"], FIRST), &[(Some(0), 1), (Some(1), 2)]);
    let next = till.send(paid(&["60", "40"], SECOND), &[(Some(0), 3), (Some(1), 1)]);
    let (sixty, forty) = (Some(money("60")), Some(money("40")));
    assert_eq!(next.parts(), [(2, true, None), (3, false, sixty), (1, true, forty)]);
    assert_eq!(till.sale.credited(), [id(3), id(1)]);
    let back = till.send(paid(&["50", "50"], "2026-03-02T12:14:00Z"), &[(Some(0), 2), (Some(1), 1)]);
    let half = Some(money("50"));
    assert_eq!(
        back.parts(),
        [(3, true, None), (2, true, half), (1, true, half)],
        "2 has been credited before"
    );
}

#[test]
fn a_sale_may_lose_all_its_members() {
    let mut till = Till::new();
    till.send(paid(&["100"], FIRST), &[(Some(0), 1)]);
    assert_eq!(till.send(paid(&["100"], SECOND), &[]).parts(), [(1, true, None)]);
    assert!(till.sale.credited().is_empty());
    assert_eq!(till.send(paid(&["90"], "2026-03-02T12:14:00Z"), &[]).parts(), [], "told once");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// If everybody is a member, the parts sum to the whole.
    #[test]
    fn parts_sum_to_the_whole(cents in prop::collection::vec(0_i64..1_000_000, 1..8)) {
        let amounts: Vec<_> = cents.iter().map(|cents| Money::from_units(cents * 100).to_string()).collect();
        let amounts: Vec<_> = amounts.iter().map(String::as_str).collect();
        let payers: Vec<_> = (0_u16..).zip(1_u32..).take(cents.len()).map(|(place, who)| (Some(place), who)).collect();
        let parts = parts(&amounts, &payers);
        prop_assert_eq!(Money::sum(parts.iter().map(|(_, part)| *part)), Ok(money("100")));
        prop_assert!(parts.iter().all(|(_, part)| !part.is_negative()));
    }
}
