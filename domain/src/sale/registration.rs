//! Members who register after they were named on a sale (incentives.md 7.16: `no_customer` is kept 30 days for late
//! registration). Whoever is named and is nobody is asked for at the claim of the identifier; when that is confirmed,
//! the sale is told.
//!
//! Owns which of a sale's names are those of strangers, and for what part of the sale they stand. Nothing is taken from
//! a member for somebody who comes later: only payments of nobody are given away.

use super::{Content, NamedUser, Payer, SalePayment};
use crate::{
    id::{CustomerId, IdentifierId},
    identifier::Identifier,
};

/// Thirty days: for so long a sale waits for whom it names.
pub const LATE_REGISTRATION_MS: i64 = 30 * 86_400_000;

/// The identifiers of those who would have a part of the sale if they were members.
pub(super) fn strangers(content: &Content, payers: &[Payer]) -> Vec<IdentifierId> {
    let of_nobody = payments_of_nobody(content, payers).flat_map(|(_, payment)| identifiers(payment));
    let elsewhere = payers.is_empty().then(|| named_elsewhere(content)).into_iter().flatten();
    let mut found: Vec<_> = of_nobody.chain(elsewhere).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The payers with somebody who is a member now; nothing when that changes nothing.
pub(super) fn with_member(
    content: &Content,
    payers: &[Payer],
    (identifier, customer): (IdentifierId, CustomerId),
) -> Option<Vec<Payer>> {
    let own = |(_, payment): &(u16, &SalePayment)| identifiers(payment).any(|named| named == identifier);
    let paid: Vec<_> = payments_of_nobody(content, payers)
        .filter(own)
        .map(|(place, _)| Payer { payment: Some(place), customer })
        .collect();
    if !paid.is_empty() {
        let mut all = [payers, &paid].concat();
        all.sort_unstable_by_key(|payer| payer.payment);
        return Some(all);
    }
    let is_owner = payers.is_empty() && named_elsewhere(content).any(|named| named == identifier);
    is_owner.then(|| vec![Payer { payment: None, customer }])
}

/// Payments without a member, by place; none when somebody has the whole sale.
fn payments_of_nobody<'a>(
    content: &'a Content,
    payers: &'a [Payer],
) -> impl Iterator<Item = (u16, &'a SalePayment)> {
    let is_owned = payers.iter().any(|payer| payer.payment.is_none());
    let payments = (0_u16..).zip(&content.payments).filter(move |_| !is_owned);
    payments.filter(|(place, _)| payers.iter().all(|payer| payer.payment != Some(*place)))
}

fn identifiers(payment: &SalePayment) -> impl Iterator<Item = IdentifierId> {
    let users = payment.user.iter().chain(&payment.additional_user);
    users.filter_map(NamedUser::identifier).map(|identifier| identifier.id())
}

/// Those named outside the payments, by an id without a kind.
fn named_elsewhere(content: &Content) -> impl Iterator<Item = IdentifierId> {
    let discounts = content.discounts.iter().filter_map(|discount| discount.user_id.as_ref());
    content.envelope_user_id.iter().chain(discounts).map(|text| Identifier::external(text).id())
}
