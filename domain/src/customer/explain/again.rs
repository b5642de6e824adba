//! Deciding once more what a record says was decided, and comparing what comes out.

use uuid::Uuid;

use super::{MissingProgram, Past, Programs, Recorded, Unreproduced, asked};
use crate::{
    customer::{Command, Event, Fetched, JobStepped, StepOutcome, due, stop::Stop},
    entity::{Context, Entity, Verdict},
    id::IdRun,
    program::Program,
};

/// How often a decision may ask for something before it is taken to be going in circles.
const NEEDS_MAX: usize = 256;

/// What came of deciding once more.
pub(super) struct Again {
    /// What the decision was given.
    pub(super) fetched: Fetched,
    /// How many events, from the first on, come out again.
    pub(super) reproduced: usize,
    pub(super) why_not: Unreproduced,
}

/// Decides once more.
pub(super) fn decide(
    past: &Past,
    recorded: &Recorded<'_>,
    programs: &Programs,
) -> Result<Again, MissingProgram> {
    let deciding = Deciding { past, recorded, programs, program: programs.get(recorded.program_version)? };
    let (commands, why_not) = match asked::commands(past, recorded, deciding.program) {
        Ok(commands) if commands.is_empty() => (commands, Unreproduced::RequestNotKept),
        Ok(commands) => (commands, Unreproduced::Differs),
        Err(why_not) => (Vec::new(), why_not),
    };
    let mut fetched = None;
    for command in &commands {
        if let Some((events, given)) = deciding.attempt(command)? {
            if same(&events, recorded.events) {
                return Ok(Again { fetched: given, reproduced: recorded.events.len(), why_not });
            }
            fetched = fetched.or(Some(given));
        }
    }
    // Of several ways to ask none was the one: what was asked cannot be told.
    let why_not = if commands.len() > 1 { Unreproduced::RequestNotKept } else { why_not };
    let fetched = fetched.unwrap_or_else(|| past.fetched_for(asked::sale_of(recorded), programs));
    Ok(Again { fetched, reproduced: deciding.due(), why_not })
}

struct Deciding<'a> {
    past: &'a Past,
    recorded: &'a Recorded<'a>,
    programs: &'a Programs,
    program: &'a Program,
}

impl Deciding<'_> {
    /// The events that a command comes to, with the ids of the record, and what it was given; none: it is refused.
    fn attempt(&self, command: &Command) -> Result<Option<(Vec<Event>, Fetched)>, MissingProgram> {
        let Some((events, _)) = self.attempt_with(command, first_ids())? else { return Ok(None) };
        match run_of(&events, self.recorded.events) {
            Some(ids) => self.attempt_with(command, ids),
            None => self.attempt_with(command, first_ids()),
        }
    }

    fn attempt_with(
        &self,
        command: &Command,
        ids: IdRun,
    ) -> Result<Option<(Vec<Event>, Fetched)>, MissingProgram> {
        let Self { past, recorded, programs, program } = *self;
        let mut fetched = Fetched::default();
        for _ in 0..NEEDS_MAX {
            let context = Context { now: recorded.at, ids, program, fetched: &fetched };
            match past.state().decide(command, &context) {
                Ok(Verdict::Decided(decision)) => return Ok(Some((decision.events, fetched))),
                Ok(Verdict::Need(need)) => past.fetch(&need, recorded.effects, programs, &mut fetched)?,
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// How many of the record's events are what was due before it.
    fn due(&self) -> usize {
        let Self { past, recorded, program, .. } = *self;
        let settled = |ids| match due::settle(past.state(), program, recorded.at, ids) {
            Err(Stop::Need(_)) => due::settle(past.whole(), program, recorded.at, ids).ok(),
            settled => settled.ok(),
        };
        let Some(first) = settled(first_ids()) else { return 0 };
        let due = first.events.len();
        let Some(begin) = recorded.events.get(..due).filter(|_| due > 0) else { return 0 };
        let ids = run_of(&first.events, begin).unwrap_or(first_ids());
        if settled(ids).is_some_and(|settled| same(&settled.events, begin)) { due } else { 0 }
    }
}

fn first_ids() -> IdRun {
    IdRun::starting_at(Uuid::nil())
}

/// The run of ids with which what came out with the first ids has the ids of the record: that of the first id that
/// differs.
fn run_of(events: &[Event], recorded: &[Event]) -> Option<IdRun> {
    const COUNTER: u128 = (1 << 48) - 1;
    let mut pairs = made(events).into_iter().zip(made(recorded));
    let (ours, theirs) = pairs.find(|(ours, theirs)| ours != theirs)?;
    let count = ours.as_u128() & COUNTER;
    let theirs = theirs.as_u128();
    let first = (theirs & COUNTER).wrapping_sub(count) & COUNTER;
    Some(IdRun::starting_at(Uuid::from_u128((theirs & !COUNTER) | first)))
}

/// The ids that a decision has given out, as far as its events show them, in their order.
fn made(events: &[Event]) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for event in events {
        match event {
            Event::PointsExpired { movements, .. } => ids.extend(movements.iter().map(|known| known.row().0)),
            Event::PointsPosted(posted) => {
                ids.extend(posted.movements.iter().map(|known| known.row().0));
                ids.extend(posted.details.iter().map(|detail| detail.tracking_id));
            }
            Event::SaleCredited(credited) => {
                ids.extend(credited.entries.iter().map(|known| known.movement.row().0))
            }
            Event::EventTriggered(triggered) => {
                ids.push(triggered.answer.id);
                ids.extend(triggered.entries.iter().map(|known| known.movement.row().0));
            }
            Event::RulesActed(acted) => ids.extend(acted.movements.iter().map(|(_, known)| known.row().0)),
            Event::TiersEntered { moves, .. } => ids.extend(moves.iter().map(|step| step.movement.0)),
            Event::TierLeft(left) => ids.push(left.movement.0),
            Event::TierBenefitsGiven { benefits, .. } => {
                ids.extend(
                    benefits.iter().flat_map(|benefit| benefit.movements()).map(|known| known.row().0),
                );
            }
            Event::MergedAway(merged) => ids.extend(merged.movements.iter().map(|known| known.row().0)),
            Event::MergedIn(merged) => ids.extend(merged.movements.iter().map(|known| known.row().0)),
            Event::Created { .. }
            | Event::ProfileChanged { .. }
            | Event::LotsRecalled { .. }
            | Event::LotsRedated { .. }
            | Event::TierReviewsSet { .. }
            | Event::TierRequestKept(_)
            | Event::DueNoted { .. }
            | Event::PointsCounted { .. }
            | Event::TiersDated(_)
            | Event::JobStepped(_)
            | Event::Forgotten(_)
            | Event::CountersSet(_)
            | Event::StateReset { .. } => {}
        }
    }
    ids
}

/// The same happens, but for the keys under which a repeat is recognised: what was sent cannot be told from them.
fn same(events: &[Event], recorded: &[Event]) -> bool {
    events.iter().filter_map(without_keys).eq(recorded.iter().filter_map(without_keys))
}

fn without_keys(event: &Event) -> Option<Event> {
    Some(match event {
        Event::TierRequestKept(_) => return None,
        Event::PointsPosted(posted) => {
            let mut posted = posted.clone();
            posted.keys.clear();
            Event::PointsPosted(posted)
        }
        Event::EventTriggered(triggered) => {
            let mut triggered = triggered.clone();
            triggered.key = None;
            Event::EventTriggered(triggered)
        }
        // The points of other accounts than the job's are not counted, and the record does not say which those are.
        Event::JobStepped(stepped) => {
            Event::JobStepped(JobStepped { outcome: StepOutcome::default(), ..*stepped })
        }
        other => other.clone(),
    })
}
