//! A sale forgets a member (incentives.md 7.17): what was sold and for how much stays, who bought it does not.

use std::sync::Arc;

use super::{Content, Event, NamedUser, Payer, Revision, Sale, UserIdKind};
use crate::{
    id::{CustomerId, IdentifierId},
    identifier::Identifier,
};

/// Who is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgetMember {
    /// The member's id.
    pub customer: CustomerId,
    /// The claims of the member's identifiers: what a till may have sent for the member is recognised by them.
    pub named: Vec<IdentifierId>,
}

impl ForgetMember {
    fn is_named_by(&self, user: &NamedUser) -> bool {
        match user.kind {
            UserIdKind::Platform => self.has_id(&user.id),
            UserIdKind::External
            | UserIdKind::LoyaltyCard
            | UserIdKind::Email
            | UserIdKind::Phone
            | UserIdKind::Proxy => {
                user.identifier().is_some_and(|identifier| self.named.contains(&identifier.id()))
            }
        }
    }

    fn has_id(&self, text: &str) -> bool {
        text.parse() == Ok(self.customer)
    }

    fn has_external(&self, text: &str) -> bool {
        self.named.contains(&Identifier::external(text).id())
    }
}

impl Sale {
    /// What happens: the sale is from now on as if it had never known the member. Nothing when there is no sale.
    pub(super) fn forget(&self, member: &ForgetMember) -> Option<Event> {
        let mut after = self.clone();
        let is_other = |customer: &CustomerId| *customer != member.customer;
        after.credited.retain(is_other);
        after.credited_before.retain(is_other);
        if let Some(current) = &mut after.current {
            forget_in(current, member);
        }
        after.forgets = true;
        // Also when nothing of it is in the version in force: one that was superseded may name the member.
        self.current.is_some().then(|| Event::MemberForgotten(Box::new(after)))
    }
}

fn forget_in(revision: &mut Revision, member: &ForgetMember) {
    let content = Arc::make_mut(&mut revision.content);
    let paid = |place: usize| {
        revision.payers.iter().any(|payer| {
            payer.customer == member.customer
                && payer.payment.is_some_and(|known| usize::from(known) == place)
        })
    };
    for (place, payment) in content.payments.iter_mut().enumerate() {
        let named = payment.user.iter().chain(&payment.additional_user).any(|user| member.is_named_by(user));
        if named || paid(place) {
            (payment.user, payment.additional_user) = (None, None);
            (payment.receipt_code, payment.custom_data) = (None, None);
        }
    }
    let is_whole_owner = |payer: &Payer| payer.payment.is_none() && payer.customer == member.customer;
    let owns_whole = revision.payers.iter().any(is_whole_owner);
    let is_meant = |text: &str| owns_whole || member.has_id(text) || member.has_external(text);
    content.envelope_user_id.take_if(|text| is_meant(text));
    for discount in &mut content.discounts {
        discount.user_id.take_if(|text| is_meant(text));
    }
    drop_free_text(content);
    revision.payers.retain(|payer| payer.customer != member.customer);
}

/// What a retailer may have written anything into.
fn drop_free_text(content: &mut Content) {
    (content.custom_data, content.business_def_collection) = (None, None);
    content.guest_receipt_code = None;
    content.items.iter_mut().for_each(|item| item.custom_data = None);
}

/// A later version of a sale that has forgotten somebody: a till repeats what it knows, and whoever is named and is no
/// member may be the one who was forgotten.
pub(super) fn without_strangers(content: &Content, payers: &[Payer]) -> Content {
    let mut content = content.clone();
    let is_known = |place: Option<usize>| payers.iter().any(|payer| payer.payment.map(usize::from) == place);
    for (place, payment) in content.payments.iter_mut().enumerate() {
        if !is_known(Some(place)) {
            (payment.user, payment.additional_user) = (None, None);
            (payment.receipt_code, payment.custom_data) = (None, None);
        }
    }
    if !is_known(None) {
        content.envelope_user_id = None;
        content.discounts.iter_mut().for_each(|discount| discount.user_id = None);
    }
    drop_free_text(&mut content);
    content
}
