//! Events that callers report, and what a customer's rules remember.

use std::ops::ControlFlow;

use domain::{
    amount::AmountError,
    customer::{self, Customer, EventTriggered, Reply, Triggered, UserEvent},
    id::CustomerId,
};

use super::Engine;
use crate::{
    error::{AskError, EngineError},
    history,
};

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
    /// Every event that happened to a customer, from the durable history, oldest first; nothing when there is no such
    /// customer.
    pub async fn user_events(&self, id: CustomerId) -> Result<Option<Vec<EventTriggered>>, EngineError> {
        let mut events = None;
        history::walk::<Customer>(self.inner.shared.store.as_ref(), id.bytes(), |record| {
            for event in record.events {
                match event {
                    customer::Event::Created { .. } => events = Some(Vec::new()),
                    // Still in the history until the next checkpoint.
                    customer::Event::Forgotten(_) => events = None,
                    customer::Event::EventTriggered(triggered) => {
                        events.get_or_insert_default().push(*triggered);
                    }
                    _ => {}
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(events)
    }

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
                | Reply::Stepped(_)
                | Reply::Merged(_)
                | Reply::Forgotten(_),
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
            | customer::Error::StateVersionConflict
            | customer::Error::TooManyCounters
            | customer::Error::ClaimsExpired
            | customer::Error::Conflict
            | customer::Error::TooMuchToForget
            | customer::Error::TooMuchToMerge
            | customer::Error::Tier(_)
            | customer::Error::Refused(_) => {
                tracing::error!(%error, "an event was refused for a reason that is not an event's");
                EngineError::Crashed.into()
            }
        })
    }
}
