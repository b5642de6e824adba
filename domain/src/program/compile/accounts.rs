//! Point accounts and point sources.

use super::{
    super::{
        EventDefinition, ExpirationPolicy, PersonalLimit, PointAccount, PointSource, Retailer, SharedLimit,
        SharedWithin,
        document::{self, Field, Items},
    },
    Path, ProblemCode, Report, Unique, expiration,
};
use crate::{
    amount::Points,
    id::{AllotmentId, PointAccountId, PointSourceId},
    time::{Span, Timestamp, Unit, Zone},
};

pub(super) fn accounts(
    field: Items<document::PointAccount>,
    (retailer, events): (&Retailer, &[EventDefinition]),
    report: &mut Report,
) -> Vec<PointAccount> {
    let zone = &retailer.zone;
    let array = Path::Root.member("point_accounts");
    let (mut ids, mut names) = (Unique::ids(), Unique::names());
    let (mut accounts, mut places) = (Vec::new(), Vec::new());
    for (place, document) in report.items(&Path::Root, "point_accounts", field) {
        let at = array.element(place);
        let id = report.required(&at, "id", document.id);
        report.retailer(&at, document.retailer_id, retailer.id);
        let name = report.name(&at, "name", document.name);
        names.check(name.clone(), &at.member("name"), report);
        let max_allowed_balance = report.optional(&at, "max_allowed_balance", document.max_allowed_balance);
        if max_allowed_balance.is_some_and(Points::is_negative) {
            report.add(
                &at.member("max_allowed_balance"),
                ProblemCode::OutOfRange,
                "a ceiling is not below 0",
            );
        }
        let policy = report.optional(&at, "expiration_policy", document.expiration_policy);
        let expires = policy.map_or(ExpirationPolicy::Never, |policy| {
            expiration::policy(policy, id, (zone, events), &at.member("expiration_policy"), report)
        });
        let mut flag = |name, field, default| report.optional(&at, name, field).unwrap_or(default);
        let in_default_pool = flag("include_in_default_points", document.include_in_default_points, false);
        let active = flag("active", document.active, true);
        let allow_negative_balance = flag("allow_negative_balance", document.allow_negative_balance, true);
        let grouping_label =
            report.optional(&at, "grouping_label", document.grouping_label).unwrap_or_default();
        let Some(id) = id else { continue };
        ids.check(id, &at.member("id"), report);
        places.push(place);
        accounts.push(PointAccount {
            id,
            name,
            grouping_label,
            in_default_pool,
            active,
            allow_negative_balance,
            max_allowed_balance,
            expiration: expires,
        });
    }
    expiration::check_rollovers(&accounts, &places, report);
    accounts
}

/// A time; without an offset it is in `zone`.
pub(super) fn time(text: &str, zone: &Zone, at: &Path<'_>, report: &mut Report) -> Option<Timestamp> {
    Timestamp::parse(text, zone)
        .map_err(|error| report.add(at, ProblemCode::InvalidValue, error.to_string()))
        .ok()
}

pub(super) fn sources(
    field: Items<document::PointSource>,
    accounts: &[PointAccount],
    retailer: &Retailer,
    report: &mut Report,
) -> Vec<PointSource> {
    let array = Path::Root.member("point_sources");
    let (mut ids, mut names) = (Unique::ids(), Unique::names());
    let mut sources = Vec::new();
    for (place, document) in report.items(&Path::Root, "point_sources", field) {
        let at = array.element(place);
        let id = report.required(&at, "id", document.id);
        report.retailer(&at, document.retailer_id, retailer.id);
        let name = report.name(&at, "name", document.name);
        names.check(name.clone(), &at.member("name"), report);
        let active = report.number(&at, "status", document.status, 0..=1, 1) == 1;
        let linked =
            linked_accounts(document.point_account_ids, document.point_accounts, accounts, &at, report);
        let (personal_limits, shared_limits) =
            restrictions(document.restrictions, id, &retailer.zone, &at, report);
        let Some(id) = id else { continue };
        ids.check(id, &at.member("id"), report);
        sources.push(PointSource {
            id,
            name,
            active,
            accounts: linked,
            personal_limits,
            shared_limits,
            level_constraints: Vec::new(),
        });
    }
    sources
}

fn linked_accounts(
    ids: Items<PointAccountId>,
    objects: Items<document::LinkedAccount>,
    accounts: &[PointAccount],
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<PointAccountId> {
    let mut linked = Vec::new();
    let mut link = |id: PointAccountId, at: &Path<'_>, report: &mut Report| {
        if !accounts.iter().any(|account| account.id == id) {
            report.add(at, ProblemCode::PointAccountNotFound, format!("there is no point account {id}"));
        } else if !linked.contains(&id) {
            linked.push(id);
        }
    };
    let array = at.member("point_account_ids");
    for (place, id) in report.items(at, "point_account_ids", ids) {
        link(id, &array.element(place), report);
    }
    let array = at.member("point_accounts");
    for (place, object) in report.items(at, "point_accounts", objects) {
        let at = array.element(place);
        if let Some(id) = report.required(&at, "id", object.id) {
            link(id, &at.member("id"), report);
        }
    }
    linked
}

/// Personal restrictions and those over all customers, the inventories of these in front.
fn restrictions(
    field: Items<document::Restriction>,
    source: Option<PointSourceId>,
    zone: &Zone,
    at: &Path<'_>,
    report: &mut Report,
) -> (Vec<PersonalLimit>, Vec<SharedLimit>) {
    let array = at.member("restrictions");
    let (mut personal, mut shared) = (Vec::new(), Vec::new());
    for (place, document) in report.items(at, "restrictions", field) {
        let at = array.element(place);
        let kind = match report.required(&at, "discriminator", document.discriminator) {
            None => continue,
            Some(kind @ (1 | 2)) => kind,
            Some(other) => {
                let message = format!("{other} is no kind of restriction");
                report.add(&at.member("discriminator"), ProblemCode::InvalidValue, message);
                continue;
            }
        };
        let max_points = report.required(&at, "max_points", document.max_points);
        if max_points.is_some_and(|points| !points.is_positive()) {
            report.add(&at.member("max_points"), ProblemCode::LimitInvalid, "not above 0");
        }
        let id = report.optional(&at, "id", document.id).map(AllotmentId::of_restriction);
        let allotment = id.or_else(|| source.map(|source| AllotmentId::of_place(source, place)));
        if kind == 1 {
            let mut moment = |name, field| {
                let text: Option<String> = report.optional(&at, name, field);
                text.and_then(|text| time(&text, zone, &at.member(name), report))
            };
            let within = SharedWithin::Dates(
                moment("start_date", document.start_date),
                moment("end_date", document.end_date),
            );
            if let (Some(max_points), Some(allotment)) = (max_points, allotment) {
                shared.push(SharedLimit { allotment, max_points, within });
            }
            continue;
        }
        let is_personal = report.required(&at, "personal", document.personal);
        let window = window(document.time, document.unit_of_time, &at, report);
        let (Some(max_points), Some(window)) = (max_points, window) else { continue };
        match (is_personal, allotment) {
            (Some(true), _) => personal.push(PersonalLimit { max_points, window }),
            (Some(false), Some(allotment)) => {
                let within = match window.unit {
                    Unit::Forever => SharedWithin::Dates(None, None),
                    _ => SharedWithin::Window(window),
                };
                shared.push(SharedLimit { allotment, max_points, within });
            }
            (Some(false) | None, _) => {}
        }
    }
    shared.sort_by_key(|limit| matches!(limit.within, SharedWithin::Window(_)));
    (personal, shared)
}

/// The window of a restriction of the frequency kind.
fn window(length: Field<i64>, unit: Field<String>, at: &Path<'_>, report: &mut Report) -> Option<Span> {
    let value = report.number(at, "time", length, 1..=i64::from(u32::MAX), 1);
    let unit_name = report.required(at, "unit_of_time", unit);
    let unit = unit_name.as_deref().and_then(Unit::from_name);
    if let (Some(name), None) = (&unit_name, unit) {
        let message = format!("{name} is no unit of time");
        report.add(&at.member("unit_of_time"), ProblemCode::LimitInvalid, message);
    }
    Some(Span { value: u32::try_from(value).ok()?, unit: unit? })
}
