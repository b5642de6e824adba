//! Collecting problems, each with the path of the offending member.

use std::{fmt, ops::RangeInclusive};

use super::super::{
    document::{Field, Items},
    problem::{Problem, ProblemCode},
};
use crate::id::RetailerId;

/// Stands in for a retailer whose id could not be read. No retailer has it.
pub(super) const UNKNOWN_RETAILER: RetailerId = RetailerId::from_bytes([0; 16]);

/// Where in a document something stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path<'a> {
    /// The document itself.
    Root,
    /// A member by name.
    Member(&'a Path<'a>, &'static str),
    /// An element of an array.
    Element(&'a Path<'a>, usize),
    /// A path that was written down earlier.
    Text(&'a str),
    /// A line of the catalog, counted from 1.
    CatalogLine(usize),
}

impl Path<'_> {
    pub(super) const fn member(&self, name: &'static str) -> Path<'_> {
        Path::Member(self, name)
    }

    pub(super) const fn element(&self, place: usize) -> Path<'_> {
        Path::Element(self, place)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Path::Root, name) => formatter.write_str(name),
            Self::Member(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Element(parent, place) => write!(formatter, "{parent}[{place}]"),
            Self::Text(path) => formatter.write_str(path),
            Self::CatalogLine(line) => write!(formatter, "catalog:{line}"),
        }
    }
}

/// Something is missing, or refers to what may come to be; as opposed to what is malformed.
const fn is_left_to_do(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::Required
            | ProblemCode::NotSupported
            | ProblemCode::PointAccountNotFound
            | ProblemCode::PointSourceNotFound
            | ProblemCode::PointSourceNotLinked
            | ProblemCode::StoreNotFound
            | ProblemCode::TierSystemNotFound
            | ProblemCode::TierLevelNotFound
            | ProblemCode::RuleRootMissing
            | ProblemCode::RuleNotAllowed
            | ProblemCode::ConstraintNotAllowed
            | ProblemCode::ConstraintInvalid
            | ProblemCode::OutcomeRequired
            | ProblemCode::TierAssignmentRequired
            | ProblemCode::EventNotFound
            | ProblemCode::RuleTreeNotFound
            | ProblemCode::ExclusivityGroupUnknown
            | ProblemCode::ExclusivityInvalid
    )
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    problems: Vec<Problem>,
}

impl Report {
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Takes over what was found in something that is not in force: a draft may be incomplete, and the rest is looked
    /// at when it is set live. Says whether nothing at all was found.
    pub(super) fn add_unfinished(&mut self, found: Self, at: &Path<'_>) -> bool {
        let nothing = found.problems.is_empty();
        let always = ["id", "name", "tree_type"].map(|name| at.member(name).to_string());
        let malformed = found.problems.into_iter().filter(|problem| {
            !is_left_to_do(problem.code)
                || (problem.code == ProblemCode::Required && always.contains(&problem.path))
        });
        self.problems.extend(malformed);
        nothing
    }

    /// Takes over what was found.
    pub(super) fn add_all(&mut self, found: Self) {
        self.problems.extend(found.problems);
    }

    pub(super) fn add(&mut self, at: &Path<'_>, code: ProblemCode, message: impl Into<String>) {
        self.problems.push(Problem { path: at.to_string(), code, message: message.into() });
    }

    /// Reports that something is valid on the platform, but cannot be done yet.
    pub(super) fn not_supported(&mut self, at: &Path<'_>, what: &str) {
        self.add(at, ProblemCode::NotSupported, format!("{what} not supported yet"));
    }

    /// The value of a member that may be absent.
    pub(super) fn optional<T>(&mut self, at: &Path<'_>, name: &'static str, field: Field<T>) -> Option<T> {
        match field {
            Field::Absent => None,
            Field::Present(value) => Some(value),
            Field::Invalid(why) => {
                self.add(&at.member(name), ProblemCode::InvalidValue, why);
                None
            }
        }
    }

    /// The value of a member that must be there.
    pub(super) fn required<T>(&mut self, at: &Path<'_>, name: &'static str, field: Field<T>) -> Option<T> {
        if !field.is_there() {
            self.add(&at.member(name), ProblemCode::Required, format!("{name} is required"));
        }
        self.optional(at, name, field)
    }

    /// A required text of at most so many characters; empty when it is not there.
    pub(super) fn name(&mut self, at: &Path<'_>, name: &'static str, field: Field<String>) -> String {
        const NAME_LENGTH_MAX: usize = 200;
        let text = self.required(at, name, field).unwrap_or_default();
        if text.chars().count() > NAME_LENGTH_MAX {
            let message = format!("longer than {NAME_LENGTH_MAX} characters");
            self.add(&at.member(name), ProblemCode::OutOfRange, message);
        }
        text
    }

    /// A whole number within a range, or the default when it is absent. The default also stands in for a bad number,
    /// which is reported.
    pub(super) fn number(
        &mut self,
        at: &Path<'_>,
        name: &'static str,
        field: Field<i64>,
        range: RangeInclusive<i64>,
        default: i64,
    ) -> i64 {
        match self.optional(at, name, field) {
            None => default,
            Some(number) if range.contains(&number) => number,
            Some(number) => {
                let message = format!("{number} is not between {} and {}", range.start(), range.end());
                self.add(&at.member(name), ProblemCode::OutOfRange, message);
                default
            }
        }
    }

    /// The readable elements of an array with their places; the others are reported.
    pub(super) fn items<T>(&mut self, at: &Path<'_>, name: &'static str, field: Items<T>) -> Vec<(usize, T)> {
        let elements = self.optional(at, name, field).unwrap_or_default();
        let array = at.member(name);
        let mut read = Vec::with_capacity(elements.len());
        for (place, element) in elements.into_iter().enumerate() {
            match element {
                Field::Present(value) => read.push((place, value)),
                Field::Absent => {
                    self.add(&array.element(place), ProblemCode::Required, "an element is empty")
                }
                Field::Invalid(why) => self.add(&array.element(place), ProblemCode::InvalidValue, why),
            }
        }
        read
    }

    /// Reports a member that must not be there yet, whatever it says.
    pub(super) fn refuse<T>(&mut self, at: &Path<'_>, name: &'static str, field: &Field<T>, what: &str) {
        if field.is_there() {
            self.not_supported(&at.member(name), what);
        }
    }

    /// Reports a member that names another retailer than the program's. Says nothing while the program's is unknown:
    /// that has been reported.
    pub(super) fn retailer(&mut self, at: &Path<'_>, field: Field<RetailerId>, expected: RetailerId) {
        let named = self.optional(at, "retailer_id", field);
        if expected != UNKNOWN_RETAILER && named.is_some_and(|named| named != expected) {
            self.add(&at.member("retailer_id"), ProblemCode::RetailerMismatch, "belongs to another retailer");
        }
    }
}
