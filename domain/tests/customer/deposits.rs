//! Deposits (incentives.md 4.1, 7.1).

use laurel_domain::{
    Points,
    amount::AmountError,
    customer::{DepositDetail, Error, PostedStatus, Purpose},
};

use crate::{member::*, shop::*};

#[test]
fn a_deposit_is_answered_with_the_balance_after_it() {
    let mut member = Member::of(&Shop::default());
    member.given(SPEND, "10");
    let purpose = Purpose::Deposit(vec![deposit(SPEND, "50"), deposit(TIER, "0.5"), deposit(SPEND, "1")]);
    let posted = member.post(purpose, false).unwrap();
    let rows: Vec<_> = posted
        .details
        .iter()
        .flat_map(|detail| &detail.rows)
        .map(|row| (row.account, row.amount, row.remaining_balance, row.life_time_value))
        .collect();
    let row = |account: u32, amount: &str, balance: &str| {
        (id(account), points(amount), points(balance), points(balance))
    };
    assert_eq!(rows, [row(SPEND, "50", "60"), row(TIER, "0.5", "0.5"), row(SPEND, "1", "61")]);
    let used = posted.details[1].rows[0].user_account;
    assert_eq!(used, Some(member.customer.ledger().account(id(TIER)).unwrap().user_account));
    assert_eq!(posted.rows.len(), 3);
}

#[test]
fn what_cannot_be_deposited_says_why() {
    let mut member = Member::of(&Shop::default());
    let from = |source: u32| DepositDetail { source: id(source), ..deposit(SPEND, "5") };
    for (detail, status) in [
        (deposit(SPEND, "0"), PostedStatus::InvalidAmount),
        (deposit(SPEND, "-5"), PostedStatus::InvalidAmount),
        (deposit(UNKNOWN, "5"), PostedStatus::AccountNotFound),
        (deposit(INACTIVE, "5"), PostedStatus::AccountInactive),
        (from(UNKNOWN), PostedStatus::SourceNotFound),
        (from(UNLINKED), PostedStatus::SourceNotLinked),
    ] {
        let purpose = Purpose::Deposit(vec![deposit(SPEND, "7"), detail]);
        let Err(Error::Refused(refused)) = member.post(purpose, false) else { panic!("{status:?}") };
        let found: Vec<_> = refused.details.iter().map(|detail| detail.status).collect();
        assert_eq!(found, [PostedStatus::NotAttempted, status]);
    }
    assert_eq!(member.available(SPEND), points("0"));
}

/// A balance that no longer fits is refused and changes nothing.
#[test]
fn too_much_is_refused() {
    let mut member = Member::of(&Shop::default());
    let most = Points::from_units(i64::MAX);
    let detail = DepositDetail { amount: most, ..deposit(SPEND, "1") };
    member.post(Purpose::Deposit(vec![detail]), false).unwrap();
    let one_more = member.post(Purpose::Deposit(vec![deposit(SPEND, "0.0001")]), false);
    assert_eq!(one_more, Err(Error::Amount(AmountError::OutOfRange)));
    assert_eq!(member.available(SPEND), most);
}
