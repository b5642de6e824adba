//! Which lines of a purchase satisfy the constraints of a node (incentives.md 6.3).

use std::borrow::Cow;

use super::{
    Purchase, Scene,
    leaf::circumstances_hold,
    lines::{LineSet, Selected},
    ticket::Ticket,
};
use crate::{
    amount::{AmountError, Money, Rate},
    program::tree::{
        AmountBasis, ChannelTest, CheckSizeBasis, ItemSet, PaymentTest, PurchaseTest, ReferenceKind,
        ReferenceTest, StoreTest,
    },
    sale::SaleDiscount,
};

/// The kind of reference that is a promo code (pos-offers.md B.4).
const PROMO_CODE: &str = "PromoCode";

/// The lines that satisfy a node; none when the purchase does not.
pub(super) fn purchase_lines<'t>(
    test: &PurchaseTest,
    ticket: &'t Ticket<'_>,
    scene: &Scene<'_>,
) -> Result<Option<Cow<'t, LineSet>>, AmountError> {
    let mut selected = Selected::default();
    let holds = select(test, ticket, scene, &mut selected)?;
    Ok(selected.into_lines().filter(|_| holds))
}

/// Whether the purchase satisfies a node. If so, what is selected is narrowed to the node's lines.
pub(super) fn select<'t>(
    test: &PurchaseTest,
    ticket: &'t Ticket<'_>,
    scene: &Scene<'_>,
    selected: &mut Selected<'t>,
) -> Result<bool, AmountError> {
    if !sold_where(test, ticket.purchase)
        || !circumstances_hold(&test.circumstances, scene)
        || !references_hold(test, ticket.purchase)
    {
        return Ok(false);
    }
    for payments in &test.payments {
        if paid_with(payments, ticket.purchase)? != payments.include {
            return Ok(false);
        }
    }
    let counting = ticket.counting(test.include_fully_discounted);
    if test.items.is_empty() {
        let fits = sizes_hold(test, ticket, counting)?;
        if fits {
            selected.narrow(Cow::Borrowed(counting));
        }
        return Ok(fits);
    }
    let Some(lines) = listed(test, ticket, counting)? else { return Ok(false) };
    let fits = sizes_hold(test, ticket, &lines)?;
    if fits {
        selected.narrow(Cow::Owned(lines));
    }
    Ok(fits)
}

/// The type of the first constraint of a node that the purchase does not satisfy (incentives.md 6.3).
pub(super) fn first_unmet(test: &PurchaseTest, ticket: &Ticket<'_>, scene: &Scene<'_>) -> Option<u32> {
    let purchase = ticket.purchase;
    if !test.stores.iter().all(|known| in_store(known, purchase)) {
        return Some(2);
    }
    if !test.channels.iter().all(|known| through(known, purchase)) {
        return Some(64);
    }
    let unmet =
        test.circumstances.iter().find(|known| !circumstances_hold(std::slice::from_ref(known), scene));
    if let Some(unmet) = unmet {
        return Some(unmet.test.number());
    }
    let unmet = test.references.iter().find(|known| carries(known, purchase) != known.include);
    if let Some(unmet) = unmet {
        return Some(if unmet.kind == ReferenceKind::Offer { 2048 } else { 8192 });
    }
    if !test.payments.iter().all(|known| paid_with(known, purchase) == Ok(known.include)) {
        return Some(4);
    }
    let counting = ticket.counting(test.include_fully_discounted);
    match listed(test, ticket, counting) {
        Ok(Some(lines)) if sizes_hold(test, ticket, &lines) != Ok(true) => Some(16),
        Ok(Some(_)) => None,
        _ if test.items.is_empty() => (sizes_hold(test, ticket, counting) != Ok(true)).then_some(16),
        _ => Some(32),
    }
}

/// The lines that all of a node's item sets select; none when one of the sets is not satisfied.
fn listed(
    test: &PurchaseTest,
    ticket: &Ticket<'_>,
    counting: &LineSet,
) -> Result<Option<LineSet>, AmountError> {
    let mut lines: Option<LineSet> = None;
    for set in &test.items {
        let more = counting.filtered(|place| ticket.selects(set, place));
        if !holds(set, &more, ticket)? {
            return Ok(None);
        }
        match &mut lines {
            None => lines = Some(more),
            Some(lines) => lines.intersect(&more),
        }
    }
    Ok(lines.filter(|lines| !lines.is_empty()))
}

/// What a node asks of the size of the ticket, or of the lines it selects.
fn sizes_hold(test: &PurchaseTest, ticket: &Ticket<'_>, lines: &LineSet) -> Result<bool, AmountError> {
    for size in &test.check_sizes {
        let measured = match size.basis {
            CheckSizeBasis::Subtotal => ticket.purchase.subtotal,
            CheckSizeBasis::Eligible => ticket.eligible(AmountBasis::Qualifying, lines)?,
        };
        let inside = size.min.is_none_or(|min| min <= measured) && size.max.is_none_or(|max| measured <= max);
        if inside != size.include {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a node asks of store and channel.
fn sold_where(test: &PurchaseTest, purchase: &Purchase<'_>) -> bool {
    test.stores.iter().all(|known| in_store(known, purchase))
        && test.channels.iter().all(|known| through(known, purchase))
}

fn in_store(test: &StoreTest, purchase: &Purchase<'_>) -> bool {
    test.stores.binary_search(&purchase.store).is_ok() == test.include
}

fn through(test: &ChannelTest, purchase: &Purchase<'_>) -> bool {
    test.channels.iter().any(|channel| channel.eq_ignore_ascii_case(purchase.channel)) == test.include
}

/// What a node asks of the discounts on the ticket.
fn references_hold(test: &PurchaseTest, purchase: &Purchase<'_>) -> bool {
    test.references.iter().all(|known| carries(known, purchase) == known.include)
}

fn carries(test: &ReferenceTest, purchase: &Purchase<'_>) -> bool {
    let discounts = purchase.content.map_or(&[][..], |content| &content.discounts);
    discounts.iter().any(|discount| refers(discount, test))
}

fn refers(discount: &SaleDiscount, test: &ReferenceTest) -> bool {
    let promo =
        discount.reference_id_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case(PROMO_CODE));
    promo == (test.kind == ReferenceKind::PromoCode)
        && discount.reference_id.as_deref().is_some_and(|reference| {
            test.references.iter().any(|known| known.eq_ignore_ascii_case(reference.trim()))
        })
}

/// Whether enough of the ticket was paid with these types of payment.
fn paid_with(test: &PaymentTest, purchase: &Purchase<'_>) -> Result<bool, AmountError> {
    let listed = |kind: &str| test.kinds.iter().any(|known| known.eq_ignore_ascii_case(kind.trim()));
    let of_kind = purchase.payments.iter().filter(|payment| listed(payment.kind));
    let part = Money::sum(of_kind.map(|payment| payment.amount))?;
    let Some(share) = test.minimum_share else { return Ok(part.is_positive()) };
    let total = Money::sum(purchase.payments.iter().map(|payment| payment.amount))?;
    let asked = total.wide() * share.wide();
    Ok(part.is_positive() && part.wide() * i128::from(Rate::UNIT) >= asked)
}

/// What an item constraint asks of the lines it selects.
fn holds(set: &ItemSet, selected: &LineSet, ticket: &Ticket<'_>) -> Result<bool, AmountError> {
    if selected.is_empty() {
        return Ok(false);
    }
    if set.require_all && !set.keys.iter().all(|key| ticket.matches_key(selected, *key)) {
        return Ok(false);
    }
    match set.min_quantity {
        None => Ok(true),
        Some(min) => Ok(ticket.quantity(selected)? >= min),
    }
}
