//! Members merged into others: what one gives the other gets, and what sales had given one is corrected where it is.

use std::collections::BTreeMap;

use domain::{
    Points,
    customer::AuditRow,
    id::{CustomerId, PointAccountId, SaleId},
};

use super::{Model, Sight, points::sum, sight::Member};
use crate::{
    report::{Violation, hold},
    workload::request::Request,
};

/// What came with a merge can go on with the next one, and back; so many in a row are followed.
const CHAIN_MAX: usize = 6;

/// Between members who are there nothing is made and nothing lost by merges.
pub(super) fn check(model: &Model, sight: &Sight) -> Result<(), Violation> {
    let mut merges = model.merges().peekable();
    if merges.peek().is_none() || merges.any(|(from, to)| model.may_be_gone(sight, [from, to])) {
        return Ok(());
    }
    let mut moved: BTreeMap<(&str, PointAccountId), Vec<&AuditRow>> = BTreeMap::new();
    for row in sight.customers.values().flat_map(|member| &member.rows).filter(|row| is_of_merge(row)) {
        moved.entry((&row.caused_by.request_id, row.account)).or_default().push(row);
    }
    for ((merge, account), rows) in moved {
        let left = sum(rows.into_iter());
        hold!(
            left.is_zero(),
            "the merge {merge} takes and gives points in {account}, and {left} is the difference"
        );
    }
    Ok(())
}

/// Transfers that are no merges have the caller's words in their rows.
fn is_of_merge(row: &AuditRow) -> bool {
    let by = &row.caused_by;
    &*by.modification_type == "Transfer" && by.request_id == by.modification_entity_id
}

impl Model {
    /// Who may have been merged into whom.
    fn merges(&self) -> impl Iterator<Item = (CustomerId, CustomerId)> {
        self.asked.values().filter_map(|asked| match asked.request {
            Request::Merge { from, to } => Some((from, to)),
            _ => None,
        })
    }

    fn may_be_gone(&self, sight: &Sight, customers: [CustomerId; 2]) -> bool {
        customers
            .into_iter()
            .any(|customer| self.may_be_erased(customer) || !sight.customers.contains_key(&customer))
    }

    /// What a sale has given a member, and whoever the member's points have gone to since. Nothing when that cannot be
    /// said, because one of them may have been erased.
    pub(super) fn with_merged(
        &self,
        sight: &Sight,
        (sale, customer): (SaleId, CustomerId),
        rows_of: &impl Fn(SaleId, &Member) -> Points,
    ) -> Option<Points> {
        self.chain(sight, (sale, customer), rows_of, CHAIN_MAX)
    }

    fn chain(
        &self,
        sight: &Sight,
        (sale, customer): (SaleId, CustomerId),
        rows_of: &impl Fn(SaleId, &Member) -> Points,
        further: usize,
    ) -> Option<Points> {
        let mut all = vec![rows_of(sale, sight.customers.get(&customer)?)];
        let mut receivers: Vec<_> =
            self.merges().filter(|(from, _)| *from == customer).map(|(_, to)| to).collect();
        receivers.sort_unstable();
        receivers.dedup();
        if further == 0 {
            receivers.clear();
        }
        for receiver in receivers {
            if self.may_be_gone(sight, [customer, receiver]) {
                return None;
            }
            all.push(self.chain(sight, (sale.merged_from(customer), receiver), rows_of, further - 1)?);
        }
        Points::sum(all).ok()
    }
}
