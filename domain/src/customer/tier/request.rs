//! Movements on request: by hand, qualifying and maintenance on demand, leaving a system (incentives.md 7.6).

use super::{TierDraft, TierMovement, TierRequestKept};
use crate::{
    customer::{
        Customer, Error, Event, Fingerprint, History, Reply, TierBenefit, TierLeft, TierMoveCause,
        due::settle, stop::Stop,
    },
    entity::{Context, Decision},
    id::{TierLevelId, TierMovementId, TierSystemId},
    ledger::Draft,
    program::tree::Triggers,
    time::Timestamp,
};

/// What can be asked of a customer's tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TierCommand {
    /// Put into a level by hand.
    Place(Placement),
    /// Look at the entrance rules of all live systems now.
    Qualify,
    /// Look at the stay rules now.
    Maintain(MaintenanceRun),
    /// Take out of a system. It is not joined again but by hand.
    Leave {
        /// Which.
        system: TierSystemId,
        /// Why, for the history.
        reason: Box<str>,
    },
}

/// A movement by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The system.
    pub system: TierSystemId,
    /// The level to be held.
    pub level: TierLevelId,
    /// On the way up, skipped levels give what joining them gives.
    pub process_intermediate_levels: bool,
    /// Afterwards the entrance rules are looked at, which may lift the customer further.
    pub evaluate_qualifying_rules: bool,
    /// The level gives what joining it gives.
    pub process_joining_outcomes: bool,
    /// Why, for the history.
    pub reason: Box<str>,
    /// A repeat under the same id answers the first result, as long as it is among the last eight remembered.
    pub idempotency_id: Option<Box<str>>,
}

/// A look at the stay rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceRun {
    /// In this system only.
    pub system: Option<TierSystemId>,
    /// As of when; none: now. In the future only for a dry run, never in the past.
    pub as_of: Option<Timestamp>,
    /// Only says what would happen.
    pub dry_run: bool,
    /// A repeat under the same id answers the first result, as for [`Placement`].
    pub idempotency_id: Option<Box<str>>,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TiersDecided {
    /// In order.
    pub movements: Vec<TierMovement>,
    /// What joining or staying gave.
    pub benefits: Vec<TierBenefit>,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TierError {
    /// No such system, or the customer is not in it.
    #[error("there is no such tier system")]
    SystemNotFound,
    /// No such level in the system.
    #[error("the tier system has no such level")]
    LevelNotFound,
    /// The system or the level is not live: it cannot be entered (incentives.md 8.5).
    #[error("the tier level is not live")]
    LevelNotLive,
    /// The points of a time that is past are not known, and the future can only be tried.
    #[error("as_of lies in the past, or in the future without dry_run")]
    AsOf,
}

pub(in crate::customer) fn decide(
    customer: &Customer,
    command: &TierCommand,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    match command {
        TierCommand::Place(placement) => place(customer, placement, context),
        TierCommand::Qualify => {
            let (mut draft, mut tiers) = drafts(customer, context);
            tiers.qualify(Triggers::ALL, context.now, &mut draft)?;
            Ok(decided(tiers, context.now))
        }
        TierCommand::Maintain(run) => maintain(customer, run, context),
        TierCommand::Leave { system, reason } => Ok(leave(customer, *system, reason, context)?),
    }
}

/// Whatever was due has been settled before.
fn drafts<'a>(customer: &'a Customer, context: &Context<'a>) -> (Draft<'a>, TierDraft<'a>) {
    let draft = Draft::new(&customer.ledger, context.ids, 0);
    (draft, TierDraft::new(customer, context.program, context.now))
}

fn place(
    customer: &Customer,
    placement: &Placement,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    let request = Request::new(placement.idempotency_id.as_deref(), placement.body());
    if let Some(answer) = request.answered(customer)? {
        return Ok(answer);
    }
    let program = context.program;
    let system = program.tier_system(placement.system).ok_or(Error::Tier(TierError::SystemNotFound))?;
    let level = system.level(placement.level).ok_or(Error::Tier(TierError::LevelNotFound))?;
    let present = customer.tiers.of(system.id).map(|tier| tier.level);
    if present == Some(level.id) {
        return Ok(Decision::answer(Reply::Tiers(Box::default())));
    }
    if !system.live || !level.is_live() {
        return Err(Stop::Refuse(TierError::LevelNotLive.into()));
    }
    let (mut draft, mut tiers) = drafts(customer, context);
    tiers.step(system, level, TierMoveCause::Manual, &placement.reason, &mut draft);
    let asked = (Triggers::ALL, context.now);
    if placement.process_intermediate_levels {
        let rank = present.and_then(|present| system.level(present)).map_or(0, |present| present.rank);
        tiers.give_for_skipped(system, rank, level, asked, &mut draft)?;
    }
    if placement.process_joining_outcomes {
        tiers.give_for_joining(level, asked.0, asked.1, &mut draft)?;
    }
    if placement.evaluate_qualifying_rules {
        tiers.qualify(asked.0, asked.1, &mut draft)?;
    }
    Ok(request.decided(tiers, context.now))
}

/// A request that may be repeated.
struct Request {
    key: Option<Fingerprint>,
    body: Fingerprint,
}

impl Request {
    fn new(idempotency_id: Option<&str>, body: Fingerprint) -> Self {
        Self { key: idempotency_id.map(Fingerprint::of), body }
    }

    /// The answer that was given before.
    fn answered(&self, customer: &Customer) -> Result<Option<Decision<Customer>>, Error> {
        let Some(known) = self.key.and_then(|key| customer.tiers.request(key)) else { return Ok(None) };
        if known.body != self.body {
            return Err(Error::IdempotencyConflict);
        }
        let movements = known.moves.iter().map(|step| TierMovement::of(step, known.at)).collect();
        let answer = TiersDecided { movements, benefits: Vec::new() };
        Ok(Some(Decision::answer(Reply::Tiers(Box::new(answer)))))
    }

    fn decided(&self, tiers: TierDraft<'_>, now: Timestamp) -> Decision<Customer> {
        let (moves, body) = (tiers.moves.clone(), self.body);
        let kept = self.key.map(|key| TierRequestKept { key, body, moves, at: now });
        let mut decision = decided(tiers, now);
        decision.events.extend(kept.map(|kept| Event::TierRequestKept(Box::new(kept))));
        decision
    }
}

impl Placement {
    /// The fingerprint of the normalised body. The text is stored in effect: its form never changes.
    fn body(&self) -> Fingerprint {
        let Self { system, level, reason, .. } = self;
        let (intermediate, qualifying, joining) =
            (self.process_intermediate_levels, self.evaluate_qualifying_rules, self.process_joining_outcomes);
        Fingerprint::of(&format!(
            "place\n{system}\n{level}\n{intermediate}\n{qualifying}\n{joining}\n{reason}"
        ))
    }
}

impl MaintenanceRun {
    /// The fingerprint of the normalised body, as of a placement.
    fn body(&self) -> Fingerprint {
        let system = self.system.map_or(String::new(), |system| system.to_string());
        Fingerprint::of(&format!("maintain\n{system}"))
    }
}

fn maintain(
    customer: &Customer,
    run: &MaintenanceRun,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    let request = Request::new(run.idempotency_id.as_deref().filter(|_| !run.dry_run), run.body());
    if let Some(answer) = request.answered(customer)? {
        return Ok(answer);
    }
    let at = run.as_of.unwrap_or(context.now);
    if at < context.now || (at > context.now && !run.dry_run) {
        return Err(Stop::Refuse(TierError::AsOf.into()));
    }
    if run.system.is_some_and(|system| context.program.tier_system(system).is_none()) {
        return Err(Stop::Refuse(TierError::SystemNotFound.into()));
    }
    // What is due until a later time happens first, as it will.
    let customer = context.fetched.history.as_deref().map_or(customer, History::customer);
    let ahead = settle(customer, context.program, at, context.ids)?;
    let state = ahead.customer.as_ref().unwrap_or(customer);
    let mut draft = Draft::new(&state.ledger, context.ids, ahead.ids_used);
    let mut tiers = TierDraft::new(state, context.program, at);
    let wanted = |system: TierSystemId| run.system.is_none_or(|wanted| wanted == system);
    for system in state.tiers.held().iter().map(|tier| tier.system).filter(|system| wanted(*system)) {
        tiers.review(system, &mut draft)?;
    }
    if !run.dry_run {
        return Ok(request.decided(tiers, context.now));
    }
    let mut events = ahead.events;
    tiers.write(context.now, &mut events);
    let mut answer = told(&events);
    answer.movements.retain(|movement| wanted(movement.system));
    Ok(Decision::answer(Reply::Tiers(Box::new(answer))))
}

fn leave(
    customer: &Customer,
    system: TierSystemId,
    reason: &str,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Error> {
    let Some(held) = customer.tiers.of(system) else {
        // Left before, or never joined: there is nothing to do, as long as there is such a system.
        context.program.tier_system(system).ok_or(TierError::SystemNotFound)?;
        return Ok(Decision::answer(Reply::Tiers(Box::default())));
    };
    let left = Event::TierLeft(Box::new(TierLeft {
        movement: TierMovementId(context.ids.nth(0)),
        system,
        from: held.level,
        cause: TierMoveCause::Manual,
        reason: reason.into(),
        at: context.now,
    }));
    let answer = told(std::slice::from_ref(&left));
    Ok(Decision { events: vec![left], reply: Reply::Tiers(Box::new(answer)), effects: Vec::new() })
}

fn decided(tiers: TierDraft<'_>, written: Timestamp) -> Decision<Customer> {
    let mut events = Vec::new();
    tiers.write(written, &mut events);
    let answer = told(&events);
    Decision { events, reply: Reply::Tiers(Box::new(answer)), effects: Vec::new() }
}

/// What the events say of movements and of what they gave.
fn told(events: &[Event]) -> TiersDecided {
    let mut history = super::TierHistory::default();
    let mut benefits = Vec::new();
    for event in events {
        history.apply(event);
        if let Event::TierBenefitsGiven { benefits: given, .. } = event {
            benefits.extend(given.iter().cloned());
        }
    }
    TiersDecided { movements: history.movements().to_vec(), benefits }
}

impl From<TierError> for Error {
    fn from(error: TierError) -> Self {
        Self::Tier(error)
    }
}
