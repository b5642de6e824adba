//! `POST /incentives/api/1.0/user_state/fetch` (incentives.md 7.9).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Points, Quantity,
    customer::Customer,
    program::{
        Program,
        tree::{CountTest, NodeTest},
    },
    rules::{LimitUse, NodeCounter},
    time::TimeForm,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    objects::FigureNumber,
    request::{IncentivesAnswer, Named, answer},
};
use crate::{
    json::{Faults, Member, Reader, parse_object},
    state::HttpState,
};

/// A question for what the rules remember.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UserStateRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = String, format = "uuid")]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = String)]
    user_id: Member<'a>,
}

/// What the rules remember of a customer besides points and tiers.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserStateObject {
    /// As sent.
    retailer_id: String,
    /// As sent.
    user_id: String,
    counters: Vec<CounterObject>,
    node_counters: Vec<NodeCounterObject>,
    outcome_usage: Vec<OutcomeUsageObject>,
    tags: Vec<TagObject>,
}

/// A counter that callers keep.
#[derive(Debug, Serialize, ToSchema)]
pub struct CounterObject {
    name: String,
    #[schema(value_type = f64)]
    value: Quantity,
    updated_at: String,
}

/// What a node has counted, as of now.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeCounterObject {
    tree_id: String,
    rule_id: String,
    #[schema(value_type = f64)]
    value: FigureNumber,
    /// When it was first fed.
    since: String,
}

/// What is used of a limit of a tree or an outcome.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeUsageObject {
    tree_id: String,
    /// Not on a limit of the tree itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome_id: Option<String>,
    times: i32,
    #[schema(value_type = f64)]
    points: Points,
    /// Of a calendar window its start.
    last_applied: String,
}

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagObject {
    name: String,
    /// When it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

/// What the rules remember of a customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_state/fetch",
    tag = "incentives",
    request_body = UserStateRequest,
    responses(
        (status = 200, description = "What is remembered", body = IncentivesAnswer<UserStateObject>),
        (status = 400, description = "Malformed", body = IncentivesErrorBody),
        (status = 401, description = "Missing or wrong credentials", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
    security(("connect" = [])),
)]
pub async fn fetch_user_state(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: UserStateRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let named = Named::read(request.retailer_id, request.user_id, &mut Reader::new(&mut faults));
        let named = faults.none_or(named).map_err(|faults| IncentivesError::invalid(&faults))?;
        let customer = named.resolve(state).await?;
        let form = state.incentives_times();
        let look =
            move |customer: &Customer, program: &Program, now| state_object(customer, program, now, form);
        let seen = state.engine().read_customer(customer, look).await?;
        let mut object =
            seen.ok_or_else(|| IncentivesError::new(IncentivesCode::UserNotFound, "No such customer."))?;
        object.name(&named);
        Ok(object)
    })
    .await
}

impl UserStateObject {
    /// Whose it is, in the caller's words.
    pub fn name(&mut self, named: &Named) {
        self.retailer_id.clone_from(&named.retailer_id);
        self.user_id.clone_from(&named.user_id);
    }
}

/// What the rules remember, of nobody in particular yet.
pub fn state_object(
    customer: &Customer,
    program: &Program,
    now: domain::Timestamp,
    form: TimeForm,
) -> UserStateObject {
    let state = customer.rule_state();
    let counters = state.counters.named().iter().map(|known| CounterObject {
        name: known.name.to_string(),
        value: known.value,
        updated_at: known.updated.write(form),
    });
    let nodes = state.counters.nodes().iter();
    let node_counters = nodes.filter_map(|counter| node_counter(customer, counter, program, now, form));
    let tags = state.tags.iter().filter(|tag| tag.is_there(now)).map(|tag| TagObject {
        name: tag.name.to_string(),
        expires_at: tag.until.map(|until| until.write(form)),
    });
    UserStateObject {
        retailer_id: String::new(),
        user_id: String::new(),
        counters: counters.collect(),
        node_counters: node_counters.collect(),
        outcome_usage: customer.usage().all().iter().map(|used| usage(used, form)).collect(),
        tags: tags.collect(),
    }
}

/// What a node of the present program has counted; nothing of one that is there no more or counts something else now.
fn node_counter(
    customer: &Customer,
    counter: &NodeCounter,
    program: &Program,
    now: domain::Timestamp,
    form: TimeForm,
) -> Option<NodeCounterObject> {
    let tree = program.tree(counter.key.tree)?;
    let counts = |test: &CountTest| test.fingerprint == counter.key.fingerprint;
    let place = tree.nodes.iter().position(|node| match &node.test {
        NodeTest::Count(test) => node.id == counter.key.node && counts(test),
        _ => false,
    })?;
    let figure = customer
        .standing(program, now, |standing| program.progress(tree, standing, now).nodes[place].query_result)?;
    Some(NodeCounterObject {
        tree_id: counter.key.tree.to_string(),
        rule_id: counter.key.node.to_string(),
        value: FigureNumber(figure),
        since: counter.since.write(form),
    })
}

fn usage(used: &LimitUse, form: TimeForm) -> OutcomeUsageObject {
    OutcomeUsageObject {
        tree_id: used.key.tree.to_string(),
        outcome_id: used.key.outcome.map(|outcome| outcome.to_string()),
        times: used.times,
        points: used.points,
        last_applied: used.at.write(form),
    }
}
