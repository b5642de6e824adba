//! Codes of refused edits (incentives.md 7.4, 7.5, 7.7, 7.13, 7.14, 10).

use actors::EditError;
use domain::{
    configuration::{ObjectKind, Refusal},
    program::ProblemCode,
};

use crate::incentives::{IncentivesCode, IncentivesError};

/// Wire name, status, type of a refusal.
pub const fn refusal_row(refusal: Refusal) -> (&'static str, u16, &'static str) {
    match refusal {
        Refusal::NotFound(ObjectKind::PointAccount) => ("point_account_not_found", 404, "not_found"),
        Refusal::NotFound(ObjectKind::PointSource) => ("point_source_not_found", 404, "not_found"),
        Refusal::NotFound(ObjectKind::TierSystem) => ("tier_system_not_found", 404, "not_found"),
        Refusal::NotFound(ObjectKind::RuleTree) => ("rule_tree_not_found", 404, "not_found"),
        Refusal::NotFound(ObjectKind::RuleTemplate) => ("template_not_found", 404, "not_found"),
        Refusal::NotFound(ObjectKind::Event) => ("event_not_found", 404, "not_found"),
        Refusal::NotFound(ObjectKind::TierLevelConstraint) => {
            ("tier_level_constraint_not_found", 404, "not_found")
        }
        Refusal::RestrictionNotFound => ("restriction_not_found", 404, "not_found"),
        Refusal::TierLevelNotFound => ("tier_level_not_found", 404, "not_found"),
        Refusal::LevelInUse => ("level_in_use", 409, "conflict"),
        Refusal::RuleTreeArchived => ("rule_tree_archived", 409, "conflict"),
        Refusal::RuleTreeNotDraft => ("rule_tree_not_draft", 409, "conflict"),
        Refusal::TemplateInUse => ("template_in_use", 409, "conflict"),
        Refusal::EventInUse => ("event_in_use", 409, "conflict"),
        Refusal::EventReserved => ("event_reserved", 400, "validation"),
        Refusal::VersionConflict => ("version_conflict", 409, "conflict"),
        Refusal::AccountInUse => ("account_in_use", 409, "conflict"),
    }
}

/// Wire name, status, type of a problem that the program would have.
pub const fn problem_row(code: ProblemCode) -> (&'static str, u16, &'static str) {
    match code {
        ProblemCode::SyntaxError
        | ProblemCode::InvalidValue
        | ProblemCode::Required
        | ProblemCode::OutOfRange => ("invalid_request", 400, "validation"),
        ProblemCode::RetailerMismatch => ("retailer_not_authorized", 403, "auth"),
        ProblemCode::PointAccountNotFound
        | ProblemCode::PointSourceNotFound
        | ProblemCode::TierSystemNotFound
        | ProblemCode::TierLevelNotFound
        | ProblemCode::RuleTreeNotFound
        | ProblemCode::TemplateNotFound
        | ProblemCode::EventNotFound => (code.as_str(), 404, "not_found"),
        ProblemCode::TooManyTierSystems
        | ProblemCode::TooManyNodes
        | ProblemCode::TooManyOutcomes
        | ProblemCode::TooManyConstraints
        | ProblemCode::TooManyLimits => (code.as_str(), 400, "limit"),
        code => (code.as_str(), 400, "validation"),
    }
}

impl From<Refusal> for IncentivesError {
    fn from(refusal: Refusal) -> Self {
        Self::new(IncentivesCode::Edit(refusal), refusal.to_string())
    }
}

impl From<EditError> for IncentivesError {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Problems(problems) => Self::of_problems(problems),
            EditError::Refused(refusal) => refusal.into(),
            EditError::Engine(error) => error.into(),
        }
    }
}
