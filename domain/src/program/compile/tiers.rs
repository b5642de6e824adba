//! Tier systems and their levels.

use super::{
    super::{
        TierLevel, TierSystem,
        document::{self, Field, Items},
    },
    Path, ProblemCode, Report, Unique,
};
use crate::id::{RetailerId, TierLevelId, TierSystemId};

/// incentives.md 1.7
const TIER_SYSTEMS_MAX: usize = 5;
const STATUS_LIVE: i64 = 2;
const STATUS_MAX: i64 = 3;

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
    for (place, document) in report.items(at, "tier_levels", field) {
        let at = array.element(place);
        report.retailer(&at, document.retailer_id, retailer);
        let owner = report.optional(&at, "tier_system_id", document.tier_system_id);
        if owner.is_some() && system.is_some() && owner != system {
            let message = "the level belongs to another system";
            report.add(&at.member("tier_system_id"), ProblemCode::TierSystemNotFound, message);
        }
        refuse_maintenance(&at, "maintenance_frequency_value", document.maintenance_frequency_value, report);
        refuse_maintenance(&at, "maintenance_age_value", document.maintenance_age_value, report);
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
            levels.push(TierLevel { id, name, rank: rank.unwrap_or(0), status });
        }
    }
    if !levels.iter().any(|level| level.rank == 0) {
        report.add(&array, ProblemCode::DefaultLevelRequired, "no level has rank 0");
    }
    levels.sort_by_key(|level| level.rank);
    levels
}

fn refuse_maintenance(at: &Path<'_>, name: &'static str, field: Field<i64>, report: &mut Report) {
    if report.optional(at, name, field).is_some_and(|value| value != 0) {
        report.not_supported(&at.member(name), "tier maintenance is");
    }
}
