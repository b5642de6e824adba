//! What would happen (incentives.md 7.15): a decision on the present state that nobody keeps.

use std::borrow::Cow;

use super::{
    Command, CreditSale, Customer, Error, Event, Need, OutcomeResult, Profile, Reply, TierDraft, UserEvent,
    credit, due, happened, stop::Stop,
};
use crate::{
    entity::{Context, Entity},
    id::{CustomerId, IdRun, TierLevelId, TierSystemId},
    ledger::Draft,
    program::Program,
    rules::Round,
    time::Timestamp,
};

/// Something that is only supposed to happen.
#[derive(Debug, Clone)]
pub enum Supposed {
    /// A revision of a sale.
    Sale(Box<CreditSale>),
    /// An event.
    Event(Box<UserEvent>),
}

/// A question for what would happen.
#[derive(Debug, Clone)]
pub struct Supposition {
    /// What.
    pub what: Supposed,
    /// When it happens; none: now, or when it says itself. A sale's or an event's business time is this; what is due
    /// by then has been done.
    pub as_of: Option<Timestamp>,
    /// The customer is supposed to hold these levels, each in its own tier system.
    pub levels: Vec<TierLevelId>,
}

/// What would happen.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// What would become of the outcomes.
    pub outcomes: Vec<OutcomeResult>,
    /// Which trees would be looked at, and what they would come to.
    pub rounds: Vec<Round>,
    /// The levels held before.
    pub levels_before: Vec<(TierSystemId, TierLevelId)>,
    /// What would be written.
    pub events: Vec<Event>,
    /// The customer after it.
    pub after: Customer,
    /// When it would be decided.
    pub at: Timestamp,
}

/// What a question came to.
#[derive(Debug)]
pub enum Foreseen {
    /// This would happen.
    Outlook(Box<Outlook>),
    /// Something old is needed first, or to know what would be granted of something that all customers share.
    Need(Need),
}

impl Customer {
    /// Somebody of whom nothing is known: a new customer with the levels that everybody begins with.
    pub fn anonymous(program: &Program, now: Timestamp) -> Self {
        let mut customer = Self::default();
        let profile = Box::new(Profile { opted_in: true, ..Profile::default() });
        let id = CustomerId(uuid::Uuid::nil());
        customer.apply(&Event::Created { id, profile, at: now });
        customer.enrol(program, now);
        customer
    }

    fn enrol(&mut self, program: &Program, now: Timestamp) {
        let mut events = Vec::new();
        let mut draft = Draft::new(&self.ledger, aside(2), 0);
        let mut tiers = TierDraft::new(self, program, now);
        // Benefits that do not sum are none.
        if tiers.enrol(&mut draft).is_ok() {
            tiers.write(now, &mut events);
        }
        events.iter().for_each(|event| self.apply(event));
    }

    /// What would happen to the customer, or to whoever would hold other levels: what [`Entity::decide`] comes to.
    /// Nothing is kept. The context's time is that of the state; it is moved forward to the one that is asked for.
    pub fn foresee(&self, supposition: &Supposition, context: &Context<'_>) -> Result<Foreseen, Error> {
        let now = supposition.as_of.map_or(context.now, |as_of| as_of.max(context.now));
        let context = Context { now, ..*context };
        let foreseen = self.supposing(&supposition.levels, &context).and_then(|customer| {
            customer.would(&supposition.what.as_of(supposition.as_of), &context).map(Box::new)
        });
        match foreseen {
            Ok(outlook) => Ok(Foreseen::Outlook(outlook)),
            Err(Stop::Need(need)) => Ok(Foreseen::Need(need)),
            Err(Stop::Refuse(error)) => Err(error),
        }
    }

    fn would(&self, what: &Supposed, context: &Context<'_>) -> Result<Outlook, Stop> {
        let (program, at) = (context.program, context.now);
        let decision = due::decide(self, &what.command(), context)?;
        let settled = due::settle(self, program, at, context.ids)?;
        let before = settled.customer.as_ref().unwrap_or(self);
        let rounds = what.trace(before, context)?;
        let mut after = self.clone();
        decision.events.iter().for_each(|event| after.apply(event));
        let mut outcomes: Vec<OutcomeResult> = Vec::new();
        for event in &decision.events {
            match event {
                Event::SaleCredited(credited) => outcomes.extend(credited.outcomes(program)),
                // Also those that the platform has raised because of it.
                Event::EventTriggered(triggered) => outcomes.extend_from_slice(&triggered.answer.outcomes),
                _ => {}
            }
        }
        // An event that was reported before has its first answer.
        if let (true, Reply::Triggered(triggered)) = (decision.events.is_empty(), &decision.reply) {
            outcomes.clone_from(&triggered.outcomes);
        }
        let levels_before = before.held_levels();
        Ok(Outlook { outcomes, rounds, levels_before, events: decision.events, after, at })
    }

    fn supposing(&self, levels: &[TierLevelId], context: &Context<'_>) -> Result<Cow<'_, Self>, Stop> {
        if levels.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let settled = due::settle(self, context.program, context.now, aside(1))?;
        let mut state = settled.customer.unwrap_or_else(|| self.clone());
        let mut events = Vec::new();
        let mut draft = Draft::new(&state.ledger, aside(1), settled.ids_used);
        let mut tiers = TierDraft::new(&state, context.program, context.now);
        for system in context.program.tier_systems() {
            let Some(level) = levels.iter().find_map(|level| system.level(*level)) else { continue };
            if tiers.level_in(system.id) != Some(level.id) {
                tiers.move_by_rule(system, level, &mut draft);
            }
        }
        tiers.write(context.now, &mut events);
        events.iter().for_each(|event| state.apply(event));
        Ok(Cow::Owned(state))
    }
}

impl Supposed {
    fn as_of(&self, as_of: Option<Timestamp>) -> Cow<'_, Self> {
        let Some(at) = as_of else { return Cow::Borrowed(self) };
        let mut moved = self.clone();
        match &mut moved {
            Self::Sale(credit) => credit.business_time = at,
            Self::Event(event) => event.occurred = event.occurred.or(Some(at)),
        }
        Cow::Owned(moved)
    }

    fn command(&self) -> Command {
        match self {
            Self::Sale(credit) => Command::CreditSale(credit.clone()),
            Self::Event(event) => Command::Trigger(event.clone()),
        }
    }

    fn trace(&self, before: &Customer, context: &Context<'_>) -> Result<Vec<Round>, Stop> {
        match self {
            Self::Sale(credit) => credit::trace(before, credit, context),
            Self::Event(event) => happened::trace(before, event, 0, context),
        }
        .map(|(rounds, _)| rounds)
    }
}

/// Ids of what is only supposed: no decision gives them out.
fn aside(run: u128) -> IdRun {
    IdRun::starting_at(uuid::Uuid::from_u128(run << 64))
}
