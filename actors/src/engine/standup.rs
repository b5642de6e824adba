//! Standup mode and the seeding of opening balances (incentives.md 7.18).

use domain::{
    Timestamp,
    amount::Points,
    customer::{
        self, Customer, DepositDetail, Fingerprint, PostedStatus, Posting, Purpose, Reply, SeedDetail,
    },
    id::{CustomerId, LedgerRowId, PointAccountId, PointSourceId},
    standup::{self, Standup},
};

use super::{Answer, Engine, unbroken};
use crate::{
    error::{AskError, EngineError},
    index,
};

/// The one mode that there is: an engine serves one retailer.
const STANDUP: [u8; 16] = [0; 16];
/// So many rows are on their way at once, so that callers find the mailboxes all but empty.
const TOGETHER: usize = 100;

/// Points that a customer brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Whose; none: nobody of the id that was sent.
    pub customer: Option<CustomerId>,
    /// How many; above zero.
    pub amount: Points,
    /// When they were issued.
    pub occurred: Timestamp,
    /// Where they go.
    pub account: PointAccountId,
    /// Where they come from.
    pub source: PointSourceId,
    /// As sent.
    pub modification_type: Box<str>,
    /// As sent.
    pub modification_entity_id: Box<str>,
}

/// What became of a row of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seeded {
    /// It is in the ledger.
    Done {
        /// As this row.
        row: LedgerRowId,
        /// By an earlier request of the same id.
        replayed: bool,
    },
    /// It does not fit the program, or there is nobody of that id.
    Refused(PostedStatus),
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum StandupError {
    /// Standup mode is off.
    #[error("standup mode is not switched on")]
    Off,
    /// The id of the request came with other rows before.
    #[error("the request id was used with other rows")]
    IdempotencyConflict,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Switches standup mode on.
    pub async fn enable_standup(&self) -> Result<(), StandupError> {
        self.ask_standup(standup::Command::Enable).await
    }

    /// Sets when standup mode ends; now or before: it is off.
    pub async fn expire_standup(&self, at: Timestamp) -> Result<(), StandupError> {
        self.ask_standup(standup::Command::Expire(at)).await
    }

    async fn ask_standup(&self, command: standup::Command) -> Result<(), StandupError> {
        match self.ask::<Standup>(STANDUP, command).await {
            Ok(standup::Done) => Ok(()),
            Err(AskError::Refused(standup::Error::Off)) => Err(StandupError::Off),
            Err(AskError::Engine(error)) => Err(error.into()),
        }
    }

    /// Writes issuance rows, each once under the request's id and its place in the batch; `body` says what they are.
    /// Rows that do not fit leave the others alone, and are tried again when the request is repeated.
    pub async fn seed(
        &self,
        request: &str,
        body: Fingerprint,
        seeds: &[Seed],
    ) -> Result<Vec<Seeded>, StandupError> {
        self.begin_seeding(Fingerprint::of(request), body).await?;
        let mut results = Vec::with_capacity(seeds.len());
        for (number, together) in seeds.chunks(TOGETHER).enumerate() {
            let places = number * TOGETHER..;
            let asked: Vec<_> = places
                .zip(together)
                .map(|(place, seed)| self.start_seed(request, place, seed))
                .collect::<Result<_, _>>()?;
            for asked in asked {
                results.push(match asked {
                    None => Seeded::Refused(PostedStatus::CustomerNotFound),
                    Some((answer, row)) => seeded(answer.wait().await, row)?,
                });
            }
        }
        Ok(results)
    }

    /// Takes the request down, so that its id means these rows from now on.
    async fn begin_seeding(&self, request: Fingerprint, body: Fingerprint) -> Result<(), StandupError> {
        let key = index::seedings::key(request);
        let engine = self.clone();
        unbroken(async move {
            // Two of one id must not begin at once with different rows. To begin takes a commit and no longer.
            let _beginning = engine.inner.inflight.wait_to_enter(&key).await;
            let known = engine.inner.shared.store.get(index::SEEDINGS, &key).map_err(EngineError::from)?;
            match known.map(|row| index::seedings::read(&row)).transpose()? {
                None => engine.ask_standup(standup::Command::Seed { request, body }).await,
                Some(known) if known == body => Ok(()),
                Some(_) => Err(StandupError::IdempotencyConflict),
            }
        })
        .await
    }

    fn start_seed(
        &self,
        request: &str,
        place: usize,
        seed: &Seed,
    ) -> Result<Option<(Answer<Customer>, LedgerRowId)>, EngineError> {
        let Some(customer) = seed.customer else { return Ok(None) };
        let key = format!("standup:{request}:{place}");
        // The same whenever the request is repeated: a repeat says which row it was.
        let row = LedgerRowId(Fingerprint::of(&format!("{customer}\n{key}")).0);
        let posting = Posting {
            purpose: Purpose::Seed(SeedDetail { row, deposit: seed.deposit(key.into()) }),
            allow_partial_success: false,
            disable_event_publishing: true,
        };
        let command = customer::Command::Post(Box::new(posting));
        Ok(Some((self.start::<Customer>(customer.bytes(), command)?, row)))
    }
}

impl Seed {
    fn deposit(&self, key: Box<str>) -> DepositDetail {
        DepositDetail {
            amount: self.amount,
            account: self.account,
            source: self.source,
            reference_id: self.modification_entity_id.clone(),
            reference_type: self.modification_type.clone(),
            idempotency_id: Some(key),
            transaction_id: Box::default(),
            occurred: Some(self.occurred),
        }
    }
}

fn seeded(answer: Result<Reply, AskError<customer::Error>>, row: LedgerRowId) -> Result<Seeded, EngineError> {
    match answer {
        Ok(Reply::Posted { details, .. }) => {
            let replayed = details.first().is_some_and(|detail| detail.replayed);
            Ok(Seeded::Done { row, replayed })
        }
        Err(AskError::Engine(error)) => Err(error),
        Err(AskError::Refused(customer::Error::Refused(refused))) => {
            let status = refused.details.first().map_or(PostedStatus::InvalidAmount, |detail| detail.status);
            Ok(Seeded::Refused(status))
        }
        Err(AskError::Refused(customer::Error::NotFound)) => {
            Ok(Seeded::Refused(PostedStatus::CustomerNotFound))
        }
        Err(AskError::Refused(customer::Error::Amount(_))) => {
            Ok(Seeded::Refused(PostedStatus::InvalidAmount))
        }
        Ok(_) | Err(AskError::Refused(_)) => {
            tracing::error!("seeding got the answer to something else");
            Err(EngineError::Crashed)
        }
    }
}
