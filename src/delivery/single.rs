//! A lane that sends one request at a time and waits for its answer, as a till does.

use http_body_util::Full;
use hyper::{Method, body::Bytes};
use tokio::time::Instant;

use super::{
    lane::{Judged, Lane, LaneEnd, Next, judged},
    work::{Job, Work},
};
use crate::client::{Answer, Call, CallError, Connection};

type Single = Connection<Full<Bytes>>;

/// Sends what the lane is handed, each line until it has its final answer.
///
/// # Errors
/// Trying again would not help.
pub(super) async fn run<W: Work>(mut lane: Lane<W>) -> Result<LaneEnd, CallError> {
    let mut connection = None;
    while let Some(job) = lane.next().await {
        let since = Instant::now();
        loop {
            let wait = match attempt(&lane, &mut connection, &job).await {
                Ok(answer) => match judged(lane.work.judge(&job.body, &answer))? {
                    Judged::Settled(settled) => {
                        lane.settle(&job, settled, since);
                        lane.publish();
                        break;
                    }
                    Judged::Again(wait) => wait,
                },
                Err(error) if error.may_pass() => {
                    connection = None;
                    None
                }
                Err(error) => return Err(error),
            };
            if let Next::GiveUp = lane.after_failure(wait).await {
                return Ok(LaneEnd::GivenUp);
            }
        }
    }
    Ok(LaneEnd::Finished)
}

async fn attempt<W: Work>(
    lane: &Lane<W>,
    connection: &mut Option<Single>,
    job: &Job,
) -> Result<Answer, CallError> {
    let plan = &lane.plan;
    let open = match connection {
        Some(open) if !open.is_closed() => open,
        Some(_) | None => connection.insert(Connection::open(&plan.server, plan.timeout).await?),
    };
    let call = Call {
        method: Method::POST,
        path: lane.work.path(),
        authorization: lane.work.authorization(),
        content_type: "application/json",
        body: job.body.clone(),
    };
    open.call(&plan.server, call, plan.timeout).await
}
