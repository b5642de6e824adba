//! Outcomes that give no points.

use super::{
    super::{
        document::{self, Field, Items},
        event,
        tree::{ActionRule, MoveTo, SpendRule, TagRule},
    },
    Path, ProblemCode, Report,
    leaves::event_lookup,
    outcomes::{above_zero, basis},
    trees::Known,
};
use crate::{
    amount::Rate,
    id::{PointAccountId, TierSystemId},
};

/// Characters of a tag's name at most.
const TAG_LENGTH_MAX: usize = 100;
/// Bytes of an event's context at most.
const CONTEXT_BYTES_MAX: usize = 4_000;

/// The action of an outcome of these types. `amounts`: there is a purchase to take an amount from.
pub(super) fn action(
    number: i64,
    document: document::Outcome,
    (amounts, chosen_items): (bool, bool),
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<ActionRule> {
    match number {
        32 => spend(document, (amounts, chosen_items), known, at, report),
        512 => {
            let accounts = accounts(document.point_account_ids, known, at, report);
            let percentage = match document.percentage {
                Field::Absent => Some(Rate::from_units(100 * Rate::UNIT)),
                field => above_zero(at, "percentage", field, report),
            }?;
            if percentage.units() > 100 * Rate::UNIT {
                report.add(&at.member("percentage"), ProblemCode::OutOfRange, "above 100");
            }
            Some(ActionRule::Expire { accounts, percentage })
        }
        64 => tags(document, at, report),
        16 => movement(document, known, at, report),
        2048 => tier_system(document.tier_system_id, known, at, report).map(ActionRule::Leave),
        _ => publish(document, known, at, report),
    }
}

fn accounts(
    field: Items<PointAccountId>,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<PointAccountId> {
    let array = at.member("point_account_ids");
    let named = report.items(at, "point_account_ids", field);
    if named.is_empty() {
        report.add(&array, ProblemCode::Required, "names no point account");
    }
    let mut accounts = Vec::with_capacity(named.len());
    for (place, id) in named {
        if !known.accounts.iter().any(|account| account.id == id) {
            let message = format!("there is no point account {id}");
            report.add(&array.element(place), ProblemCode::PointAccountNotFound, message);
        } else if accounts.contains(&id) {
            report.add(&array.element(place), ProblemCode::DuplicateId, "the account is there twice");
        } else {
            accounts.push(id);
        }
    }
    accounts
}

fn spend(
    document: document::Outcome,
    (amounts, chosen_items): (bool, bool),
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<ActionRule> {
    let accounts = accounts(document.point_account_ids, known, at, report);
    let force = report.optional(at, "force_spend", document.force_spend).unwrap_or(false);
    let points = if document.rate.is_there() {
        if !amounts {
            report.add(
                &at.member("rate"),
                ProblemCode::OutcomeNotAllowed,
                "there is no purchase to take an amount from",
            );
        }
        if document.amount.is_there() {
            report.add(&at.member("amount"), ProblemCode::InvalidValue, "either an amount or a rate");
        }
        let rate = above_zero(at, "rate", document.rate, report);
        SpendRule::Rate(rate?, basis(document.basis, chosen_items, at, report))
    } else {
        SpendRule::Fixed(above_zero(at, "amount", document.amount, report)?)
    };
    Some(ActionRule::Spend { accounts, points, force })
}

fn tags(document: document::Outcome, at: &Path<'_>, report: &mut Report) -> Option<ActionRule> {
    let array = at.member("tags");
    let adds = match report.optional(at, "action", document.action).as_deref() {
        None | Some("add") => true,
        Some("remove") => false,
        Some(other) => {
            let message = format!("{other} is neither add nor remove");
            report.add(&at.member("action"), ProblemCode::InvalidValue, message);
            return None;
        }
    };
    let mut rules = Vec::new();
    for (place, text) in report.items(at, "tags", document.tags) {
        match tag(&text) {
            Some(rule) if adds || rule.seconds.is_none() => rules.push(rule),
            _ => {
                let message = format!("{text} is no tag such as name or name;;3600");
                report.add(&array.element(place), ProblemCode::InvalidValue, message);
            }
        }
    }
    if rules.is_empty() {
        report.add(&array, ProblemCode::Required, "names no tag");
        return None;
    }
    Some(if adds {
        ActionRule::AddTags(rules)
    } else {
        ActionRule::RemoveTags(rules.into_iter().map(|rule| rule.name).collect())
    })
}

/// `name` or `name;;seconds`.
fn tag(text: &str) -> Option<TagRule> {
    let (name, seconds) = match text.split_once(";;") {
        None => (text, None),
        Some((name, seconds)) => (name, Some(seconds.trim().parse().ok().filter(|seconds| *seconds > 0)?)),
    };
    let name = name.trim().to_lowercase();
    let fits = !name.is_empty() && name.chars().count() <= TAG_LENGTH_MAX && !name.contains(';');
    fits.then(|| TagRule { name: name.into(), seconds })
}

fn tier_system(
    field: Field<TierSystemId>,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<TierSystemId> {
    let id = report.required(at, "tier_system_id", field)?;
    if known.tier_systems.iter().all(|system| system.id != id) {
        let message = format!("there is no tier system {id}");
        report.add(&at.member("tier_system_id"), ProblemCode::TierSystemNotFound, message);
        return None;
    }
    Some(id)
}

fn movement(
    document: document::Outcome,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<ActionRule> {
    let system = tier_system(document.tier_system_id, known, at, report);
    let level = report.optional(at, "tier_level_id", document.tier_level_id);
    let direction = report.optional(at, "direction", document.direction);
    let joining = report.optional(at, "process_joining_outcomes", document.process_joining_outcomes);
    let system = system?;
    let to = match (level, direction.as_deref()) {
        (Some(level), None) => {
            let of_system = known.tier_systems.iter().find(|known| known.id == system);
            if of_system.is_none_or(|system| system.level(level).is_none()) {
                let message = format!("the system has no level {level}");
                report.add(&at.member("tier_level_id"), ProblemCode::TierLevelNotFound, message);
            }
            MoveTo::Level(level)
        }
        (None, Some("up")) => MoveTo::Up,
        (None, Some("down")) => MoveTo::Down,
        (None, None) => {
            report.add(&at.member("tier_level_id"), ProblemCode::Required, "neither a level nor a direction");
            return None;
        }
        (Some(_), Some(_)) => {
            let message = "either a level or a direction";
            report.add(&at.member("direction"), ProblemCode::InvalidValue, message);
            return None;
        }
        (None, Some(other)) => {
            let message = format!("{other} is neither up nor down");
            report.add(&at.member("direction"), ProblemCode::InvalidValue, message);
            return None;
        }
    };
    Some(ActionRule::Move { system, to, joining_outcomes: joining.unwrap_or(true) })
}

fn publish(
    document: document::Outcome,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<ActionRule> {
    if !document.event_lookup.is_there() {
        report.add(&at.member("event_lookup"), ProblemCode::Required, "event_lookup is required");
    }
    let lookup = event_lookup(document.event_lookup, known, at, report)?;
    if event::is_reserved(&lookup) {
        let message = format!("{lookup} is an event of the platform");
        report.add(&at.member("event_lookup"), ProblemCode::EventReserved, message);
    }
    let context = report.optional(at, "context", document.context).and_then(|members| {
        let at = at.member("context");
        let mut object = serde_json::Map::new();
        for (name, field) in members {
            match field {
                Field::Absent => {}
                Field::Present(scalar) => {
                    object.insert(name, scalar.text.into());
                }
                Field::Invalid(why) => report.add(&at, ProblemCode::InvalidValue, format!("{name}: {why}")),
            }
        }
        let text = serde_json::Value::Object(object).to_string();
        if text.len() > CONTEXT_BYTES_MAX {
            let message = format!("more than {CONTEXT_BYTES_MAX} bytes");
            report.add(&at, ProblemCode::OutOfRange, message);
        }
        (text != "{}").then(|| text.into())
    });
    Some(ActionRule::Publish { lookup, context })
}
