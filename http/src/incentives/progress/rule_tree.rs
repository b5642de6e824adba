//! `POST /incentives/api/1.0/progress/rule_tree/user_progress` (incentives.md 7.11).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Timestamp,
    customer::Customer,
    id::RuleTreeId,
    program::{Program, RuleTree},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    incentives::{
        IncentivesCode, IncentivesError, IncentivesErrorBody,
        objects::{ProgressNode, TreeProgressObject},
        request::{IncentivesAnswer, Named, answer},
    },
    json::{FaultCode, Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Trees of a question at most.
const IDS_MAX: usize = 50;

/// A question for progress.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UserProgressRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Rule trees, at most 50; none: all live ones that are for the customer.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>, max_items = 50)]
    ids: Member<'a>,
}

/// How far a customer is with rule trees.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserProgressPayload {
    /// As sent.
    user_id: String,
    results: Vec<UserTreeProgress>,
}

/// How far a customer is with a rule tree.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserTreeProgress {
    rule_tree_id: String,
    /// Always empty, as on the platform.
    #[schema(value_type = String)]
    rule_tree_name: &'static str,
    /// The root passes.
    passed: bool,
    /// Leaves before their parents, the root last.
    rules: Vec<ProgressNode>,
}

/// How far a customer is with some rule trees. Nothing is counted.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/progress/rule_tree/user_progress",
    tag = "incentives",
    request_body = UserProgressRequest,
    responses(
        (status = 200, description = "Unknown trees are left out", body = IncentivesAnswer<UserProgressPayload>),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn user_progress(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, ids) = read(&body)?;
        let customer = named.resolve(state).await?;
        let look = move |customer: &Customer, program: &Program, now| results(customer, program, &ids, now);
        let results = state.engine().read_customer(customer, look).await?;
        let results =
            results.ok_or_else(|| IncentivesError::new(IncentivesCode::UserNotFound, "No such customer."))?;
        Ok(UserProgressPayload { user_id: named.user_id, results })
    })
    .await
}

fn read(body: &[u8]) -> Result<(Named, Vec<RuleTreeId>), IncentivesError> {
    let request: UserProgressRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let ids = reader.elements("ids", request.ids, |reader, id| reader.guid("", id));
    if ids.len() > IDS_MAX {
        reader.fault("ids", FaultCode::OutOfRange, format!("must have at most {IDS_MAX} elements"));
    }
    faults.none_or((named, ids)).map_err(|faults| IncentivesError::invalid(&faults))
}

fn results(
    customer: &Customer,
    program: &Program,
    ids: &[RuleTreeId],
    now: Timestamp,
) -> Vec<UserTreeProgress> {
    customer.standing(program, now, |standing| {
        let visible = |tree: &&RuleTree| tree.live && tree.holds_at(now) && standing.may_use(tree, now);
        let trees: Vec<&RuleTree> = if ids.is_empty() {
            program.trees().iter().filter(visible).collect()
        } else {
            ids.iter().filter_map(|id| program.tree(*id)).collect()
        };
        let progress = trees.iter().map(|tree| program.progress(tree, standing, now));
        progress
            .map(|progress| {
                let TreeProgressObject { rule_tree_id, rules } = TreeProgressObject::new(&progress, program);
                UserTreeProgress { rule_tree_id, rule_tree_name: "", passed: progress.passed, rules }
            })
            .collect()
    })
}
