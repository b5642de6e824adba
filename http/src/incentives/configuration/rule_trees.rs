//! `POST /incentives/api/1.0/dynamic_rule_tree/...` (incentives.md 7.14).

use actors::EditError;
use domain::{
    configuration::{Json, ObjectKind, Operation, Refusal},
    id::{AllotmentId, RuleTreeId},
    program::Problem,
    time::TimeForm,
};

use super::{
    call::{Call, malformed},
    endpoints,
    lists::{Column, Listing, by_name, by_status},
    tree_shape::tree,
};
use crate::incentives::IncentivesError;

const KIND: ObjectKind = ObjectKind::RuleTree;
const COLUMNS: [Column; 3] = [
    ("Name", by_name),
    ("Status", by_status),
    ("Priority", |row| format!("{:>4}", row.get_whole("priority").unwrap_or(0))),
];

endpoints! {
    /// A new rule tree; nodes, constraints and outcomes that have no id or say `is_new` get one. A draft (status 0) may
    /// be incomplete. Answers `dynamic_rule_tree` and `warnings`.
    create_rule_tree, "/incentives/api/1.0/dynamic_rule_tree/create", NewRuleTreeBody => create;
    /// The whole tree of an `id` with the `version` that the caller has seen; 409 `version_conflict` when there is
    /// another. The status stays. Answers `dynamic_rule_tree` and `warnings`.
    update_rule_tree, "/incentives/api/1.0/dynamic_rule_tree/update", RuleTreeBody => update;
    /// The rule tree of an `id`, as of a `version` if one is named.
    get_rule_tree, "/incentives/api/1.0/dynamic_rule_tree/get", IdVersionBody => get;
    /// The rule trees. `status`, `tree_type`, `tier_level_id`, `name_contains`, `skip`, `take`, `sort_column` (`Name`,
    /// `Status`, `Priority`), `sort_direction`; answers `total_records` and `results`.
    fetch_rule_trees, "/incentives/api/1.0/dynamic_rule_tree/fetch", RuleTreesBody => fetch;
    /// `id`, `status`: 1 paused, 2 live (validated as a whole), 3 archived for good.
    set_rule_tree_status, "/incentives/api/1.0/dynamic_rule_tree/set_status", StatusBody => set_status;
    /// A new draft like the tree of an `id`, with another `name`.
    duplicate_rule_tree, "/incentives/api/1.0/dynamic_rule_tree/duplicate", DuplicateBody => duplicate;
    /// Looks at a tree as if it were set live; answers `valid` and `problems` with their paths.
    validate_rule_tree, "/incentives/api/1.0/dynamic_rule_tree/validate", AnyRuleTreeBody => validate;
    /// `id` of a draft. Answers `success`.
    delete_rule_tree, "/incentives/api/1.0/dynamic_rule_tree/delete", IdBody => delete;
    /// `id`, `template_version`: the tree is then built with that version of its template.
    upgrade_template, "/incentives/api/1.0/dynamic_rule_tree/upgrade_template", UpgradeTemplateBody => upgrade;
    /// The versions of the tree of an `id`: `results` with `version` and `changed_at`.
    fetch_rule_tree_versions, "/incentives/api/1.0/dynamic_rule_tree/fetch_versions", IdBody => versions;
}

async fn create(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::CreateRuleTree).await
}

async fn update(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::UpdateRuleTree).await
}

async fn set_status(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::SetRuleTreeStatus).await
}

async fn duplicate(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::DuplicateRuleTree).await
}

async fn upgrade(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::UpgradeTemplate).await
}

async fn answered(call: Call<'_>, operation: Operation) -> Result<Json, IncentivesError> {
    let (objects, object) = call.edited(operation).await?;
    Ok(payload(with_consumed(&call, tree(&objects, &object)).await?))
}

/// A tree with what has been taken of its budget (incentives.md 6.8); what is reserved at this moment is taken.
async fn with_consumed(call: &Call<'_>, mut tree: Json) -> Result<Json, IncentivesError> {
    let id = tree.get_id("id").map(RuleTreeId);
    if let (Some(id), Some(mut budget @ Json::Object(_))) = (id, tree.get("budget").cloned()) {
        let taken = call.taken_of(AllotmentId::of_tree(id)).await?;
        let points = Json::parse(&taken.points.to_string()).unwrap_or(Json::Null);
        budget.set("consumed_points", points);
        budget.set("consumed_awards", Json::whole(taken.awards));
        tree.set("budget", budget);
    }
    Ok(tree)
}

fn payload(tree: Json) -> Json {
    Json::object([("dynamic_rule_tree", Some(tree)), ("warnings", Some(Json::Array(Vec::new())))])
}

async fn get(call: Call<'_>) -> Result<Json, IncentivesError> {
    let wanted = call.whole("version")?;
    let (objects, mut object) = call.named(KIND, "id").await?;
    if let Some(wanted) = wanted.filter(|wanted| *wanted != i64::from(object.version)) {
        let versions = call.versions(KIND, object.id).await?;
        let known = versions.into_iter().map(|(_, known)| known);
        let found = known.into_iter().find(|known| i64::from(known.version) == wanted);
        object = found.ok_or(Refusal::NotFound(KIND))?;
    }
    Ok(payload(with_consumed(&call, tree(&objects, &object)).await?))
}

async fn fetch(call: Call<'_>) -> Result<Json, IncentivesError> {
    let listing = Listing::read(&call, &COLUMNS)?;
    let (status, tree_type) = (call.whole("status")?, call.whole("tree_type")?);
    let part = call.text("name_contains")?.map(str::to_lowercase);
    let level = call.id("tier_level_id")?;
    let wanted = |row: &Json| {
        let assigned = |level| {
            let mut assignments = row.elements("tier_assignments").iter();
            assignments.any(|known| known.get_id("tier_level_id") == Some(level))
        };
        status.is_none_or(|status| row.get_whole("status") == Some(status))
            && tree_type.is_none_or(|number| row.get_whole("tree_type") == Some(number))
            && part.as_ref().is_none_or(|part| by_name(row).contains(part))
            && level.is_none_or(assigned)
    };
    let objects = call.objects().await?;
    let mut rows = Vec::new();
    for row in objects.list(KIND).iter().map(|object| tree(&objects, object)).filter(wanted) {
        rows.push(with_consumed(&call, row).await?);
    }
    Ok(listing.page(rows))
}

async fn validate(call: Call<'_>) -> Result<Json, IncentivesError> {
    let problems = match call.check(Operation::ValidateRuleTree).await {
        Ok(()) => Vec::new(),
        Err(EditError::Problems(problems)) => problems,
        Err(EditError::Refused(refusal)) => return Err(refusal.into()),
        Err(EditError::Engine(error)) => return Err(error.into()),
    };
    let problem = |problem: &Problem| {
        Json::object([
            ("path", Some(Json::text(&problem.path))),
            ("code", Some(Json::text(problem.code))),
            ("message", Some(Json::text(&problem.message))),
        ])
    };
    Ok(Json::object([
        ("valid", Some(Json::Flag(problems.is_empty()))),
        ("problems", Some(Json::Array(problems.iter().map(problem).collect()))),
    ]))
}

async fn delete(call: Call<'_>) -> Result<Json, IncentivesError> {
    call.edit(Operation::DeleteRuleTree).await?;
    Ok(Json::object([("success", Some(Json::Flag(true)))]))
}

async fn versions(call: Call<'_>) -> Result<Json, IncentivesError> {
    let id = call.id("id")?.ok_or_else(|| malformed("id is required"))?;
    let versions = call.versions(KIND, id).await?;
    if versions.is_empty() {
        return Err(Refusal::NotFound(KIND).into());
    }
    let rows = versions.into_iter().map(|(at, object)| {
        Json::object([
            ("version", Some(Json::whole(object.version))),
            ("changed_at", Some(Json::text(at.write(TimeForm::Iso)))),
        ])
    });
    Ok(Json::object([("results", Some(Json::Array(rows.collect())))]))
}
