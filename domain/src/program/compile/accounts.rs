//! Point accounts and point sources.

use super::{
    super::{
        EventDefinition, ExpirationPolicy, PersonalLimit, PointAccount, PointSource, Retailer,
        document::{self, Items},
    },
    Path, ProblemCode, Report, Unique, expiration,
};
use crate::{
    amount::Points,
    id::{PointAccountId, RetailerId},
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
    retailer: RetailerId,
    report: &mut Report,
) -> Vec<PointSource> {
    let array = Path::Root.member("point_sources");
    let (mut ids, mut names) = (Unique::ids(), Unique::names());
    let mut sources = Vec::new();
    for (place, document) in report.items(&Path::Root, "point_sources", field) {
        let at = array.element(place);
        let id = report.required(&at, "id", document.id);
        report.retailer(&at, document.retailer_id, retailer);
        let name = report.name(&at, "name", document.name);
        names.check(name.clone(), &at.member("name"), report);
        let active = report.number(&at, "status", document.status, 0..=1, 1) == 1;
        let linked =
            linked_accounts(document.point_account_ids, document.point_accounts, accounts, &at, report);
        let personal_limits = restrictions(document.restrictions, &at, report);
        let Some(id) = id else { continue };
        ids.check(id, &at.member("id"), report);
        sources.push(PointSource { id, name, active, accounts: linked, personal_limits });
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

fn restrictions(
    field: Items<document::Restriction>,
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<PersonalLimit> {
    let array = at.member("restrictions");
    let mut limits = Vec::new();
    for (place, document) in report.items(at, "restrictions", field) {
        let at = array.element(place);
        match report.required(&at, "discriminator", document.discriminator) {
            None => continue,
            Some(2) => {}
            Some(1) => {
                let what = "a total budget of a source (inventory, discriminator 1) is";
                report.not_supported(&at.member("discriminator"), what);
                continue;
            }
            Some(other) => {
                let message = format!("{other} is no kind of restriction");
                report.add(&at.member("discriminator"), ProblemCode::InvalidValue, message);
                continue;
            }
        }
        if report.optional(&at, "personal", document.personal) != Some(true) {
            report.not_supported(
                &at.member("personal"),
                "a restriction over all customers together (personal false) is",
            );
        }
        let max_points = report.required(&at, "max_points", document.max_points);
        if max_points.is_some_and(|points| !points.is_positive()) {
            report.add(&at.member("max_points"), ProblemCode::LimitInvalid, "not above 0");
        }
        let value = report.number(&at, "time", document.time, 1..=i64::from(u32::MAX), 1);
        let unit_name = report.required(&at, "unit_of_time", document.unit_of_time);
        let unit = unit_name.as_deref().and_then(Unit::from_name);
        if let (Some(name), None) = (&unit_name, unit) {
            let message = format!("{name} is no unit of time");
            report.add(&at.member("unit_of_time"), ProblemCode::LimitInvalid, message);
        }
        if let (Some(max_points), Some(unit), Ok(value)) = (max_points, unit, u32::try_from(value)) {
            limits.push(PersonalLimit { max_points, window: Span { value, unit } });
        }
    }
    limits
}
