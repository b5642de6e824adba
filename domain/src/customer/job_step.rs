//! What a job does to one customer (incentives.md 7.12).
//!
//! The customer remembers the last job that changed something and what came of it: a job that is resumed after a crash
//! asks those again whose turn it was, and each is done once all the same. Jobs run one after the other, so one is
//! enough.

use serde::{Deserialize, Serialize};

use super::{Command, Customer, Event, History, MaintenanceRun, Reply, TierCommand, due, stop::Stop};
use crate::{
    amount::{AmountError, Points},
    entity::{Context, Decision},
    id::{JobId, PointAccountId, TierSystemId},
    job::Work,
    ledger::Movement,
    time::Timestamp,
};

/// A job's turn at a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStep {
    /// Which job.
    pub job: JobId,
    /// What it does.
    pub work: Work,
    /// What is due by then; none, or in the past: by now. In the future only for a dry run.
    pub as_of: Option<Timestamp>,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Points ran out, or a level changed.
    pub moved: bool,
    /// Points that ran out.
    pub points: Points,
}

/// The last job that changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStepped {
    /// Which.
    pub job: JobId,
    /// What came of it.
    pub outcome: StepOutcome,
}

pub(super) fn decide(
    customer: &Customer,
    step: &JobStep,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    customer.known()?;
    if let Some(known) = customer.last_job.filter(|known| known.job == step.job) {
        return Ok(Decision::answer(Reply::Stepped(known.outcome)));
    }
    let (mut decision, outcome) = match &step.work {
        Work::Expiration { accounts } => expire(customer, accounts, step, context)?,
        Work::Maintenance { system } => maintain(customer, *system, step, context)?,
    };
    if step.dry_run {
        return Ok(Decision::answer(Reply::Stepped(outcome)));
    }
    if !decision.events.is_empty() {
        decision.events.push(Event::JobStepped(JobStepped { job: step.job, outcome }));
    }
    Ok(Decision { reply: Reply::Stepped(outcome), ..decision })
}

fn expire(
    customer: &Customer,
    accounts: &[PointAccountId],
    step: &JobStep,
    context: &Context<'_>,
) -> Result<(Decision<Customer>, StepOutcome), Stop> {
    let decision = if step.dry_run {
        let base = context.fetched.history.as_deref().map_or(customer, History::customer);
        let until = step.as_of.map_or(context.now, |at| at.max(context.now));
        let ahead = due::settle(base, context.program, until, context.ids)?;
        Decision { events: ahead.events, reply: Reply::Settled, effects: Vec::new() }
    } else {
        due::decide(customer, &Command::Settle, context)?
    };
    let points = run_out(&decision.events, accounts)?;
    Ok((decision, StepOutcome { moved: points > Points::ZERO, points }))
}

/// Points that run out of these accounts, or roll over out of them; of all when none is named.
fn run_out(events: &[Event], accounts: &[PointAccountId]) -> Result<Points, AmountError> {
    let movements = events.iter().filter_map(|event| match event {
        Event::PointsExpired { movements, .. } => Some(movements),
        _ => None,
    });
    movements.flatten().try_fold(Points::ZERO, |sum, movement| match movement {
        Movement::Expired { account, points, .. } if accounts.is_empty() || accounts.contains(account) => {
            sum.plus(*points)
        }
        Movement::Expired { .. }
        | Movement::Earned { .. }
        | Movement::Taken { .. }
        | Movement::Overdrawn { .. }
        | Movement::Received { .. }
        | Movement::Restored { .. } => Ok(sum),
    })
}

fn maintain(
    customer: &Customer,
    system: TierSystemId,
    step: &JobStep,
    context: &Context<'_>,
) -> Result<(Decision<Customer>, StepOutcome), Stop> {
    let run = MaintenanceRun {
        system: Some(system),
        as_of: step.as_of.filter(|at| step.dry_run && *at > context.now),
        dry_run: step.dry_run,
        // What makes it safe to repeat is the job.
        idempotency_id: None,
    };
    let command = Command::Tiers(Box::new(TierCommand::Maintain(run)));
    let decision = due::decide(customer, &command, context)?;
    let Reply::Tiers(done) = &decision.reply else {
        unreachable!("a tier command answers what was done about tiers")
    };
    let moved = !done.movements.is_empty();
    Ok((decision, StepOutcome { moved, points: Points::ZERO }))
}
