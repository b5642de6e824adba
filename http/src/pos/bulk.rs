//! Sales in bulk: lines in, lines out, in constant memory.
//!
//! Owns the flow: how lines are cut, how many sales are on their way, and that answers leave in the order of the
//! lines. The body is read only while fewer than [`IN_FLIGHT_MAX`] sales are on their way, so a slow engine slows the
//! sender down.
//!
//! One member's sales stay in order: a sale is handed to the engine when those before it that name the same member
//! have been answered. Sales of different members do not wait for each other.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    error::PayloadError,
    rt::time::sleep,
    web::{Bytes, BytesMut},
};
use actors::{EngineError, SaleAnswer, SaleError, SaleRequest, fingerprint};
use domain::sale::Content;
use futures_util::{Stream, stream::FuturesOrdered};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{
    PosCode, PosError,
    container::{ReadSale, read_sale},
    error::PosErrors,
    send_transaction::count_other_body,
};
use crate::{
    body::BODY_MAX,
    json::{Faults, Member, Reader, parse_object},
    state::HttpState,
};

/// Sales of one request on their way at a time.
pub const IN_FLIGHT_MAX: usize = 256;
/// Answers are sent when they come to this many bytes, or when nothing more is ready.
const FLUSH_BYTES: usize = 32 * 1024;
/// How long an overloaded engine is left alone before the next try.
const OVERLOADED_WAIT: Duration = Duration::from_millis(5);
/// How long, and how often, the end of the same request on another connection is waited for.
const PENDING_WAIT: Duration = Duration::from_millis(10);
const PENDING_TRIES: u32 = 500;

type Answer = Pin<Box<dyn Future<Output = Vec<u8>>>>;

/// The answer lines to a body of sales.
pub struct BulkAnswers<S> {
    state: HttpState,
    body: S,
    /// What was read and not yet cut into lines.
    buffer: BytesMut,
    /// How much of `buffer` has been searched for a line end.
    searched: usize,
    /// The rest of a line that is too long is on its way.
    skipping: bool,
    body_ended: bool,
    line: u64,
    in_flight: FuturesOrdered<Answer>,
    /// The last sale on its way of each member.
    turns: Turns,
    /// Sales that the engine has refused as overloaded and that wait for their next try.
    held_up: HeldUp,
    out: Vec<u8>,
}

impl<S> BulkAnswers<S> {
    /// The answers to the lines of `body`.
    pub fn new(state: HttpState, body: S) -> Self {
        Self {
            state,
            body,
            buffer: BytesMut::new(),
            searched: 0,
            skipping: false,
            body_ended: false,
            line: 0,
            in_flight: FuturesOrdered::new(),
            turns: Turns::default(),
            held_up: HeldUp::default(),
            out: Vec::new(),
        }
    }

    /// The next line of what was read: its bytes, or that it is too long. Nothing when none is complete.
    fn next_line(&mut self) -> Option<Result<Bytes, PosError>> {
        loop {
            let end = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
            let Some(end) = end.map(|end| self.searched + end) else {
                self.searched = self.buffer.len();
                return self.unfinished_line();
            };
            let line = self.buffer.split_to(end + 1).freeze();
            self.searched = 0;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            self.line += 1;
            if line.len() > BODY_MAX + 1 {
                return Some(Err(too_long()));
            }
            if !line.trim_ascii().is_empty() {
                return Some(Ok(line));
            }
        }
    }

    fn unfinished_line(&mut self) -> Option<Result<Bytes, PosError>> {
        if self.skipping {
            self.buffer.clear();
            self.searched = 0;
            return None;
        }
        if self.buffer.len() > BODY_MAX {
            self.buffer.clear();
            self.searched = 0;
            self.skipping = true;
            self.line += 1;
            return Some(Err(too_long()));
        }
        if !self.body_ended || self.buffer.trim_ascii().is_empty() {
            return None;
        }
        // The last line counts without its line end.
        self.searched = 0;
        self.line += 1;
        Some(Ok(self.buffer.split().freeze()))
    }

    /// Hands a line to the engine, or answers it at once when it cannot be read.
    fn submit(&mut self, line: Result<Bytes, PosError>) {
        let number = self.line;
        let refused = |error: &PosError, request_id: Option<&str>| -> Answer {
            Box::pin(std::future::ready(error_line(number, request_id, error)))
        };
        let answer = match line {
            Err(error) => refused(&error, None),
            Ok(line) => match read_sale(line.trim_ascii(), &self.state.program()) {
                Ok(sale) => {
                    let turn = self.turns.take(&sale.content);
                    Box::pin(answered(self.state.clone(), number, line, sale, turn, self.held_up.clone()))
                }
                Err(error) => refused(&error, request_id_of(&line).as_deref()),
            },
        };
        self.in_flight.push_back(answer);
    }

    fn collect_answers(&mut self, context: &mut Context<'_>) {
        while self.out.len() < FLUSH_BYTES {
            let Poll::Ready(Some(line)) = Pin::new(&mut self.in_flight).poll_next(context) else { return };
            self.out.extend_from_slice(&line);
        }
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> BulkAnswers<S> {
    /// Takes in one more line, or more of the body. The answer says whether there may be more to take in at once.
    fn take_in(&mut self, context: &mut Context<'_>) -> bool {
        if self.in_flight.len() >= IN_FLIGHT_MAX || self.held_up.any() {
            return false;
        }
        if let Some(line) = self.next_line() {
            self.submit(line);
            return true;
        }
        if self.body_ended {
            return false;
        }
        match Pin::new(&mut self.body).poll_next(context) {
            Poll::Ready(Some(Ok(piece))) => self.buffer.extend_from_slice(&piece),
            Poll::Ready(None) => self.body_ended = true,
            Poll::Ready(Some(Err(_))) => {
                // Half a line of a broken connection is no sale; what was handed over is finished all the same.
                self.buffer.clear();
                self.searched = 0;
                self.body_ended = true;
            }
            Poll::Pending => return false,
        }
        true
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for BulkAnswers<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            this.collect_answers(context);
            if this.out.len() >= FLUSH_BYTES || !this.take_in(context) {
                break;
            }
        }
        if !this.out.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut this.out).into())));
        }
        let done = this.body_ended && this.in_flight.is_empty() && this.buffer.trim_ascii().is_empty();
        if done { Poll::Ready(None) } else { Poll::Pending }
    }
}

/// The lines that the engine has refused as overloaded. They go first, and in their order.
#[derive(Clone, Default)]
struct HeldUp(Rc<RefCell<BTreeSet<u64>>>);

impl HeldUp {
    fn any(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    fn is_first(&self, line: u64) -> bool {
        self.0.borrow().first() == Some(&line)
    }

    fn add(&self, line: u64) {
        self.0.borrow_mut().insert(line);
    }

    fn remove(&self, line: u64) {
        self.0.borrow_mut().remove(&line);
    }
}

/// Whose sale is on its way: a member's next sale waits for the one before.
#[derive(Default)]
struct Turns {
    last: HashMap<Box<str>, oneshot::Receiver<()>>,
}

/// A sale's place behind the earlier sales of its members.
struct Turn {
    before: Vec<oneshot::Receiver<()>>,
    done: Vec<oneshot::Sender<()>>,
}

impl Turns {
    /// How many members are remembered before those that nobody waits for are forgotten.
    const REMEMBERED: usize = 4 * IN_FLIGHT_MAX;

    /// The place of the next sale.
    fn take(&mut self, content: &Content) -> Turn {
        if self.last.len() > Self::REMEMBERED {
            self.last.retain(|_, last| matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        let payers = content.payments.iter().flat_map(|payment| [&payment.user, &payment.additional_user]);
        let named = payers.flatten().map(|user| &user.id).chain(&content.envelope_user_id);
        let named = named.chain(content.discounts.iter().filter_map(|discount| discount.user_id.as_ref()));
        // Each once: a member named twice on one sale must not wait for that sale itself.
        let members: BTreeSet<_> = named.collect();
        let mut turn = Turn { before: Vec::new(), done: Vec::new() };
        for member in members {
            let (done, wait) = oneshot::channel();
            turn.before.extend(self.last.insert(member.clone(), wait));
            turn.done.push(done);
        }
        turn
    }
}

impl Turn {
    /// Waits for the sales before this one. Those behind it go when what is given back is dropped.
    async fn come(self) -> Vec<oneshot::Sender<()>> {
        for before in self.before {
            // An error says that the sale before is done: its end of the line was dropped.
            let _ = before.await;
        }
        self.done
    }
}

/// The answer line to a sale, once it is durable or refused for good.
async fn answered(
    state: HttpState,
    number: u64,
    line: Bytes,
    sale: ReadSale,
    turn: Turn,
    held_up: HeldUp,
) -> Vec<u8> {
    let _done = turn.come().await;
    let line = line.trim_ascii();
    let body = fingerprint(line);
    let request_id = sale.request_id.clone();
    let mut next = Ok(sale);
    let mut pending_tries = 0;
    let outcome = loop {
        let sale = match next {
            Ok(sale) => sale,
            Err(error) => break Err(error),
        };
        let request = SaleRequest { request_id: sale.request_id, body, content: sale.content };
        match state.engine().send_sale(request).await {
            Ok(answer) => break Ok(answer),
            Err(SaleError::Engine(EngineError::Overloaded)) => {
                held_up.add(number);
                sleep(OVERLOADED_WAIT).await;
                while !held_up.is_first(number) {
                    sleep(OVERLOADED_WAIT).await;
                }
            }
            Err(SaleError::Pending) if pending_tries < PENDING_TRIES => {
                pending_tries += 1;
                sleep(PENDING_WAIT).await;
            }
            Err(error) => break Err(error.into()),
        }
        // The engine took the sale in; for another try it is read again, which costs nothing when all goes well.
        next = read_sale(line, &state.program());
    };
    held_up.remove(number);
    match outcome {
        Ok(answer) => success_line(number, &request_id, &answer),
        Err(error) => error_line(number, Some(&request_id), &error),
    }
}

/// The answer to a line.
#[derive(Serialize)]
struct AnswerLine<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<PosErrors<'a>>,
}

fn success_line(line: u64, request_id: &str, answer: &SaleAnswer) -> Vec<u8> {
    if answer.other_body {
        count_other_body();
    }
    written(&AnswerLine { line, request_id: Some(request_id), status: "OK", errors: None })
}

fn error_line(line: u64, request_id: Option<&str>, error: &PosError) -> Vec<u8> {
    written(&AnswerLine { line, request_id, status: error.code.as_str(), errors: Some(error.errors()) })
}

fn written(line: &AnswerLine<'_>) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(line).expect("texts and numbers are JSON");
    bytes.push(b'\n');
    bytes
}

/// The request id of a line that is otherwise wrong, so that its sender knows which one it was.
fn request_id_of(line: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        request_id: Member<'a>,
    }
    let named: Named<'_> = parse_object(line).ok()?;
    Reader::new(&mut Faults::default()).key("request_id", named.request_id).map(Into::into)
}

fn too_long() -> PosError {
    PosError::new(PosCode::PayloadTooLarge, "a line has at most 1 MiB")
}
