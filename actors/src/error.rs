//! What can go wrong between a caller and an entity, apart from the entity's own refusals.

use store::{AppendError, ReadError};

/// Why the engine gave no answer. Every one of them is safe to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Too much is waiting. Nothing was done.
    #[error("the engine is overloaded")]
    Overloaded,
    /// The disk cannot be written or read at present, or a write was lost. What was asked may or may not have been
    /// done.
    #[error("the data cannot be written or read at present")]
    Unavailable,
    /// The engine is shutting down. Nothing was done.
    #[error("the engine is shutting down")]
    Draining,
    /// The actor stopped on a fault. What was asked may or may not have been done.
    #[error("the entity stopped on a fault and is being recovered")]
    Crashed,
    /// Stored data does not verify; nothing is served from it.
    #[error("stored data is damaged")]
    Damaged,
}

impl From<AppendError> for EngineError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full => Self::Overloaded,
            AppendError::StaleEpoch | AppendError::Unavailable => Self::Unavailable,
            AppendError::Closed => Self::Draining,
            AppendError::TooLarge => Self::Damaged,
        }
    }
}

impl From<ReadError> for EngineError {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "stored data cannot be read");
        match error {
            ReadError::Closed => Self::Draining,
            // The file is opened again.
            error if error.may_pass() => Self::Unavailable,
            ReadError::Storage(_) | ReadError::Damaged { .. } => Self::Damaged,
        }
    }
}

/// What an asker gets: the entity's answer, the entity's refusal, or the engine's failure.
#[derive(Debug)]
pub enum AskError<R> {
    /// The entity refused.
    Refused(R),
    /// The engine failed.
    Engine(EngineError),
}

impl<R> From<EngineError> for AskError<R> {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}
