//! A server with the demo's program, a store, an item and a few members, on a thread of its own; and its callers, who
//! write bytes.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use actix_web::{App, HttpServer, dev::ServerHandle};
use actors::{Clock, Engine, EngineOptions, Ids, Threads};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Timestamp;
use laurel_http::{Credentials, HttpConfig, HttpState, HttpSwitches, KeyPair, PlainKeys};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use store::MemoryDisk;

/// The retailer of the demo's program.
pub const RETAILER: &str = "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10";
/// The store.
pub const STORE: &str = "b7944570-da96-4c87-8629-000000000001";
/// The members.
pub const MEMBERS: [&str; 8] = ["900", "901", "902", "903", "904", "905", "906", "907"];
/// The demo's program.
pub const PROGRAM: &str = include_str!("../../../demo/grocery-program.json");
/// 1 February 2017.
const NOW_MS: i64 = 1_485_907_200_000;
/// A server that is silent for so long hangs.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// A server that runs; it ends when this goes.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its keys.
    pub keys: PlainKeys,
    /// What it writes to.
    pub disk: MemoryDisk,
    handle: ServerHandle,
    thread: Option<thread::JoinHandle<()>>,
}

/// An answer.
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header lines.
    pub head: String,
    /// Body.
    pub body: Vec<u8>,
}

impl Server {
    /// Starts a server that has taken a sale and a deposit.
    pub fn start() -> Self {
        let disk = MemoryDisk::new();
        let (told, started) = mpsc::channel();
        let used = disk.clone();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (engine, state, keys) = start_engine(used).await;
                let server =
                    HttpServer::new(move || App::new().configure(laurel_http::routes(state.clone())))
                        .workers(1)
                        .disable_signals()
                        .bind(("127.0.0.1", 0))
                        .expect("a port is free");
                let address = server.addrs()[0];
                let server = server.run();
                told.send((address, keys, server.handle())).expect("somebody waits for the server");
                server.await.expect("the server ends in order");
                engine.drain(SILENCE_MAX).await.expect("the engine ends in order");
            });
        });
        let (address, keys, handle) = started.recv().expect("the server starts");
        let server = Self { address, keys, disk, handle, thread: Some(thread) };
        server.furnish();
        server
    }

    fn furnish(&self) {
        let stores =
            json!([{"store_id": STORE, "number": "1", "name": "One", "time_zone": "America/Chicago"}]);
        let item =
            json!({"item_id": "BANANA", "name": "Banana", "category": "FRUIT", "department": "PRODUCE"});
        let users = format!("/priv/v1/apps/{}/users", self.keys.core.key);
        let mut asked =
            vec![("PUT", "/admin/stores", stores.to_string()), ("PUT", "/admin/catalog", item.to_string())];
        for member in MEMBERS {
            asked.push(("POST", &users, json!({"user": {"external_id": member}}).to_string()));
        }
        asked.push(("POST", "/api/2.0/send_transaction", sale("first").to_string()));
        for (verb, path, body) in asked {
            let answer = self.ask(verb, path, &self.authorization(path), body.as_bytes());
            let answer = answer.expect("a sound request is answered");
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        }
    }

    /// The `Authorization` header for a path.
    pub fn authorization(&self, path: &str) -> String {
        let basic =
            |pair: &KeyPair| format!("Basic {}", STANDARD.encode(format!("{}:{}", pair.key, pair.secret)));
        let keys = &self.keys;
        match path {
            _ if path.starts_with("/priv/") => basic(&keys.core),
            _ if path.starts_with("/api/") => basic(&keys.pos),
            _ if path.starts_with("/admin/") => format!("Bearer {}", keys.admin_key),
            _ => basic(&keys.connect),
        }
    }

    /// The platform's id of a member.
    pub fn member_id(&self, external_id: &str) -> String {
        let path = format!("/priv/v1/apps/{}/external/users/{external_id}", self.keys.core.key);
        let answer =
            self.ask("GET", &path, &self.authorization(&path), b"").expect("a sound request is answered");
        let user: Value = serde_json::from_slice(&answer.body).expect("a customer is JSON");
        user["user"]["id"].as_str().expect("a customer has an id").to_owned()
    }

    /// A request with a JSON body.
    pub fn ask(&self, verb: &str, path: &str, authorization: &str, body: &[u8]) -> Result<Answer, String> {
        let head = format!(
            "{verb} {path} HTTP/1.1\r\nHost: laurel\r\nAuthorization: {authorization}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.exchange(&[head.as_bytes(), body].concat())?.ok_or_else(|| "no answer".to_owned())
    }

    /// Sends bytes and nothing more, and reads to the end; nothing when there was no answer.
    pub fn exchange(&self, request: &[u8]) -> Result<Option<Answer>, String> {
        let mut stream = TcpStream::connect(self.address).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(SILENCE_MAX)).map_err(|error| error.to_string())?;
        // The server may have answered and closed before it has read everything.
        let _sent = stream.write_all(request).and_then(|()| stream.shutdown(Shutdown::Write));
        let mut bytes = Vec::new();
        match stream.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Err(format!("the server is silent; so far {}", super::show(&bytes)));
            }
            // Closed with something unread: what came before counts.
            Err(_) => {}
        }
        if bytes.is_empty() { Ok(None) } else { parse(&bytes).map(Some) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        let ended = self.thread.take().map(thread::JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))), "the server ends in order");
    }
}

/// Starts the engine and everything around it.
async fn start_engine(disk: MemoryDisk) -> (Engine, HttpState, PlainKeys) {
    let retailer = RETAILER.parse().expect("the retailer is an id");
    let options = EngineOptions {
        store: store::Options { background_checkpoints: false, ..store::Options::default() },
        disk: Arc::new(disk),
        clock: Clock::test(Timestamp::from_millis(NOW_MS)),
        ids: Ids::random(),
        threads: Threads::Own,
        shards: 1,
        customers_max: 1000,
        retailer,
        first_program: PROGRAM.to_owned(),
    };
    let (engine, _) = actors::start(options).await.expect("an empty disk is a sound one");
    let (credentials, keys) = Credentials::generate(retailer);
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let switches = HttpSwitches { test_clock: true, ..HttpSwitches::default() };
    let state = HttpState::new(HttpConfig { engine: engine.clone(), credentials, switches, metrics });
    (engine, state, keys)
}

/// A sale of the first member's.
pub fn sale(name: &str) -> Value {
    json!({"store_id": STORE, "client_id": RETAILER, "request_id": format!("r-{name}"), "culture": "en-US",
        "request_payload": {
            "transaction_id": name, "channel": "POS", "is_closed": true, "subtotal": 24.5, "tax_total": 1.5,
            "open_time": "2017-01-31T12:00:00.000Z", "modified_time": "2017-01-31T12:20:00.000Z",
            "items": [{"line_id": "1", "item_id": "BANANA", "quantity": 2, "unit_price": 12.25, "subtotal": 24.5}],
            "payments": [{"payment_id": "1", "amount": 26, "type": "Credit", "payment_time": "2017-01-31T12:19:30Z",
                          "user_id": MEMBERS[0], "user_id_type": "External_ID"}],
            "discounts": []}})
}

/// An answer from its bytes.
fn parse(bytes: &[u8]) -> Result<Answer, String> {
    let wrong = |what: &str| format!("{what}: {}", super::show(bytes));
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or_else(|| wrong("an answer without an end"))?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| wrong("a head that is no text"))?.to_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| wrong("an answer without a status"))?;
    let body = &bytes[end + 4..];
    let body = match header(&head, "content-length").and_then(|length| length.parse().ok()) {
        // What follows answers bytes that were taken for another request.
        Some(length) => body.get(..length).ok_or_else(|| wrong("a short body"))?.to_vec(),
        None if header(&head, "transfer-encoding") == Some("chunked") => {
            joined(body).ok_or_else(|| wrong("broken chunks"))?
        }
        None => body.to_vec(),
    };
    Ok(Answer { status, head, body })
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The body of a chunked answer.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 2 + size + 2..)?;
    }
}
