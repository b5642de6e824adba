//! A lane that streams its lines and reads the answers from the same, still growing response.
//!
//! The server answers line by line in order, so what is unanswered is always the end of what was sent. When the
//! connection breaks, the next stream begins with the first unanswered line. A line that is answered "not now" stops
//! new lines of this lane until it is through, so that a member's later sales do not overtake it further.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use http_body_util::BodyExt;
use hyper::{
    Request, StatusCode,
    body::{Body, Bytes, Frame},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use super::{
    lane::{Judged, Lane, LaneEnd, Next, judged},
    verdict::Container,
    work::{Job, Work},
};
use crate::client::{Answer, CallError, Connection, passing_status, read_whole, retry_after};

/// Lines that may be unanswered at a time; more than the server works on at a time, so that it never waits for us.
const UNANSWERED_LINES_MAX: usize = 1024;
/// The same in bytes, for long lines.
const UNANSWERED_BYTES_MAX: usize = 4 << 20;
/// Longest answer to one line.
const ANSWER_LINE_BYTES_MAX: usize = 1 << 20;
/// How long the server has to end its answer when all lines are answered.
const FAREWELL: Duration = Duration::from_secs(2);

/// Sends what the lane is handed, over as many streams as it takes.
///
/// # Errors
/// Trying again would not help.
pub(super) async fn run<W: Work>(mut lane: Lane<W>) -> Result<LaneEnd, CallError> {
    let mut unanswered = Unanswered::default();
    loop {
        if unanswered.lines.is_empty() {
            // Without a line there is no stream: an idle one would only be cut by the server.
            match lane.next().await {
                Some(job) => unanswered.push(job),
                None => return Ok(LaneEnd::Finished),
            }
        }
        let wait = match stream(&mut lane, &mut unanswered).await {
            Ok(StreamEnd::Finished) => return Ok(LaneEnd::Finished),
            Ok(StreamEnd::Again(wait)) => wait,
            Err(error) if error.may_pass() => None,
            Err(error) => return Err(error),
        };
        if let Next::GiveUp = lane.after_failure(wait).await {
            return Ok(LaneEnd::GivenUp);
        }
    }
}

/// How a stream ended that did not break.
enum StreamEnd {
    /// There are no more lines.
    Finished,
    /// Some lines were answered "not now", or the stream as a whole was.
    Again(Option<Duration>),
}

/// Lines sent, or about to be, whose final answer is not there. The oldest first.
#[derive(Default)]
struct Unanswered {
    lines: VecDeque<(Job, Instant)>,
    bytes: usize,
}

impl Unanswered {
    fn push(&mut self, job: Job) {
        self.bytes += job.body.len();
        self.lines.push_back((job, Instant::now()));
    }

    fn pop(&mut self) -> Option<(Job, Instant)> {
        let oldest = self.lines.pop_front()?;
        self.bytes -= oldest.0.body.len();
        Some(oldest)
    }

    fn room(&self) -> usize {
        if self.bytes >= UNANSWERED_BYTES_MAX {
            return 0;
        }
        UNANSWERED_LINES_MAX.saturating_sub(self.lines.len())
    }
}

/// One stream, from its first line to its end.
async fn stream<W: Work>(lane: &mut Lane<W>, unanswered: &mut Unanswered) -> Result<StreamEnd, CallError> {
    let mut reading = Reading::default();
    let ended = exchange(lane, unanswered, &mut reading).await;
    if reading.give_back(unanswered) { ended.and(Ok(StreamEnd::Again(None))) } else { ended }
}

/// Sends and receives at the same time, until everything is answered, or what is left has to wait for the next stream.
async fn exchange<W: Work>(
    lane: &mut Lane<W>,
    unanswered: &mut Unanswered,
    reading: &mut Reading,
) -> Result<StreamEnd, CallError> {
    let (body, chunks) = mpsc::channel(1);
    let (answers_in, mut answers) = mpsc::channel(4);
    let patience = lane.plan.timeout;
    let mut connection = Connection::open(&lane.plan.server, patience).await?;
    let answering = receive(&mut connection, request(lane, chunks)?, answers_in);
    tokio::pin!(answering);

    let mut chunk = Some(join(unanswered.lines.iter().map(|(job, _)| job)));
    let mut more = true;
    let mut fresh = Vec::new();
    let mut heard = Instant::now();
    while !unanswered.lines.is_empty() || (more && reading.again.is_empty()) {
        let room = if more && chunk.is_none() && reading.again.is_empty() { unanswered.room() } else { 0 };
        tokio::select! {
            ended = &mut answering => {
                // What was answered before the connection broke is answered.
                while let Ok(data) = answers.try_recv() {
                    reading.take(&data, lane, unanswered)?;
                }
                return ended?.ok_or(CallError::Cut);
            }
            Some(data) = answers.recv() => {
                reading.take(&data, lane, unanswered)?;
                heard = Instant::now();
            }
            slot = body.reserve(), if chunk.is_some() => {
                // No slot: the connection has dropped the body. Why, the answer tells.
                if let (Ok(slot), Some(chunk)) = (slot, chunk.take()) {
                    slot.send(chunk);
                }
            }
            count = lane.next_many(&mut fresh, room), if room > 0 => {
                if unanswered.lines.is_empty() {
                    heard = Instant::now();
                }
                more = count > 0;
                chunk = more.then(|| join(&fresh));
                fresh.drain(..).for_each(|job| unanswered.push(job));
            }
            () = sleep_until(heard + patience), if !unanswered.lines.is_empty() => {
                return Err(CallError::Silent(patience));
            }
        }
    }
    // The end of the request lets the server end its answer; all lines are answered, so nothing depends on it.
    drop(body);
    let _ = timeout(FAREWELL, answering).await;
    Ok(StreamEnd::Finished)
}

fn request<W: Work>(lane: &Lane<W>, chunks: mpsc::Receiver<Bytes>) -> Result<Request<Chunks>, CallError> {
    Ok(Request::post(lane.work.bulk_path())
        .header(HOST, lane.plan.server.authority())
        .header(AUTHORIZATION, lane.work.authorization())
        .header(CONTENT_TYPE, "application/x-ndjson")
        .body(Chunks(chunks))?)
}

/// Lines as they go over the wire.
fn join<'a>(jobs: impl IntoIterator<Item = &'a Job, IntoIter: Clone>) -> Bytes {
    let jobs = jobs.into_iter();
    let mut text = Vec::with_capacity(jobs.clone().map(|job| job.body.len() + 1).sum());
    for job in jobs {
        text.extend_from_slice(&job.body);
        text.push(b'\n');
    }
    text.into()
}

/// The answers of one stream.
#[derive(Default)]
struct Reading {
    /// Beginning of a line whose end has not come.
    partial: Vec<u8>,
    /// Lines answered.
    answered: u64,
    /// Lines answered "not now".
    again: VecDeque<(Job, Instant)>,
}

impl Reading {
    fn take<W: Work>(
        &mut self,
        data: &[u8],
        lane: &mut Lane<W>,
        unanswered: &mut Unanswered,
    ) -> Result<(), CallError> {
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            if self.partial.is_empty() && piece.ends_with(b"\n") {
                self.line(piece, lane, unanswered)?;
                continue;
            }
            self.partial.extend_from_slice(piece);
            if self.partial.len() > ANSWER_LINE_BYTES_MAX {
                return Err(CallError::TooLong(ANSWER_LINE_BYTES_MAX));
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.partial);
                self.line(&line, lane, unanswered)?;
            }
        }
        lane.publish();
        Ok(())
    }

    fn line<W: Work>(
        &mut self,
        text: &[u8],
        lane: &mut Lane<W>,
        unanswered: &mut Unanswered,
    ) -> Result<(), CallError> {
        let out_of_step = || CallError::OutOfStep(String::from_utf8_lossy(text).trim_end().to_owned());
        let container: Container<'_> = serde_json::from_slice(text).map_err(|_| out_of_step())?;
        self.answered += 1;
        if container.line != Some(self.answered) {
            return Err(out_of_step());
        }
        let (job, since) = unanswered.pop().ok_or_else(out_of_step)?;
        match judged(container.verdict())? {
            Judged::Settled(settled) => lane.settle(&job, settled, since),
            Judged::Again(_) => self.again.push_back((job, since)),
        }
        Ok(())
    }

    /// Puts lines that were answered "not now" back in front of those not answered at all; says whether there were any.
    fn give_back(&mut self, unanswered: &mut Unanswered) -> bool {
        let any = !self.again.is_empty();
        while let Some(line) = self.again.pop_back() {
            unanswered.bytes += line.0.body.len();
            unanswered.lines.push_front(line);
        }
        any
    }
}

/// Sends the request and passes the answer's pieces on until it ends. Something is returned where the server refuses
/// the stream for now.
async fn receive(
    connection: &mut Connection<Chunks>,
    request: Request<Chunks>,
    answers: mpsc::Sender<Bytes>,
) -> Result<Option<StreamEnd>, CallError> {
    let path = request.uri().path().to_owned();
    let (head, mut body) = connection.send(request).await?.into_parts();
    match head.status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(CallError::KeyRefused),
        status @ (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) => {
            return Err(CallError::NoSuchPath(status));
        }
        status if passing_status(status) => return Ok(Some(StreamEnd::Again(retry_after(&head.headers)))),
        status => {
            let answer = Answer { status, retry_after: None, body: read_whole(body).await? };
            return Err(CallError::Status { path, status, text: answer.excerpt() });
        }
    }
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data()
            && answers.send(data).await.is_err()
        {
            break;
        }
    }
    Ok(None)
}

/// A request's body that grows while it is sent.
pub(super) struct Chunks(pub(super) mpsc::Receiver<Bytes>);

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = ready!(self.0.poll_recv(context));
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}
