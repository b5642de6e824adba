//! The job supervisor: does jobs, one after the other, in the order in which they were asked for. An actor of its own,
//! on its own thread.
//!
//! Owns who has his turn when, and how many at once. How far a job has come is the job's own state, which is durable;
//! so after a crash it goes on where it was. Those whose turn it was at that moment are asked again: a customer
//! remembers what the job has done to it.

mod candidates;
mod run;

use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};

use crate::engine::Engine;

/// How often it is looked whether there is a job that could not be gone on with.
const TICK: Duration = Duration::from_secs(1);

/// There is a job to be done.
#[derive(Debug, Clone, Copy)]
pub struct RunJobs;

impl Message for RunJobs {
    type Result = ();
}

/// The actor.
pub struct JobSupervisor {
    engine: Engine,
    running: bool,
    /// A job came when none seemed to be left.
    again: bool,
}

impl JobSupervisor {
    /// A supervisor that has not looked at anything yet.
    pub fn new(engine: Engine) -> Self {
        Self { engine, running: false, again: false }
    }

    fn begin(&mut self, context: &mut Context<Self>) {
        if !self.engine.is_ready() {
            // The engine is being shut down, or has been: jobs go on at the next start.
            return context.stop();
        }
        if self.running {
            self.again = true;
            return;
        }
        self.running = true;
        let jobs = run::all(self.engine.clone()).into_actor(self);
        context.spawn(jobs.map(|ended, supervisor, context| {
            supervisor.running = false;
            if let Err(error) = ended {
                tracing::warn!(%error, "jobs wait; they are gone on with by and by");
            } else if std::mem::take(&mut supervisor.again) {
                supervisor.begin(context);
            }
        }));
    }
}

impl Actor for JobSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.begin(context);
        context.run_interval(TICK, |supervisor, context| {
            if !supervisor.running {
                supervisor.begin(context);
            }
        });
    }
}

impl Handler<RunJobs> for JobSupervisor {
    type Result = ();

    fn handle(&mut self, _: RunJobs, context: &mut Context<Self>) {
        self.begin(context);
    }
}
