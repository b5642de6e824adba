//! A server for tests that takes sales as the real one does, and fails as it is told to.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http_body_util::{BodyExt, Either, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
};

use super::bulk::Chunks;

/// What goes wrong.
#[derive(Clone, Copy, Default)]
pub(super) struct Faults {
    /// Every so many single requests one is answered 503 and not taken.
    pub(super) unavailable_every: usize,
    /// Every so many lines one is answered `pending_processing` the first time, and taken the second time.
    pub(super) pending_every: usize,
    /// Every so many lines of a stream one is taken, not answered, and the connection is cut.
    pub(super) cut_every: usize,
    /// Sales whose number divides by this are refused.
    pub(super) refuse_every: usize,
    /// All keys are wrong.
    pub(super) locked: bool,
}

#[derive(Default)]
struct Seen {
    taken: Vec<usize>,
    known: HashSet<String>,
    pending: HashSet<String>,
    requests: usize,
    lines: usize,
}

/// The server; goes away with the runtime.
#[derive(Clone)]
pub(super) struct Fake {
    faults: Faults,
    seen: Arc<Mutex<Seen>>,
    port: u16,
}

type Body = Either<Full<Bytes>, Chunks>;

impl Fake {
    pub(super) async fn start(faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let fake = Self { faults, seen: Arc::default(), port };
        let accepting = fake.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(accepting.clone().connection(stream));
            }
        });
        fake
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Numbers of the sales in the order in which they were taken.
    pub(super) fn taken(&self) -> Vec<usize> {
        self.seen.lock().unwrap().taken.clone()
    }

    async fn connection(self, stream: TcpStream) {
        let cut = Arc::new(Notify::new());
        let service = service_fn(|request| self.clone().answer(request, Arc::clone(&cut)));
        tokio::select! {
            served = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => drop(served),
            () = cut.notified() => {}
        }
    }

    async fn answer(
        self,
        request: Request<Incoming>,
        cut: Arc<Notify>,
    ) -> Result<Response<Body>, Infallible> {
        let whole = |status, text: String| {
            let body = Either::Left(Full::new(Bytes::from(text)));
            Ok(Response::builder().status(status).body(body).unwrap())
        };
        if self.faults.locked {
            return whole(StatusCode::UNAUTHORIZED, "{}".into());
        }
        if request.uri().path().ends_with('s') {
            let (answers, chunks) = mpsc::channel(1);
            tokio::spawn(self.stream(request.into_body(), answers, cut));
            return Ok(Response::new(Either::Right(Chunks(chunks))));
        }
        let Ok(body) = request.into_body().collect().await else {
            return whole(StatusCode::BAD_REQUEST, "{}".into());
        };
        let unavailable = {
            let mut seen = self.seen.lock().unwrap();
            seen.requests += 1;
            due(seen.requests, self.faults.unavailable_every)
        };
        if unavailable {
            return whole(StatusCode::SERVICE_UNAVAILABLE, "{}".into());
        }
        let answer = self.take(&serde_json::from_slice(&body.to_bytes()).unwrap());
        whole(StatusCode::OK, answer.to_string())
    }

    async fn stream(self, mut body: Incoming, answers: mpsc::Sender<Bytes>, cut: Arc<Notify>) {
        let (mut partial, mut line) = (Vec::new(), 0);
        while let Some(Ok(frame)) = body.frame().await {
            partial.extend_from_slice(&frame.into_data().unwrap_or_default());
            while let Some(end) = partial.iter().position(|byte| *byte == b'\n') {
                let rest = partial.split_off(end + 1);
                let text = std::mem::replace(&mut partial, rest);
                let mut answer = self.take(&serde_json::from_slice(&text).unwrap());
                let due_cut = {
                    let mut seen = self.seen.lock().unwrap();
                    seen.lines += 1;
                    due(seen.lines, self.faults.cut_every)
                };
                if due_cut {
                    return cut.notify_one();
                }
                line += 1;
                answer["line"] = json!(line);
                // In pieces that do not end with the lines, as a network cuts them.
                let text = format!("{answer}\n");
                let (head, tail) = text.split_at(text.len() / 2);
                for piece in [head, tail] {
                    if answers.send(Bytes::from(piece.to_owned())).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn take(&self, sale: &Value) -> Value {
        let id = sale["request_id"].as_str().unwrap().to_owned();
        let number: usize = id.parse().unwrap();
        let mut seen = self.seen.lock().unwrap();
        let failure = |code: &str| json!({"status": code, "errors": {"code": code, "message": "told to"}});
        if due(number, self.faults.refuse_every) {
            return failure("unknown_store");
        }
        if due(number, self.faults.pending_every) && seen.pending.insert(id.clone()) {
            return failure("pending_processing");
        }
        if seen.known.insert(id) {
            seen.taken.push(number);
        }
        json!({"status": "OK"})
    }
}

fn due(number: usize, every: usize) -> bool {
    every != 0 && number.is_multiple_of(every)
}
