//! Constraints of trees, sources and things of others by tier level (incentives.md 7.7).

use std::collections::HashMap;

use super::{
    super::{
        ConstrainedKind, LevelConstraint, PointSource, RuleTree, TierSystem,
        document::{self, Field, Items},
    },
    Path, ProblemCode, Report, Unique,
    constraints::includes,
    leaves::DAYS_MAX,
    trees::Known,
};
use crate::id::{PointSourceId, RuleTreeId, TierLevelId, TierSystemId};

/// All trees of a document, drafts that are not complete too, with their types.
pub(super) struct NamedTrees(HashMap<RuleTreeId, Option<i64>>);

impl NamedTrees {
    pub(super) fn of(documents: &Items<document::RuleTree>) -> Self {
        let trees = documents.present().into_iter().flatten().filter_map(Field::present);
        Self(
            trees.filter_map(|tree| Some((*tree.id.present()?, tree.tree_type.present().copied()))).collect(),
        )
    }
}

pub(super) fn level_constraints(
    field: Items<document::LevelConstraint>,
    known: Known<'_>,
    trees: &NamedTrees,
    report: &mut Report,
) -> Vec<LevelConstraint> {
    let array = Path::Root.member("tier_level_constraints");
    let mut ids = Unique::ids();
    let mut constraints = Vec::new();
    for (place, document) in report.items(&Path::Root, "tier_level_constraints", field) {
        let at = array.element(place);
        let id = report.required(&at, "id", document.id);
        report.retailer(&at, document.retailer_id, known.retailer.id);
        let kind = report.required(&at, "entity_type", document.entity_type);
        let kind = kind.and_then(|name| kind_of(&name, &at, report));
        let entity = report.required(&at, "entity_id", document.entity_id);
        if let (Some(kind), Some(entity)) = (kind, entity) {
            check_entity(kind, entity, (known, trees), &at, report);
        }
        let system = report.required(&at, "tier_system_id", document.tier_system_id);
        let levels = levels(document.tier_level_ids, system, known.tier_systems, &at, report);
        let include = includes(document.mode, &at, report);
        let days = report.number(&at, "min_days_in_level", document.min_days_in_level, 0..=DAYS_MAX, 0);
        let min_days = u32::try_from(days).unwrap_or(0);
        if let Some(id) = id {
            ids.check(id, &at.member("id"), report);
        }
        let (Some(id), Some(kind), Some(entity), Some(system)) = (id, kind, entity, system) else { continue };
        constraints.push(LevelConstraint { id, kind, entity, system, levels, include, min_days });
    }
    constraints
}

fn kind_of(name: &str, at: &Path<'_>, report: &mut Report) -> Option<ConstrainedKind> {
    let kind = ConstrainedKind::of_name(name);
    if kind.is_none() {
        let message =
            format!("{name} is none of {}", ConstrainedKind::ALL.map(ConstrainedKind::as_str).join(", "));
        report.add(&at.member("entity_type"), ProblemCode::InvalidValue, message);
    }
    kind
}

/// Trees and sources are ours and must be there; offers and stores of rewards are known to others.
fn check_entity(
    kind: ConstrainedKind,
    entity: uuid::Uuid,
    (known, trees): (Known<'_>, &NamedTrees),
    at: &Path<'_>,
    report: &mut Report,
) {
    const ENTER: i64 = 3;
    const STAY: i64 = 4;
    let at = at.member("entity_id");
    match kind {
        ConstrainedKind::RuleTree => match trees.0.get(&RuleTreeId(entity)) {
            None => {
                let message = format!("there is no rule tree {entity}");
                report.add(&at, ProblemCode::RuleTreeNotFound, message);
            }
            Some(Some(ENTER | STAY)) => {
                report.not_supported(&at, "constraints of trees that say who enters or stays in a level are");
            }
            Some(_) => {}
        },
        ConstrainedKind::PointSource => {
            if !known.sources.iter().any(|source| source.id == PointSourceId(entity)) {
                let message = format!("there is no point source {entity}");
                report.add(&at, ProblemCode::PointSourceNotFound, message);
            }
        }
        ConstrainedKind::Offer | ConstrainedKind::RewardStore => {}
    }
}

/// The live ones of the named levels.
fn levels(
    field: Items<TierLevelId>,
    system: Option<TierSystemId>,
    systems: &[TierSystem],
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<TierLevelId> {
    let array = at.member("tier_level_ids");
    let there = field.is_there();
    let named = report.items(at, "tier_level_ids", field);
    if !there || named.is_empty() {
        report.add(&array, ProblemCode::Required, "names no level");
    }
    let Some(id) = system else { return Vec::new() };
    let Some(system) = systems.iter().find(|known| known.id == id) else {
        let message = format!("there is no tier system {id}");
        report.add(&at.member("tier_system_id"), ProblemCode::TierSystemNotFound, message);
        return Vec::new();
    };
    let mut levels = Vec::new();
    for (place, id) in named {
        match system.level(id) {
            None => {
                let message = format!("the system has no level {id}");
                report.add(&array.element(place), ProblemCode::TierLevelNotFound, message);
            }
            Some(level) if system.live && level.is_live() => levels.push(id),
            Some(_) => {}
        }
    }
    levels
}

/// Hands the constraints of trees and sources to these.
pub(super) fn attach(constraints: &[LevelConstraint], trees: &mut [RuleTree], sources: &mut [PointSource]) {
    let of = |kind, entity| {
        let own = constraints.iter().filter(move |known| known.kind == kind && known.entity == entity);
        own.cloned().collect::<Vec<_>>()
    };
    if constraints.is_empty() {
        return;
    }
    for tree in trees {
        tree.level_constraints = of(ConstrainedKind::RuleTree, tree.id.0);
    }
    for source in sources {
        source.level_constraints = of(ConstrainedKind::PointSource, source.id.0);
    }
}
