//! Sales: the newest version that was sent is in force, each accepted version has a number of its own.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    id::SaleId,
    sale::{Content, Outcome, Revision, Sale, SalesWarning},
};

use super::{Asked, Model, Sight, Status, latecomers};
use crate::{
    program,
    report::{Violation, hold},
    workload::{perform::Told, request::Request},
};

impl Model {
    /// Sales of a store that were answered: whoever looks for sales from now on finds them.
    pub fn answered_sales(&self, place: usize) -> Vec<SaleId> {
        let answered = self.asked.values().filter_map(|asked| match (&asked.request, asked.status()) {
            (Request::Sell { sale, request, .. }, Status::Done(_))
                if request.content.store == program::store(place) =>
            {
                Some(*sale)
            }
            _ => None,
        });
        answered.collect()
    }

    /// How often a sale was looked at again, which makes a version each time, and how often it may have been.
    fn replays(&self, id: SaleId) -> (usize, usize) {
        let asked = self.asked.values();
        let of_sale = asked.filter(|asked| matches!(asked.request, Request::Replay { sale } if sale == id));
        of_sale.fold((0, 0), |(done, open), asked| match asked.status() {
            Status::Done(_) => (done + 1, open),
            Status::Refused => (done, open),
            Status::Open => (done, open + 1),
        })
    }

    /// The versions that were sent of each sale.
    pub(super) fn sales_sent(&self) -> BTreeMap<SaleId, Vec<(&Content, &Asked)>> {
        let mut sent: BTreeMap<SaleId, Vec<_>> = BTreeMap::new();
        for asked in self.asked.values() {
            if let Request::Sell { sale, request, .. } = &asked.request {
                sent.entry(*sale).or_default().push((&request.content, asked));
            }
        }
        sent
    }
}

pub(super) fn check(model: &Model, sight: &Sight) -> Result<(), Violation> {
    for (id, versions) in model.sales_sent() {
        let sale = sight.sales.get(&id).and_then(Option::as_ref);
        let answered = versions.iter().any(|(_, asked)| matches!(asked.status(), Status::Done(_)));
        match sale {
            None => hold!(!answered, "sale {id} was taken in and is not there"),
            Some(sale) => {
                one(id, sale, &versions, model)?;
                latecomers::check(model, sight, sale)?;
            }
        }
    }
    Ok(())
}

fn one(id: SaleId, sale: &Sale, versions: &[(&Content, &Asked)], model: &Model) -> Result<(), Violation> {
    let current =
        sale.current().ok_or_else(|| Violation::of(format!("sale {id} has no version in force")))?;
    let is_forgotten = |asked: &Asked| asked.may_be_forgotten(model.latest);
    let (replayed, maybe_replayed) = model.replays(id);
    let (mut numbers, mut open, mut strangers) = (BTreeSet::new(), 0, 0);
    for (content, asked) in versions {
        match asked.status() {
            Status::Done(Told::Sold(receipt)) => {
                hold!(
                    model.was_set_back || content.modified_time <= current.content.modified_time,
                    "a version of sale {id} of {:?} was taken in, in force is one of {:?}",
                    content.modified_time,
                    current.content.modified_time
                );
                hold!(
                    receipt.revision <= current.number,
                    "sale {id} goes back from {receipt:?} to {}",
                    current.number
                );
                // Sent again when others have come, or its payers, it is told what it is by then.
                open += if is_forgotten(asked) { asked.sent - 1 } else { usize::from(asked.sent > 1) };
                strangers += usize::from(receipt.warnings.contains(&SalesWarning::UserNotFound));
                if receipt.outcome == Outcome::Accepted {
                    hold!(
                        numbers.insert(receipt.revision),
                        "two versions of sale {id} are number {}",
                        receipt.revision
                    );
                }
            }
            Status::Done(_) | Status::Refused => {}
            Status::Open => {
                open += if is_forgotten(asked) { asked.sent } else { 1 };
                strangers += 1;
            }
        }
    }
    let (known, number) = (numbers.len() + replayed, usize::try_from(current.number).unwrap_or(usize::MAX));
    // Whoever registers later makes a version, too.
    open += maybe_replayed + strangers * program::PAYERS_MAX;
    hold!(
        known <= number && number <= known + open,
        "sale {id} has {number} versions; {known} were accepted and {open} not answered"
    );
    in_force(id, current, versions, model)
}

/// The version in force is one of those that were sent, and the newest.
fn in_force(
    id: SaleId,
    current: &Revision,
    versions: &[(&Content, &Asked)],
    model: &Model,
) -> Result<(), Violation> {
    let is_of = |content: &Content| {
        content.subtotal == current.content.subtotal && content.is_voided == current.content.is_voided
    };
    hold!(
        versions.iter().any(|(content, _)| is_of(content)),
        "nobody has sent the version of sale {id} that is in force"
    );
    if model.was_set_back {
        // What is of tomorrow by then counts as of the moment at which it came.
        return Ok(());
    }
    let newest = versions
        .iter()
        .filter(|(content, _)| content.modified_time == current.content.modified_time)
        .any(|(content, _)| is_of(content));
    hold!(newest, "the version of sale {id} in force is not the newest one");
    Ok(())
}
