//! Values that data is compared with, and lengths of time.

use super::{
    super::{
        document::{self, Field, Items},
        tree::{ValueComparison, ValueKind, ValueTest},
    },
    Path, ProblemCode, Report,
};
use crate::time::{Span, Unit};

/// More would be a list to keep elsewhere.
const VALUES_MAX: usize = 1_000;

/// `comparison`, `data_type` and `values` together. Without a comparison the value is one of those listed; without a
/// data type the values are numbers when all of them are.
pub(super) fn value_test(
    comparison: Field<i64>,
    data_type: Field<String>,
    values: Items<document::Scalar>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<ValueTest> {
    let number = report.optional(at, "comparison", comparison).unwrap_or(7);
    let Some(comparison) = ValueComparison::from_number(number) else {
        report.add(&at.member("comparison"), ProblemCode::InvalidValue, "no comparison has this number");
        return None;
    };
    let array = at.member("values");
    let scalars = report.items(at, "values", values);
    if scalars.len() > VALUES_MAX {
        report.add(&array, ProblemCode::OutOfRange, format!("more than {VALUES_MAX}"));
    }
    let kind = match report.optional(at, "data_type", data_type) {
        Some(name) => kind(&name, at, report)?,
        None if !scalars.is_empty() && scalars.iter().all(|(_, scalar)| scalar.is_number) => {
            ValueKind::Number
        }
        None => ValueKind::Text,
    };
    let asked = scalars.len();
    let mut read = Vec::with_capacity(scalars.len());
    for (place, scalar) in scalars {
        match kind.read(&scalar.text) {
            Some(value) => read.push(value),
            None => report.add(&array.element(place), ProblemCode::InvalidValue, "not of the data type"),
        }
    }
    if read.len() < asked {
        return None;
    }
    let (wanted, words) = match comparison {
        ValueComparison::One(_) => (read.len() == 1, "this comparison takes one value"),
        ValueComparison::Between => {
            (read.len() == 2 && read[0] <= read[1], "between takes two values, the lower one first")
        }
        ValueComparison::In | ValueComparison::NotIn | ValueComparison::Contains => {
            (!read.is_empty(), "names no value")
        }
        ValueComparison::Exists => (read.is_empty(), "exists takes no value"),
    };
    if !wanted {
        report.add(&array, ProblemCode::ConstraintInvalid, words);
        return None;
    }
    Some(ValueTest { comparison, values: read })
}

fn kind(name: &str, at: &Path<'_>, report: &mut Report) -> Option<ValueKind> {
    let kind = ValueKind::from_name(name);
    if kind.is_none() {
        let at = at.member("data_type");
        if name.eq_ignore_ascii_case("duration") || name.eq_ignore_ascii_case("guid_list") {
            report.not_supported(&at, "data of this type is");
        } else {
            report.add(&at, ProblemCode::InvalidValue, format!("{name} is no type of data"));
        }
    }
    kind
}

/// A length of time above zero: `{ "value": 30, "uom": 0 }`.
pub(super) fn span(
    field: Field<document::SpanDocument>,
    name: &'static str,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<Span> {
    let document = report.optional(at, name, field)?;
    let at = at.member(name);
    let value = report.required(&at, "value", document.value);
    let number = report.required(&at, "uom", document.uom);
    let unit = number.and_then(Unit::from_number);
    if let (Some(number), None) = (number, unit) {
        report.add(&at.member("uom"), ProblemCode::InvalidValue, format!("{number} is no unit of time"));
    }
    let count = value.and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0);
    if value.is_some() && count.is_none() {
        report.add(&at.member("value"), ProblemCode::OutOfRange, "not a number of units above 0");
    }
    Some(Span { value: count?, unit: unit? })
}
