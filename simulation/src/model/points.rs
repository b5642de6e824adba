//! Points: a balance is the sum of its rows, every posting is there once or not at all, what a sale gives follows from
//! the version in force, nothing is made or lost between customers, nothing is given beyond a budget.

use domain::{
    Points,
    customer::AuditRow,
    id::{CustomerId, PointAccountId, RuleTreeId, SaleId},
    sale::{Revision, SalesWarning},
};

use super::{Asked, Model, Sight, Status, merges, sight::Member};
use crate::{
    program::{self, AWARD, BASE, BUDGETED, STATUS_EARN, SURVEY, SURVEY_POINTS},
    report::{Violation, hold},
    workload::{
        perform::Told,
        request::{Request, whole},
    },
};

pub(super) fn check(model: &Model, sight: &Sight) -> Result<(), Violation> {
    for (id, member) in &sight.customers {
        balances(*id, member)?;
        surveys(model, *id, member)?;
        earned(model, sight, *id)?;
    }
    for asked in model.asked.values() {
        match &asked.request {
            Request::Post { customer, tag, change, .. } => {
                if let Some(member) = sight.customers.get(customer) {
                    once(asked, tag, sum(tagged(member, tag)), *change)?;
                }
            }
            Request::Transfer { .. } => transferred(asked, sight)?,
            _ => {}
        }
    }
    merges::check(model, sight)?;
    shared(sight)
}

pub(super) fn sum<'a>(rows: impl Iterator<Item = &'a AuditRow>) -> Points {
    Points::sum(rows.map(|row| row.change)).unwrap_or(Points::ZERO)
}

fn tagged<'a>(member: &'a Member, tag: &'a str) -> impl Iterator<Item = &'a AuditRow> {
    member.rows.iter().filter(move |row| *row.caused_by.modification_entity_id == *tag)
}

/// A posting that was done is there once, one that was refused is not, one that was not answered may be.
fn once(asked: &Asked, tag: &str, there: Points, change: Points) -> Result<(), Violation> {
    match asked.status() {
        Status::Done(_) => hold!(there == change, "{tag} is of {change}, and its rows come to {there}"),
        Status::Refused => hold!(there.is_zero(), "{tag} was refused, and its rows come to {there}"),
        Status::Open => {
            hold!(there == change || there.is_zero(), "{tag} is of {change}, and its rows come to {there}");
        }
    }
    Ok(())
}

fn balances(id: CustomerId, member: &Member) -> Result<(), Violation> {
    for account in &member.accounts {
        let rows = || member.rows.iter().filter(|row| row.account == account.account);
        let (name, available) = (account.account, account.available);
        let folded = sum(rows());
        hold!(folded == available, "{id} has {available} in {name}, and its rows come to {folded}");
        let net = account.lots.minus(account.overdraft).unwrap_or(Points::ZERO);
        hold!(net == available, "{id} has {available} in {name}, and lots without overdraft come to {net}");
        let lots = Points::sum(rows().filter(|row| row.is_lot()).map(AuditRow::remaining));
        let lots = lots.unwrap_or(Points::ZERO);
        hold!(lots == account.lots, "lots of {id} in {name} hold {}, by its rows {lots}", account.lots);
    }
    let mut ids: Vec<_> = member.rows.iter().map(|row| row.id).collect();
    ids.sort();
    hold!(ids.windows(2).all(|pair| pair[0] != pair[1]), "two rows of {id} have the same id");
    Ok(())
}

/// What sales give of the two trees whose points follow from the sale alone.
fn earned(model: &Model, sight: &Sight, id: CustomerId) -> Result<(), Violation> {
    for (account, tree) in [(program::status(), STATUS_EARN), (program::points(), BASE)] {
        for (sale, found) in &sight.sales {
            let Some(current) = found.as_ref().and_then(|sale| sale.current()) else { continue };
            let rows_of = |sale: SaleId, member: &Member| {
                let name = sale.to_string();
                let rows = member.rows.iter().filter(|row| of(row, account, tree));
                sum(rows.filter(|row| *row.caused_by.request_id == *name))
            };
            let Some(there) = model.with_merged(sight, (*sale, id), &rows_of) else { continue };
            let expected = expected(current, id);
            hold!(
                there == expected,
                "sale {} gives {id} {expected} in {account}, and its rows come to {there}",
                current.content.transaction_id
            );
        }
    }
    Ok(())
}

fn of(row: &AuditRow, account: PointAccountId, tree: u32) -> bool {
    row.account == account && row.caused_by.tree == Some(program::id::<RuleTreeId>(tree))
}

/// A point for each whole unit of money that a customer pays.
fn expected(current: &Revision, customer: CustomerId) -> Points {
    let content = &current.content;
    if content.is_voided || current.warnings.contains(&SalesWarning::TooOld) {
        return Points::ZERO;
    }
    let own = current.payers.iter().filter(|payer| payer.customer == customer);
    let paid = own.filter_map(|payer| content.payments.get(usize::from(payer.payment?)));
    let paid: i64 = paid.map(|payment| payment.amount.units()).sum();
    whole(paid / domain::Money::UNIT)
}

fn surveys(model: &Model, id: CustomerId, member: &Member) -> Result<(), Violation> {
    let (mut done, mut open) = (0, 0);
    for asked in model.asked.values() {
        let Request::Survey { customer, .. } = &asked.request else { continue };
        match asked.status() {
            _ if *customer != id => {}
            Status::Done(Told::Triggered(event)) => {
                done += 1;
                let rows = member.rows.iter().filter(|row| *row.caused_by.request_id == *event.to_string());
                let there = sum(rows);
                hold!(there == whole(SURVEY_POINTS), "survey {event} of {id} has given {there}");
            }
            Status::Done(_) | Status::Refused => {}
            Status::Open => open += 1,
        }
    }
    let there = member.events.iter().filter(|event| event.depth == 0).count();
    hold!(
        done <= there && there <= done + open,
        "{id} has {there} surveys; {done} were answered and {open} were not"
    );
    let given = sum(member.rows.iter().filter(|row| of(row, program::points(), SURVEY)));
    let expected = whole(SURVEY_POINTS * i64::try_from(there).unwrap_or(i64::MAX));
    hold!(given == expected, "{there} surveys have given {given}");
    Ok(())
}

/// Points that move are with one of the two.
fn transferred(asked: &Asked, sight: &Sight) -> Result<(), Violation> {
    let Request::Transfer { from, to, detail, tag } = &asked.request else { return Ok(()) };
    let (Some(giver), Some(receiver)) = (sight.customers.get(from), sight.customers.get(to)) else {
        return Ok(());
    };
    let (given, received) = (sum(tagged(giver, tag)), sum(tagged(receiver, tag)));
    if from == to {
        hold!(given.is_zero(), "{tag} goes nowhere, and its rows come to {given}");
        return Ok(());
    }
    let back = received.negated().unwrap_or(Points::ZERO);
    hold!(given == back, "{tag} takes {given} and gives {received}");
    once(asked, tag, received, detail.amount)
}

/// Nobody gives more than there is, and what is noted as taken has been given.
fn shared(sight: &Sight) -> Result<(), Violation> {
    let rows =
        || sight.customers.values().flat_map(|member| &member.rows).chain(sight.buried.values().flatten());
    // What is reserved for a decision that was lost is free again after a start, or when others want it.
    let is_right = |given: Points, taken: Points| given == taken || !sight.is_start && given < taken;
    let given = sum(rows().filter(|row| of(row, program::points(), BUDGETED)));
    let taken = sight.budget;
    hold!(is_right(given, taken.points), "of the budget {} is taken, and {given} was given", taken.points);
    hold!(taken.points == whole(AWARD * taken.awards), "the budget has given {taken:?}");
    hold!(taken.awards <= sight.shop.awards, "of {} awards {} were given", sight.shop.awards, taken.awards);
    let scarce = rows().filter(|row| row.is_lot() && row.source == Some(program::source(true)));
    let issued = sum(scarce.filter(|row| row.kind == domain::customer::AuditKind::Issuance));
    let taken = sight.inventory.points;
    hold!(is_right(issued, taken), "of the scarce points {taken} are taken, and {issued} were given");
    hold!(
        taken <= whole(sight.shop.inventory),
        "of {} scarce points {taken} were given",
        sight.shop.inventory
    );
    Ok(())
}
