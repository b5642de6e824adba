//! What would happen: decisions that nobody keeps (incentives.md 7.15).

use std::sync::Arc;

use domain::{
    Timestamp,
    allotment::{Allotment, Asking, Grant, Granted},
    amount::AmountError,
    configuration::{self, Json},
    customer::{self, Customer, Fetched, Foreseen, Need, Outlook, Supposed, Supposition, UserEvent},
    entity::Context,
    id::{CustomerId, IdRun, RuleTreeId, SaleId, TierLevelId},
    program::Program,
    sale::{Content, Payer},
};

use super::{EditError, Engine};
use crate::{error::EngineError, history, kinds::Kind};

/// How often a decision may ask for something old before it is taken to be going in circles.
const NEEDS_MAX: usize = 256;

/// What is supposed.
#[derive(Debug, Clone)]
pub struct SimulationRequest {
    /// The trigger.
    pub trigger: SimulatedTrigger,
    /// Who; none: the first member that the sale names, or else somebody of whom nothing is known.
    pub customer: Option<CustomerId>,
    /// When; none: now.
    pub as_of: Option<Timestamp>,
    /// Levels that the customer is supposed to hold.
    pub levels: Vec<TierLevelId>,
    /// Trees of the configuration that are supposed to be live.
    pub trees: Vec<RuleTreeId>,
    /// Trees that are supposed to be there and live.
    pub drafts: Vec<Json>,
}

/// What is supposed to happen.
#[derive(Debug, Clone)]
pub enum SimulatedTrigger {
    /// A sale, or the next version of one; closed, whatever it says.
    Sale(Box<Content>),
    /// An event.
    Event(Box<UserEvent>),
}

/// What would happen, and the program by which.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// What would happen.
    pub outlook: Outlook,
    /// The program in force, with what was supposed to be live.
    pub program: Arc<Program>,
    /// To whom; none: to somebody of whom nothing is known.
    pub customer: Option<CustomerId>,
}

/// Why it cannot be said what would happen.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The supposed trees are no trees.
    #[error(transparent)]
    Program(EditError),
    /// There is no such tier level.
    #[error("there is no such tier level")]
    LevelNotFound,
    /// What is supposed would be refused.
    #[error("it would be refused: {0}")]
    Refused(Box<customer::Error>),
    /// A number does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// What would happen to a customer as it is when everything asked before has been done. Nothing is written.
    pub async fn simulate(&self, request: SimulationRequest) -> Result<Simulated, SimulationError> {
        let SimulationRequest { trigger, customer, as_of, levels, trees, drafts } = request;
        let program = self.trial(trees, drafts).await?;
        let known = |level: &TierLevelId| program.tier_systems().iter().any(|of| of.level(*level).is_some());
        if !levels.iter().all(known) {
            return Err(SimulationError::LevelNotFound);
        }
        let (what, customer) = match trigger {
            SimulatedTrigger::Event(event) => (Supposed::Event(event), customer),
            SimulatedTrigger::Sale(content) => self.supposed_sale(*content, customer, &program).await?,
        };
        let supposition = Supposition { what, as_of, levels };
        let outlook = match customer {
            Some(customer) => self.foresee(customer, supposition, Arc::clone(&program)).await?,
            None => self.foresee_for_nobody(&supposition, &program).await?,
        };
        Ok(Simulated { outlook, program, customer })
    }

    /// The program in force with these trees live.
    async fn trial(
        &self,
        trees: Vec<RuleTreeId>,
        drafts: Vec<Json>,
    ) -> Result<Arc<Program>, SimulationError> {
        let current = self.program();
        let is_live = |tree: &RuleTreeId| current.tree(*tree).is_some_and(|tree| tree.live);
        if drafts.is_empty() && trees.iter().all(is_live) {
            return Ok(current);
        }
        let ids = self.inner.shared.ids.clone();
        // On the configuration's own shard: compiling takes long and must not hold up customers.
        let compiled = self.read_configuration(move |configuration, program, now| {
            let (fetched, ids) = (Fetched::default(), IdRun::starting_at(ids.fresh(now)));
            configuration.trial(&trees, &drafts, &Context { now, ids, program, fetched: &fetched })
        });
        compiled.await?.map(Arc::new).map_err(|error| {
            SimulationError::Program(match error {
                configuration::Error::Problems(problems) => EditError::Problems(problems),
                configuration::Error::Refused(refusal) => EditError::Refused(refusal),
                configuration::Error::OtherRetailer { .. } => EngineError::Crashed.into(),
            })
        })
    }

    async fn supposed_sale(
        &self,
        content: Content,
        customer: Option<CustomerId>,
        program: &Program,
    ) -> Result<(Supposed, Option<CustomerId>), SimulationError> {
        let (mut payers, _) = self.payers(&content).await?;
        let customer = customer.or_else(|| payers.first().map(|payer| payer.customer));
        if let Some(customer) = customer
            && payers.iter().all(|payer| payer.customer != customer)
        {
            payers = vec![Payer { payment: None, customer }];
        }
        let id = SaleId::derive(program.retailer().id, content.store, &content.transaction_id);
        let sale = self.load_sale(id)?.unwrap_or_default();
        let fetched = Fetched::default();
        let context = Context { now: self.now(), ids: no_ids(), program, fetched: &fetched };
        let credit = sale.would_credit(id, content, &payers, customer, &context)?;
        Ok((Supposed::Sale(Box::new(credit)), customer))
    }

    async fn foresee_for_nobody(
        &self,
        supposition: &Supposition,
        program: &Program,
    ) -> Result<Outlook, SimulationError> {
        let now = self.now();
        let mut fetched = Fetched::default();
        for _ in 0..NEEDS_MAX {
            let context = Context { now, ids: no_ids(), program, fetched: &fetched };
            match Customer::anonymous(program, now).foresee(supposition, &context) {
                Ok(Foreseen::Outlook(outlook)) => return Ok(*outlook),
                Ok(Foreseen::Need(Need::Allotment(asking))) => {
                    fetched.grants.push(self.would_grant(asking).await?);
                }
                Ok(Foreseen::Need(_)) => return Err(EngineError::Crashed.into()),
                Err(error) => return Err(SimulationError::Refused(Box::new(error))),
            }
        }
        Err(EngineError::Crashed.into())
    }

    /// On the state; when that leaves out something that matters, on the whole history, in which everything is by then.
    /// Of what all customers share nothing is reserved: what would be granted now counts.
    pub(super) async fn foresee(
        &self,
        id: CustomerId,
        supposition: Supposition,
        program: Arc<Program>,
    ) -> Result<Outlook, SimulationError> {
        let mut grants = Vec::new();
        let mut lacks = None;
        for _ in 0..NEEDS_MAX {
            let (looked_for, by, granted) = (supposition.clone(), Arc::clone(&program), grants.clone());
            let foreseen = match lacks.clone() {
                None => self.foresee_in_state(id, looked_for, by, granted).await?,
                Some(need) => {
                    let engine = self.clone();
                    let foreseen = self
                        .inner
                        .shared
                        .placement
                        .aside(move || engine.foresee_in_history(id, &looked_for, &by, granted, need));
                    foreseen.await??
                }
            };
            match foreseen {
                Foreseen::Outlook(outlook) => return Ok(*outlook),
                Foreseen::Need(Need::Allotment(asking)) => grants.push(self.would_grant(asking).await?),
                Foreseen::Need(need) => lacks = Some(need),
            }
        }
        Err(EngineError::Crashed.into())
    }

    async fn foresee_in_state(
        &self,
        id: CustomerId,
        supposition: Supposition,
        program: Arc<Program>,
        grants: Vec<Granted>,
    ) -> Result<Foreseen, SimulationError> {
        let seen = self.look::<Customer, _>(id.bytes(), move |customer, _, now| {
            let fetched = Fetched { grants, ..Fetched::default() };
            let context = Context { now, ids: no_ids(), program: &program, fetched: &fetched };
            customer.foresee(&supposition, &context)
        });
        seen.await?.map_err(|error| SimulationError::Refused(Box::new(error)))
    }

    /// Fetches everything that is needed but what all customers share.
    fn foresee_in_history(
        &self,
        id: CustomerId,
        supposition: &Supposition,
        program: &Program,
        grants: Vec<Granted>,
        first: Need,
    ) -> Result<Foreseen, SimulationError> {
        let shared = &self.inner.shared;
        let history = history::of_customer(shared.store.as_ref(), id.bytes())?;
        let key = Kind::Customer.key(id.bytes());
        let (mut fetched, mut need) = (Fetched { grants, ..Fetched::default() }, first);
        for _ in 0..NEEDS_MAX {
            // The ledger of the history lacks nothing.
            if need != Need::History {
                shared.fetch(key, &need, &mut fetched)?;
            }
            let context = Context { now: self.now(), ids: no_ids(), program, fetched: &fetched };
            match history.customer().foresee(supposition, &context) {
                Ok(Foreseen::Need(more)) if !matches!(more, Need::Allotment(_)) => need = more,
                Ok(foreseen) => return Ok(foreseen),
                Err(error) => return Err(SimulationError::Refused(Box::new(error))),
            }
        }
        tracing::error!(%id, "a simulation asks for old data again and again");
        Err(EngineError::Crashed.into())
    }

    async fn would_grant(&self, asking: Box<Asking>) -> Result<Granted, EngineError> {
        let allotment = asking.allotment;
        let grant =
            self.look::<Allotment, _>(allotment.bytes(), move |known, _, _| known.would_grant(&asking));
        let Grant { amounts, short } = grant.await?;
        Ok(Granted { allotment, amounts, short })
    }
}

/// Nobody keeps the ids of what only would be written.
fn no_ids() -> IdRun {
    IdRun::starting_at(uuid::Uuid::nil())
}
