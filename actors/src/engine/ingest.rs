//! Transactions that the transaction service has normalised, and what has become of them (incentives.md 7.16). They are
//! sales like those that tills send.

use std::{ops::ControlFlow, sync::Arc};

use domain::{
    customer::{self, Customer, Fingerprint, OutcomeResult, SaleCredited, Supposed, Supposition},
    entity::Context,
    id::{CustomerId, IdRun, SaleId, StoreId},
    program::Program,
    sale::{self, Command, Content, Endpoint, Outcome, Payer, Receipt, Reply, Revision, Sale},
};
use store::Lsn;
use uuid::Uuid;

use super::{Engine, SaleAnswer, SaleError, SaleRequest, SimulationError};
use crate::{
    error::{AskError, EngineError},
    history, index,
    kinds::Kind,
};

/// How often a replay looks at a sale that tills go on changing.
const ATTEMPTS: usize = 16;

/// A transaction on its way in.
#[derive(Debug, Clone)]
pub struct IngestRequest {
    /// The caller's id of the request, and the place in it; none: only the transaction itself says whether it is a
    /// repeat.
    pub request: Option<(Box<str>, Option<usize>)>,
    /// Fingerprint of the transaction as it was sent.
    pub body: u64,
    /// What was sold.
    pub content: Content,
}

/// A transaction that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// Under which it is asked about.
    pub id: Uuid,
    /// What became of it as a version of its sale.
    pub answer: SaleAnswer,
    /// Nothing that it has led to stands before this.
    began: Lsn,
}

/// What has become of a transaction (incentives.md 7.16, `state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngestState {
    /// It is being taken in, or somebody named on it has yet to book it.
    Queued,
    /// It is evaluated, or will be when it is closed.
    Done,
    /// A later version was there before it.
    IgnoredStale,
    /// It names nobody who is known.
    NoCustomer,
    /// Somebody named on it could not book it.
    Failed,
}

/// What a customer was given, with the program it was judged by.
pub type CustomerOutcomes = (CustomerId, Arc<Program>, Vec<OutcomeResult>);

/// What came of a transaction.
#[derive(Debug, Clone)]
pub struct SaleEvaluation {
    /// How far it is.
    pub state: IngestState,
    /// What it gave, by customer.
    pub outcomes: Vec<CustomerOutcomes>,
    /// Names the evaluation; none: there was none.
    pub evaluation: Option<Uuid>,
}

impl SaleEvaluation {
    const fn without(state: IngestState) -> Self {
        Self { state, outcomes: Vec::new(), evaluation: None }
    }
}

/// Why a transaction was not looked at again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such transaction.
    #[error("there is no such transaction")]
    NotFound,
    /// What would happen cannot be said.
    #[error(transparent)]
    Foreseen(#[from] SimulationError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Takes a transaction in. Answers when it is durable. A repeat that comes at the same time waits for the first.
    pub async fn ingest(&self, request: IngestRequest) -> Result<Ingested, SaleError> {
        let IngestRequest { request, body, content } = request;
        let id = request.as_ref().map_or_else(|| self.fresh_id(), ingest_id);
        let endpoint = Endpoint::Ingest(id);
        let request_id = request.map_or_else(|| id.to_string().into(), |(request, _)| request);
        let key = index::requests::key(endpoint, &request_id);
        let running = self.inner.inflight.wait_to_enter(&key).await;
        let began = self.inner.shared.store.durable();
        let answer = self.record_sale(SaleRequest { request_id, body, content }, endpoint, running).await?;
        let fresh = !answer.replayed && answer.receipt.outcome == Outcome::Accepted;
        Ok(Ingested { id, began: if fresh { began } else { Lsn::ZERO }, answer })
    }

    /// What came of a transaction that was just taken in, when it has been booked.
    pub async fn evaluation_of(&self, ingested: &Ingested) -> Result<SaleEvaluation, EngineError> {
        self.evaluation(&ingested.answer.receipt, ingested.began).await
    }

    /// What has become of a transaction that was taken in within thirty days; nothing when none was under this id.
    pub async fn ingested(&self, id: Uuid) -> Result<Option<(Option<Receipt>, SaleEvaluation)>, EngineError> {
        let key = index::requests::key(Endpoint::Ingest(id), "");
        let row = self.inner.shared.store.get(index::REQUESTS, &key)?;
        let answered = row.map(|row| index::requests::read(&row, self.now())).transpose()?.flatten();
        let Some(answered) = answered else {
            let queued = self.inner.inflight.is_running(&key);
            return Ok(queued.then(|| (None, SaleEvaluation::without(IngestState::Queued))));
        };
        let mut evaluation = self.evaluation(&answered.receipt, Lsn::ZERO).await?;
        if evaluation.state == IngestState::NoCustomer
            && let Some(number) = self.number_with_members(&answered.receipt)?
        {
            let receipt = Receipt { revision: number, ..answered.receipt.clone() };
            evaluation = self.evaluation(&receipt, Lsn::ZERO).await?;
        }
        Ok(Some((Some(answered.receipt), evaluation)))
    }

    /// The version that a transaction of nobody has become since somebody has registered, or it was looked at again.
    fn number_with_members(&self, receipt: &Receipt) -> Result<Option<u32>, EngineError> {
        let sale = self.load_sale(receipt.sale)?;
        let Some(current) = sale.as_ref().and_then(Sale::current) else { return Ok(None) };
        let request = self.named_on(receipt.sale, receipt.revision)?.request_id;
        let is_same = current.number != receipt.revision && current.request_id == request;
        Ok(is_same.then_some(current.number))
    }

    /// What has become of a version, when all whom it names have had their turn.
    async fn evaluation(&self, receipt: &Receipt, after: Lsn) -> Result<SaleEvaluation, EngineError> {
        let Receipt { sale, revision, outcome, .. } = receipt;
        if *outcome == Outcome::Stale {
            return Ok(SaleEvaluation::without(IngestState::IgnoredStale));
        }
        let named = self.named_on(*sale, *revision)?;
        let mut booked = self.booked_of(&named, (*sale, *revision), after).await?;
        let mut state = booked.state(&named);
        if state == IngestState::Failed {
            state = if self.has_pending_effects(*sale)? {
                IngestState::Queued
            } else {
                // What was on its way at the first look has arrived by the second. And it may be older: a request
                // whose answer is forgotten can be one that the sale still knows.
                booked = self.booked_of(&named, (*sale, *revision), Lsn::ZERO).await?;
                booked.state(&named)
            };
        }
        let Booked { outcomes, .. } = booked;
        let name = || Fingerprint::of(&format!("evaluation\n{sale}\n{revision}")).0;
        let evaluation = (!outcomes.is_empty()).then(name);
        Ok(SaleEvaluation { state, outcomes, evaluation })
    }

    /// What customers have booked of a version: a look waits for what is in front of it.
    async fn booked_of(
        &self,
        named: &Named,
        (id, revision): (SaleId, u32),
        after: Lsn,
    ) -> Result<Booked, EngineError> {
        let sale = self.load_sale(id)?.ok_or(EngineError::Damaged)?;
        let (mut outcomes, mut missing) = (Vec::new(), false);
        for &customer in sale.credited_before() {
            // Who was erased meanwhile has booked nothing that is still there; who was merged into another leaves it
            // to that one.
            let look = |customer: &Customer, _: &Program, _| {
                customer.identity().is_some() && !customer.has_been_merged_away()
            };
            let is_expected = self.look(customer.bytes(), look).await?;
            let Some(credited) = self.credited(customer, (id, revision), after)? else {
                missing |= is_expected && named.credits.contains(&customer);
                continue;
            };
            let shared = &self.inner.shared;
            let program = shared.programs.version(credited.program_version, shared.store.as_ref())?;
            outcomes.push((customer, Arc::clone(&program), credited.outcomes(&program)));
        }
        Ok(Booked { outcomes, missing })
    }

    /// A customer has yet to hear of a sale: it could not be read, or a commit has failed since.
    fn has_pending_effects(&self, id: SaleId) -> Result<bool, EngineError> {
        let pending = self.inner.shared.store.pending_effects()?;
        Ok(pending.iter().any(|effect| effect.entity == Kind::Sale.key(id.bytes())))
    }

    /// Who is named on a version of a sale.
    fn named_on(&self, id: SaleId, number: u32) -> Result<Named, EngineError> {
        let mut found = Named::default();
        history::walk::<Sale>(self.inner.shared.store.as_ref(), id.bytes(), |record| {
            for event in record.events {
                if let sale::Event::Revised { revision, credits, .. } = event
                    && revision.number == number
                {
                    let Revision { request_id, payers, .. } = revision;
                    found = Named { request_id, payers, credits: credits.unwrap_or_default() };
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// What a customer has booked of a version of a sale.
    fn credited(
        &self,
        customer: CustomerId,
        (sale, revision): (SaleId, u32),
        after: Lsn,
    ) -> Result<Option<SaleCredited>, EngineError> {
        let (store, mut found) = (self.inner.shared.store.as_ref(), None);
        history::walk_after::<Customer>(store, customer.bytes(), after, |record| {
            for event in record.events {
                if let customer::Event::SaleCredited(credited) = event
                    && (credited.sale, credited.revision) == (sale, revision)
                {
                    found = Some(*credited);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// A sale by the platform's id of it, or by the till's in a store; nothing when there is none.
    pub fn sale_named(
        &self,
        transaction: &str,
        store: Option<StoreId>,
    ) -> Result<Option<SaleId>, EngineError> {
        if let Ok(id) = transaction.parse()
            && self.load_sale(id)?.is_some()
        {
            return Ok(Some(id));
        }
        let Some(store) = store else { return Ok(None) };
        let id = SaleId::derive(self.program().retailer().id, store, transaction);
        Ok(self.load_sale(id)?.map(|_| id))
    }

    /// Has the version of a sale that is in force evaluated again, for the members that are there now, and by the rules
    /// of its first evaluation: customers book the difference to what it has given them.
    pub async fn replay_sale(&self, id: SaleId) -> Result<SaleEvaluation, ReplayError> {
        let began = self.inner.shared.store.durable();
        for _ in 0..ATTEMPTS {
            let (content, number) = self.version_in_force(id)?;
            let (payers, unknown_user) = self.payers(&content).await?;
            let command = Command::Replay { number, payers, unknown_user };
            match self.ask::<Sale>(id.bytes(), command).await {
                Ok(Reply::Recorded(receipt)) => return Ok(self.evaluation(&receipt, began).await?),
                // A till was faster.
                Err(AskError::Refused(sale::Error::Superseded)) => {}
                Err(AskError::Refused(sale::Error::Amount(error))) => {
                    return Err(SimulationError::Amount(error).into());
                }
                Err(AskError::Engine(error)) => return Err(error.into()),
                Ok(Reply::Forgotten | Reply::Noted) => {
                    tracing::error!("a replay got the answer to something else");
                    return Err(EngineError::Crashed.into());
                }
            }
        }
        Err(EngineError::Overloaded.into())
    }

    /// What a replay would come to. Nothing is written.
    pub async fn foresee_replay(&self, id: SaleId) -> Result<SaleEvaluation, ReplayError> {
        let (content, _) = self.version_in_force(id)?;
        let (payers, _) = self.payers(&content).await?;
        if payers.is_empty() {
            return Ok(SaleEvaluation::without(IngestState::NoCustomer));
        }
        let mut evaluation = SaleEvaluation::without(IngestState::Done);
        if !content.is_closed {
            return Ok(evaluation);
        }
        let (program, sale) = (self.program(), self.load_sale(id)?.ok_or(ReplayError::NotFound)?);
        let mut customers: Vec<_> = payers.iter().map(|payer| payer.customer).collect();
        customers.sort_unstable();
        customers.dedup();
        for customer in customers {
            let fetched = customer::Fetched::default();
            let ids = IdRun::starting_at(Uuid::nil());
            let context = Context { now: self.now(), ids, program: &program, fetched: &fetched };
            let content = Content::clone(&content);
            let credit = sale.would_credit(id, content, &payers, Some(customer), &context);
            let what = Supposed::Sale(Box::new(credit.map_err(SimulationError::from)?));
            let supposition = Supposition { what, as_of: None, levels: Vec::new() };
            let outlook = self.foresee(customer, supposition, Arc::clone(&program)).await?;
            evaluation.outcomes.push((customer, Arc::clone(&program), outlook.outcomes));
        }
        Ok(evaluation)
    }

    fn version_in_force(&self, id: SaleId) -> Result<(Arc<Content>, u32), ReplayError> {
        let sale = self.load_sale(id)?.ok_or(ReplayError::NotFound)?;
        let current = sale.current().ok_or(ReplayError::NotFound)?;
        Ok((Arc::clone(&current.content), current.number))
    }
}

/// Who is named on a version of a sale.
#[derive(Debug, Default)]
struct Named {
    /// The request that brought it.
    request_id: Box<str>,
    payers: Vec<Payer>,
    /// Those who book it.
    credits: Vec<CustomerId>,
}

/// What customers have booked of a version of a sale.
struct Booked {
    outcomes: Vec<CustomerOutcomes>,
    /// Somebody whom it names has not.
    missing: bool,
}

impl Booked {
    /// As far as it can be told from that.
    fn state(&self, named: &Named) -> IngestState {
        match (self.missing, named.payers.is_empty() && self.outcomes.is_empty()) {
            (true, _) => IngestState::Failed,
            (false, true) => IngestState::NoCustomer,
            (false, false) => IngestState::Done,
        }
    }
}

/// The id of what comes under a request id. The text is stored in effect: its form never changes.
fn ingest_id((request, place): &(Box<str>, Option<usize>)) -> Uuid {
    let place = place.map_or(String::new(), |place| format!(" {place}"));
    Fingerprint::of(&format!("ingest{place}\n{request}")).0
}
