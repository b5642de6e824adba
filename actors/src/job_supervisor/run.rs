//! Doing jobs: customers have their turn in pages, and after each page the job notes how far it has come.

use std::collections::VecDeque;

use domain::{
    customer::{Command, Customer, JobStep, Reply, StepOutcome},
    id::{CustomerId, JobId},
    job::{self, Counts, Job, Plan, Stage, Work},
};
use store::Direction;

use super::candidates::Candidates;
use crate::{
    engine::{Answer, Engine},
    error::{AskError, EngineError},
    index,
    shard_context::RETRY_AFTER,
};

/// How many customers have their turn at once: few, so that callers find the shards' mailboxes all but empty.
const UNDER_WAY_MAX: usize = 64;
/// After so many customers the job notes how far it has come.
const PAGE: usize = 512;
/// How often a customer whose actor stops on a fault is asked.
const TRIES_MAX: u32 = 3;

/// Does all jobs there are, the oldest first. An error means that they cannot be gone on with at present.
pub(super) async fn all(engine: Engine) -> Result<(), EngineError> {
    loop {
        let oldest = engine.scan(index::JOBS, index::jobs::all_open(), Direction::Forward, 1)?;
        let Some((key, _)) = oldest.first() else { return Ok(()) };
        one(&engine, index::jobs::read_open(key)?).await?;
    }
}

async fn one(engine: &Engine, id: JobId) -> Result<(), EngineError> {
    let seen = engine.read_job(id, |job, _, _| {
        job.plan().map(|(plan, asked)| (plan.clone(), asked, job.through(), job.stage().cloned()))
    });
    let Some((plan, asked, mut through, stage)) = seen.await?.flatten() else {
        tracing::error!(%id, "a job that is not done is not there");
        return Err(EngineError::Damaged);
    };
    if stage == Some(Stage::Queued) {
        note(engine, id, job::Command::Start).await?;
    }
    if let Work::Maintenance { system } = plan.work
        && engine.program().tier_system(system).is_none()
    {
        return note(engine, id, job::Command::End(Err("there is no such tier system".into()))).await;
    }
    let mut candidates = Candidates::new(engine.clone(), plan.clone(), asked);
    loop {
        let page = candidates.next(through, PAGE)?;
        let Some(last) = page.last().copied() else { break };
        let counts = Page::new(engine, id, &plan).run(&page).await?;
        note(engine, id, job::Command::Advance { through: last, counts }).await?;
        through = Some(last);
    }
    note(engine, id, job::Command::End(Ok(()))).await
}

/// The job notes something. When it is not known whether it did, the job is looked at again.
async fn note(engine: &Engine, id: JobId, command: job::Command) -> Result<(), EngineError> {
    match engine.ask::<Job>(id.bytes(), command).await {
        Ok(job::Reply) => Ok(()),
        Err(AskError::Engine(error)) => Err(error),
        Err(AskError::Refused(error)) => {
            tracing::error!(%error, %id, "a job is not where its supervisor thinks it is");
            Err(EngineError::Crashed)
        }
    }
}

/// Some customers' turn.
struct Page<'a> {
    engine: &'a Engine,
    step: JobStep,
    under_way: VecDeque<(CustomerId, Answer<Customer>)>,
    counts: Counts,
}

impl<'a> Page<'a> {
    fn new(engine: &'a Engine, job: JobId, plan: &Plan) -> Self {
        let step = JobStep { job, work: plan.work.clone(), as_of: plan.as_of, dry_run: plan.dry_run };
        Self { engine, step, under_way: VecDeque::new(), counts: Counts::default() }
    }

    async fn run(mut self, customers: &[CustomerId]) -> Result<Counts, EngineError> {
        for customer in customers {
            if self.under_way.len() >= UNDER_WAY_MAX {
                self.wait_for_oldest().await?;
            }
            match self.ask(*customer) {
                Ok(answer) => self.under_way.push_back((*customer, answer)),
                Err(error) => self.ask_again(*customer, error).await?,
            }
        }
        while !self.under_way.is_empty() {
            self.wait_for_oldest().await?;
        }
        Ok(self.counts)
    }

    fn ask(&self, customer: CustomerId) -> Result<Answer<Customer>, EngineError> {
        self.engine.start::<Customer>(customer.bytes(), Command::Job(Box::new(self.step.clone())))
    }

    async fn wait_for_oldest(&mut self) -> Result<(), EngineError> {
        let Some((customer, answer)) = self.under_way.pop_front() else { return Ok(()) };
        match answer.wait().await {
            Ok(reply) => {
                self.count(Some(stepped(&reply)));
                Ok(())
            }
            Err(AskError::Refused(error)) => {
                tracing::debug!(%error, %customer, "a customer refuses a job");
                self.count(None);
                Ok(())
            }
            Err(AskError::Engine(error)) => self.ask_again(customer, error).await,
        }
    }

    /// Callers go first: while there is too much to do, the job waits.
    async fn ask_again(&mut self, customer: CustomerId, mut error: EngineError) -> Result<(), EngineError> {
        let mut crashes = 0;
        loop {
            match error {
                EngineError::Draining => return Err(error),
                EngineError::Overloaded | EngineError::Unavailable => {}
                EngineError::Crashed if crashes < TRIES_MAX => crashes += 1,
                EngineError::Crashed | EngineError::Damaged => {
                    tracing::warn!(%error, %customer, "a job cannot be done to a customer");
                    self.count(None);
                    return Ok(());
                }
            }
            tokio::time::sleep(RETRY_AFTER).await;
            let answered = match self.ask(customer) {
                Ok(answer) => answer.wait().await,
                Err(refused) => Err(refused.into()),
            };
            match answered {
                Ok(reply) => {
                    self.count(Some(stepped(&reply)));
                    return Ok(());
                }
                Err(AskError::Refused(_)) => {
                    self.count(None);
                    return Ok(());
                }
                Err(AskError::Engine(again)) => error = again,
            }
        }
    }

    fn count(&mut self, outcome: Option<StepOutcome>) {
        let one = Counts {
            processed: 1,
            moved: outcome.map_or(0, |outcome| u64::from(outcome.moved)),
            failed: u64::from(outcome.is_none()),
            points: outcome.map(|outcome| outcome.points).unwrap_or_default(),
        };
        self.counts = self.counts.plus(one);
    }
}

fn stepped(reply: &Reply) -> StepOutcome {
    let Reply::Stepped(outcome) = reply else {
        unreachable!("a job's turn answers what came of it");
    };
    *outcome
}
