//! Events of the platform and what they lead to, within the decision that raises them (incentives.md 1.6).
//!
//! Each event sees the customer as everything before it has left it, and is decided like one that a caller reports:
//! its trees run, what they give is booked, levels are qualified for. What that does raises events in turn, which wait
//! behind those that were raised before them. All of it is part of one decision, so it is written together or not at
//! all, and happens once however often the trigger is delivered. A program whose trees follow no such event has none.

use std::collections::VecDeque;

use super::{
    Customer, Event, EventTriggered, Fetched, OutcomeResult, Reply, happened,
    raised::{Depths, Raised, raised_by},
    stop::Stop,
};
use crate::{
    entity::{Context, Decision, Entity},
    id::IdRun,
    program::Program,
    rules::{DEPTH_MAX, EVENTS_MAX},
    time::Timestamp,
};

/// A decision uses fewer ids than this; those of the events that follow from it come after.
const IDS_OF_DECISION: u64 = 1 << 24;

/// A decision, and how deep in its cascade rules gave what they gave.
pub(super) struct Decided {
    pub(super) decision: Decision<Customer>,
    pub(super) depths: Depths,
}

impl From<Decision<Customer>> for Decided {
    fn from(decision: Decision<Customer>) -> Self {
        Self { decision, depths: Depths::default() }
    }
}

/// Lets the events happen that a decision raises, as part of it.
pub(super) fn follow_decision(
    customer: &Customer,
    decided: Decided,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    let Decided { mut decision, depths } = decided;
    let followed = context.program.followed();
    if followed.is_empty() {
        return Ok(decision);
    }
    let raised = raised_by(&decision.events, &depths, followed);
    if raised.is_empty() {
        return Ok(decision);
    }
    let mut state = customer.clone();
    let mut fetched = context.fetched.clone();
    for event in &decision.events {
        state.apply(event);
        fetched.history.iter_mut().for_each(|history| history.apply(event));
    }
    let ids = IdRun::starting_at(context.ids.nth(IDS_OF_DECISION));
    let mut cascade = Cascade {
        state: &mut state,
        fetched,
        program: context.program,
        now: context.now,
        written: context.now,
        ids,
        ids_used: 0,
        events: Vec::new(),
    };
    cascade.follow(raised)?;
    let events = cascade.events;
    tell(&mut decision, &events);
    decision.events.extend(events);
    Ok(decision)
}

/// Lets the events happen that something due has raised at `now`, written down at `written`. Gives what happened and
/// how many ids have been used.
pub(super) fn follow_due(
    state: &mut Customer,
    due: &[Event],
    program: &Program,
    (now, written): (Timestamp, Timestamp),
    (ids, ids_used): (IdRun, u64),
) -> Result<(Vec<Event>, u64), Stop> {
    let raised = raised_by(due, &Depths::default(), program.followed());
    let fetched = Fetched::default();
    let mut cascade = Cascade { state, fetched, program, now, written, ids, ids_used, events: Vec::new() };
    cascade.follow(raised)?;
    Ok((cascade.events, cascade.ids_used))
}

struct Cascade<'a> {
    /// The customer with everything that has happened so far.
    state: &'a mut Customer,
    fetched: Fetched,
    program: &'a Program,
    /// When it happens.
    now: Timestamp,
    /// When it is written down.
    written: Timestamp,
    ids: IdRun,
    ids_used: u64,
    events: Vec<Event>,
}

impl Cascade<'_> {
    fn follow(&mut self, raised: Vec<Raised>) -> Result<(), Stop> {
        let mut waiting = VecDeque::from(raised);
        let (mut seen, mut dropped) = (0_usize, 0_u32);
        while let Some(raised) = waiting.pop_front() {
            if raised.depth > DEPTH_MAX || seen == EVENTS_MAX {
                dropped = dropped.saturating_add(1);
                continue;
            }
            seen += 1;
            let Decided { decision, depths } = self.decide(&raised)?;
            waiting.extend(raised_by(&decision.events, &depths, self.program.followed()));
            for event in &decision.events {
                self.state.apply(event);
                self.fetched.history.iter_mut().for_each(|history| history.apply(event));
            }
            self.events.extend(decision.events);
        }
        // Said of the last one, whose consequences are the first to be dropped.
        let last = self.events.iter_mut().rev().find_map(|event| match event {
            Event::EventTriggered(triggered) => Some(triggered),
            _ => None,
        });
        last.into_iter().for_each(|last| last.dropped = dropped);
        Ok(())
    }

    fn decide(&mut self, raised: &Raised) -> Result<Decided, Stop> {
        let ids = IdRun::starting_at(self.ids.nth(self.ids_used));
        let Self { program, now, ref fetched, .. } = *self;
        let context = Context { now, ids, program, fetched };
        let (decided, used) = happened::decide_raised(self.state, raised, self.written, &context)?;
        self.ids_used += used;
        Ok(decided)
    }
}

/// The answer says what the events have led to, and a repeat will say the same.
fn tell(decision: &mut Decision<Customer>, followed: &[Event]) {
    let results =
        || -> Vec<OutcomeResult> { followed.iter().filter_map(triggered).flat_map(results_of).collect() };
    match &mut decision.reply {
        Reply::Triggered(answer) => {
            answer.outcomes.extend(results());
            answer.complete &= followed.iter().filter_map(triggered).all(|event| event.answer.complete);
            let own = decision.events.iter_mut().find_map(|event| match event {
                Event::EventTriggered(triggered) => Some(triggered),
                _ => None,
            });
            let own = own.expect("an event that is answered for the first time is among its own events");
            own.answer.clone_from(answer);
        }
        Reply::Posted { outcomes, .. } => outcomes.extend(results()),
        Reply::Done
        | Reply::Credited
        | Reply::Tiers(_)
        | Reply::Settled
        | Reply::Stepped(_)
        | Reply::Merged(_)
        | Reply::Forgotten(_) => {}
    }
}

fn triggered(event: &Event) -> Option<&EventTriggered> {
    match event {
        Event::EventTriggered(triggered) => Some(triggered),
        _ => None,
    }
}

fn results_of(triggered: &EventTriggered) -> impl Iterator<Item = OutcomeResult> {
    triggered.answer.outcomes.iter().cloned()
}
