//! Jobs: asking for them, and looking at how far they have come (incentives.md 7.12).

use domain::{
    Timestamp,
    customer::Fingerprint,
    id::JobId,
    job::{self, Job, Plan},
    program::Program,
};
use store::Direction;

use super::{Engine, unbroken};
use crate::{
    error::{AskError, EngineError},
    index,
    job_supervisor::RunJobs,
};

/// So many jobs may wait.
const OPEN_MAX: usize = 100;
/// A job that was asked for without a key is the same when it is asked for again within this time: a client that got
/// no answer tries again. With a key it is the same for as long as keys are kept (incentives.md 4.8).
const SAME_FOR_MS: i64 = 3_600_000;
const KEY_KEPT_MS: i64 = 400 * 86_400_000;

/// Why no job was begun.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A known key came with another plan.
    #[error("the idempotency id was used for another job")]
    IdempotencyConflict,
    /// Too many jobs wait.
    #[error("{OPEN_MAX} jobs are waiting")]
    TooMany,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Has a job done, in its turn; answers when it is durable that it will be. Asked for again, it is the same job.
    pub async fn run_job(&self, plan: Plan, idempotency_id: Option<&str>) -> Result<JobId, JobError> {
        let plan = plan.in_order();
        // What callers choose must not meet what is made here.
        let key = idempotency_id.map(|id| Fingerprint::of(&format!("job\n{id}")));
        let engine = self.clone();
        // A caller who hangs up must not let the next one in while nothing can be found of the job yet.
        unbroken(async move { engine.begin_job(plan, key).await }).await
    }

    async fn begin_job(&self, plan: Plan, chosen: Option<Fingerprint>) -> Result<JobId, JobError> {
        let body = plan.body();
        let key = chosen.unwrap_or(body);
        let kept = if chosen.is_some() { KEY_KEPT_MS } else { SAME_FOR_MS };
        let Some(_running) = self.inner.inflight.enter(&index::jobs::asked_key(key)) else {
            // Its answer is on its way to whoever asked first.
            return Err(EngineError::Overloaded.into());
        };
        let row = self.inner.shared.store.get(index::JOBS_ASKED, &index::jobs::asked_key(key));
        let known = row.map_err(EngineError::from)?.map(|row| index::jobs::read_asked(&row)).transpose()?;
        if let Some(known) = known.filter(|known| known.at.plus_millis(kept) > self.now()) {
            if known.body != body {
                return Err(JobError::IdempotencyConflict);
            }
            return Ok(known.job);
        }
        let open = self.scan(index::JOBS, index::jobs::all_open(), Direction::Forward, OPEN_MAX)?;
        if open.len() >= OPEN_MAX {
            return Err(JobError::TooMany);
        }
        let id = JobId(self.fresh_id());
        match self.ask::<Job>(id.bytes(), job::Command::Ask { id, plan, key }).await {
            Ok(job::Reply) => {}
            Err(AskError::Engine(error)) => return Err(error.into()),
            Err(AskError::Refused(error)) => {
                tracing::error!(%error, "a new job was refused");
                return Err(EngineError::Crashed.into());
            }
        }
        if let Some(supervisor) = self.inner.job_supervisor.get() {
            supervisor.do_send(RunJobs);
        }
        Ok(id)
    }

    /// Looks at a job; nothing when there is none of that id.
    pub async fn read_job<R: Send + 'static>(
        &self,
        id: JobId,
        look: impl FnOnce(&Job, &Program, Timestamp) -> R + Send + 'static,
    ) -> Result<Option<R>, EngineError> {
        let look = |job: &Job, program: &Program, now| job.id().map(|_| look(job, program, now));
        self.look::<Job, _>(id.bytes(), look).await
    }
}
