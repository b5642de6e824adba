//! Customers: creating, changing, finding and looking at them.

use domain::{
    Timestamp,
    customer::{self, AuditLog, Customer, Profile},
    id::CustomerId,
    identifier::{self, Claim, Identifier},
    program::Program,
};

use super::Engine;
use crate::{
    error::{AskError, EngineError},
    history,
};

/// An identifier that somebody else has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// Which.
    pub identifier: Identifier,
    /// Who has it.
    pub holder: CustomerId,
}

/// Why no customer was created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Others have these identifiers.
    #[error("an identifier belongs to another customer")]
    Taken(Vec<Clash>),
    /// The creation took so long that its claims ran out. Try again.
    #[error("the creation took too long")]
    Slow,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Why a customer was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// There is no such customer.
    #[error("there is no such customer")]
    NotFound,
    /// The profile has changed since it was read. Read it and change it again.
    #[error("the profile has changed meanwhile")]
    Conflict,
    /// Others have these identifiers.
    #[error("an identifier belongs to another customer")]
    Taken(Vec<Clash>),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Not all identifiers could be claimed.
struct Clashes {
    /// Those that are claimed.
    mine: Vec<Identifier>,
    /// Those that others have.
    others: Vec<Clash>,
}

impl Engine {
    /// Creates a customer: claims its identifiers, creates it, and confirms the claims. Answers when all is durable.
    pub async fn create_customer(&self, profile: Profile) -> Result<CustomerId, CreateError> {
        let id = CustomerId(self.fresh_id());
        let _claimant = self.inner.claiming.enter(id);
        let identifiers = profile.unique_identifiers();
        let claimed_until = match self.claim(id, &identifiers).await? {
            Ok(until) => until,
            Err(Clashes { mine, others }) => {
                self.release(id, &mine).await?;
                return Err(CreateError::Taken(others));
            }
        };
        let command = customer::Command::Create { id, profile: Box::new(profile), claimed_until };
        match self.ask::<Customer>(id.bytes(), command).await {
            Ok(_) => Ok(id),
            Err(AskError::Engine(error)) => Err(error.into()),
            Err(AskError::Refused(customer::Error::ClaimsExpired)) => Err(CreateError::Slow),
            Err(AskError::Refused(error)) => {
                tracing::error!(%error, "a new customer was refused");
                Err(EngineError::Crashed.into())
            }
        }
    }

    /// Puts a profile in the place of the one that was read at `based_on`.
    pub async fn update_customer(
        &self,
        id: CustomerId,
        based_on: Timestamp,
        profile: Profile,
    ) -> Result<(), UpdateError> {
        let _claimant = self.inner.claiming.enter(id);
        let known = self.read_customer(id, |customer, _, _| {
            customer.identity().map(|known| known.profile.unique_identifiers())
        });
        let known = known.await?.flatten().ok_or(UpdateError::NotFound)?;
        let added: Vec<_> =
            profile.unique_identifiers().into_iter().filter(|new| !known.contains(new)).collect();
        let claimed_until = match self.claim(id, &added).await? {
            Ok(until) => until,
            Err(clashes) => return Err(UpdateError::Taken(clashes.others)),
        };
        let command = customer::Command::Update { profile: Box::new(profile), based_on, claimed_until };
        let refused = match self.ask::<Customer>(id.bytes(), command).await {
            Ok(_) => return Ok(()),
            // The change may or may not have been made.
            Err(AskError::Engine(error)) => return Err(error.into()),
            Err(AskError::Refused(refused)) => refused,
        };
        // What was claimed is not released: another change of this customer may have added the same. If none has, it is
        // taken over by whoever wants it.
        match refused {
            customer::Error::NotFound => Err(UpdateError::NotFound),
            customer::Error::Conflict | customer::Error::ClaimsExpired => Err(UpdateError::Conflict),
            customer::Error::Exists
            | customer::Error::StateVersionConflict
            | customer::Error::TooManyCounters
            | customer::Error::Refused(_)
            | customer::Error::IdempotencyConflict
            | customer::Error::TooMuchToForget
            | customer::Error::TooMuchToMerge
            | customer::Error::Tier(_)
            | customer::Error::EventNotFound
            | customer::Error::OccurrenceOutOfRange
            | customer::Error::Amount(_) => {
                tracing::error!(error = %refused, "a changed profile was refused");
                Err(EngineError::Crashed.into())
            }
        }
    }

    /// Looks at a customer as it is at this moment, whether or not what was due has been written down; nothing when
    /// there is none.
    pub async fn read_customer<R: Send + 'static>(
        &self,
        id: CustomerId,
        look: impl FnOnce(&Customer, &Program, Timestamp) -> R + Send + 'static,
    ) -> Result<Option<R>, EngineError> {
        let seen = self.look::<Customer, _>(id.bytes(), |customer, program, now| {
            if customer.is_incomplete(program, now) {
                return Err(look);
            }
            let known = customer.identity().is_some();
            Ok(known.then(|| look(&customer.as_of(program, now), program, now)))
        });
        match seen.await? {
            Ok(seen) => Ok(seen),
            // What was looked at is durable by now, so it is in the history.
            Err(look) => {
                let history = history::of_customer(self.inner.shared.store.as_ref(), id.bytes())?;
                let (program, now) = (self.program(), self.now());
                Ok(Some(look(&history.customer().as_of(&program, now), &program, now)))
            }
        }
    }

    /// Whose an identifier is.
    pub async fn find_customer(&self, identifier: &Identifier) -> Result<Option<CustomerId>, EngineError> {
        let id = identifier.id().bytes();
        if let Some(holder) = self.inner.shared.holders.get(&id) {
            return Ok(Some(holder));
        }
        let holders = std::sync::Arc::clone(&self.inner.shared.holders);
        self.look::<Claim, _>(id, move |claim, _, _| {
            // On the claim's own shard, like its removal when the claim is released: the two cannot overtake each
            // other.
            if let Some(holder) = claim.holder() {
                holders.insert(id, holder);
            }
            claim.holder()
        })
        .await
    }

    /// Whether there is a customer of that id.
    pub(super) async fn customer_exists(&self, id: CustomerId) -> Result<bool, EngineError> {
        if self.inner.shared.holders.get(&id.bytes()).is_some() {
            return Ok(true);
        }
        let holders = std::sync::Arc::clone(&self.inner.shared.holders);
        // On the customer's own shard, like the removal when it is erased: the two cannot overtake each other.
        self.look::<Customer, _>(id.bytes(), move |customer, _, _| {
            let exists = customer.identity().is_some();
            if exists {
                holders.insert(id.bytes(), id);
            }
            exists
        })
        .await
    }

    /// The whole audit log of a customer's points, from the durable history; nothing when there is no such customer.
    pub async fn audit_log(&self, id: CustomerId) -> Result<Option<AuditLog>, EngineError> {
        history::of_known_customer(self.inner.shared.store.as_ref(), id.bytes(), AuditLog::apply)
    }

    /// Claims the identifiers. Gives until when they may be used.
    async fn claim(
        &self,
        id: CustomerId,
        identifiers: &[Identifier],
    ) -> Result<Result<Timestamp, Clashes>, EngineError> {
        let asked: Result<Vec<_>, _> = identifiers
            .iter()
            .map(|identifier| {
                self.start::<Claim>(identifier.id().bytes(), identifier::Command::Claim { customer: id })
            })
            .collect();
        let (mut until, mut mine, mut others) = (Timestamp::MAX, Vec::new(), Vec::new());
        for (identifier, answer) in identifiers.iter().zip(asked?) {
            match self.unless_orphaned(id, identifier, answer.wait().await).await {
                Ok(identifier::Reply::Yours { usable_until }) => {
                    until = until.min(usable_until);
                    mine.push(identifier.clone());
                }
                Ok(identifier::Reply::Taken { holder }) => {
                    others.push(Clash { identifier: identifier.clone(), holder })
                }
                Ok(
                    identifier::Reply::Done
                    | identifier::Reply::Reserved { .. }
                    | identifier::Reply::Lapsed { .. },
                ) => unreachable!("a claim answers whose it is"),
                Err(AskError::Engine(error)) => return Err(error),
                Err(AskError::Refused(never)) => match never {},
            }
        }
        Ok(if others.is_empty() { Ok(until) } else { Err(Clashes { mine, others }) })
    }

    /// Whose an identifier is after the claim's first answer: one that was claimed for somebody who cannot get it any
    /// more is taken over.
    async fn unless_orphaned(
        &self,
        id: CustomerId,
        identifier: &Identifier,
        mut answered: Result<identifier::Reply, AskError<identifier::Error>>,
    ) -> Result<identifier::Reply, AskError<identifier::Error>> {
        loop {
            match answered? {
                identifier::Reply::Reserved { holder } if self.inner.claiming.is_running(holder) => {
                    return Ok(identifier::Reply::Taken { holder });
                }
                identifier::Reply::Reserved { holder } | identifier::Reply::Lapsed { holder } => {
                    answered = self.take_over(id, identifier, holder).await;
                }
                settled => return Ok(settled),
            }
        }
    }

    /// Takes an identifier over that `holder` has claimed and cannot get any more, unless it has it: the confirmation
    /// may be on its way.
    async fn take_over(
        &self,
        id: CustomerId,
        identifier: &Identifier,
        holder: CustomerId,
    ) -> Result<identifier::Reply, AskError<identifier::Error>> {
        let looked_for = identifier.clone();
        let has = self.look::<Customer, _>(holder.bytes(), move |customer, _, _| {
            let profile = customer.identity().map(|known| &known.profile);
            profile.is_some_and(|profile| profile.unique_identifiers().contains(&looked_for))
        });
        if has.await? {
            return Ok(identifier::Reply::Taken { holder });
        }
        let command = identifier::Command::TakeOver { customer: id, from: holder };
        self.ask::<Claim>(identifier.id().bytes(), command).await
    }

    async fn release(&self, id: CustomerId, identifiers: &[Identifier]) -> Result<(), EngineError> {
        for identifier in identifiers {
            let command = identifier::Command::Release { customer: id };
            match self.ask::<Claim>(identifier.id().bytes(), command).await {
                Ok(_) => {}
                Err(AskError::Engine(error)) => return Err(error),
                Err(AskError::Refused(never)) => match never {},
            }
        }
        Ok(())
    }
}
