//! `POST /incentives/api/1.0/user_events/trigger_user_event` (incentives.md 7.10).

use actix_web::{HttpRequest, HttpResponse, web};
use actors::TriggerError;
use domain::{
    Points, Quantity,
    customer::{OutcomeResult, Triggered, UserEvent},
    program::{Program, event::is_reserved},
    time::{TimeForm, Zone},
};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{Schema, schema::Type},
};

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    deposit::{read_idempotency_id, read_reference},
    objects::TreeProgressObject,
    request::{IncentivesAnswer, Named, answer},
};
use crate::{
    json::{
        FaultCode, Faults, Held, Member, Reader, parse_object, wire,
        wire::{any, of, wire_types},
    },
    state::HttpState,
};

/// Bytes of a context at most.
const CONTEXT_BYTES_MAX: usize = 4_000;
/// As how many one event may count at most.
const QUANTITY_MAX: i64 = 1_000_000;

/// An event.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TriggerRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// The name of a defined event, in any letter case. Required.
    #[schema(value_type = String, min_length = 1)]
    event_lookup: Member<'a>,
    /// Adds `progress` to the answer; default false.
    #[schema(value_type = Option<wire::Flag>)]
    include_progress: Member<'a>,
    /// Business time; default now.
    #[schema(value_type = Option<wire::Time>)]
    time_of_occurrence: Member<'a>,
    /// As how many it counts; default 1.
    #[schema(value_type = Option<f64>, minimum = 0.000001, maximum = 1000000)]
    quantity: Member<'a>,
    /// Names to texts, numbers or booleans.
    #[schema(value_type = Option<EventContext>)]
    context: Member<'a>,
    /// The purchase it belongs to; a repeat gets the first answer.
    #[schema(value_type = Option<wire::Reference>)]
    transaction_id: Member<'a>,
    /// A repeat under the same id gets the first answer.
    #[schema(value_type = Option<String>, max_length = 255)]
    idempotency_id: Member<'a>,
}

wire_types! {
    /// Names to texts, numbers or booleans; at most 4,000 bytes.
    EventContext => of(Type::Object).additional_properties(Some(scalar()));
}

fn scalar() -> Schema {
    any([Type::String, Type::Number, Type::Boolean, Type::Null].map(of)).into()
}

/// What an event is, whoever reports it and of whom, as the document shows it: it is read as a [`TriggerRequest`].
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is there for the document alone")]
pub struct EventMembers<'a> {
    /// The name of a defined event, in any letter case. Required.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1)]
    event_lookup: Member<'a>,
    /// Business time; default now.
    #[schema(value_type = Option<wire::Time>)]
    time_of_occurrence: Member<'a>,
    /// As how many it counts; default 1.
    #[schema(value_type = Option<f64>, minimum = 0.000001, maximum = 1000000)]
    quantity: Member<'a>,
    /// Names to texts, numbers or booleans.
    #[schema(value_type = Option<EventContext>)]
    context: Member<'a>,
    /// The purchase it belongs to; a repeat gets the first answer.
    #[schema(value_type = Option<wire::Reference>)]
    transaction_id: Member<'a>,
    /// A repeat under the same id gets the first answer.
    #[schema(value_type = Option<String>, max_length = 255)]
    idempotency_id: Member<'a>,
}

/// What came of an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriggeredPayload {
    user_event: UserEventObject,
    /// Always true: an event that was not saved is an error.
    event_saved_successfully: bool,
    /// Every rule could be worked out.
    rules_processed_successfully: bool,
    outcomes: Vec<OutcomeObject>,
    /// How far the customer is with the trees of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Vec<TreeProgressObject>>,
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserEventObject {
    /// The event.
    pub id: String,
    /// UTC.
    pub time_of_occurrence: String,
    /// As sent.
    pub retailer_id: String,
    /// Upper case.
    pub event_lookup: String,
    /// As sent.
    pub user_id: String,
    /// The platform itself raised it.
    pub is_session_m: bool,
}

/// What became of an outcome.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OutcomeObject {
    is_outcome_applied: bool,
    /// Its type (incentives.md 3.8).
    discriminator: u32,
    /// Point outcomes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    points_awarded: Option<Points>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome_message: Option<String>,
    /// Why it was not applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    refusal_reason: Option<&'static str>,
    outcome_id: String,
    rule_tree_id: String,
    rule_tree_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    point_account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    point_source_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    point_audit_log_id: Option<String>,
}

/// Let an event happen to a customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_events/trigger_user_event",
    tag = "incentives",
    request_body = TriggerRequest,
    responses(
        (status = 200, description = "What came of it", body = IncentivesAnswer<TriggeredPayload>),
        (status = 400, description = "Malformed, `event_reserved`, `context_must_be_flat`", body = IncentivesErrorBody),
        (status = 404, description = "`user_not_found`, `event_not_found`", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn trigger_user_event(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let asked = read(&body)?;
        let lookup = asked.event.lookup.clone();
        check_lookup(&lookup, &state.program())?;
        let customer = asked.named.resolve(state).await?;
        let triggered = state.engine().trigger(customer, asked.event).await?;
        let progress = if asked.include_progress {
            let of_event = move |customer: &domain::customer::Customer, program: &Program, now| {
                let trees = program.trees().iter().filter(|tree| tree.listens_to(&lookup));
                let show =
                    |tree| customer.standing(program, now, |standing| program.progress(tree, standing, now));
                trees.map(|tree| TreeProgressObject::new(&show(tree), program)).collect()
            };
            state.engine().read_customer(customer, of_event).await?
        } else {
            None
        };
        Ok(TriggeredPayload::new(&triggered, &asked.named, &state.program(), progress))
    })
    .await
}

/// Callers report events that the retailer has defined, and no others.
pub(super) fn check_lookup(lookup: &str, program: &Program) -> Result<(), IncentivesError> {
    if is_reserved(lookup) {
        let message = format!("{lookup} is raised by the platform alone.");
        return Err(IncentivesError::new(IncentivesCode::EventReserved, message));
    }
    if program.event(lookup).is_none() {
        return Err(IncentivesError::new(IncentivesCode::EventNotFound, "There is no such event."));
    }
    Ok(())
}

struct Asked {
    named: Named,
    event: UserEvent,
    include_progress: bool,
}

fn read(body: &[u8]) -> Result<Asked, IncentivesError> {
    let request: TriggerRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let include_progress = reader.flag("include_progress", request.include_progress).unwrap_or(false);
    let event = request.event(&mut reader)?;
    faults
        .none_or(Asked { named, event, include_progress })
        .map_err(|faults| IncentivesError::invalid(&faults))
}

impl TriggerRequest<'_> {
    /// Whose event it is, of this tenant.
    pub(super) fn named_at(&self, retailer: Member<'_>, reader: &mut Reader<'_>) -> Named {
        Named::read(retailer, self.user_id, reader)
    }

    /// Reads the event. It is of use only when the reader has noted no fault.
    pub(super) fn event(&self, reader: &mut Reader<'_>) -> Result<UserEvent, IncentivesError> {
        let lookup = reader.required_boxed("event_lookup", self.event_lookup).trim().to_ascii_uppercase();
        let occurred = reader.time("time_of_occurrence", self.time_of_occurrence, &Zone::UTC);
        let one = Quantity::from_units(Quantity::UNIT);
        let quantity: Quantity = reader.amount("quantity", self.quantity).unwrap_or(one);
        if !quantity.is_positive() || quantity.units() > QUANTITY_MAX * Quantity::UNIT {
            reader.fault(
                "quantity",
                FaultCode::OutOfRange,
                format!("must be above 0 and at most {QUANTITY_MAX}"),
            );
        }
        let context = reader.object_text("context", self.context).map(flat).transpose()?.flatten();
        let transaction_id = read_reference(reader, "transaction_id", self.transaction_id);
        let idempotency_id = read_idempotency_id(reader, self.idempotency_id);
        Ok(UserEvent { lookup: lookup.into(), occurred, quantity, context, transaction_id, idempotency_id })
    }
}

/// A context as it was sent, when it is flat; nothing when it is empty.
fn flat(text: &str) -> Result<Option<Box<str>>, IncentivesError> {
    let not_flat = |message: &str| IncentivesError::new(IncentivesCode::ContextMustBeFlat, message);
    let members: std::collections::BTreeMap<String, Member<'_>> =
        serde_json::from_str(text).map_err(|_| not_flat("context is not an object of names and values."))?;
    if text.len() > CONTEXT_BYTES_MAX {
        return Err(not_flat(&format!("context has more than {CONTEXT_BYTES_MAX} bytes.")));
    }
    let nested = |member: &Member<'_>| matches!(member.held(), Held::Array(_) | Held::Object(_));
    if members.values().any(nested) {
        return Err(not_flat("The values of context are texts, numbers or booleans."));
    }
    Ok((!members.is_empty()).then(|| text.into()))
}

impl TriggeredPayload {
    pub(super) fn new(
        triggered: &Triggered,
        named: &Named,
        program: &Program,
        progress: Option<Vec<TreeProgressObject>>,
    ) -> Self {
        Self {
            user_event: UserEventObject {
                id: triggered.id.to_string(),
                // An event's time carries its zone, whatever the switch says of stored columns (1.3).
                time_of_occurrence: triggered.occurred.write(TimeForm::Iso),
                retailer_id: named.retailer_id.clone(),
                event_lookup: triggered.lookup.to_string(),
                user_id: named.user_id.clone(),
                is_session_m: false,
            },
            event_saved_successfully: true,
            rules_processed_successfully: triggered.complete,
            outcomes: triggered.outcomes.iter().map(|outcome| OutcomeObject::new(outcome, program)).collect(),
            progress,
        }
    }
}

impl OutcomeObject {
    /// The object of a result.
    pub fn new(result: &OutcomeResult, program: &Program) -> Self {
        let given = result.given.as_ref();
        Self {
            is_outcome_applied: result.refused.is_none(),
            discriminator: result.discriminator,
            points_awarded: given.map(|given| given.points),
            outcome_message: given.map(|given| format!("{} points", given.points)),
            refusal_reason: result.refused.map(|reason| reason.as_str()),
            outcome_id: result.outcome.to_string(),
            rule_tree_id: result.tree.to_string(),
            rule_tree_name: program.tree(result.tree).map(|tree| tree.name.clone()).unwrap_or_default(),
            point_account_id: given.map(|given| given.account.to_string()),
            point_source_id: given.map(|given| given.source.to_string()),
            point_audit_log_id: given.map(|given| given.row.to_string()),
        }
    }

    /// Without the row that does not exist: nothing was written.
    pub fn supposed(self) -> Self {
        Self { point_audit_log_id: None, ..self }
    }
}

impl From<TriggerError> for IncentivesError {
    fn from(error: TriggerError) -> Self {
        match error {
            TriggerError::NotFound => Self::new(IncentivesCode::UserNotFound, "No such customer."),
            TriggerError::EventNotFound => {
                Self::new(IncentivesCode::EventNotFound, "There is no such event.")
            }
            TriggerError::OccurrenceOutOfRange => {
                let message =
                    "time_of_occurrence lies ahead, or so far back that nothing is evaluated any more";
                Self::new(IncentivesCode::InvalidRequest, message)
            }
            TriggerError::IdempotencyConflict => {
                let message = "The idempotency_id or transaction_id was used before with another event.";
                Self::new(IncentivesCode::IdempotencyConflict, message)
            }
            TriggerError::Amount(error) => error.into(),
            TriggerError::Engine(error) => error.into(),
        }
    }
}
