//! A return is judged by the rules of its purchase (incentives.md 9.1).

use laurel_domain::customer::Need;

use crate::{member::*, shop::*};

fn rate(version: u32, rate: &str) -> Shop {
    Shop { version, ..Shop::with(&[tree(100, "", &per_amount(1, SPEND, rate, ""))]) }
}

#[test]
fn the_program_of_the_purchase_is_asked_for() {
    let mut member = Member::of(&rate(1, "2"));
    member.buy(500, 1, "80");
    member.publish(&rate(2, "5"));
    member.buy(500, 2, "40");
    assert_eq!((member.available(SPEND), member.needs.as_slice()), (points("80"), &[Need::Program(1)][..]));
    member.buy(501, 1, "10");
    assert_eq!(
        (member.available(SPEND), member.needs.len()),
        (points("130"), 1),
        "new sales by the new rules"
    );
    member.publish(&rate(3, "7"));
    member.buy(500, 3, "41");
    assert_eq!(member.available(SPEND), points("132"), "still by the first");
}

#[test]
fn nothing_is_fetched_for_a_repeat() {
    let mut member = Member::of(&rate(1, "2"));
    member.buy(500, 1, "80");
    member.publish(&rate(2, "5"));
    member.buy(500, 1, "80");
    assert!(member.needs.is_empty());
}

/// An old purchase under an old program: both are asked for, one after the other.
#[test]
fn evaluation_and_program_may_both_be_needed() {
    let mut member = Member::of(&rate(1, "2"));
    for sale in 500..520 {
        member.buy(sale, 1, "1");
    }
    member.publish(&rate(2, "5"));
    member.buy(500, 2, "0");
    assert_eq!(member.needs, [Need::Evaluation(id(500)), Need::Program(1)]);
    assert_eq!(member.available(SPEND), points("38"));
}
