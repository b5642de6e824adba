//! Rule trees as a whole.

use std::collections::HashMap;

use super::{
    super::{
        EventDefinition, PointAccount, PointSource, Retailer, RuleTree, Store, TierSystem,
        document::{self, Items},
        event,
        tree::{Exclusivity, ExclusivityMode, TreeKind, Triggers},
    },
    Path, ProblemCode, Report, Unique,
    accounts::time,
    budget::budget,
    limits::limits,
    nodes, outcomes, places,
    symbols::{Symbols, count},
};
use crate::{
    id::{RuleTreeId, TierLevelId},
    time::{Timestamp, Zone},
};

const STATUS_PAUSED: i64 = 1;
const STATUS_LIVE: i64 = 2;
const STATUS_ARCHIVED: i64 = 3;
const PRIORITY_MAX: i64 = 1_000;
const PRIORITY_DEFAULT: i64 = 100;
/// What starts purchase trees (incentives.md 6.1).
const PURCHASE_EVENT: &str = event::COMPLETE_TRANSACTION;
/// What starts qualification (incentives.md 8.2).
const EARN_EVENT: &str = "EARN_POINTS";

/// What trees may refer to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) retailer: &'a Retailer,
    pub(super) accounts: &'a [PointAccount],
    pub(super) sources: &'a [PointSource],
    pub(super) tier_systems: &'a [TierSystem],
    pub(super) stores: &'a [Store],
    pub(super) events: &'a [EventDefinition],
    /// Times without a zone are in this one: the tree's.
    pub(super) zone: &'a Zone,
}

impl Known<'_> {
    /// Whether there is an event of this name that starts event trees.
    pub(super) fn raises(&self, lookup: &str) -> bool {
        let defined = self.events.iter().any(|known| known.lookup.eq_ignore_ascii_case(lookup));
        defined
            || lookup.eq_ignore_ascii_case(event::COMPLETE_TRANSACTION)
            || event::PlatformEvent::of_lookup(lookup).is_some()
    }
}

/// What trees may refer to among themselves.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    /// Whether the tree of this id gives points.
    pub(super) trees: HashMap<RuleTreeId, bool>,
    pub(super) groups: HashMap<String, u32>,
}

/// Which of the tree types that can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TreeType {
    Purchase,
    Event,
    Enter,
    Stay,
}

impl TreeType {
    /// It belongs to the levels it is assigned to, and looks at no purchase.
    pub(super) const fn is_of_level(self) -> bool {
        match self {
            Self::Purchase | Self::Event => false,
            Self::Enter | Self::Stay => true,
        }
    }
}

pub(super) fn trees(
    field: Items<document::RuleTree>,
    known: Known<'_>,
    symbols: &mut Symbols<'_>,
    report: &mut Report,
) -> Vec<RuleTree> {
    let array = Path::Root.member("rule_trees");
    let documents = report.items(&Path::Root, "rule_trees", field);
    let siblings = siblings(&documents);
    let (mut ids, mut names) = (Unique::ids(), Unique::names());
    let mut modes = HashMap::new();
    let mut trees = Vec::new();
    for (place, document) in documents {
        let at = array.element(place);
        if let Some(id) = document.id.present() {
            ids.check(*id, &at.member("id"), report);
        }
        let archived = document.status.present() == Some(&STATUS_ARCHIVED);
        if let Some(name) = document.name.present().filter(|_| !archived) {
            names.check(name.clone(), &at.member("name"), report);
        }
        let in_force = matches!(document.status.present(), Some(&(STATUS_PAUSED | STATUS_LIVE)));
        let mut found = Report::default();
        let tree = tree(document, known, &siblings, symbols, &at, &mut found);
        let complete = if in_force {
            report.add_all(found);
            true
        } else {
            report.add_unfinished(found, &at)
        };
        let Some(tree) = tree.filter(|_| complete) else { continue };
        if let Some(competing) =
            tree.exclusivity.filter(|known| in_force && known.mode != ExclusivityMode::Stack)
            && *modes.entry(competing.group).or_insert(competing.mode) != competing.mode
        {
            let message = "trees of one group compete by one mode (0 stands outside the competition)";
            report.add(&at.member("exclusivity_mode"), ProblemCode::ExclusivityInvalid, message);
        }
        trees.push(tree);
    }
    trees
}

fn siblings(documents: &[(usize, document::RuleTree)]) -> Siblings {
    let mut siblings = Siblings::default();
    for (_, document) in documents {
        if let Some(id) = document.id.present() {
            siblings.trees.insert(*id, matches!(document.tree_type.present(), Some(1 | 2)));
        }
        if let Some(group) = document.exclusivity_group.present() {
            let next = count(siblings.groups.len());
            siblings.groups.entry(group.clone()).or_insert(next);
        }
    }
    siblings
}

fn tree(
    mut document: document::RuleTree,
    known: Known<'_>,
    siblings: &Siblings,
    symbols: &mut Symbols<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<RuleTree> {
    let id = report.required(at, "id", std::mem::take(&mut document.id));
    report.retailer(at, std::mem::take(&mut document.retailer_id), known.retailer.id);
    let name = report.name(at, "name", std::mem::take(&mut document.name));
    let status = report.number(at, "status", std::mem::take(&mut document.status), 0..=STATUS_ARCHIVED, 0);
    let budget = budget(std::mem::take(&mut document.budget), id, at, report);
    let zone = places::zone(at, std::mem::take(&mut document.time_zone), &known.retailer.zone, report);
    let starts = report.optional(at, "start_date", std::mem::take(&mut document.start_date));
    let starts = starts.and_then(|text| time(&text, &zone, &at.member("start_date"), report));
    let ends = report.optional(at, "end_date", std::mem::take(&mut document.end_date));
    let ends = ends.and_then(|text| time(&text, &zone, &at.member("end_date"), report));
    refuse_empty_window(starts, ends, at, report);
    let priority = std::mem::take(&mut document.priority);
    let priority = report.number(at, "priority", priority, 0..=PRIORITY_MAX, PRIORITY_DEFAULT);
    let exclusivity = exclusivity(&mut document, siblings, at, report);
    let tree_type = tree_type(report.required(at, "tree_type", document.tree_type), at, report)?;
    let known = Known { zone: &zone, ..known };
    let triggers = trigger_events(document.trigger_events, tree_type, known, at, report);
    let levels = levels(document.tier_assignments, tree_type, known, at, report);
    let nodes = nodes::nodes(document.rules, tree_type, known, symbols, at, report);
    let limits = limits(document.limits, at, report);
    let chosen_items = nodes::select_items(&nodes);
    let outcomes =
        outcomes::outcomes(document.outcomes, (tree_type, chosen_items), known, siblings, at, report);
    if budget.is_some() {
        refuse_budget(tree_type, &triggers, at, report);
    }
    let kind = match tree_type {
        TreeType::Purchase => TreeKind::Purchase(outcomes),
        TreeType::Event => TreeKind::Event(triggers.events, outcomes),
        TreeType::Enter => TreeKind::Enter(triggers.entrance, outcomes),
        TreeType::Stay => TreeKind::Stay(outcomes),
    };
    let (live, priority) = (status == STATUS_LIVE, u16::try_from(priority).unwrap_or(0));
    Some(RuleTree {
        id: id?,
        name,
        live,
        starts,
        ends,
        zone,
        priority,
        exclusivity,
        levels,
        level_constraints: Vec::new(),
        limits,
        budget,
        nodes,
        kind,
    })
}

/// What somebody who only looks may lead to takes nothing that is shared.
fn refuse_budget(tree_type: TreeType, triggers: &TriggerEvents, at: &Path<'_>, report: &mut Report) {
    if triggers.events.iter().any(|lookup| event::PlatformEvent::of_lookup(lookup).is_some()) {
        let what = "budgets of trees that are started by what the platform says of points and levels are";
        report.not_supported(&at.member("budget"), what);
    }
    if tree_type.is_of_level() {
        report.not_supported(&at.member("budget"), "budgets of trees that enter or keep a tier level are");
    }
}

fn refuse_empty_window(
    starts: Option<Timestamp>,
    ends: Option<Timestamp>,
    at: &Path<'_>,
    report: &mut Report,
) {
    if let (Some(starts), Some(ends)) = (starts, ends)
        && ends < starts
    {
        report.add(&at.member("end_date"), ProblemCode::DateWindowInvalid, "lies before start_date");
    }
}

fn tree_type(number: Option<i64>, at: &Path<'_>, report: &mut Report) -> Option<TreeType> {
    let at = at.member("tree_type");
    match number? {
        1 => return Some(TreeType::Purchase),
        2 => return Some(TreeType::Event),
        3 => return Some(TreeType::Enter),
        4 => return Some(TreeType::Stay),
        other => report.add(&at, ProblemCode::InvalidValue, format!("{other} is no tree type")),
    }
    None
}

fn exclusivity(
    document: &mut document::RuleTree,
    siblings: &Siblings,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<Exclusivity> {
    let group = report.optional(at, "exclusivity_group", std::mem::take(&mut document.exclusivity_group));
    let mode =
        match report.number(at, "exclusivity_mode", std::mem::take(&mut document.exclusivity_mode), 0..=2, 0)
        {
            1 => ExclusivityMode::FirstMatch,
            2 => ExclusivityMode::MostPoints,
            _ => ExclusivityMode::Stack,
        };
    if group.is_none() && mode != ExclusivityMode::Stack {
        let message = "a tree competes within an exclusivity_group";
        report.add(&at.member("exclusivity_mode"), ProblemCode::ExclusivityInvalid, message);
    }
    let group = siblings.groups.get(&group?).copied()?;
    Some(Exclusivity { group, mode })
}

/// What starts a tree.
struct TriggerEvents {
    /// Event trees: in upper case.
    events: Vec<Box<str>>,
    /// Enter trees.
    entrance: Triggers,
}

/// After what a tree is looked at. None listed: whatever starts a tree of its type, but an event tree must say it.
fn trigger_events(
    field: Items<String>,
    tree_type: TreeType,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> TriggerEvents {
    let array = at.member("trigger_events");
    let listed = report.items(at, "trigger_events", field);
    let custom = |event: &str| known.events.iter().any(|known| known.lookup.eq_ignore_ascii_case(event));
    let starts = |event: &str| match tree_type {
        TreeType::Purchase => event.eq_ignore_ascii_case(PURCHASE_EVENT),
        TreeType::Event => known.raises(event),
        TreeType::Enter => {
            [PURCHASE_EVENT, EARN_EVENT].iter().any(|known| known.eq_ignore_ascii_case(event))
                || custom(event)
        }
        // The maintenance clock alone starts it.
        TreeType::Stay => false,
    };
    if tree_type == TreeType::Event && listed.is_empty() {
        report.add(&array, ProblemCode::Required, "names no event that starts the tree");
    }
    let names =
        |event: &str| listed.is_empty() || listed.iter().any(|(_, known)| known.eq_ignore_ascii_case(event));
    let some_custom = listed.iter().any(|(_, event)| custom(event));
    let entrance = Triggers {
        purchase: names(PURCHASE_EVENT),
        points_earned: names(EARN_EVENT),
        custom_event: listed.is_empty() || some_custom,
    };
    for (place, event) in listed.iter().filter(|(_, event)| !starts(event)) {
        let at = array.element(*place);
        if tree_type == TreeType::Event && event::is_reserved(event) {
            report.not_supported(&at, &format!("{event} is"));
        } else {
            report.add(&at, ProblemCode::EventNotFound, format!("{event} starts no tree of this type"));
        }
    }
    let all_custom = || known.events.iter().all(|event| names(&event.lookup));
    if tree_type == TreeType::Enter && some_custom && !all_custom() {
        report.not_supported(
            &array,
            "looking at an enter tree after some of the retailer's events and not all is",
        );
    }
    let mut events: Vec<Box<str>> =
        listed.iter().map(|(_, event)| event.to_ascii_uppercase().into()).collect();
    events.sort();
    events.dedup();
    TriggerEvents { events, entrance }
}

fn levels(
    field: Items<document::Assignment>,
    tree_type: TreeType,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<TierLevelId> {
    let array = at.member("tier_assignments");
    let assignments = report.items(at, "tier_assignments", field);
    if assignments.is_empty() && tree_type.is_of_level() {
        report.add(&array, ProblemCode::TierAssignmentRequired, "which level is entered or kept");
    }
    let mut levels = Vec::new();
    for (place, assignment) in assignments {
        let at = array.element(place);
        let system = report.required(&at, "tier_system_id", assignment.tier_system_id);
        let level = report.required(&at, "tier_level_id", assignment.tier_level_id);
        let (Some(system_id), Some(level)) = (system, level) else { continue };
        let Some(system) = known.tier_systems.iter().find(|system| system.id == system_id) else {
            let message = format!("there is no tier system {system_id}");
            report.add(&at.member("tier_system_id"), ProblemCode::TierSystemNotFound, message);
            continue;
        };
        if system.level(level).is_none() {
            let message = format!("the system has no level {level}");
            report.add(&at.member("tier_level_id"), ProblemCode::TierLevelNotFound, message);
        } else if !levels.contains(&level) {
            levels.push(level);
        }
    }
    levels
}
