//! Constraints on the moment and on the customer.

use super::{
    super::{
        document::{self, Field, Items},
        tree::{Circumstance, CircumstanceTest, DataLevel, DataPath, DayAndHour},
    },
    Path, ProblemCode, Report,
    accounts::time,
    constraints::{include_only, includes},
    places::folded,
    trees::Known,
    values::{span, value_test},
};
use crate::{id::TierLevelId, time::Span};

pub(super) const TIME: i64 = 1;
pub(super) const DAY_AND_HOUR: i64 = 128;
pub(super) const LEVELS: i64 = 256;
pub(super) const TAGS: i64 = 512;
pub(super) const CONTEXT: i64 = 1024;
pub(super) const JOINED: i64 = 32768;

/// The types read here.
pub(super) const ALL: [i64; 6] = [TIME, DAY_AND_HOUR, LEVELS, TAGS, CONTEXT, JOINED];

/// The constraints on moment and customer of one node.
#[derive(Debug, Default)]
pub(super) struct Circumstances {
    pub(super) all: Vec<Circumstance>,
    /// `last` of time windows: what a node counts lies no further back. The shortest of several.
    pub(super) last: Option<Span>,
}

impl Circumstances {
    /// Takes in one constraint of these types. `counts`: the node looks back, so that `last` means something.
    pub(super) fn read(
        &mut self,
        number: i64,
        mut document: document::Constraint,
        (known, counts): (Known<'_>, bool),
        at: &Path<'_>,
        report: &mut Report,
    ) {
        let mode = std::mem::take(&mut document.mode);
        let test = match number {
            TIME => {
                let last = span(std::mem::take(&mut document.last), "last", at, report);
                if let Some(last) = last {
                    include_only(&mode, at, report);
                    self.look_back(last, counts, at, report);
                    return;
                }
                window(document, known, at, report)
            }
            DAY_AND_HOUR => day_and_hour(document, at, report).map(CircumstanceTest::DayAndHour),
            LEVELS => levels(document.tier_level_ids, known, at, report).map(CircumstanceTest::Levels),
            TAGS => {
                report.refuse(at, "audience_ids", &document.audience_ids, "audiences are");
                tags(document.tags, at, report).map(CircumstanceTest::Tags)
            }
            CONTEXT => context(document, at, report),
            _ => joined(document, at, report),
        };
        let include = includes(mode, at, report);
        self.all.extend(test.map(|test| Circumstance { include, test }));
    }

    fn look_back(&mut self, last: Span, counts: bool, at: &Path<'_>, report: &mut Report) {
        if !counts {
            let message = "last looks back from the trigger, and this node looks at the trigger itself";
            report.add(&at.member("last"), ProblemCode::ConstraintInvalid, message);
        } else if self.last.is_some() {
            let message = "one last is enough";
            report.add(&at.member("last"), ProblemCode::ConstraintInvalid, message);
        }
        self.last = Some(last);
    }
}

fn window(
    document: document::Constraint,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<CircumstanceTest> {
    let starts = report.optional(at, "start_date", document.start_date);
    let starts = starts.and_then(|text| time(&text, known.zone, &at.member("start_date"), report));
    let ends = report.optional(at, "end_date", document.end_date);
    let ends = ends.and_then(|text| time(&text, known.zone, &at.member("end_date"), report));
    match (starts, ends) {
        (None, None) => {
            report.add(at, ProblemCode::ConstraintInvalid, "names neither start_date, end_date nor last");
            return None;
        }
        (Some(starts), Some(ends)) if ends < starts => {
            report.add(&at.member("end_date"), ProblemCode::DateWindowInvalid, "lies before start_date");
        }
        (_, _) => {}
    }
    Some(CircumstanceTest::Time { starts, ends })
}

fn day_and_hour(document: document::Constraint, at: &Path<'_>, report: &mut Report) -> Option<DayAndHour> {
    const EVERY_DAY: u8 = 0b111_1111;
    const LAST_MINUTE: u16 = 24 * 60 - 1;
    let array = at.member("days");
    let named = document.days.is_there() || document.from.is_there() || document.to.is_there();
    let mut days = 0;
    for (place, day) in report.items(at, "days", document.days) {
        match u8::try_from(day) {
            Ok(day) if day < 7 => days |= 1 << day,
            _ => report.add(&array.element(place), ProblemCode::OutOfRange, "0 is Sunday and 6 Saturday"),
        }
    }
    let from = minute(document.from, "from", at, report);
    let to = minute(document.to, "to", at, report);
    if !named && from.is_none() && to.is_none() {
        report.add(at, ProblemCode::ConstraintInvalid, "names neither days nor hours");
        return None;
    }
    let days = if days == 0 { EVERY_DAY } else { days };
    Some(DayAndHour { days, from: from.unwrap_or(0), to: to.unwrap_or(LAST_MINUTE) })
}

/// `HH:mm` as the minute of the day.
fn minute(field: Field<String>, name: &'static str, at: &Path<'_>, report: &mut Report) -> Option<u16> {
    let text = report.optional(at, name, field)?;
    let read = text.split_once(':').and_then(|(hour, minute)| {
        let two_digits = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
        let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    });
    if read.is_none() {
        report.add(&at.member(name), ProblemCode::InvalidValue, format!("{text} is no time such as 09:30"));
    }
    read
}

/// Levels of any system.
pub(super) fn levels(
    field: Items<TierLevelId>,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<Vec<TierLevelId>> {
    let array = at.member("tier_level_ids");
    let named = report.items(at, "tier_level_ids", field);
    if named.is_empty() {
        report.add(&array, ProblemCode::ConstraintInvalid, "names no level");
        return None;
    }
    let mut levels = Vec::with_capacity(named.len());
    for (place, id) in named {
        if known.tier_systems.iter().any(|system| system.level(id).is_some()) {
            levels.push(id);
        } else {
            let message = format!("there is no tier level {id}");
            report.add(&array.element(place), ProblemCode::TierLevelNotFound, message);
        }
    }
    Some(levels)
}

/// Tags, in lower case.
pub(super) fn tags(field: Items<String>, at: &Path<'_>, report: &mut Report) -> Option<Vec<Box<str>>> {
    let named = report.items(at, "tags", field);
    if named.is_empty() {
        report.add(&at.member("tags"), ProblemCode::ConstraintInvalid, "names no tag");
        return None;
    }
    Some(named.into_iter().map(|(_, tag)| folded(&tag)).collect())
}

fn context(document: document::Constraint, at: &Path<'_>, report: &mut Report) -> Option<CircumstanceTest> {
    let key = report.required(at, "key", document.key);
    let test = value_test(document.comparison, document.data_type, document.values, at, report);
    let key = key?;
    let path = DataPath::read(&key).filter(|path| path.level == DataLevel::Trigger);
    if path.is_none() {
        report.add(&at.member("key"), ProblemCode::InvalidValue, format!("{key} names no context data"));
    }
    Some(CircumstanceTest::Context { key: path?, test: test? })
}

fn joined(document: document::Constraint, at: &Path<'_>, report: &mut Report) -> Option<CircumstanceTest> {
    if !document.within.is_there() {
        report.add(&at.member("within"), ProblemCode::Required, "within is required");
    }
    span(document.within, "within", at, report).map(CircumstanceTest::JoinedWithin)
}
