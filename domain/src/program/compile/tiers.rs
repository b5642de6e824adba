//! Tier systems and their levels.

use super::{
    super::{
        Counted, JoiningCap, Maintenance, TierLevel, TierSystem,
        document::{self, Field, Items},
    },
    Path, ProblemCode, Report, Unique,
};
use crate::{
    id::{RetailerId, TierLevelId, TierSystemId},
    time::{Span, Unit},
};

/// incentives.md 1.7
const TIER_SYSTEMS_MAX: usize = 5;
const STATUS_LIVE: i64 = 2;
const STATUS_MAX: i64 = 3;
/// More times or units would be a slip; uses of a joining cap are kept one by one.
const COUNT_MAX: i64 = 1_000;

pub(super) fn tier_systems(
    field: Items<document::TierSystem>,
    retailer: RetailerId,
    report: &mut Report,
) -> Vec<TierSystem> {
    let array = Path::Root.member("tier_systems");
    let documents = report.items(&Path::Root, "tier_systems", field);
    if documents.len() > TIER_SYSTEMS_MAX {
        report.add(&array, ProblemCode::TooManyTierSystems, format!("more than {TIER_SYSTEMS_MAX}"));
    }
    let (mut ids, mut level_ids) = (Unique::ids(), Unique::ids());
    let mut systems = Vec::new();
    for (place, document) in documents {
        let at = array.element(place);
        let id = report.required(&at, "id", document.id);
        report.retailer(&at, document.retailer_id, retailer);
        let name = report.name(&at, "name", document.name);
        let status = report.number(&at, "status", document.status, 0..=STATUS_MAX, 0);
        let disabled = report.optional(&at, "disabled", document.disabled).unwrap_or(false);
        let levels = levels(document.tier_levels, (id, retailer), &at, &mut level_ids, report);
        let Some(id) = id else { continue };
        ids.check(id, &at.member("id"), report);
        systems.push(TierSystem { id, name, live: status == STATUS_LIVE && !disabled, levels });
    }
    systems
}

fn levels(
    field: Items<document::TierLevel>,
    (system, retailer): (Option<TierSystemId>, RetailerId),
    at: &Path<'_>,
    ids: &mut Unique<TierLevelId>,
    report: &mut Report,
) -> Vec<TierLevel> {
    let array = at.member("tier_levels");
    let mut levels: Vec<TierLevel> = Vec::new();
    for (place, mut document) in report.items(at, "tier_levels", field) {
        let at = array.element(place);
        let (joining_cap, maintenance) = frequencies(&mut document, &at, report);
        report.retailer(&at, document.retailer_id, retailer);
        let owner = report.optional(&at, "tier_system_id", document.tier_system_id);
        if owner.is_some() && system.is_some() && owner != system {
            let message = "the level belongs to another system";
            report.add(&at.member("tier_system_id"), ProblemCode::TierSystemNotFound, message);
        }
        let name = report.name(&at, "name", document.name);
        let rank = report.required(&at, "rank", document.rank);
        let rank = rank.and_then(|rank| {
            let checked = u32::try_from(rank).ok();
            if checked.is_none() {
                report.add(
                    &at.member("rank"),
                    ProblemCode::OutOfRange,
                    "a rank is 0 or a small number above",
                );
            }
            checked
        });
        if rank.is_some_and(|rank| levels.iter().any(|level| level.rank == rank)) {
            report.add(
                &at.member("rank"),
                ProblemCode::RankTaken,
                "another level of the system has this rank",
            );
        }
        let status = report.number(&at, "status", document.status, 0..=STATUS_MAX, 0);
        if let Some(id) = report.required(&at, "id", document.id) {
            ids.check(id, &at.member("id"), report);
            let status = u8::try_from(status).unwrap_or(0);
            let (rank, has_stay_rules) = (rank.unwrap_or(0), false);
            levels.push(TierLevel { id, name, rank, status, joining_cap, maintenance, has_stay_rules });
        }
    }
    if !levels.iter().any(|level| level.rank == 0) {
        report.add(&array, ProblemCode::DefaultLevelRequired, "no level has rank 0");
    }
    levels.sort_by_key(|level| level.rank);
    levels
}

/// How often joining gives something, and when the stay rules run.
fn frequencies(
    document: &mut document::TierLevel,
    at: &Path<'_>,
    report: &mut Report,
) -> (Option<JoiningCap>, Option<Maintenance>) {
    let value = std::mem::take(&mut document.joining_outcome_frequency_value);
    let times = count(at, "joining_outcome_frequency_value", value, report);
    let uom = std::mem::take(&mut document.joining_outcome_frequency_uom);
    let per = unit(at, "joining_outcome_frequency_uom", uom, times.is_some(), report);
    let joining_cap = times.zip(per).map(|(times, per)| JoiningCap { times, per });

    let value = std::mem::take(&mut document.maintenance_frequency_value);
    let value = count(at, "maintenance_frequency_value", value, report);
    let uom = std::mem::take(&mut document.maintenance_frequency_uom);
    let every = unit(at, "maintenance_frequency_uom", uom, value.is_some(), report);
    let every = value.zip(every).map(|(value, unit)| Span { value, unit });
    let relative = std::mem::take(&mut document.maintenance_frequency_is_relative);
    let relative = report.optional(at, "maintenance_frequency_is_relative", relative).unwrap_or(true);
    let day = std::mem::take(&mut document.maintenance_frequency_day);
    // Only a run by the calendar has a day; of the other kind it says nothing.
    let days = match every.map(|every| every.unit) {
        Some(Unit::Week) if !relative => 0..=6,
        Some(Unit::Month) if !relative => 0..=31,
        Some(Unit::Quarter) if !relative => 0..=92,
        Some(Unit::Minute | Unit::Hour | Unit::Day) if !relative => 0..=0,
        _ => 0..=366,
    };
    let day = report.number(at, "maintenance_frequency_day", day, days, 0);
    let counted = if relative {
        Counted::FromJoining
    } else {
        Counted::ByCalendar { day: u16::try_from(day).unwrap_or(0) }
    };
    let value = std::mem::take(&mut document.maintenance_age_value);
    let value = count(at, "maintenance_age_value", value, report);
    let uom = std::mem::take(&mut document.maintenance_age_uom);
    let safe = unit(at, "maintenance_age_uom", uom, value.is_some(), report);
    let safe = value.zip(safe).map(|(value, unit)| Span { value, unit });
    let maintenance = every.filter(|every| every.unit != Unit::Forever);
    (joining_cap, maintenance.map(|every| Maintenance { every, counted, safe }))
}

/// A number of times or units; 0 is none.
fn count(at: &Path<'_>, name: &'static str, field: Field<i64>, report: &mut Report) -> Option<u32> {
    let value = report.number(at, name, field, 0..=COUNT_MAX, 0);
    u32::try_from(value).ok().filter(|value| *value > 0)
}

/// The unit of a number that is there.
fn unit(
    at: &Path<'_>,
    name: &'static str,
    field: Field<i64>,
    wanted: bool,
    report: &mut Report,
) -> Option<Unit> {
    let number = if wanted { report.required(at, name, field) } else { report.optional(at, name, field) };
    let unit = Unit::from_number(number?);
    if unit.is_none() {
        report.add(&at.member(name), ProblemCode::InvalidValue, "no unit of time has this number");
    }
    unit
}
