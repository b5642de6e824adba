//! Returns, corrections and voids (incentives.md section 9).

use std::sync::Arc;

use laurel_domain::{
    customer::{Command, CreditSale, Event, Profile},
    sale::Content,
};

use crate::{member::*, shop::*};

/// Rate 2 into an account.
fn rate_two(account: u32) -> Shop {
    Shop::with(&[tree(100, "", &per_amount(1, account, "2", ""))])
}

fn pay(member: &mut Member, account: u32, amount: &str) {
    use laurel_domain::customer::Purpose;
    member.post(Purpose::Spend(vec![spend(&[account], amount)]), false).unwrap();
}

/// Section 9: 80.00 at rate 2, 100 spent, one of two lines returned.
#[test]
fn spent_points_are_overdrawn_where_the_account_allows_it() {
    let mut member = Member::of(&rate_two(SPEND));
    member.buy(500, 1, "80");
    pay(&mut member, SPEND, "100");
    assert_eq!(member.available(SPEND), points("60"));
    member.buy(500, 2, "40");
    assert_eq!(member.available(SPEND), points("-20"));
    let account = member.customer.ledger().account(id(SPEND)).unwrap();
    assert_eq!((account.overdraft, account.lots().len()), (points("20"), 0));
    assert_eq!(member.lifetime(SPEND), points("160"));
}

/// The same where the account forbids it: zero, and a shortfall of 20 is written down.
#[test]
fn spent_points_are_waived_where_it_does_not() {
    let mut member = Member::of(&rate_two(STRICT));
    member.buy(500, 1, "80");
    pay(&mut member, STRICT, "100");
    member.buy(500, 2, "40");
    assert_eq!(member.available(STRICT), points("0"));
    let Some(Event::SaleCredited(credited)) = member.events.last() else { panic!("the sale comes last") };
    let waived: Vec<_> = credited.waived.iter().map(|award| award.points).collect();
    assert_eq!(waived, [points("-20")]);
    member.buy(501, 1, "50");
    member.buy(500, 3, "40");
    assert_eq!(member.available(STRICT), points("100"), "what was waived is not taken later");
}

/// 60 earns 60; after a return of 15 the base misses the hurdle of 50: everything goes.
#[test]
fn a_return_below_the_hurdle() {
    let outcome = per_amount(1, SPEND, "1", r#", "hurdle": 50"#);
    let mut member = Member::of(&Shop::with(&[tree(100, "", &outcome)]));
    member.buy(500, 1, "60");
    assert_eq!(member.available(SPEND), points("60"));
    member.buy(500, 2, "45");
    assert_eq!(member.available(SPEND), points("0"));
    member.buy(500, 3, "55");
    assert_eq!(member.available(SPEND), points("55"), "and comes back");
}

/// 250 at rate 3 is capped at 600, and so is 230.
#[test]
fn a_return_above_the_cap() {
    let outcome = per_amount(1, SPEND, "3", r#", "max_points": 600"#);
    let mut member = Member::of(&Shop::with(&[tree(100, "", &outcome)]));
    member.buy(500, 1, "250");
    let rows = member.audit().len();
    member.buy(500, 2, "230");
    assert_eq!((member.available(SPEND), member.audit().len()), (points("600"), rows));
    member.buy(500, 3, "100");
    assert_eq!(member.available(SPEND), points("300"));
}

#[test]
fn a_void_takes_everything_back_and_an_unvoid_gives_it_again() {
    let mut member = Member::of(&rate_two(SPEND));
    member.buy(500, 1, "80");
    let voided = |member: &Member, revision, is_voided| {
        let sold = member.sale(500, revision, "80");
        let content = Arc::new(Content { is_voided, ..(*sold.content).clone() });
        CreditSale { content, ..sold }
    };
    let void = voided(&member, 2, true);
    member.credit(void);
    assert_eq!(member.available(SPEND), points("0"));
    let unvoid = voided(&member, 3, false);
    member.credit(unvoid);
    assert_eq!(member.available(SPEND), points("160"));
}

#[test]
fn who_no_longer_pays_gives_everything_back() {
    let mut member = Member::of(&rate_two(SPEND));
    member.buy(500, 1, "80");
    let gone = CreditSale { share: None, ..member.sale(500, 2, "80") };
    member.credit(gone);
    assert_eq!(member.available(SPEND), points("0"));
}

/// A tree whose own multiplier doubles its award writes two rows of one rule; both follow the sale up and down.
#[test]
fn awards_and_their_multipliers_follow_the_sale_together() {
    let outcomes = [per_amount(1, SPEND, "1", ""), multiplier(2, "2"), multiplier(3, "2")].join(",");
    let mut member = Member::of(&Shop::with(&[tree(100, "", &outcomes)]));
    for (revision, amount, expected) in
        [(1, "10", "30"), (2, "20", "60"), (3, "15", "45"), (4, "16", "48"), (5, "0", "0")]
    {
        member.buy(500, revision, amount);
        assert_eq!(member.available(SPEND), points(expected), "revision {revision}");
    }
}

/// The business time, and with it the expiry, stays that of the first evaluation.
#[test]
fn a_correction_counts_as_of_the_purchase() {
    let mut member = Member::of(&rate_two(SPEND));
    let sold = member.now;
    member.buy(500, 1, "10");
    member.at("2026-03-20T12:00:00Z").buy(500, 2, "15");
    let times: Vec<_> = member.audit().iter().map(|row| row.occurred).collect();
    assert_eq!(times, [sold, sold]);
    member.buy(500, 3, "5");
    assert_eq!(member.audit().last().unwrap().occurred, member.now, "what is taken back is taken now");
}

/// 9.3: the sale's own lot goes first, although another would be spent sooner.
#[test]
fn a_return_takes_from_the_sales_own_lot() {
    let mut member = Member::of(&rate_two(SPEND));
    member.buy(500, 1, "10");
    member.at("2026-03-02T12:00:00Z").buy(501, 1, "10");
    member.buy(501, 2, "4");
    let spent: Vec<_> = member.audit().iter().map(|row| (row.change, row.amount_spent)).collect();
    let row = |change: &str, spent: &str| (points(change), points(spent));
    assert_eq!(spent, [row("20", "0"), row("20", "12"), row("-12", "0")]);
}

fn opt(member: &mut Member, opted_in: bool) {
    let based_on = member.customer.identity().unwrap().updated_at;
    let profile = Box::new(Profile { opted_in, ..Profile::default() });
    let claimed_until = member.now;
    member.when(Command::Update { profile, based_on, claimed_until }).unwrap();
}

/// Out of the program: earns nothing, neither with the purchase nor with a correction of it.
#[test]
fn who_has_opted_out_earns_nothing() {
    let mut member = Member::of(&rate_two(SPEND));
    opt(&mut member, false);
    member.buy(500, 1, "10");
    assert_eq!(member.available(SPEND), points("0"));
    member.buy(500, 2, "8");
    assert_eq!(member.available(SPEND), points("0"), "a correction is no back door");
}

/// What was earned before stays, and is taken back with the goods.
#[test]
fn who_opts_out_later_keeps_what_was_earned() {
    let mut member = Member::of(&rate_two(SPEND));
    member.buy(500, 1, "10");
    opt(&mut member, false);
    assert_eq!(member.available(SPEND), points("20"));
    member.buy(500, 2, "8");
    assert_eq!(member.available(SPEND), points("16"));
}
