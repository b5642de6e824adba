//! Erasing customers, and what stays of them (incentives.md 7.17).

use domain::{
    Timestamp,
    customer::{self, AuditRow, Customer, Fingerprint, Forget, Forgetting, Reply},
    id::{CustomerId, SaleId},
    identifier::Claim,
    sale::{self, ForgetMember, Sale},
    tombstone::Tombstone,
};
use store::Direction;

use super::Engine;
use crate::{
    error::{AskError, EngineError},
    index,
};

/// An erasure that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// When the customer ceased to exist.
    pub at: Timestamp,
    /// Under whom the ledger rows stay.
    pub tombstone: CustomerId,
    /// Whoever kept something of the customer has let go of it.
    pub completed: bool,
}

/// Why nobody was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such customer.
    #[error("there is no such customer")]
    NotFound,
    /// The id of the request was used for another customer.
    #[error("the request id was used for another customer")]
    IdempotencyConflict,
    /// More hangs on the customer than can be erased at once.
    #[error("more sales or ledger rows hang on the customer than can be erased at once")]
    TooMuch,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// What was done under a request id; nothing when it is unknown, or was asked for something else than `body`.
    pub async fn erasure(&self, request: &str) -> Result<Option<Erasure>, EngineError> {
        Ok(self.erasure_and_body(request).await?.map(|(erasure, _)| erasure))
    }

    async fn erasure_and_body(&self, request: &str) -> Result<Option<(Erasure, Fingerprint)>, EngineError> {
        let key = index::erasures::key(Fingerprint::of(request));
        let Some(row) = self.inner.shared.store.get(index::ERASURES, &key)? else { return Ok(None) };
        let index::erasures::Erasure { at, body, tombstone } = index::erasures::read(&row)?;
        // The tombstone is told together with everybody else.
        let completed = self.buried(tombstone).await?.is_some();
        Ok(Some((Erasure { at, tombstone, completed }, body)))
    }

    /// An erasure that was done before, if `request` asked for the same `user`.
    pub async fn repeated_erasure(&self, request: &str, user: &str) -> Result<Option<Erasure>, EraseError> {
        match self.erasure_and_body(request).await? {
            None => Ok(None),
            Some((erasure, body)) if body == asked(request, user) => Ok(Some(erasure)),
            Some(_) => Err(EraseError::IdempotencyConflict),
        }
    }

    /// Erases a customer, whom the caller called `user`. Answers when the customer, the claims of its identifiers and
    /// every sale that names it have let go; their bytes are gone from disk at the next checkpoint.
    pub async fn erase(&self, id: CustomerId, request: &str, user: &str) -> Result<Erasure, EraseError> {
        if let Some(erasure) = self.repeated_erasure(request, user).await? {
            return Ok(erasure);
        }
        let forget = Forget {
            request: Fingerprint::of(request),
            body: asked(request, user),
            tombstone: CustomerId(self.fresh_id()),
            other_sales: self.sales_that_name(id)?,
        };
        let tombstone = forget.tombstone;
        let command = customer::Command::Forget(Box::new(forget));
        let forgetting = match self.ask::<Customer>(id.bytes(), command).await {
            Ok(Reply::Forgotten(forgetting)) => forgetting,
            Ok(_) => {
                tracing::error!("an erasure got the answer to something else");
                return Err(EngineError::Crashed.into());
            }
            Err(AskError::Refused(customer::Error::TooMuchToForget)) => return Err(EraseError::TooMuch),
            // Perhaps by this very request, sent before: by now that is durable.
            Err(AskError::Refused(_)) => {
                return self.repeated_erasure(request, user).await?.ok_or(EraseError::NotFound);
            }
            Err(AskError::Engine(error)) => return Err(error.into()),
        };
        self.wait_until_forgotten(&forgetting, tombstone).await?;
        // Sales that were on their way while the customer still was there.
        for sale in self.sales_that_name(id)? {
            self.forget_in(sale, id).await?;
        }
        Ok(self.erasure(request).await?.ok_or(EngineError::Damaged)?)
    }

    /// The ledger rows that stay of an erased customer; nothing when nobody is buried under that id.
    pub async fn buried(&self, tombstone: CustomerId) -> Result<Option<Vec<AuditRow>>, EngineError> {
        self.look::<Tombstone, _>(tombstone.bytes(), |tombstone, _, _| tombstone.rows().map(<[_]>::to_vec))
            .await
    }

    /// A look waits for the effects in front of it, and for their being durable.
    async fn wait_until_forgotten(
        &self,
        forgetting: &Forgetting,
        tombstone: CustomerId,
    ) -> Result<(), EngineError> {
        for sale in &forgetting.sales {
            self.look::<Sale, _>(sale.bytes(), |_, _, _| ()).await?;
        }
        for claim in &forgetting.claims {
            self.look::<Claim, _>(claim.bytes(), |_, _, _| ()).await?;
        }
        self.look::<Tombstone, _>(tombstone.bytes(), |_, _, _| ()).await
    }

    async fn forget_in(&self, sale: SaleId, customer: CustomerId) -> Result<(), EngineError> {
        let member = ForgetMember { customer, named: Vec::new() };
        match self.ask::<Sale>(sale.bytes(), sale::Command::Forget(member)).await {
            Ok(_) => Ok(()),
            Err(AskError::Engine(error)) => Err(error),
            Err(AskError::Refused(error)) => {
                tracing::error!(%error, "a sale refused to forget a member");
                Err(EngineError::Crashed)
            }
        }
    }

    fn sales_that_name(&self, id: CustomerId) -> Result<Vec<SaleId>, EngineError> {
        let rows = self.scan(index::NAMED, index::named::of(id), Direction::Forward, usize::MAX)?;
        rows.iter().map(|(key, _)| index::named::read(key)).collect()
    }
}

/// The fingerprint of what is asked. The request id goes into it, so that it cannot be looked up by guessing users.
fn asked(request: &str, user: &str) -> Fingerprint {
    Fingerprint::of(&format!("{request}\n{}", user.to_lowercase()))
}
