//! What a customer has to do at a time of its own: points that run out, levels that are reviewed.
//!
//! The state notes the earliest moment at which something may be due; it is the customer's row in the index of due
//! moments, by which the clock wakes it. The note may be too early, never too late: a lot that is spent before it
//! expires leaves it standing. A decision at or after the noted moment first does what was due before it, in the order
//! of time and as of its own time; what a reader is shown has been brought up to date the same way.

use std::borrow::Cow;

use super::{Command, Customer, Event, History, TierBenefit, TierDraft, cascade, job_step, stop::Stop};
use crate::{
    entity::{Context, Decision, Entity},
    id::IdRun,
    ledger::{Draft, DraftError, Movement},
    program::Program,
    time::Timestamp,
};

/// When something becomes due because of a movement.
fn point_due_of(movement: &Movement) -> Option<Timestamp> {
    match movement {
        Movement::Earned { expires, .. } | Movement::Received { expires, .. } => *expires,
        Movement::Expired { losses, .. } => losses.iter().filter_map(|loss| loss.next).min(),
        Movement::Restored { lots, .. } => lots.iter().filter_map(|lot| lot.expires).min(),
        Movement::Taken { .. } | Movement::Overdrawn { .. } => None,
    }
}

impl Customer {
    /// The moment under which the customer stands in the index of due moments; none: it does not stand there.
    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// The customer as it is at `now`: with everything done that is due by then, written down or not. Of a customer
    /// that is incomplete (see [`Customer::is_incomplete`]) nothing is done.
    pub fn as_of(&self, program: &Program, now: Timestamp) -> Cow<'_, Self> {
        match self.done_by(program, now) {
            Some(Ok(Settled { customer: Some(settled), .. })) => Cow::Owned(settled),
            Some(Ok(Settled { customer: None, .. }) | Err(_)) | None => Cow::Borrowed(self),
        }
    }

    /// What a read depends on is only in the history: look at [`History::customer`] instead.
    pub fn is_incomplete(&self, program: &Program, now: Timestamp) -> bool {
        match self.done_by(program, now) {
            Some(done) => matches!(done, Err(Stop::Need(_))),
            None => matches!(self.try_settled(program, now), Err(DraftError::Hidden)),
        }
    }

    fn done_by(&self, program: &Program, now: Timestamp) -> Option<Result<Settled, Stop>> {
        // Nobody keeps the ids of rows that are only looked at.
        self.is_due(program, now).then(|| settle(self, program, now, IdRun::starting_at(uuid::Uuid::nil())))
    }

    fn is_due(&self, program: &Program, now: Timestamp) -> bool {
        self.identity().is_some()
            && (self.due.is_some_and(|due| due <= now) || self.tiers.are_unscheduled(program))
    }

    fn next_due(&self, program: &Program) -> Option<Timestamp> {
        earlier(self.next_point_due(program), self.tiers.next_review())
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// Decides a command after everything that was due before it.
pub(super) fn decide(
    customer: &Customer,
    command: &Command,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    if let Command::Job(step) = command {
        // It does what is due by itself, to see what comes of it.
        return job_step::decide(customer, step, context);
    }
    if let Command::Forget(_) = command {
        // Nothing is written down first, and nothing is noted: nobody is there afterwards.
        return customer.decide_settled(command, context);
    }
    if customer.is_due(context.program, context.now) {
        return decide_after_what_is_due(customer, command, context);
    }
    let mut decision = customer.decide_settled(command, context)?;
    let due = earlier(customer.due, due_after(customer, &decision.events, context));
    if due != customer.due {
        decision.events.push(Event::DueNoted { due });
    }
    Ok(decision)
}

/// When something becomes due because of what was decided; not before now.
fn due_after(customer: &Customer, events: &[Event], context: &Context<'_>) -> Option<Timestamp> {
    let due = if context.program.watches_activity() && !events.is_empty() {
        // When inactivity ends what is there depends on more than on what came.
        let mut after = customer.clone();
        events.iter().for_each(|event| after.apply(event));
        after.next_due(context.program)
    } else {
        due_of(events)
    };
    // Points that were issued late may have run out before they came.
    due.map(|due| due.max(context.now))
}

fn decide_after_what_is_due(
    customer: &Customer,
    command: &Command,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    let history = context.fetched.history.as_deref();
    let base = history.map_or(customer, History::customer);
    let settled = settle(base, context.program, context.now, context.ids)?;
    let mut state = customer.clone();
    settled.events.iter().for_each(|event| state.apply(event));
    let ids = IdRun::starting_at(context.ids.nth(settled.ids_used));
    // What was fetched is as of before; the decision sees it as of after.
    let mut fetched = context.fetched.clone();
    if let Some(history) = fetched.history.as_mut() {
        settled.events.iter().for_each(|event| history.apply(event));
    }
    let mut decision = state.decide_settled(command, &Context { ids, fetched: &fetched, ..*context })?;
    decision.events.iter().for_each(|event| state.apply(event));
    let mut events = settled.events;
    events.append(&mut decision.events);
    let due = state.next_due(context.program).map(|due| due.max(context.now));
    if due != customer.due {
        events.push(Event::DueNoted { due });
    }
    decision.events = events;
    Ok(decision)
}

/// The earliest moment at which something becomes due because of these events.
fn due_of(events: &[Event]) -> Option<Timestamp> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::PointsPosted(posted) => posted.movements.iter().filter_map(point_due_of).min(),
            Event::SaleCredited(credited) => {
                credited.entries.iter().filter_map(|entry| point_due_of(&entry.movement)).min()
            }
            Event::EventTriggered(triggered) => {
                triggered.entries.iter().filter_map(|entry| point_due_of(&entry.movement)).min()
            }
            Event::RulesActed(acted) => {
                acted.movements.iter().filter_map(|(_, movement)| point_due_of(movement)).min()
            }
            Event::PointsExpired { movements, .. } => movements.iter().filter_map(point_due_of).min(),
            Event::TierBenefitsGiven { benefits, .. } => {
                let movements = benefits.iter().flat_map(TierBenefit::movements);
                movements.filter_map(point_due_of).min()
            }
            Event::TiersEntered { moves, .. } => moves.iter().filter_map(|step| step.review?.next).min(),
            Event::TierReviewsSet { reviews, .. } => reviews.iter().filter_map(|set| set.review?.next).min(),
            Event::MergedIn(merged) => merged.movements.iter().filter_map(point_due_of).min(),
            Event::LotsRedated { lots, .. } => lots.iter().filter_map(|lot| lot.expires).min(),
            Event::Created { .. }
            | Event::ProfileChanged { .. }
            | Event::LotsRecalled { .. }
            | Event::PointsCounted { .. }
            | Event::TierLeft(_)
            | Event::TierRequestKept(_)
            | Event::Forgotten(_)
            | Event::DueNoted { .. }
            | Event::TiersDated(_)
            | Event::MergedAway(_)
            | Event::JobStepped(_)
            | Event::CountersSet(_)
            | Event::StateReset { .. } => None,
        })
        .min()
}

/// A customer with everything done that was due.
pub(super) struct Settled {
    /// The state after it; none: nothing was due.
    pub(super) customer: Option<Customer>,
    /// What happened, in the order of time.
    pub(super) events: Vec<Event>,
    /// How many ids of the run have been used.
    pub(super) ids_used: u64,
}

impl Settled {
    fn happens(&mut self, base: &Customer, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let state = self.customer.get_or_insert_with(|| base.clone());
        events.iter().for_each(|event| state.apply(event));
        self.events.extend(events);
    }
}

/// Does what is due by `now`, each thing as of its own time; of what is due at the same moment, points run out first.
pub(super) fn settle(
    base: &Customer,
    program: &Program,
    now: Timestamp,
    ids: IdRun,
) -> Result<Settled, Stop> {
    let settled = Settled { customer: None, events: Vec::new(), ids_used: 0 };
    let mut settling = Settling { base, program, now, ids, settled };
    settling.schedule();
    while settling.step()? {}
    Ok(settling.settled)
}

struct Settling<'a> {
    base: &'a Customer,
    program: &'a Program,
    now: Timestamp,
    ids: IdRun,
    settled: Settled,
}

impl Settling<'_> {
    fn state(&self) -> &Customer {
        self.settled.customer.as_ref().unwrap_or(self.base)
    }

    fn schedule(&mut self) {
        let mut tiers = TierDraft::new(self.base, self.program, self.now);
        tiers.schedule();
        let mut events = Vec::new();
        tiers.write(self.now, &mut events);
        self.settled.happens(self.base, events);
    }

    /// Does what is due up to the next review; says whether there may be more.
    fn step(&mut self) -> Result<bool, Stop> {
        let review = self.state().tiers.next_review().filter(|at| *at <= self.now);
        let limit = review.unwrap_or(self.now);
        // Events happen between what is due before them and what is due after them; else all of it is done at once.
        let follows = !self.program.followed().is_empty();
        let moment = if follows { self.state().next_point_due(self.program) } else { None };
        if let Some(moment) = moment.filter(|moment| *moment < limit)
            && self.run_out(moment)?
        {
            return Ok(true);
        }
        self.run_out(limit)?;
        if review.is_some() {
            self.review(limit)?;
        }
        Ok(review.is_some())
    }

    /// Writes down what has run out by a moment; says whether anything has.
    fn run_out(&mut self, through: Timestamp) -> Result<bool, Stop> {
        let Self { program, now, ids, .. } = *self;
        let mut draft = Draft::new(&self.state().ledger, ids, self.settled.ids_used);
        draft.settle(through, program)?;
        let (movements, ids_used) = draft.finish();
        self.settled.ids_used = ids_used;
        let anything = !movements.is_empty();
        if anything {
            self.happens(vec![Event::PointsExpired { movements, at: now, through }], through)?;
        }
        Ok(anything)
    }

    fn review(&mut self, at: Timestamp) -> Result<(), Stop> {
        let Self { program, now, ids, .. } = *self;
        let state = self.state();
        // What expiry has led to may have changed the level, and with it the review.
        let still_due = state.tiers.next_review() == Some(at);
        let mut draft = Draft::new(&state.ledger, ids, self.settled.ids_used);
        let mut tiers = TierDraft::new(state, program, at);
        tiers.review_due(&mut draft)?;
        let mut events = Vec::new();
        tiers.write(now, &mut events);
        let ids_used = draft.finish().1;
        self.settled.ids_used = ids_used;
        assert!(!events.is_empty() || !still_due, "a review that is due sets the next one");
        self.happens(events, at)
    }

    /// Notes what happened at a moment, and lets the events happen that follow from it.
    fn happens(&mut self, events: Vec<Event>, at: Timestamp) -> Result<(), Stop> {
        let Self { base, program, now, ids, .. } = *self;
        let follows = !program.followed().is_empty();
        let due = if follows { events.clone() } else { Vec::new() };
        self.settled.happens(base, events);
        let Some(state) = self.settled.customer.as_mut().filter(|_| follows) else { return Ok(()) };
        let run = (ids, self.settled.ids_used);
        let (events, ids_used) = cascade::follow_due(state, &due, program, (at, now), run)?;
        self.settled.events.extend(events);
        self.settled.ids_used = ids_used;
        Ok(())
    }
}
