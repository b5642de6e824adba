//! Who gets the credit for a sale, and how much of it (pos-offers.md B.4, "Who gets the credit").

use super::{Content, Payer};
use crate::{
    amount::{AmountError, Money},
    id::CustomerId,
    rules::Share,
};

/// Each member's part. Several payments of one member count as one; payments of nobody keep their part, which is
/// credited to no one. A member named outside the payments has the whole sale, if no payment names anybody.
pub(super) fn shares(content: &Content, payers: &[Payer]) -> Result<Vec<(CustomerId, Share)>, AmountError> {
    let by_payment: Vec<_> =
        payers.iter().filter_map(|payer| Some((payer.payment?, payer.customer))).collect();
    if by_payment.is_empty() {
        return Ok(payers.first().map(|payer| (payer.customer, Share::whole())).into_iter().collect());
    }
    let mut members: Vec<(Option<CustomerId>, Money)> = Vec::new();
    for (place, payment) in content.payments.iter().enumerate() {
        let named =
            by_payment.iter().find(|(known, _)| usize::from(*known) == place).map(|(_, customer)| *customer);
        match members.iter_mut().find(|(known, _)| *known == named) {
            Some((_, paid)) => *paid = paid.plus(payment.amount)?,
            None => members.push((named, payment.amount)),
        }
    }
    if let [(Some(customer), _)] = members.as_slice() {
        return Ok(vec![(*customer, Share::whole())]);
    }
    // Where nothing was paid at all, the first in line has the whole: let that be a member.
    members.sort_by_key(|(customer, _)| customer.is_none());
    let paid: Vec<_> = members.iter().map(|(_, paid)| *paid).collect();
    let named = members
        .iter()
        .enumerate()
        .filter_map(|(place, (customer, _))| customer.map(|customer| (place, customer)));
    Ok(named.map(|(place, customer)| (customer, Share::of(paid.clone(), place))).collect())
}
