//! The bodies of the configuration endpoints, as the OpenAPI document shows them. They are read as JSON (`call`), and
//! objects by the compiler of programs; members that are not here are kept with the object.

#![expect(dead_code, reason = "types of the document alone: nothing has a value of them")]

use utoipa::ToSchema;

use crate::json::wire::{
    Flag, Guid, Key, NotNegativeAmount, Skip, SortDirection, Take, Version, caseless, text, whole,
    wire_types, words,
};

wire_types! {
    /// A column to sort by, in any letter case.
    AccountColumn => caseless(&["Name", "Status", "GroupingLabel"]);
    /// A column to sort by, in any letter case.
    NameOrStatus => caseless(&["Name", "Status"]);
    /// A column to sort by, in any letter case.
    TreeColumn => caseless(&["Name", "Status", "Priority"]);
    /// A column to sort by, in any letter case.
    EventColumn => caseless(&["Name", "Event_Lookup", "Status"]);
    /// 0 draft, 1 paused, 2 live, 3 archived.
    Status => whole(0, 3);
    /// 0 inactive, 1 active.
    SourceStatus => whole(0, 1);
    /// What is constrained by tier level.
    ConstrainedKind => words(&["rule_tree", "point_source", "offer", "reward_store"]);
    /// Whether the levels are those that are let in, or those that are kept out.
    ConstraintMode => words(&["include", "exclude"]);
    /// Any whole number.
    Whole => whole(isize::MIN, isize::MAX);
    /// A name.
    ObjectName => text().min_length(Some(1));
    /// 1 purchase, 2 event, 3 entrance to a tier level, 4 staying in one.
    TreeType => whole(1, 4);
    /// 0 never; 1 and 2 by age.
    PolicyType => whole(0, 2);
    /// The kind of a restriction.
    RestrictionKind => whole(1, 2);
}

/// Declares bodies: `retailer_id`, and what else they have.
macro_rules! bodies {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $about:literal])* $member:ident: $kind:ty,)* })+) => {$(
        $(#[doc = $doc])+
        #[derive(ToSchema)]
        pub struct $name {
            /// The tenant.
            retailer_id: Guid,
            $($(#[doc = $about])* $member: $kind,)*
        }
    )+};
}

bodies! {
    /// An object.
    IdBody { id: Guid, }
    /// An object, as of the version that the caller has seen when it names one.
    IdVersionBody { id: Guid, version: Option<Version>, }
    /// An object's status.
    StatusBody { id: Guid, status: Status, }
    /// A page of point accounts.
    AccountsBody {
        skip: Option<Skip>,
        take: Option<Take>,
        sort_column: Option<AccountColumn>,
        sort_direction: Option<SortDirection>,
        include_expiration_policy: Option<Flag>,
        include_point_sources: Option<Flag>,
        include_restrictions: Option<Flag>,
        active_only: Option<Flag>,
    }
    /// A new point account.
    NewAccountBody {
        name: ObjectName,
        grouping_label: Option<String>,
        include_in_default_points: Option<bool>,
        active: Option<bool>,
        allow_negative_balance: Option<bool>,
        max_allowed_balance: Option<NotNegativeAmount>,
        expiration_policy: Option<ExpirationPolicyBody>,
    }
    /// What is to change of a point account.
    AccountBody {
        id: Guid,
        name: Option<ObjectName>,
        grouping_label: Option<String>,
        include_in_default_points: Option<bool>,
        active: Option<bool>,
        allow_negative_balance: Option<bool>,
        max_allowed_balance: Option<NotNegativeAmount>,
        expiration_policy: Option<ExpirationPolicyBody>,
    }
    /// Whether a point account is active.
    AccountActiveBody { id: Guid, active: Flag, }
    /// A page of point sources.
    SourcesBody {
        skip: Option<Skip>,
        take: Option<Take>,
        sort_column: Option<NameOrStatus>,
        sort_direction: Option<SortDirection>,
        include_restrictions: Option<Flag>,
        active_only: Option<Flag>,
    }
    /// A new point source.
    NewSourceBody {
        name: ObjectName,
        status: Option<SourceStatus>,
        /// The accounts it may fill; or `point_accounts`, as objects with an `id`.
        point_account_ids: Option<Vec<Guid>>,
        restrictions: Option<Vec<RestrictionBody>>,
    }
    /// What is to change of a point source.
    SourceBody {
        id: Guid,
        name: Option<ObjectName>,
        status: Option<SourceStatus>,
        /// The accounts it may fill; or `point_accounts`, as objects with an `id`.
        point_account_ids: Option<Vec<Guid>>,
        restrictions: Option<Vec<RestrictionBody>>,
    }
    /// A point source's status.
    SourceStatusBody { id: Guid, status: SourceStatus, }
    /// A restriction of a source; its members may also stand beside `point_source_id`.
    SaveRestrictionBody { point_source_id: Guid, restriction: Option<RestrictionBody>, }
    /// A tier system.
    TierSystemIdBody { tier_system_id: Guid, }
    /// A page of tier systems.
    TierSystemsBody {
        skip: Option<Skip>,
        take: Option<Take>,
        sort_column: Option<NameOrStatus>,
        sort_direction: Option<SortDirection>,
        status: Option<Whole>,
    }
    /// A new tier system.
    NewTierSystemBody {
        name: ObjectName,
        status: Option<Status>,
        disabled: Option<bool>,
        levels: Option<Vec<LevelBody>>,
    }
    /// What is to change of a tier system.
    TierSystemBody { id: Guid, name: Option<ObjectName>, status: Option<Status>, disabled: Option<bool>, }
    /// A new tier level.
    NewTierLevelBody { tier_system_id: Guid, name: ObjectName, rank: Whole, status: Option<Status>, }
    /// What is to change of a tier level.
    TierLevelBody { id: Guid, name: Option<ObjectName>, rank: Option<Whole>, status: Option<Status>, }
    /// A tree and a level.
    LevelTreeBody { tier_level_id: Guid, rule_tree_id: Guid, }
    /// A constraint by tier level.
    ConstraintBody {
        id: Option<Guid>,
        version: Option<Version>,
        entity_type: ConstrainedKind,
        entity_id: Guid,
        tier_system_id: Guid,
        tier_level_ids: Vec<Guid>,
        mode: ConstraintMode,
        min_days_in_level: Option<Whole>,
    }
    /// A page of constraints by tier level.
    ConstraintsBody {
        entity_type: ConstrainedKind,
        entity_ids: Option<Vec<Guid>>,
        skip: Option<Skip>,
        take: Option<Take>,
        sort_direction: Option<SortDirection>,
    }
    /// Things that a customer may want to use.
    AllowedBody { user_id: Key, entity_type: ConstrainedKind, entity_ids: Vec<Guid>, }
    /// A new rule tree.
    NewRuleTreeBody {
        name: ObjectName,
        status: Option<Status>,
        tree_type: TreeType,
        rules: Option<Vec<serde_json::Value>>,
        outcomes: Option<Vec<serde_json::Value>>,
        limits: Option<Vec<serde_json::Value>>,
        tier_assignments: Option<Vec<serde_json::Value>>,
    }
    /// A whole rule tree, with the version that the caller has seen.
    RuleTreeBody {
        id: Guid,
        version: Version,
        name: ObjectName,
        tree_type: TreeType,
        rules: Option<Vec<serde_json::Value>>,
        outcomes: Option<Vec<serde_json::Value>>,
        limits: Option<Vec<serde_json::Value>>,
        tier_assignments: Option<Vec<serde_json::Value>>,
    }
    /// Anything that may be a rule tree: what is wrong with it is what the answer says.
    AnyRuleTreeBody {}
    /// A page of rule trees.
    RuleTreesBody {
        status: Option<Whole>,
        tree_type: Option<Whole>,
        tier_level_id: Option<Guid>,
        name_contains: Option<String>,
        skip: Option<Skip>,
        take: Option<Take>,
        sort_column: Option<TreeColumn>,
        sort_direction: Option<SortDirection>,
    }
    /// A tree and the name of its double.
    DuplicateBody { id: Guid, name: ObjectName, }
    /// A tree and the version of its template that it is to be built with.
    UpgradeTemplateBody { id: Guid, template_version: Version, }
    /// A new rule template.
    NewTemplateBody { name: ObjectName, status: Option<Status>, }
    /// A whole rule template, with the version that the caller has seen.
    TemplateBody { id: Guid, version: Version, name: ObjectName, }
    /// A page of rule templates.
    TemplatesBody {
        rule_type: Option<Whole>,
        status: Option<Whole>,
        skip: Option<Skip>,
        take: Option<Take>,
        sort_column: Option<NameOrStatus>,
        sort_direction: Option<SortDirection>,
    }
    /// A page of events.
    EventsBody {
        include_default: Option<Flag>,
        skip: Option<Skip>,
        take: Option<Take>,
        sort_column: Option<EventColumn>,
        sort_direction: Option<SortDirection>,
    }
    /// An event.
    EventBody {
        id: Option<Guid>,
        /// `A-Z0-9_`, at most 64 characters; required for a new one.
        event_lookup: Option<String>,
        name: Option<ObjectName>,
        description: Option<String>,
        status: Option<Whole>,
    }
}

/// When points of an account expire. Of points that never do, nothing but the type is read.
#[derive(ToSchema)]
pub struct ExpirationPolicyBody {
    policy_type: Option<PolicyType>,
    frequency_value: Option<serde_json::Value>,
    frequency_unit_type: Option<serde_json::Value>,
    expiration_age_value: Option<serde_json::Value>,
    expiration_age_unit_type: Option<serde_json::Value>,
    point_expiration_percentage: Option<serde_json::Value>,
}

/// A restriction of a point source.
#[derive(ToSchema)]
pub struct RestrictionBody {
    id: Option<Guid>,
    discriminator: RestrictionKind,
    personal: Option<bool>,
    max_points: Option<NotNegativeAmount>,
    time: Option<i64>,
    unit_of_time: Option<String>,
}

/// A level of a new tier system.
#[derive(ToSchema)]
pub struct LevelBody {
    name: ObjectName,
    rank: i64,
    status: Option<i64>,
}
