//! One customer merged into another (incentives.md 7.9).

use std::collections::BTreeSet;

use domain::{
    amount::AmountError,
    customer::{self, Customer, MergeCommand, Reply},
    id::CustomerId,
    rules::NAMED_MAX,
};
use uuid::Uuid;

use super::Engine;
use crate::error::{AskError, EngineError};

/// Why customers were not merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is no customer to give, or none to get.
    #[error("there is no such customer")]
    NotFound,
    /// The receiver would have too many named counters.
    #[error("the customer would have more than 200 counters")]
    TooManyCounters,
    /// The giver has more lots than go over at once.
    #[error("the customer has more lots than go to another at once")]
    TooMuch,
    /// What the two have does not sum.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Moves everything that the engine remembers of one customer to another; answers when it has arrived and both
    /// sides are durable. What cannot be taken in has gone back by then, or is on its way back, and the call is
    /// refused. A repeat moves what has come since.
    pub async fn merge_customers(
        &self,
        from: CustomerId,
        to: CustomerId,
    ) -> Result<Option<Uuid>, MergeError> {
        if !self.customer_exists(to).await? {
            return Err(MergeError::NotFound);
        }
        let command = customer::Command::Merge(Box::new(MergeCommand::Give { to }));
        let merge = match self.ask::<Customer>(from.bytes(), command).await {
            Ok(Reply::Merged(merge)) => merge,
            Ok(_) => {
                tracing::error!("a merge got the answer to something else");
                return Err(EngineError::Crashed.into());
            }
            Err(AskError::Engine(error)) => return Err(error.into()),
            Err(AskError::Refused(refused)) => return Err(refusal(&refused)),
        };
        if let Some(merge) = merge {
            self.require_taken_in((from, to), merge).await?;
        }
        Ok(merge)
    }

    /// The effect is in the receiver's mailbox in front of the look, so it has been taken in or has gone back.
    async fn require_taken_in(
        &self,
        (from, to): (CustomerId, CustomerId),
        merge: Uuid,
    ) -> Result<(), MergeError> {
        let seen = self.look::<Customer, _>(to.bytes(), move |customer, _, _| {
            (customer.identity().is_some(), customer.has_taken_in(merge), counter_names(customer))
        });
        let (exists, taken_in, mut names) = seen.await?;
        if taken_in {
            return Ok(());
        }
        if !exists {
            return Err(MergeError::NotFound);
        }
        // What came back is in the giver's mailbox in front of this look.
        names.extend(self.look::<Customer, _>(from.bytes(), |customer, _, _| counter_names(customer)).await?);
        Err(if names.len() > NAMED_MAX {
            MergeError::TooManyCounters
        } else {
            AmountError::OutOfRange.into()
        })
    }
}

fn counter_names(customer: &Customer) -> BTreeSet<Box<str>> {
    customer.rule_state().counters.named().iter().map(|counter| counter.name.clone()).collect()
}

fn refusal(refused: &customer::Error) -> MergeError {
    match refused {
        customer::Error::NotFound => MergeError::NotFound,
        customer::Error::TooMuchToMerge => MergeError::TooMuch,
        customer::Error::Amount(error) => MergeError::Amount(*error),
        customer::Error::Exists
        | customer::Error::ClaimsExpired
        | customer::Error::Conflict
        | customer::Error::Tier(_)
        | customer::Error::EventNotFound
        | customer::Error::OccurrenceOutOfRange
        | customer::Error::TooMuchToForget
        | customer::Error::IdempotencyConflict
        | customer::Error::StateVersionConflict
        | customer::Error::TooManyCounters
        | customer::Error::Refused(_) => {
            tracing::error!(error = %refused, "a merge was refused for another's reason");
            EngineError::Crashed.into()
        }
    }
}
