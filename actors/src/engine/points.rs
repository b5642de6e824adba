//! Deposits and spends.

use domain::{
    amount::AmountError,
    customer::{self, Customer, Posting, PostingRefused, Reply},
    id::CustomerId,
};

use super::Engine;
use crate::error::{AskError, EngineError};

/// Why nothing was posted.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// There is no such customer.
    #[error("there is no such customer")]
    NotFound,
    /// The details say why.
    #[error("the posting was refused")]
    Refused(Box<PostingRefused>),
    /// A known idempotency id came with another body.
    #[error("the idempotency id was used with another body")]
    IdempotencyConflict,
    /// A number does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Deposits or spends points of a customer; answers when it is durable.
    pub async fn post_points(&self, id: CustomerId, posting: Posting) -> Result<Reply, PostError> {
        let command = customer::Command::Post(Box::new(posting));
        match self.ask::<Customer>(id.bytes(), command).await {
            Ok(reply) => Ok(reply),
            Err(AskError::Engine(error)) => Err(error.into()),
            Err(AskError::Refused(refused)) => Err(match refused {
                customer::Error::NotFound => PostError::NotFound,
                customer::Error::Refused(refused) => PostError::Refused(refused),
                customer::Error::IdempotencyConflict => PostError::IdempotencyConflict,
                customer::Error::Amount(error) => PostError::Amount(error),
                customer::Error::Exists
                | customer::Error::StateVersionConflict
                | customer::Error::TooManyCounters
                | customer::Error::ClaimsExpired
                | customer::Error::Conflict
                | customer::Error::TooMuchToForget
                | customer::Error::TooMuchToMerge
                | customer::Error::Tier(_)
                | customer::Error::EventNotFound
                | customer::Error::OccurrenceOutOfRange => {
                    tracing::error!(error = %refused, "a posting was refused for a reason that is not a posting's");
                    EngineError::Crashed.into()
                }
            }),
        }
    }
}
