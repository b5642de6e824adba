//! One transaction taken in, and what its answer says.

use actors::{IngestRequest, IngestState, ReplayError, SaleError, SaleEvaluation, fingerprint};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    IncentivesCode, IncentivesError,
    transaction_body::{TransactionBody, read_transaction},
    trigger_user_event::OutcomeObject,
};
use crate::{
    json::{Faults, Member, Object, Reader, parse_object},
    state::HttpState,
};

/// Characters of `request_id` at most, as for tills.
const REQUEST_ID_MAX: usize = 128;

/// What came of a transaction. Nothing of it in the answer to one that is evaluated later.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct EvaluationMembers {
    /// `queued`, `done`, `ignored_stale`, `no_customer` (`done` as soon as somebody registers who is named, within
    /// thirty days), `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    state: Option<&'static str>,
    /// What it gave, customer by customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcomes: Option<Vec<OutcomeObject>>,
    /// Names the evaluation.
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation_id: Option<String>,
}

impl EvaluationMembers {
    /// All that is known.
    pub fn of(evaluation: &SaleEvaluation) -> Self {
        let outcomes = evaluation.outcomes.iter().flat_map(|(_, program, results)| {
            results.iter().map(|result| OutcomeObject::new(result, program))
        });
        Self {
            state: Some(state_name(evaluation.state)),
            outcomes: Some(outcomes.collect()),
            evaluation_id: evaluation.evaluation.map(|id| id.to_string()),
        }
    }

    /// Without rows that do not exist: nothing was written.
    pub fn supposed(self) -> Self {
        let outcomes = self.outcomes.map(|all| all.into_iter().map(OutcomeObject::supposed).collect());
        Self { outcomes, ..self }
    }
}

const fn state_name(state: IngestState) -> &'static str {
    match state {
        IngestState::Queued => "queued",
        IngestState::Done => "done",
        IngestState::IgnoredStale => "ignored_stale",
        IngestState::NoCustomer => "no_customer",
        IngestState::Failed => "failed",
    }
}

/// A transaction that was taken in.
pub struct Taken {
    /// Under which it is asked about.
    pub id: String,
    /// The till's id of it.
    pub pos_transaction_id: String,
    /// It had been answered under its request id before.
    pub replayed: bool,
    /// What came of it.
    pub evaluation: EvaluationMembers,
}

/// Reads `request_id`.
pub fn read_request_id(reader: &mut Reader<'_>, member: Member<'_>) -> Option<Box<str>> {
    reader.text_within("request_id", member, REQUEST_ID_MAX)
}

/// Takes in a transaction of this text; waits for what comes of it when the answer is to say so.
pub async fn take_in(
    state: &HttpState,
    text: &str,
    request: Option<(Box<str>, Option<usize>)>,
    synchronous: bool,
) -> Result<Taken, IncentivesError> {
    let body: TransactionBody<'_> = parse_object(text.as_bytes())?;
    let mut faults = Faults::default();
    let content =
        read_transaction(&Object::Present(body), &state.program(), None, &mut Reader::new(&mut faults))?;
    let content = faults.none_or(content).map_err(|faults| IncentivesError::invalid(&faults))?;
    let content = content.expect("a transaction without a store is a fault");
    let pos_transaction_id = content.transaction_id.to_string();
    let request = IngestRequest { request, body: fingerprint(text.as_bytes()), content };
    let ingested = state.engine().ingest(request).await?;
    if ingested.answer.other_body {
        let message = "The request_id was used before with another transaction.";
        return Err(IncentivesError::new(IncentivesCode::IdempotencyConflict, message));
    }
    let evaluation = if synchronous {
        EvaluationMembers::of(&state.engine().evaluation_of(&ingested).await?)
    } else {
        EvaluationMembers::default()
    };
    let replayed = ingested.answer.replayed;
    Ok(Taken { id: ingested.id.to_string(), pos_transaction_id, replayed, evaluation })
}

impl From<SaleError> for IncentivesError {
    fn from(error: SaleError) -> Self {
        match error {
            SaleError::Pending => Self::new(IncentivesCode::TemporarilyUnavailable, error.to_string()),
            SaleError::Amount(error) => error.into(),
            SaleError::Engine(error) => error.into(),
        }
    }
}

impl From<ReplayError> for IncentivesError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::NotFound => Self::new(IncentivesCode::TransactionNotFound, "No such transaction."),
            ReplayError::Foreseen(error) => error.into(),
            ReplayError::Engine(error) => error.into(),
        }
    }
}
