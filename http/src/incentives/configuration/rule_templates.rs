//! `POST /incentives/api/1.0/dynamic_rule_template/...` (incentives.md 7.13).

use domain::configuration::{Json, Object, ObjectKind, Operation};

use super::{
    call::Call,
    endpoints,
    lists::{Column, Listing, by_name, by_status},
};
use crate::incentives::IncentivesError;

const KIND: ObjectKind = ObjectKind::RuleTemplate;
const COLUMNS: [Column; 2] = [("Name", by_name), ("Status", by_status)];

endpoints! {
    /// A new rule template: a library of qualifiers, constraints and outcomes. Answers `dynamic_rule_template`.
    create_rule_template, "/incentives/api/1.0/dynamic_rule_template/create", NewTemplateBody => create;
    /// The whole template of an `id` with the `version` that the caller has seen; 409 `version_conflict` when there is
    /// another. Trees keep the version they were built with.
    update_rule_template, "/incentives/api/1.0/dynamic_rule_template/update", TemplateBody => update;
    /// The rule template of an `id`.
    get_rule_template, "/incentives/api/1.0/dynamic_rule_template/get", IdBody => get;
    /// The rule templates. `rule_type`, `status`, `skip`, `take`, `sort_column` (`Name`, `Status`), `sort_direction`;
    /// answers `total_records` and `results`.
    fetch_rule_templates, "/incentives/api/1.0/dynamic_rule_template/fetch", TemplatesBody => fetch;
    /// `id`, `status`.
    set_rule_template_status, "/incentives/api/1.0/dynamic_rule_template/set_status", StatusBody => set_status;
    /// `id` of a template that no rule tree was built with. Answers `success`.
    delete_rule_template, "/incentives/api/1.0/dynamic_rule_template/delete", IdBody => delete;
}

async fn create(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::CreateTemplate).await
}

async fn update(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::UpdateTemplate).await
}

async fn set_status(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::SetTemplateStatus).await
}

async fn answered(call: Call<'_>, operation: Operation) -> Result<Json, IncentivesError> {
    let (_, object) = call.edited(operation).await?;
    Ok(payload(&object))
}

fn payload(object: &Object) -> Json {
    Json::object([("dynamic_rule_template", Some(template(object)))])
}

async fn get(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (_, object) = call.named(KIND, "id").await?;
    Ok(payload(&object))
}

async fn fetch(call: Call<'_>) -> Result<Json, IncentivesError> {
    let listing = Listing::read(&call, &COLUMNS)?;
    let (status, rule_type) = (call.whole("status")?, call.whole("rule_type")?);
    let objects = call.objects().await?;
    let wanted = |row: &Json| {
        status.is_none_or(|status| row.get_whole("status") == Some(status))
            && rule_type.is_none_or(|number| row.get_whole("rule_type") == Some(number))
    };
    Ok(listing.page(objects.list(KIND).iter().map(template).filter(wanted).collect()))
}

async fn delete(call: Call<'_>) -> Result<Json, IncentivesError> {
    call.edit(Operation::DeleteTemplate).await?;
    Ok(Json::object([("success", Some(Json::Flag(true)))]))
}

fn template(object: &Object) -> Json {
    let mut template = object.json().without_nulls();
    template.set("version", Json::whole(object.version));
    if template.get("status").is_none() {
        template.set("status", Json::whole(0));
    }
    template
}
