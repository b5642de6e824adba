//! Frequency caps of trees and outcomes.

use super::{
    super::{
        document::{self, Items},
        tree::{Cap, Limit, WindowKind},
    },
    Path, ProblemCode, Report,
};
use crate::{
    amount::Points,
    time::{Span, Unit},
};

/// More would be a slip, and the place of a limit is stored in one byte.
const LIMITS_MAX: usize = 20;

pub(super) fn limits(field: Items<document::Limit>, at: &Path<'_>, report: &mut Report) -> Vec<Limit> {
    let array = at.member("limits");
    let documents = report.items(at, "limits", field);
    if documents.len() > LIMITS_MAX {
        report.add(&array, ProblemCode::TooManyLimits, format!("more than {LIMITS_MAX}"));
    }
    documents
        .into_iter()
        .filter_map(|(place, document)| limit(document, &array.element(place), report))
        .collect()
}

fn limit(document: document::Limit, at: &Path<'_>, report: &mut Report) -> Option<Limit> {
    let max = report.required(at, "max", document.max);
    let scope = report.optional(at, "scope", document.scope).unwrap_or(0);
    let cap = max.and_then(|max| cap(scope, max, at, report));
    let unit_number = report.required(at, "uom", document.uom);
    let unit = unit_number.and_then(Unit::from_number);
    if let (Some(number), None) = (unit_number, unit) {
        report.add(&at.member("uom"), ProblemCode::LimitInvalid, format!("{number} is no unit of time"));
    }
    let value = report.optional(at, "value", document.value).unwrap_or(1);
    let value = u32::try_from(value).ok().filter(|value| *value > 0);
    if value.is_none() {
        report.add(&at.member("value"), ProblemCode::LimitInvalid, "not a number of units above 0");
    }
    let kind = match report.optional(at, "window", document.window).unwrap_or(0) {
        0 => WindowKind::Rolling,
        1 => WindowKind::Calendar,
        other => {
            report.add(
                &at.member("window"),
                ProblemCode::LimitInvalid,
                format!("{other} is no kind of window"),
            );
            WindowKind::Rolling
        }
    };
    let window = Span { value: value?, unit: unit? };
    // A window without an end is the same either way, and as a calendar window it is one sum instead of a list of uses.
    let kind = if window.unit == Unit::Forever { WindowKind::Calendar } else { kind };
    Some(Limit { cap: cap?, window, kind })
}

fn cap(scope: i64, max: Points, at: &Path<'_>, report: &mut Report) -> Option<Cap> {
    let times = max.units() / Points::UNIT;
    let (member, message) = match scope {
        0 | 1 if !max.is_positive() => ("max", "not above 0".to_owned()),
        0 if max.units() % Points::UNIT != 0 => ("max", "not a whole number of times".to_owned()),
        0 => match u32::try_from(times) {
            Ok(times) => return Some(Cap::Times(times)),
            Err(_) => ("max", "more times than can be counted".to_owned()),
        },
        1 => return Some(Cap::Points(max)),
        other => ("scope", format!("{other} is no scope of a limit")),
    };
    report.add(&at.member(member), ProblemCode::LimitInvalid, message);
    None
}
