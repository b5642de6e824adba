//! Events that callers report, and what a customer's rules remember.

use domain::{
    amount::AmountError,
    customer::{self, Customer, Reply, Triggered, UserEvent},
    id::CustomerId,
};

use super::Engine;
use crate::error::{AskError, EngineError};

/// Why an event did not happen.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// There is no such customer.
    #[error("there is no such customer")]
    NotFound,
    /// There is no such event.
    #[error("there is no such event")]
    EventNotFound,
    /// The time lies ahead, or so far back that nothing is evaluated any more.
    #[error("the time of occurrence is out of range")]
    OccurrenceOutOfRange,
    /// A known idempotency id came with another event.
    #[error("the idempotency id was used with another event")]
    IdempotencyConflict,
    /// A number does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Lets an event happen to a customer; answers with what came of it when it is durable.
    pub async fn trigger(&self, id: CustomerId, event: UserEvent) -> Result<Triggered, TriggerError> {
        let command = customer::Command::Trigger(Box::new(event));
        let error = match self.ask::<Customer>(id.bytes(), command).await {
            Ok(Reply::Triggered(triggered)) => return Ok(*triggered),
            Ok(
                Reply::Done
                | Reply::Credited
                | Reply::Posted { .. }
                | Reply::Tiers(_)
                | Reply::Settled
                | Reply::Stepped(_),
            ) => {
                tracing::error!("an event got the answer to something else");
                return Err(EngineError::Crashed.into());
            }
            Err(AskError::Engine(error)) => return Err(error.into()),
            Err(AskError::Refused(error)) => error,
        };
        Err(match error {
            customer::Error::NotFound => TriggerError::NotFound,
            customer::Error::EventNotFound => TriggerError::EventNotFound,
            customer::Error::OccurrenceOutOfRange => TriggerError::OccurrenceOutOfRange,
            customer::Error::IdempotencyConflict => TriggerError::IdempotencyConflict,
            customer::Error::Amount(error) => TriggerError::Amount(error),
            customer::Error::Exists
            | customer::Error::ClaimsExpired
            | customer::Error::Conflict
            | customer::Error::Tier(_)
            | customer::Error::Refused(_) => {
                tracing::error!(%error, "an event was refused for a reason that is not an event's");
                EngineError::Crashed.into()
            }
        })
    }
}
