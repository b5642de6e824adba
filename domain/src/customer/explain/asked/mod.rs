//! What was asked, told from what came of it. Where several things may have been asked, all of them; whether one of
//! them was is seen when it is decided again.

mod postings;

use super::{Past, Recorded, Unreproduced};
use crate::{
    customer::{
        Command, Event, EventTriggered, JobStep, JobStepped, MaintenanceRun, Placement, TierCommand,
        TierMoveCause, UserEvent,
    },
    id::SaleId,
    job::Work,
    program::Program,
    time::Timestamp,
};

/// The sale that a record books.
pub(super) fn sale_of(recorded: &Recorded<'_>) -> Option<SaleId> {
    recorded.events.iter().find_map(|event| match event {
        Event::SaleCredited(credited) => Some(credited.sale),
        _ => None,
    })
}

/// What may have been asked; nothing: it cannot be told.
pub(super) fn commands(
    past: &Past,
    recorded: &Recorded<'_>,
    program: &Program,
) -> Result<Vec<Command>, Unreproduced> {
    let events = recorded.events;
    if sale_of(recorded).is_some() {
        let credit = recorded.sale.ok_or(Unreproduced::SaleNotKept)?;
        return Ok(vec![Command::CreditSale(Box::new(credit.clone()))]);
    }
    let mut own = events.iter().filter_map(|event| of_event(event, past, recorded, program));
    let commands = own.next().unwrap_or_else(|| of_levels(events, program));
    Ok(commands)
}

/// What may have been asked when this event came of it; none: it may come of anything.
fn of_event(event: &Event, past: &Past, recorded: &Recorded<'_>, program: &Program) -> Option<Vec<Command>> {
    match event {
        Event::PointsPosted(posted) => {
            Some(postings::commands(posted, past, recorded, program).unwrap_or_default())
        }
        Event::EventTriggered(triggered) if triggered.depth == 0 => {
            Some(vec![Command::Trigger(Box::new(event_of(triggered)))])
        }
        Event::Created { id, profile, .. } => {
            let (id, profile, claimed_until) = (*id, profile.clone(), Timestamp::MAX);
            Some(vec![Command::Create { id, profile, claimed_until }])
        }
        Event::ProfileChanged { profile, .. } => past.state().identity().map(|identity| {
            let (profile, based_on, claimed_until) = (profile.clone(), identity.updated_at, Timestamp::MAX);
            vec![Command::Update { profile, based_on, claimed_until }]
        }),
        Event::CountersSet(_)
        | Event::StateReset { .. }
        | Event::Forgotten(_)
        | Event::MergedAway(_)
        | Event::MergedIn(_) => Some(Vec::new()),
        // Said at the end of a record, of everything before it.
        Event::PointsExpired { .. } | Event::TiersEntered { .. } | Event::TierReviewsSet { .. } => {
            of_job(recorded.events, program)
        }
        Event::JobStepped(_)
        | Event::TiersDated(_)
        | Event::SaleCredited(_)
        | Event::EventTriggered(_)
        | Event::LotsRecalled { .. }
        | Event::LotsRedated { .. }
        | Event::TierBenefitsGiven { .. }
        | Event::TierLeft(_)
        | Event::TierRequestKept(_)
        | Event::DueNoted { .. }
        | Event::RulesActed(_)
        | Event::PointsCounted { .. } => None,
    }
}

fn of_job(events: &[Event], program: &Program) -> Option<Vec<Command>> {
    let Some(Event::JobStepped(JobStepped { job, .. })) = events.last() else { return None };
    let work = program.tier_systems().iter().map(|system| Work::Maintenance { system: system.id });
    let step = |work| Command::Job(Box::new(JobStep { job: *job, work, as_of: None, dry_run: false }));
    let expiration = Work::Expiration { accounts: Vec::new() };
    Some(std::iter::once(expiration).chain(work).map(step).collect())
}

/// Nothing but what was due, or something about levels.
fn of_levels(events: &[Event], program: &Program) -> Vec<Command> {
    let tiers = |command| Command::Tiers(Box::new(command));
    let mut commands = vec![Command::Settle, tiers(TierCommand::Qualify)];
    let systems = program.tier_systems().iter().map(|system| Some(system.id));
    for system in std::iter::once(None).chain(systems) {
        let run = MaintenanceRun { system, as_of: None, dry_run: false, idempotency_id: None };
        commands.push(tiers(TierCommand::Maintain(run)));
    }
    for event in events {
        match event {
            Event::TierLeft(left) if left.cause == TierMoveCause::Manual => {
                let (system, reason) = (left.system, left.reason.clone());
                commands.push(tiers(TierCommand::Leave { system, reason }));
            }
            Event::TiersEntered { moves, .. } => {
                for step in moves.iter().filter(|step| step.cause == TierMoveCause::Manual) {
                    commands.extend((0..8).map(|switches: u8| {
                        tiers(TierCommand::Place(Placement {
                            system: step.system,
                            level: step.to,
                            process_intermediate_levels: switches & 1 != 0,
                            evaluate_qualifying_rules: switches & 2 != 0,
                            process_joining_outcomes: switches & 4 == 0,
                            reason: step.reason.clone(),
                            idempotency_id: None,
                        }))
                    }));
                }
            }
            _ => {}
        }
    }
    commands
}

/// The event as it was reported or raised. Under a key that nobody has used: the one that was used cannot be told.
pub(super) fn event_of(triggered: &EventTriggered) -> UserEvent {
    let EventTriggered { answer, quantity, context, transaction_id, .. } = triggered;
    UserEvent {
        lookup: answer.lookup.clone(),
        occurred: Some(answer.occurred),
        quantity: *quantity,
        context: context.clone(),
        transaction_id: transaction_id.clone(),
        idempotency_id: triggered.key.map(|_| format!("again {}", answer.id).into()),
    }
}
