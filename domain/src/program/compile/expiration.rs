//! Expiration policies of point accounts (incentives.md 2.2, 7.4).

use super::{
    super::{
        ActivityKind, EventDefinition, ExpirationPolicy, Loss, LostShare, PointAccount, Schedule,
        document::{self, Field, Items},
        event::is_reserved,
    },
    Path, ProblemCode, Report, accounts,
};
use crate::{
    amount::Rate,
    id::PointAccountId,
    time::{Span, Unit, Zone},
};

pub(super) fn policy(
    document: document::ExpirationPolicy,
    account: Option<PointAccountId>,
    (zone, events): (&Zone, &[EventDefinition]),
    at: &Path<'_>,
    report: &mut Report,
) -> ExpirationPolicy {
    let owner = report.optional(at, "point_account_id", document.point_account_id);
    if owner.is_some() && account.is_some() && owner != account {
        let message = "the policy belongs to another account";
        report.add(&at.member("point_account_id"), ProblemCode::ExpirationPolicyInvalid, message);
    }
    let rollover = report.optional(at, "rollover_point_account_id", document.rollover_point_account_id);
    let kind = report.required(at, "policy_type", document.policy_type);
    match kind {
        None | Some(0) => return ExpirationPolicy::Never,
        Some(1 | 2) => {}
        Some(other) => {
            let message = format!("{other} is no policy type");
            report.add(&at.member("policy_type"), ProblemCode::InvalidValue, message);
            return ExpirationPolicy::Never;
        }
    }
    let share = report.optional(at, "point_expiration_percentage", document.point_expiration_percentage);
    let share = percentage(share, at, report);
    let value = (document.frequency_value, "frequency_value");
    let every = length(at, value, (document.frequency_unit_type, "frequency_unit_type"), report);
    let value = (document.expiration_age_value, "expiration_age_value");
    let age = length(at, value, (document.expiration_age_unit_type, "expiration_age_unit_type"), report);
    let next = report.required(at, "next_evaluation_date", document.next_evaluation_date);
    let first =
        next.and_then(|text| accounts::time(&text, &Zone::UTC, &at.member("next_evaluation_date"), report));
    let kinds = if kind == Some(2) {
        activity(document.specific_activity_event_types, events, at, report)
    } else {
        Vec::new()
    };
    let (Some(share), Some(first), Some(every), Some(age)) = (share, first, every, age) else {
        return ExpirationPolicy::Never;
    };
    let (schedule, loss) = (Schedule { first, every }, Loss { share, rollover });
    if schedule.at_or_after(first, zone).is_none() {
        report.add(&at.member("next_evaluation_date"), ProblemCode::OutOfRange, "beyond the calendar");
    }
    if kind == Some(2) {
        ExpirationPolicy::Inactive { schedule, age, events: kinds, loss }
    } else {
        ExpirationPolicy::Aged { schedule, age, loss }
    }
}

/// The share that is lost; 100 % unless it is said. None: nothing ever.
fn percentage(percentage: Option<Rate>, at: &Path<'_>, report: &mut Report) -> Option<LostShare> {
    let Some(percentage) = percentage else { return Some(LostShare::WHOLE) };
    let share = LostShare::percent(percentage);
    if share.is_none() && percentage != Rate::ZERO {
        let at = at.member("point_expiration_percentage");
        report.add(&at, ProblemCode::OutOfRange, "not between 0 and 100");
    }
    share
}

/// What counts as activity: at least one event (incentives.md 7.4).
fn activity(
    field: Items<String>,
    events: &[EventDefinition],
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<ActivityKind> {
    const NAME: &str = "specific_activity_event_types";
    let array = at.member(NAME);
    let names = report.items(at, NAME, field);
    if names.is_empty() {
        let message = "a policy of type 2 needs at least one event";
        report.add(&array, ProblemCode::ExpirationPolicyInvalid, message);
    }
    let mut kinds = Vec::new();
    for (place, name) in names {
        let reported = || {
            let known = events.iter().find(|known| known.lookup.eq_ignore_ascii_case(&name))?;
            Some(ActivityKind::Reported(known.lookup.clone()))
        };
        match ActivityKind::of_platform(&name).or_else(reported) {
            Some(kind) if kinds.contains(&kind) => {}
            Some(kind) => kinds.push(kind),
            None if is_reserved(&name) => {
                report.not_supported(&array.element(place), &format!("{name} as a sign of activity is"));
            }
            None => {
                let message = format!("there is no event {name}");
                report.add(&array.element(place), ProblemCode::EventNotFound, message);
            }
        }
    }
    kinds
}

/// A length of time above zero and with an end.
fn length(
    at: &Path<'_>,
    (value, value_name): (Field<i64>, &'static str),
    (unit, unit_name): (Field<i64>, &'static str),
    report: &mut Report,
) -> Option<Span> {
    let value = report.required(at, value_name, value)?;
    let unit_number = report.required(at, unit_name, unit)?;
    let unit = Unit::from_number(unit_number).filter(|unit| *unit != Unit::Forever);
    if unit.is_none() {
        let message = format!("{unit_number} is no unit of time with an end");
        report.add(&at.member(unit_name), ProblemCode::ExpirationPolicyInvalid, message);
    }
    match u32::try_from(value) {
        Ok(value) if value > 0 => Some(Span { value, unit: unit? }),
        Ok(_) | Err(_) => {
            let message = format!("{value} is not a number of units above 0");
            report.add(&at.member(value_name), ProblemCode::ExpirationPolicyInvalid, message);
            None
        }
    }
}

/// Points roll over into an active account of the program and never come back to where they were (incentives.md 7.4).
/// `places` are those of the accounts in the document.
pub(super) fn check_rollovers(accounts: &[PointAccount], places: &[usize], report: &mut Report) {
    let target = |id: PointAccountId| accounts.iter().find(|account| account.id == id);
    let array = Path::Root.member("point_accounts");
    for (account, place) in accounts.iter().zip(places) {
        let Some(first) = account.expiration.rollover() else { continue };
        let at = array.element(*place);
        let policy = at.member("expiration_policy");
        let at = policy.member("rollover_point_account_id");
        let mut next = Some(first);
        for _ in 0..accounts.len() {
            next = next.and_then(target).and_then(|account| account.expiration.rollover());
        }
        match target(first) {
            None => {
                let message = format!("there is no point account {first}");
                report.add(&at, ProblemCode::PointAccountNotFound, message);
            }
            Some(_) if next.is_some() => {
                report.add(&at, ProblemCode::ExpirationPolicyInvalid, "points would roll over in a circle");
            }
            Some(target) if !target.active => {
                report.add(&at, ProblemCode::ExpirationPolicyInvalid, "the account is not active");
            }
            Some(_) => {}
        }
    }
}
