//! Revisions of sales whose points went with a merge: whoever has the points books them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    customer::{CreditSale, Customer, Decided, Effect, EvaluationRecord, Moved, Reply, credit, stop::Stop},
    entity::{Context, Decision},
};

/// A revision of a sale for somebody whose points went with a merge. Stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedCredit {
    /// The merge.
    pub merge: Uuid,
    /// The revision, as it reached the giver.
    pub credit: CreditSale,
    /// What the sale had given until then.
    pub record: EvaluationRecord,
}

impl MovedCredit {
    /// The decision of the giver, who leaves it to the one who has the points.
    pub(in crate::customer) fn leave(
        moved: Moved,
        credit: &CreditSale,
        record: &EvaluationRecord,
    ) -> Decision<Customer> {
        let mut record = record.clone();
        record.take_back(moved.merge);
        let left = Self { merge: moved.merge, credit: credit.clone(), record };
        let effects = vec![Effect::CreditMoved { to: moved.to, moved: Box::new(left) }];
        Decision { events: Vec::new(), reply: Reply::Credited, effects }
    }
}

/// Books it under an id of its own, or leaves it to whom everything has gone since.
pub(super) fn decide(
    customer: &Customer,
    moved: &MovedCredit,
    context: &Context<'_>,
) -> Result<Decided, Stop> {
    let sale = moved.credit.sale.merged_from(moved.credit.customer);
    let record = EvaluationRecord { sale, ..moved.record.clone() };
    let credit =
        CreditSale { sale, customer: customer.known()?.id, credited_before: true, ..moved.credit.clone() };
    if !customer.has_taken_in(moved.merge) {
        // The merge has gone back, and is in front of this one there.
        let effects = vec![Effect::ReturnMovedCredit(Box::new(moved.clone()))];
        return Ok(Decision { events: Vec::new(), reply: Reply::Credited, effects }.into());
    }
    credit::decide_inherited(customer, &credit, &record, customer.moved_on(moved.merge), context)
}

/// It has come back: the points are here again, or are lost with the other customer.
pub(super) fn decide_back(
    customer: &Customer,
    moved: &MovedCredit,
    context: &Context<'_>,
) -> Result<Decided, Stop> {
    if customer.merges.iter().any(|note| note.merge == moved.merge) {
        return Ok(Decision::answer(Reply::Credited).into());
    }
    credit::decide(customer, &moved.credit, context)
}
