//! The outcomes of a tree.

use super::{
    super::{
        document::{self, Field, Items},
        tree::{AmountBasis, AwardRule, Combine, Effect, Multiplied, Outcome, PerAmount, PerQuantity},
    },
    Path, ProblemCode, Report, Unique, actions,
    leaves::data_path,
    limits::limits,
    trees::{Known, Siblings, TreeType},
};
use crate::{
    amount::{Money, Points, Quantity, Rate, Rounding},
    id::{PointAccountId, PointSourceId, RuleTreeId},
};

/// incentives.md 1.7
const OUTCOMES_MAX: usize = 20;
/// Outcome types of the platform that cannot be carried out yet (incentives.md 3.8).
const NOT_YET: [i64; 3] = [8, 256, 1024];

/// The outcomes, by rank. `chosen_items`: a node of the tree selects lines by item.
pub(super) fn outcomes(
    field: Items<document::Outcome>,
    (tree_type, chosen_items): (TreeType, bool),
    known: Known<'_>,
    siblings: &Siblings,
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<Outcome> {
    let array = at.member("outcomes");
    let documents = report.items(at, "outcomes", field);
    if documents.len() > OUTCOMES_MAX {
        report.add(&array, ProblemCode::TooManyOutcomes, format!("more than {OUTCOMES_MAX}"));
    }
    match tree_type {
        TreeType::Purchase | TreeType::Event if documents.is_empty() => {
            report.add(&array, ProblemCode::OutcomeRequired, "a purchase or event tree gives something");
        }
        TreeType::Purchase | TreeType::Event | TreeType::Enter | TreeType::Stay => {}
    }
    let mut ids = Unique::ids();
    let mut ranked = Vec::new();
    for (place, mut document) in documents {
        let at = array.element(place);
        let id = report.required(&at, "id", std::mem::take(&mut document.id));
        if let Some(id) = id {
            ids.check(id, &at.member("id"), report);
        }
        report.refuse(&at, "delay", &document.delay, "delayed outcomes are");
        let rank = report.optional(&at, "rank", std::mem::take(&mut document.rank)).unwrap_or(0);
        let limits = limits(std::mem::take(&mut document.limits), &at, report);
        let effect = effect(document, (tree_type, chosen_items), known, siblings, &at, report);
        if let (Some(id), Some(effect)) = (id, effect) {
            ranked.push((rank, Outcome { id, limits, effect }));
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, outcome)| outcome).collect()
}

fn effect(
    document: document::Outcome,
    (tree_type, chosen_items): (TreeType, bool),
    known: Known<'_>,
    siblings: &Siblings,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<Effect> {
    let mut document = document;
    let number = report.required(at, "discriminator", std::mem::take(&mut document.discriminator))?;
    match number {
        1 | 2 | 4 => {
            let message = match tree_type {
                TreeType::Purchase => None,
                TreeType::Event => (number == 2).then_some("an event has no amount"),
                TreeType::Enter | TreeType::Stay => {
                    (number != 1).then_some("a level has neither an amount nor a quantity")
                }
            };
            if let Some(message) = message {
                report.add(&at.member("discriminator"), ProblemCode::OutcomeNotAllowed, message);
            }
            let source = std::mem::take(&mut document.point_source_id);
            let accounts = std::mem::take(&mut document.point_account_ids);
            let target = target(source, accounts, known, at, report);
            let award = match number {
                1 => above_zero(at, "amount", document.amount, report).map(AwardRule::Fixed),
                2 => per_amount(document, chosen_items, at, report).map(AwardRule::PerAmount),
                _ => per_quantity(document, at, report).map(AwardRule::PerQuantity),
            };
            let (source, accounts) = target?;
            refuse_shared(source, tree_type, known, at, report);
            Some(Effect::Points { source, accounts, award: award? })
        }
        4096 if tree_type.is_of_level() => {
            let message = "what a level gives is not multiplied";
            report.add(&at.member("discriminator"), ProblemCode::OutcomeNotAllowed, message);
            None
        }
        4096 => multiplier(document, siblings, at, report),
        16 | 32 | 64 | 128 | 512 | 2048 => {
            let amounts = tree_type == TreeType::Purchase;
            actions::action(number, document, (amounts, chosen_items), known, at, report).map(Effect::Action)
        }
        other => {
            let at = at.member("discriminator");
            if NOT_YET.contains(&other) {
                report.not_supported(&at, &format!("outcomes of type {other} are"));
            } else {
                report.add(&at, ProblemCode::InvalidValue, format!("{other} is no type of outcome"));
            }
            None
        }
    }
}

/// What levels give is booked without asking anybody.
fn refuse_shared(
    source: PointSourceId,
    tree_type: TreeType,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) {
    let shared = known.sources.iter().any(|known| known.id == source && !known.shared_limits.is_empty());
    if tree_type.is_of_level() && shared {
        let what = "what a level gives from a source with restrictions over all customers is";
        report.not_supported(&at.member("point_source_id"), what);
    }
}

/// Source and accounts of a point outcome, linked with each other.
fn target(
    source: Field<PointSourceId>,
    accounts: Items<PointAccountId>,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<(PointSourceId, Vec<PointAccountId>)> {
    let array = at.member("point_account_ids");
    let named = report.items(at, "point_account_ids", accounts);
    if named.is_empty() {
        report.add(&array, ProblemCode::Required, "names no point account");
    }
    let mut ids = Vec::with_capacity(named.len());
    for (place, id) in &named {
        if !known.accounts.iter().any(|account| account.id == *id) {
            let message = format!("there is no point account {id}");
            report.add(&array.element(*place), ProblemCode::PointAccountNotFound, message);
        } else if ids.contains(id) {
            report.add(&array.element(*place), ProblemCode::DuplicateId, "the account is there twice");
        } else {
            ids.push(*id);
        }
    }
    let source_id = report.required(at, "point_source_id", source)?;
    let Some(source) = known.sources.iter().find(|source| source.id == source_id) else {
        let message = format!("there is no point source {source_id}");
        report.add(&at.member("point_source_id"), ProblemCode::PointSourceNotFound, message);
        return None;
    };
    for id in &ids {
        if !source.accounts.contains(id) {
            let message = format!("the source {} is not linked to the account {id}", source.name);
            report.add(&at.member("point_source_id"), ProblemCode::PointSourceNotLinked, message);
        }
    }
    Some((source_id, ids))
}

fn per_amount(
    document: document::Outcome,
    chosen_items: bool,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<PerAmount> {
    let rate = above_zero(at, "rate", document.rate, report);
    let per_amount = match document.per_amount {
        Field::Absent => Some(Money::from_units(Money::UNIT)),
        field => above_zero(at, "per_amount", field, report),
    };
    let basis = basis(document.basis, chosen_items, at, report);
    let hurdle = hurdle(document.hurdle, at, report).and_then(|hurdle| {
        const QUANTITY_UNITS: i64 = 10_i64.pow(Quantity::SCALE - Money::SCALE);
        if hurdle.units() % QUANTITY_UNITS != 0 {
            report.add(&at.member("hurdle"), ProblemCode::InvalidValue, "money has 4 decimals");
            return None;
        }
        Some(Money::from_units(hurdle.units() / QUANTITY_UNITS))
    });
    let max_points = max_points(document.max_points, at, report);
    let (rounding, precision) = rounding(document.rounding_mode, document.rounding_precision, at, report);
    Some(PerAmount { rate: rate?, per_amount: per_amount?, basis, hurdle, max_points, rounding, precision })
}

/// Which amount earns; without saying, the lines that were chosen by item, else all lines (incentives.md 6.6).
pub(super) fn basis(
    field: Field<i64>,
    chosen_items: bool,
    at: &Path<'_>,
    report: &mut Report,
) -> AmountBasis {
    match report.number(at, "basis", field, 0..=3, if chosen_items { 2 } else { 0 }) {
        0 => AmountBasis::Items,
        1 => AmountBasis::Subtotal,
        2 => AmountBasis::Qualifying,
        _ => AmountBasis::TotalSpend,
    }
}

fn per_quantity(document: document::Outcome, at: &Path<'_>, report: &mut Report) -> Option<PerQuantity> {
    let field = report.optional(at, "quantity_field", document.quantity_field);
    let field = field.and_then(|text| data_path(&text, "quantity_field", at, report));
    let points = above_zero(at, "points", document.points, report);
    let quantity_per_award = above_zero(at, "quantity_per_award", document.quantity_per_award, report);
    let decimals = i64::from(Quantity::SCALE);
    let decimal_precision =
        report.number(at, "decimal_precision", document.decimal_precision, 0..=decimals, 0);
    let hurdle = hurdle(document.hurdle, at, report);
    let max_points = max_points(document.max_points, at, report);
    let (rounding, precision) = rounding(document.rounding_mode, document.rounding_precision, at, report);
    Some(PerQuantity {
        points: points?,
        quantity_per_award: quantity_per_award?,
        field,
        decimal_precision: u32::try_from(decimal_precision).unwrap_or(0),
        hurdle,
        max_points,
        rounding,
        precision,
    })
}

fn multiplier(
    document: document::Outcome,
    siblings: &Siblings,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<Effect> {
    let factor = report.required(at, "factor", document.factor);
    if factor.is_some_and(|factor| factor.units() < Rate::UNIT) {
        report.add(
            &at.member("factor"),
            ProblemCode::OutOfRange,
            "a multiplier below 1 would take points away",
        );
    }
    let combine = match report.required(at, "combine", document.combine).as_deref() {
        None => None,
        Some("add") => Some(Combine::Add),
        Some("multiply") => Some(Combine::Multiply),
        Some("max") => Some(Combine::Max),
        Some(other) => {
            let message = format!("{other} is neither add, multiply nor max");
            report.add(&at.member("combine"), ProblemCode::InvalidValue, message);
            None
        }
    };
    let names = report.required(at, "applies_to", document.applies_to)?.0;
    let applies_to = multiplied(names, siblings, &at.member("applies_to"), report);
    Some(Effect::Multiplier { factor: factor?, combine: combine?, applies_to })
}

fn multiplied(names: Vec<String>, siblings: &Siblings, at: &Path<'_>, report: &mut Report) -> Multiplied {
    if names.is_empty() {
        report.add(at, ProblemCode::Required, "names nothing to multiply");
    }
    if names.iter().any(|name| name.eq_ignore_ascii_case("all")) {
        return Multiplied::All;
    }
    let (mut trees, mut groups) = (Vec::new(), Vec::new());
    for (place, name) in names.iter().enumerate() {
        let at = at.element(place);
        let Ok(id) = name.parse::<RuleTreeId>() else {
            match siblings.groups.get(name) {
                Some(group) => groups.push(*group),
                None => {
                    let message =
                        format!("{name} is neither \"all\", a rule tree nor an exclusivity group of a tree");
                    report.add(&at, ProblemCode::ExclusivityGroupUnknown, message);
                }
            }
            continue;
        };
        match siblings.trees.get(&id) {
            Some(true) => trees.push(id),
            Some(false) => report.add(&at, ProblemCode::RuleTreeNotFound, "the tree gives no points"),
            None => report.add(&at, ProblemCode::RuleTreeNotFound, format!("there is no rule tree {id}")),
        }
    }
    trees.sort_unstable();
    Multiplied::Some { trees, groups }
}

/// A required amount above zero.
pub(super) fn above_zero<T: Default + PartialOrd>(
    at: &Path<'_>,
    name: &'static str,
    field: Field<T>,
    report: &mut Report,
) -> Option<T> {
    let value = report.required(at, name, field)?;
    if value <= T::default() {
        report.add(&at.member(name), ProblemCode::OutOfRange, "not above 0");
    }
    Some(value)
}

fn max_points(field: Field<Points>, at: &Path<'_>, report: &mut Report) -> Option<Points> {
    match field {
        Field::Absent => None,
        field => above_zero(at, "max_points", field, report),
    }
}

fn hurdle(field: Field<Quantity>, at: &Path<'_>, report: &mut Report) -> Option<Quantity> {
    let hurdle = report.optional(at, "hurdle", field)?;
    if hurdle.is_negative() {
        report.add(&at.member("hurdle"), ProblemCode::OutOfRange, "below 0");
    }
    Some(hurdle)
}

fn rounding(mode: Field<i64>, precision: Field<i64>, at: &Path<'_>, report: &mut Report) -> (Rounding, u32) {
    let mode = match report.number(at, "rounding_mode", mode, 0..=4, 0) {
        1 => Rounding::Down,
        2 => Rounding::Up,
        3 => Rounding::Nearest,
        4 => Rounding::HalfEven,
        _ => Rounding::None,
    };
    let decimals = i64::from(Points::SCALE);
    let precision = report.number(at, "rounding_precision", precision, 0..=decimals, 0);
    (mode, u32::try_from(precision).unwrap_or(0))
}
