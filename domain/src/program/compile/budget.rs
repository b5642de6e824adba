//! Budgets of rule trees (incentives.md 6.8).

use super::{
    super::{
        document::{self, Field},
        tree::{Budget, OnExhausted},
    },
    Path, ProblemCode, Report,
};
use crate::{
    allotment::Cap,
    amount::Points,
    id::{AllotmentId, RuleTreeId},
};

/// A budget; none when it caps nothing. What a client has read along with it, `consumed_points` and
/// `consumed_awards`, is no part of the program.
pub(super) fn budget(
    field: Field<document::Budget>,
    tree: Option<RuleTreeId>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<Budget> {
    let document = report.optional(at, "budget", field)?;
    let at = at.member("budget");
    let points = report.optional(&at, "max_points", document.max_points);
    if points.is_some_and(|points| !points.is_positive()) {
        report.add(&at.member("max_points"), ProblemCode::LimitInvalid, "not above 0");
    }
    let awards = times("max_awards", document.max_awards, &at, report);
    let per_day = times("max_awards_per_day", document.max_awards_per_day, &at, report);
    let on_exhausted = match report.number(&at, "on_exhausted", document.on_exhausted, 0..=2, 0) {
        1 => OnExhausted::PayTheRest,
        2 => OnExhausted::PauseTheTree,
        _ => OnExhausted::Skip,
    };
    let total = Cap { points, awards };
    let caps = !total.is_open() || per_day.is_some();
    caps.then_some(Budget { allotment: AllotmentId::of_tree(tree?), total, per_day, on_exhausted })
}

fn times(name: &'static str, field: Field<Points>, at: &Path<'_>, report: &mut Report) -> Option<i64> {
    let max = report.optional(at, name, field)?;
    if !max.is_positive() || max.units() % Points::UNIT != 0 {
        report.add(&at.member(name), ProblemCode::LimitInvalid, "not a whole number of times above 0");
        return None;
    }
    Some(max.units() / Points::UNIT)
}
