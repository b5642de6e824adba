//! Tiers: movements on request, their history, and who is in a level.

use std::ops::Bound;

use domain::{
    Timestamp,
    amount::AmountError,
    customer::{self, Customer, Reply, TierCommand, TierError, TierHistory, TiersDecided},
    id::{CustomerId, TierLevelId},
};
use store::Direction;

use super::Engine;
use crate::{
    error::{AskError, EngineError},
    history, index,
};

/// How many rows of the index of members are read at once.
const PAGE: usize = 4096;

/// Why nothing was done about a customer's levels.
#[derive(Debug, thiserror::Error)]
pub enum ChangeTiersError {
    /// There is no such customer.
    #[error("there is no such customer")]
    NotFound,
    /// The request does not fit the program.
    #[error(transparent)]
    Refused(#[from] TierError),
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

/// A page of the members of a level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberPage {
    /// How many members there are.
    pub total: usize,
    /// Those of the page with the time of their joining, by id.
    pub members: Vec<(CustomerId, Timestamp)>,
}

impl Engine {
    /// Changes the levels of a customer on request; answers when it is durable.
    pub async fn change_tiers(
        &self,
        id: CustomerId,
        command: TierCommand,
    ) -> Result<TiersDecided, ChangeTiersError> {
        let command = customer::Command::Tiers(Box::new(command));
        let refused = match self.ask::<Customer>(id.bytes(), command).await {
            Ok(Reply::Tiers(decided)) => return Ok(*decided),
            Ok(
                Reply::Done
                | Reply::Credited
                | Reply::Posted { .. }
                | Reply::Settled
                | Reply::Stepped(_)
                | Reply::Merged(_)
                | Reply::Triggered(_)
                | Reply::Forgotten(_),
            ) => {
                unreachable!("a tier command answers what was done about tiers")
            }
            Err(AskError::Engine(error)) => return Err(error.into()),
            Err(AskError::Refused(refused)) => refused,
        };
        Err(match refused {
            customer::Error::NotFound => ChangeTiersError::NotFound,
            customer::Error::Tier(error) => error.into(),
            customer::Error::IdempotencyConflict => ChangeTiersError::IdempotencyConflict,
            customer::Error::Amount(error) => error.into(),
            customer::Error::Exists
            | customer::Error::StateVersionConflict
            | customer::Error::TooManyCounters
            | customer::Error::ClaimsExpired
            | customer::Error::Conflict
            | customer::Error::TooMuchToForget
            | customer::Error::TooMuchToMerge
            | customer::Error::EventNotFound
            | customer::Error::OccurrenceOutOfRange
            | customer::Error::Refused(_) => {
                tracing::error!(error = %refused, "a tier command was refused for a reason that is not a tier's");
                EngineError::Crashed.into()
            }
        })
    }

    /// Every movement between levels of a customer, from the durable history, oldest first; nothing when there is no
    /// such customer.
    pub async fn tier_history(&self, id: CustomerId) -> Result<Option<TierHistory>, EngineError> {
        history::of_known_customer(self.inner.shared.store.as_ref(), id.bytes(), TierHistory::apply)
    }

    /// A page of the members of a level, by id. Counts them all, so it costs as much as there are members.
    pub async fn tier_members(
        &self,
        level: TierLevelId,
        skip: usize,
        take: usize,
    ) -> Result<MemberPage, EngineError> {
        let (mut range, mut page) = (index::members::of(level), MemberPage::default());
        loop {
            let rows = self.scan(index::MEMBERS, range.clone(), Direction::Forward, PAGE)?;
            let Some((last, _)) = rows.last() else { return Ok(page) };
            range.start = Bound::Excluded(last.clone());
            for (key, value) in &rows {
                if page.total >= skip && page.members.len() < take {
                    let (customer, membership) = index::members::read(key, value)?;
                    page.members.push((customer, membership.joined));
                }
                page.total += 1;
            }
        }
    }
}
