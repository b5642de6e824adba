//! What is wrong with a program document.

use std::fmt;

/// One thing that keeps a program from being used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {code}: {message}")]
pub struct Problem {
    /// Where: the JSON path of the offending member, such as `rule_trees[3].outcomes[0].point_source_id`,
    /// `stores[2].store_id`, or `catalog:17` for a line of the catalog. Empty: the document as a whole.
    pub path: String,
    /// What kind of problem it is.
    pub code: ProblemCode,
    /// What is wrong, in words.
    pub message: String,
}

macro_rules! problem_codes {
    ($($(#[$meta:meta])* $variant:ident => $text:literal),+ $(,)?) => {
        /// The kind of a [`Problem`]. The names are those of incentives.md 7.4, 7.5 and 7.14 where there is one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemCode {
            $($(#[$meta])* $variant),+
        }

        impl ProblemCode {
            /// Its stable name, snake_case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

problem_codes! {
    /// The text is not JSON.
    SyntaxError => "syntax_error",
    /// A member has the wrong type or is not a value of its kind.
    InvalidValue => "invalid_value",
    /// A member that must be there is not.
    Required => "required",
    /// A number is outside its range, or a text too long.
    OutOfRange => "out_of_range",
    /// Valid on the platform, but Laurel cannot do it yet. Refused, because to ignore it would give wrong balances.
    NotSupported => "not_supported",
    /// Two things of one kind have the same id.
    DuplicateId => "duplicate_id",
    /// Two things of one kind have the same name.
    DuplicateName => "duplicate_name",
    /// The thing belongs to another retailer.
    RetailerMismatch => "retailer_mismatch",
    /// No such time zone.
    TimeZoneUnknown => "time_zone_unknown",
    /// No such point account.
    PointAccountNotFound => "point_account_not_found",
    /// No such point source.
    PointSourceNotFound => "point_source_not_found",
    /// The source may not fill the account.
    PointSourceNotLinked => "point_source_not_linked",
    /// The policy lacks its frequency or age, or they are no length of time.
    ExpirationPolicyInvalid => "expiration_policy_invalid",
    /// No such store.
    StoreNotFound => "store_not_found",
    /// No such tier system.
    TierSystemNotFound => "tier_system_not_found",
    /// No such level in the system.
    TierLevelNotFound => "tier_level_not_found",
    /// Two levels of one system have the same rank.
    RankTaken => "rank_taken",
    /// A system has no level of rank 0.
    DefaultLevelRequired => "default_level_required",
    /// More tier systems than a retailer may have.
    TooManyTierSystems => "too_many_tier_systems",
    /// There is not exactly one node without a parent.
    RuleRootMissing => "rule_root_missing",
    /// Nodes are their own ancestors.
    RuleCycle => "rule_cycle",
    /// A node names a parent that is not in the tree, or that is no group.
    RuleParentUnknown => "rule_parent_unknown",
    /// The node's type may not stand in this type of tree.
    RuleNotAllowed => "rule_not_allowed",
    /// The constraint does not belong on this type of node.
    ConstraintNotAllowed => "constraint_not_allowed",
    /// The members of a constraint contradict each other.
    ConstraintInvalid => "constraint_invalid",
    /// The tree type needs an outcome and there is none.
    OutcomeRequired => "outcome_required",
    /// The tree type needs a tier level and there is none.
    TierAssignmentRequired => "tier_assignment_required",
    /// A limit that cannot be used up, or whose window is no length of time.
    LimitInvalid => "limit_invalid",
    /// More nodes than a tree may have.
    TooManyNodes => "too_many_nodes",
    /// More outcomes than a tree may have.
    TooManyOutcomes => "too_many_outcomes",
    /// More constraints than a node may have.
    TooManyConstraints => "too_many_constraints",
    /// More limits than a tree or an outcome may have.
    TooManyLimits => "too_many_limits",
    /// No event of this name starts the tree.
    EventNotFound => "event_not_found",
    /// The name belongs to an event of the platform.
    EventReserved => "event_reserved",
    /// The outcome does not belong in this type of tree.
    OutcomeNotAllowed => "outcome_not_allowed",
    /// No such rule tree.
    RuleTreeNotFound => "rule_tree_not_found",
    /// No tree belongs to the exclusivity group.
    ExclusivityGroupUnknown => "exclusivity_group_unknown",
    /// The tree competes, but in no group, or by another mode than the rest of its group.
    ExclusivityInvalid => "exclusivity_invalid",
    /// A tier system is published with a level that is not live.
    TierLevelNotLive => "tier_level_not_live",
    /// No such rule template.
    TemplateNotFound => "template_not_found",
    /// Two parts of a template have the same key.
    TemplateKeyDuplicate => "template_key_duplicate",
    /// A text of a template shows a variable that is not listed.
    TemplateVariableUnknown => "template_variable_unknown",
    /// The end lies before the start.
    DateWindowInvalid => "date_window_invalid",
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
