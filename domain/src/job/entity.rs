//! How far a job has come.

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::{
    amount::Points,
    customer::Fingerprint,
    entity::{Context, Decision, Entity, Verdict},
    id::{CustomerId, JobId},
    time::Timestamp,
};

/// A job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job(Option<Begun>);

/// A job that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Begun {
    id: JobId,
    plan: Plan,
    asked: Timestamp,
    stage: Stage,
    counts: Counts,
    /// Everybody up to and with this one has had his turn.
    through: Option<CustomerId>,
}

/// Where a job stands. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Other jobs are in front of it.
    Queued,
    /// Under way.
    Running {
        /// Since when.
        started: Timestamp,
    },
    /// Everybody has had his turn.
    Done {
        /// Since when it was under way.
        started: Timestamp,
        /// When.
        finished: Timestamp,
    },
    /// It could not go on.
    Failed {
        /// Since when it was under way.
        started: Timestamp,
        /// When.
        finished: Timestamp,
        /// Why.
        why: Box<str>,
    },
}

/// What came of it for so many customers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Customers that have had their turn, those that failed included.
    pub processed: u64,
    /// Customers whose points ran out, or whose level changed.
    pub moved: u64,
    /// Customers to whom it could not be done.
    pub failed: u64,
    /// Points that ran out.
    pub points: Points,
}

impl Counts {
    /// Both together. A sum of points that does not fit stays as it was.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            processed: self.processed.saturating_add(other.processed),
            moved: self.moved.saturating_add(other.moved),
            failed: self.failed.saturating_add(other.failed),
            points: self.points.plus(other.points).unwrap_or(self.points),
        }
    }
}

/// What a job can be asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Come into being.
    Ask {
        /// The new job's id.
        id: JobId,
        /// What it is to do.
        plan: Plan,
        /// Under which key it was asked for; repeats are given this job.
        key: Fingerprint,
    },
    /// It is its turn.
    Start,
    /// Some customers have had their turn.
    Advance {
        /// The last of them; all before had theirs.
        through: CustomerId,
        /// What came of it.
        counts: Counts,
    },
    /// Everybody has had his turn; or why it cannot go on.
    End(Result<(), Box<str>>),
}

/// What a job answers: it is so now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply;

/// What has happened to it. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It was asked for.
    Asked {
        /// Its id.
        id: JobId,
        /// What it is to do.
        plan: Plan,
        /// Under which key.
        key: Fingerprint,
        /// When.
        at: Timestamp,
    },
    /// It is under way.
    Started {
        /// When.
        at: Timestamp,
    },
    /// Some customers have had their turn.
    Advanced {
        /// The last of them.
        through: CustomerId,
        /// What came of it for these.
        counts: Counts,
    },
    /// Everybody has had his turn.
    Finished {
        /// When.
        at: Timestamp,
    },
    /// It cannot go on.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        why: Box<str>,
    },
}

/// Why it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such job.
    #[error("there is no such job")]
    NotFound,
    /// There is a job of that id already.
    #[error("there is a job of that id already")]
    Exists,
    /// The job is not under way, or has come further.
    #[error("the job is not at that point")]
    NotThere,
}

/// A job makes nobody do anything by itself: the supervisor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {}

impl Job {
    /// Its id; none: there is no such job.
    pub fn id(&self) -> Option<JobId> {
        self.0.as_ref().map(|begun| begun.id)
    }

    /// What it is to do, and when it was asked for.
    pub fn plan(&self) -> Option<(&Plan, Timestamp)> {
        self.0.as_ref().map(|begun| (&begun.plan, begun.asked))
    }

    /// Where it stands.
    pub fn stage(&self) -> Option<&Stage> {
        self.0.as_ref().map(|begun| &begun.stage)
    }

    /// What has come of it so far.
    pub fn counts(&self) -> Counts {
        self.0.as_ref().map_or_else(Counts::default, |begun| begun.counts)
    }

    /// The last customer who has had his turn.
    pub fn through(&self) -> Option<CustomerId> {
        self.0.as_ref().and_then(|begun| begun.through)
    }

    fn begun_mut(&mut self) -> &mut Begun {
        self.0.as_mut().expect("a job is asked for before anything else happens to it")
    }

    fn decide_events(&self, command: &Command, now: Timestamp) -> Result<Vec<Event>, Error> {
        let Some(begun) = &self.0 else {
            let Command::Ask { id, plan, key } = command else { return Err(Error::NotFound) };
            return Ok(vec![Event::Asked { id: *id, plan: plan.clone(), key: *key, at: now }]);
        };
        let running = matches!(begun.stage, Stage::Running { .. });
        let event = match command {
            Command::Ask { .. } => return Err(Error::Exists),
            Command::Start if running => return Ok(Vec::new()),
            Command::Start if begun.stage == Stage::Queued => Event::Started { at: now },
            Command::Advance { through, counts }
                if running && begun.through.is_none_or(|before| before < *through) =>
            {
                Event::Advanced { through: *through, counts: *counts }
            }
            Command::End(Ok(())) if running => Event::Finished { at: now },
            Command::End(Err(why)) if running => Event::Failed { at: now, why: why.clone() },
            Command::Start | Command::Advance { .. } | Command::End(_) => return Err(Error::NotThere),
        };
        Ok(vec![event])
    }

    fn end(&mut self, stage: impl FnOnce(Timestamp) -> Stage) {
        let begun = self.begun_mut();
        let Stage::Running { started } = begun.stage else {
            panic!("only a job that is under way ends");
        };
        begun.stage = stage(started);
    }
}

impl Entity for Job {
    type Command = Command;
    type Reply = Reply;
    type Event = Event;
    type Effect = Effect;
    type Error = Error;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Verdict<Self>, Error> {
        let events = self.decide_events(command, context.now)?;
        Ok(Verdict::Decided(Decision { events, reply: Reply, effects: Vec::new() }))
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Asked { id, plan, key: _, at } => {
                let (stage, counts) = (Stage::Queued, Counts::default());
                self.0 =
                    Some(Begun { id: *id, plan: plan.clone(), asked: *at, stage, counts, through: None });
            }
            Event::Started { at } => self.begun_mut().stage = Stage::Running { started: *at },
            Event::Advanced { through, counts } => {
                let begun = self.begun_mut();
                begun.through = Some(*through);
                begun.counts = begun.counts.plus(*counts);
            }
            Event::Finished { at } => self.end(|started| Stage::Done { started, finished: *at }),
            Event::Failed { at, why } => {
                self.end(|started| Stage::Failed { started, finished: *at, why: why.clone() });
            }
        }
    }
}
