//! `POST /incentives/api/1.0/simulate_outcomes/transaction` and `.../event` (incentives.md 7.15).
//!
//! Ours: `draft_rule_trees`, whole trees that are supposed to be live; `as_of` in the past is the business time, while
//! the customer is as now. A sale is supposed to be closed, whatever it says. Without a `user_id`, the first member
//! that the payments name is meant, and somebody of whom nothing is known where they name nobody.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use actors::{Simulated, SimulatedTrigger, SimulationError, SimulationRequest};
use domain::{
    Points, Timestamp,
    configuration::Json,
    customer::{self, OutcomeResult},
    id::{PointAccountId, RetailerId, RuleTreeId, TierLevelId},
    program::Program,
    time::Zone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    objects::{BalanceObject, ProgressNode, TreeProgressObject},
    request::{IncentivesAnswer, admit_retailer, answer, find_user, no_such_customer},
    transaction_body::{TransactionBody, read_transaction},
    trigger_user_event::{EventMembers, OutcomeObject, TriggerRequest, check_lookup},
};
use crate::{
    json::{FaultCode, Faults, Member, Object, Reader, parse_object, wire},
    state::HttpState,
};

/// Trees that one question may suppose to be live.
const TREES_MAX: usize = 50;

/// What is supposed beside the trigger.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SimulationMembers<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system; none: whom the payments name, or nobody.
    #[schema(value_type = Option<wire::Key>)]
    user_id: Member<'a>,
    /// Rule trees that are supposed to be live, drafts too; at most 50.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>, max_items = 50)]
    tree_ids: Member<'a>,
    /// Whole rule trees that are supposed to be live; at most 50.
    #[schema(value_type = Option<Vec<Option<Object>>>, max_items = 50)]
    draft_rule_trees: Member<'a>,
    /// When; default now.
    #[schema(value_type = Option<wire::Time>)]
    as_of: Member<'a>,
    /// Levels that the customer is supposed to hold.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>)]
    assume_tier_level_ids: Member<'a>,
}

/// A sale that is only supposed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SimulateTransactionRequest<'a> {
    /// The sale. Required.
    #[serde(borrow)]
    #[schema(value_type = TransactionBody)]
    transaction: Object<TransactionBody<'a>>,
}

/// The body about a sale as the document shows it: it is read in its two parts.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is there for the document alone")]
pub struct SimulateTransactionBody<'a> {
    #[serde(borrow, flatten)]
    members: SimulationMembers<'a>,
    #[serde(flatten)]
    sale: SimulateTransactionRequest<'a>,
}

/// The body about an event as the document shows it: it is read in its two parts.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is there for the document alone")]
pub struct SimulateEventBody<'a> {
    #[serde(borrow, flatten)]
    members: SimulationMembers<'a>,
    #[serde(flatten)]
    event: EventMembers<'a>,
}

/// What would happen.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimulatedPayload {
    outcomes: Vec<OutcomeObject>,
    /// Over all accounts; below zero when more would be taken back.
    #[schema(value_type = f64)]
    total_points: Points,
    points_by_account: Vec<AccountPoints>,
    /// The trees that would be looked at.
    evaluated_trees: Vec<EvaluatedTree>,
    projected_balances: BalanceObject,
    projected_tiers: Vec<ProjectedTier>,
}

/// Points of one account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountPoints {
    point_account_id: String,
    account_name: String,
    #[schema(value_type = f64)]
    points: Points,
}

/// A tree that would be looked at.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluatedTree {
    rule_tree_id: String,
    rule_tree_name: String,
    passed: bool,
    /// Leaves before their parents, the root last.
    rules: Vec<ProgressNode>,
}

/// The level in a tier system.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectedTier {
    tier_system_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_tier_level_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_tier_level_id: Option<String>,
}

/// What a sale would earn. Nothing is written, counted or consumed.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/simulate_outcomes/transaction",
    tag = "incentives",
    request_body = SimulateTransactionBody,
    responses(
        (status = 200, description = "What would happen", body = IncentivesAnswer<SimulatedPayload>),
        (status = 400, description = "Malformed, or a draft that is no tree", body = IncentivesErrorBody),
        (status = 404, description = "No such customer, tree or level", body = IncentivesErrorBody),
    ),
)]
pub async fn simulate_transaction(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let members: SimulationMembers<'_> = parse_object(&body)?;
        let request: SimulateTransactionRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let supposed = Supposed::read(&members, &mut reader);
        let preview = Some(supposed.as_of.unwrap_or_else(|| state.engine().now()));
        let program = state.program();
        let content = read_transaction(&request.transaction, &program, preview, &mut reader)?;
        let read = faults.none_or((supposed, content)).map_err(|faults| IncentivesError::invalid(&faults))?;
        let (supposed, Some(content)) = read else {
            return Err(IncentivesError::new(IncentivesCode::InvalidRequest, "transaction is required"));
        };
        supposed.simulate(state, SimulatedTrigger::Sale(Box::new(content))).await
    })
    .await
}

/// What would come of an event. Nothing is written, counted or consumed.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/simulate_outcomes/event",
    tag = "incentives",
    request_body = SimulateEventBody,
    responses(
        (status = 200, description = "What would happen", body = IncentivesAnswer<SimulatedPayload>),
        (status = 400, description = "Malformed, or a draft that is no tree", body = IncentivesErrorBody),
        (status = 404, description = "No such customer, event, tree or level", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn simulate_event(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let members: SimulationMembers<'_> = parse_object(&body)?;
        let request: TriggerRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let supposed = Supposed::read(&members, &mut reader);
        let event = request.event(&mut reader)?;
        let read = faults.none_or((supposed, event)).map_err(|faults| IncentivesError::invalid(&faults));
        let (supposed, event) = read?;
        check_lookup(&event.lookup, &state.program())?;
        supposed.simulate(state, SimulatedTrigger::Event(Box::new(event))).await
    })
    .await
}

/// What is supposed beside the trigger, read.
struct Supposed {
    retailer: Option<RetailerId>,
    retailer_id: String,
    user_id: Option<String>,
    trees: Vec<RuleTreeId>,
    drafts: Vec<Json>,
    as_of: Option<Timestamp>,
    levels: Vec<TierLevelId>,
}

impl Supposed {
    fn read(members: &SimulationMembers<'_>, reader: &mut Reader<'_>) -> Self {
        let retailer = reader.required_guid("retailer_id", members.retailer_id);
        let echoed = retailer.and_then(|_: RetailerId| reader.key("retailer_id", members.retailer_id));
        let retailer_id = echoed.map(Into::into).unwrap_or_default();
        let trees = reader.elements("tree_ids", members.tree_ids, |reader, id| reader.guid("", id));
        let drafts = reader.elements("draft_rule_trees", members.draft_rule_trees, |reader, tree| {
            reader.object_text("", tree).and_then(|text| Json::parse(text).ok())
        });
        if trees.len() > TREES_MAX || drafts.len() > TREES_MAX {
            let message = format!("at most {TREES_MAX} trees may be supposed to be live");
            reader.fault("tree_ids", FaultCode::OutOfRange, message);
        }
        Self {
            retailer,
            retailer_id,
            user_id: reader.key("user_id", members.user_id).map(Into::into),
            trees,
            drafts,
            as_of: reader.time("as_of", members.as_of, &Zone::UTC),
            levels: reader.elements("assume_tier_level_ids", members.assume_tier_level_ids, |reader, id| {
                reader.guid("", id)
            }),
        }
    }

    async fn simulate(
        self,
        state: &HttpState,
        trigger: SimulatedTrigger,
    ) -> Result<SimulatedPayload, IncentivesError> {
        admit_retailer(state, self.retailer)?;
        let customer = match &self.user_id {
            None => None,
            Some(user_id) => Some(find_user(state, user_id).await?.ok_or_else(no_such_customer)?),
        };
        let Self { trees, drafts, as_of, levels, .. } = self;
        let request = SimulationRequest { trigger, customer, as_of, levels, trees, drafts };
        let simulated = state.engine().simulate(request).await?;
        let user_id = self.user_id.or_else(|| simulated.customer.map(|customer| customer.to_string()));
        SimulatedPayload::new(&simulated, &self.retailer_id, &user_id.unwrap_or_default())
    }
}

impl SimulatedPayload {
    fn new(simulated: &Simulated, retailer_id: &str, user_id: &str) -> Result<Self, IncentivesError> {
        let Simulated { outlook, program, .. } = simulated;
        let (points_by_account, total_points) = points(&outlook.outcomes, program)?;
        let outcome = |result| OutcomeObject::new(result, program).supposed();
        let trees = outlook.rounds.iter().flat_map(|round| &round.trees);
        let evaluated = trees.filter_map(|tree| {
            let TreeProgressObject { rule_tree_id, rules } =
                TreeProgressObject::new(&tree.progress(program)?, program);
            let rule_tree_name = program.tree(tree.tree)?.name.clone();
            Some(EvaluatedTree { rule_tree_id, rule_tree_name, passed: tree.passed, rules })
        });
        let balances = outlook.after.balances(program, outlook.at);
        Ok(Self {
            outcomes: outlook.outcomes.iter().map(outcome).collect(),
            total_points,
            points_by_account,
            evaluated_trees: evaluated.collect(),
            projected_balances: BalanceObject::new(retailer_id, user_id, &balances, program),
            projected_tiers: projected_tiers(simulated),
        })
    }
}

/// Points by account, in the order of the program, and altogether.
fn points(
    outcomes: &[OutcomeResult],
    program: &Program,
) -> Result<(Vec<AccountPoints>, Points), IncentivesError> {
    let mut sums: BTreeMap<PointAccountId, Points> = BTreeMap::new();
    for given in outcomes.iter().filter_map(|result| result.given) {
        let sum = sums.entry(given.account).or_default();
        *sum = sum.plus(given.points)?;
    }
    let total = Points::sum(sums.values().copied())?;
    let listed = program.accounts().iter().filter_map(|account| {
        let points = *sums.get(&account.id)?;
        let (point_account_id, account_name) = (account.id.to_string(), account.name.clone());
        Some(AccountPoints { point_account_id, account_name, points })
    });
    Ok((listed.collect(), total))
}

fn projected_tiers(simulated: &Simulated) -> Vec<ProjectedTier> {
    let Simulated { outlook, program, .. } = simulated;
    let systems = program.tier_systems().iter().filter_map(|system| {
        let before = outlook.levels_before.iter().find(|(known, _)| *known == system.id);
        let after = outlook.after.tiers().iter().find(|tier| tier.system == system.id);
        (before.is_some() || after.is_some()).then(|| ProjectedTier {
            tier_system_id: system.id.to_string(),
            from_tier_level_id: before.map(|(_, level)| level.to_string()),
            to_tier_level_id: after.map(|tier| tier.level.to_string()),
        })
    });
    systems.collect()
}

impl From<SimulationError> for IncentivesError {
    fn from(error: SimulationError) -> Self {
        let refused = match error {
            SimulationError::Program(error) => return error.into(),
            SimulationError::LevelNotFound => {
                return domain::configuration::Refusal::TierLevelNotFound.into();
            }
            SimulationError::Amount(error) => return error.into(),
            SimulationError::Engine(error) => return error.into(),
            SimulationError::Refused(refused) => *refused,
        };
        match refused {
            customer::Error::NotFound => no_such_customer(),
            customer::Error::EventNotFound => {
                Self::new(IncentivesCode::EventNotFound, "There is no such event.")
            }
            customer::Error::IdempotencyConflict => Self::new(
                IncentivesCode::IdempotencyConflict,
                "The idempotency_id was used with another event.",
            ),
            customer::Error::Amount(error) => error.into(),
            refused => Self::new(IncentivesCode::InvalidRequest, refused.to_string()),
        }
    }
}
