//! Delivers a stream of lines to a server: in order for each member, over several connections, each line until it is
//! answered, in constant memory.
//!
//! A reader thread takes the lines from their source; the router gives each to a lane; a lane owns one connection and
//! repeats what was not answered. Must not know what the lines mean: that is told by a [`Work`].
//!
//! # Order
//! Lines of one member go to one lane in the order of the source, and a lane sends them in order. A line of several
//! members (a split payment) belongs to several lanes: before it is sent all of these have to have finished, and
//! nothing else is handed out until it is answered itself. Such lines are rare, and the wait costs one round trip,
//! where joining the members' lanes for good would let lanes grow together and need memory for every member seen.

mod bulk;
#[cfg(test)]
mod fake;
mod lane;
mod lines;
mod progress;
mod router;
mod single;
mod tally;
#[cfg(test)]
mod tests;
mod verdict;
mod work;

use std::{io, num::NonZeroU16, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet};

pub use lines::{Line, file_lines};
pub use progress::{Progress, rate};
pub use tally::Outcome;
#[cfg(test)]
pub use tally::Refusal;
use verdict::Code;
pub use work::{Members, Sales, Work};

use crate::client::{Address, CallError};
use lane::{Lane, LaneEnd};
use tally::Tally;

/// How lines are delivered.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to.
    pub server: Address,
    /// Connections at a time.
    pub connections: NonZeroU16,
    /// One stream a connection, rather than one request a line.
    pub bulk: bool,
    /// Time without any success after which all is given up.
    pub retry_for: Duration,
    /// Time without an answer after which a connection is taken for broken.
    pub timeout: Duration,
}

/// Why a delivery could not be carried through, other than by giving up.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The source failed.
    #[error("line {line}: {source}")]
    Source {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        source: io::Error,
    },
    /// A call failed in a way that trying again does not mend.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The delivery's own task failed.
    #[error("a connection's task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Delivers all lines of a source.
///
/// # Errors
/// The source fails, the server does not accept the key or is none of ours. An unreachable server is no error: the
/// outcome says that the work was given up.
pub async fn deliver<W: Work>(
    lines: impl Iterator<Item = io::Result<Line>> + Send + 'static,
    work: Arc<W>,
    plan: &Plan,
    progress: Progress,
) -> Result<Outcome, DeliveryError> {
    let tally = Arc::new(Tally::start());
    let ticking = progress.follow(Arc::clone(&tally));
    let mut lanes = JoinSet::new();
    let mut handles = Vec::new();
    for _ in 0..plan.connections.get() {
        let (handle, inbox) = lane::pair();
        handles.push(handle);
        let lane = Lane::new(inbox, Arc::clone(&work), plan.clone(), Arc::clone(&tally));
        lanes.spawn(
            async move { if lane.is_bulk() { bulk::run(lane).await } else { single::run(lane).await } },
        );
    }
    let batches = lines::read(lines, work);
    let routed = router::route(batches, handles).await;

    let mut given_up = false;
    let mut failed = None;
    while let Some(ended) = lanes.join_next().await {
        match ended? {
            Ok(LaneEnd::Finished) => {}
            Ok(LaneEnd::GivenUp) => given_up = true,
            Err(error) => failed = Some(error),
        }
    }
    ticking.stop();
    routed?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(tally.outcome(given_up)),
    }
}

/// Batches of lines on their way from the reader thread to the router.
type Batches = mpsc::Receiver<Result<Vec<work::Job>, DeliveryError>>;
