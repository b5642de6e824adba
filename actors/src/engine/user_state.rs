//! Changes of what the rules remember of a customer (incentives.md 7.9).

use domain::{
    amount::AmountError,
    customer::{self, Customer, StateCommand},
    id::CustomerId,
};

use super::Engine;
use crate::error::{AskError, EngineError};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeStateError {
    /// There is no such customer.
    #[error("there is no such customer")]
    NotFound,
    /// The state has another version than the caller has seen.
    #[error("the state has another version")]
    VersionConflict,
    /// A known idempotency id came with another body.
    #[error("the idempotency id was used with another body")]
    IdempotencyConflict,
    /// The customer would have too many named counters.
    #[error("the customer would have more than 200 counters")]
    TooManyCounters,
    /// A number does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Changes what the rules remember of a customer; answers when it is durable.
    pub async fn change_state(&self, id: CustomerId, command: StateCommand) -> Result<(), ChangeStateError> {
        let command = customer::Command::State(Box::new(command));
        let refused = match self.ask::<Customer>(id.bytes(), command).await {
            Ok(_) => return Ok(()),
            Err(AskError::Engine(error)) => return Err(error.into()),
            Err(AskError::Refused(refused)) => refused,
        };
        Err(match refused {
            customer::Error::NotFound => ChangeStateError::NotFound,
            customer::Error::StateVersionConflict => ChangeStateError::VersionConflict,
            customer::Error::IdempotencyConflict => ChangeStateError::IdempotencyConflict,
            customer::Error::TooManyCounters => ChangeStateError::TooManyCounters,
            customer::Error::Amount(error) => error.into(),
            customer::Error::Exists
            | customer::Error::ClaimsExpired
            | customer::Error::Conflict
            | customer::Error::Tier(_)
            | customer::Error::EventNotFound
            | customer::Error::OccurrenceOutOfRange
            | customer::Error::TooMuchToForget
            | customer::Error::TooMuchToMerge
            | customer::Error::Refused(_) => {
                tracing::error!(error = %refused, "a change of the state was refused for another's reason");
                EngineError::Crashed.into()
            }
        })
    }
}
