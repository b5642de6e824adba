//! A lane: what hands lines to a connection and what all kinds of connections share. Owns the order of the lines handed
//! to it, the waiting between tries, and the decision to give up.

use std::{sync::Arc, time::Duration};

use hdrhistogram::Histogram;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};

use super::{
    Plan,
    tally::{Tally, latencies},
    verdict::Verdict,
    work::{Job, Work},
};
use crate::client::{Backoff, CallError};

/// Lines that wait in front of a lane.
const INBOX_LINES: usize = 128;

/// The router's end of a lane.
pub(super) struct Handle {
    jobs: mpsc::Sender<Job>,
    handed: u64,
    finished: watch::Receiver<u64>,
}

/// The lane's end.
pub(super) struct Inbox {
    jobs: mpsc::Receiver<Job>,
    finished: watch::Sender<u64>,
}

/// The lane has ended and takes nothing more; it tells itself why.
pub(super) struct LaneGone;

/// How a lane ended when nothing is wrong with the calls.
pub(super) enum LaneEnd {
    /// All that was handed to it has its final answer.
    Finished,
    /// There was no success for too long.
    GivenUp,
}

/// What a try came to.
pub(super) enum Next {
    /// Try again now.
    Retry,
    /// Enough.
    GiveUp,
}

/// Makes both ends of a lane.
pub(super) fn pair() -> (Handle, Inbox) {
    let (jobs_in, jobs) = mpsc::channel(INBOX_LINES);
    let (finished, finished_out) = watch::channel(0);
    (Handle { jobs: jobs_in, handed: 0, finished: finished_out }, Inbox { jobs, finished })
}

impl Handle {
    /// Hands a line over; waits while the lane has enough.
    pub(super) async fn hand(&mut self, job: Job) -> Result<(), LaneGone> {
        self.jobs.send(job).await.map_err(|_| LaneGone)?;
        self.handed += 1;
        Ok(())
    }

    /// Waits until all that was handed over has its final answer.
    pub(super) async fn settled(&mut self) -> Result<(), LaneGone> {
        let handed = self.handed;
        self.finished.wait_for(|finished| *finished == handed).await.map_err(|_| LaneGone)?;
        Ok(())
    }
}

/// A connection's worker.
pub(super) struct Lane<W> {
    pub(super) work: Arc<W>,
    pub(super) plan: Plan,
    inbox: Inbox,
    tally: Arc<Tally>,
    latency: Histogram<u64>,
    backoff: Backoff,
    finished: u64,
}

impl<W: Work> Lane<W> {
    pub(super) fn new(inbox: Inbox, work: Arc<W>, plan: Plan, tally: Arc<Tally>) -> Self {
        Self { work, plan, inbox, tally, latency: latencies(), backoff: Backoff::default(), finished: 0 }
    }

    pub(super) fn is_bulk(&self) -> bool {
        self.plan.bulk
    }

    /// The next line; nothing when there will be none. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Job> {
        self.inbox.jobs.recv().await
    }

    /// Up to `limit` lines that are there, at least one; none when there will be none. Cancel safe.
    pub(super) async fn next_many(&mut self, jobs: &mut Vec<Job>, limit: usize) -> usize {
        self.inbox.jobs.recv_many(jobs, limit).await
    }

    /// Counts a final answer. The router learns of it at the next [`Self::publish`].
    pub(super) fn settle(&mut self, job: &Job, settled: Settled, since: Instant) {
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.latency.saturating_record(micros);
        self.finished += 1;
        self.backoff.reset();
        self.tally.settle(job, settled);
    }

    /// Lets the router know how much is finished.
    pub(super) fn publish(&self) {
        self.inbox.finished.send_replace(self.finished);
    }

    /// After a failure: waits, or says that there was no success anywhere for too long.
    pub(super) async fn after_failure(&mut self, wait: Option<Duration>) -> Next {
        self.tally.count_retry();
        let left = self.plan.retry_for.saturating_sub(self.tally.since_success());
        if left.is_zero() {
            return Next::GiveUp;
        }
        sleep(self.backoff.after_failure(wait).min(left)).await;
        Next::Retry
    }
}

impl<W> Drop for Lane<W> {
    fn drop(&mut self) {
        self.tally.add_latencies(&self.latency);
    }
}

/// A verdict that ends a line.
#[derive(Debug)]
pub(super) enum Settled {
    /// Taken.
    Taken,
    /// It was there before.
    AlreadyThere,
    /// Refused for good.
    Refused { code: super::Code, message: String },
}

/// What a verdict means for a lane.
pub(super) enum Judged {
    /// The line is through.
    Settled(Settled),
    /// To be tried again, after so long.
    Again(Option<Duration>),
}

/// Splits what ends a line from what does not.
///
/// # Errors
/// No line will be taken.
pub(super) fn judged(verdict: Verdict) -> Result<Judged, CallError> {
    Ok(match verdict {
        Verdict::Taken => Judged::Settled(Settled::Taken),
        Verdict::AlreadyThere => Judged::Settled(Settled::AlreadyThere),
        Verdict::Refused { code, message } => Judged::Settled(Settled::Refused { code, message }),
        Verdict::Again { wait } => Judged::Again(wait),
        Verdict::Hopeless(error) => return Err(error),
    })
}
