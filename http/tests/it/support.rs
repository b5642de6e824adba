//! A server with the grocery program, and a small client.

use std::{future::Future, sync::Arc};

use actix_web::{App, HttpServer};
use actors::{Clock, Engine, EngineOptions, Ids, Threads};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{Timestamp, configuration::Section, time::Zone};
use laurel_http::{Credentials, HttpConfig, HttpState, HttpSwitches, KeyPair, PlainKeys};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use store::MemoryDisk;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub const RETAILER: &str = "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10";
pub const STORE: &str = "b7944570-da96-4c87-8629-000000000001";
pub const POINTS: &str = "9a000000-0000-4000-8000-000000000001";
pub const STATUS: &str = "9a000000-0000-4000-8000-000000000002";
pub const NOW: &str = "2017-02-01T00:00:00Z";
pub const PROGRAM: &str = include_str!("../../../demo/grocery-program.json");

/// A running server, its keys and its engine.
pub struct Server {
    pub address: std::net::SocketAddr,
    pub keys: PlainKeys,
    pub engine: Engine,
    disk: MemoryDisk,
    switches: HttpSwitches,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Runs a test against a server with default switches.
pub fn run<T: Future<Output = ()>>(test: impl FnOnce(Server) -> T) {
    run_with(HttpSwitches { test_clock: true, ..HttpSwitches::default() }, test);
}

/// Runs a test against a server.
pub fn run_with<T: Future<Output = ()>>(switches: HttpSwitches, test: impl FnOnce(Server) -> T) {
    actix_web::rt::System::new().block_on(async {
        let server = start(switches).await;
        test(server).await;
    });
}

async fn start(switches: HttpSwitches) -> Server {
    let server = start_on(MemoryDisk::default(), Timestamp::parse(NOW, &Zone::UTC).unwrap(), switches).await;
    let stores = json!([{"store_id": STORE, "number": "1", "name": "One", "time_zone": "America/Chicago"}]);
    server.engine.configure(Section::Stores, stores.to_string(), false).await.unwrap();
    let catalog = json!({"item_id": "BANANA", "name": "Banana", "category": "FRUIT",
                         "department": "PRODUCE", "brand": ""});
    server.engine.configure(Section::Catalog, catalog.to_string(), false).await.unwrap();
    server
}

async fn start_on(disk: MemoryDisk, now: Timestamp, switches: HttpSwitches) -> Server {
    let options = EngineOptions {
        store: store::Options { background_checkpoints: false, ..store::Options::default() },
        disk: Arc::new(disk.clone()),
        clock: Clock::test(now),
        ids: Ids::random(),
        threads: Threads::Own,
        shards: 1,
        customers_max: 1000,
        retailer: RETAILER.parse().unwrap(),
        first_program: PROGRAM.to_owned(),
    };
    let (engine, _) = actors::start(options).await.unwrap();
    let (credentials, keys) = Credentials::generate(RETAILER.parse().unwrap());
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let config = HttpConfig { engine: engine.clone(), credentials, switches, metrics };
    let state = HttpState::new(config);
    let server = HttpServer::new(move || App::new().configure(laurel_http::routes(state.clone())))
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    Server { address, keys, engine, disk, switches }
}

/// The value of an `Authorization` header.
pub fn basic(pair: &KeyPair) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", pair.key, pair.secret)))
}

impl Server {
    /// The server of a new process, after the power was cut to this one's.
    pub async fn after_power_cut(&self) -> Self {
        start_on(self.disk.crash(), self.engine.now(), self.switches).await
    }

    /// Asks and waits for the whole answer.
    pub async fn ask(&self, verb: &str, path: &str, authorization: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let head = format!(
            "{verb} {path} HTTP/1.1\r\nHost: laurel\r\nAuthorization: {authorization}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        parse(&String::from_utf8(bytes).unwrap())
    }

    /// `POST` at the point of sale.
    pub async fn till(&self, body: &Value) -> Answer {
        self.ask("POST", "/api/2.0/send_transaction", &basic(&self.keys.pos), &body.to_string()).await
    }

    /// `POST` with the connect key.
    pub async fn connect(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &basic(&self.keys.connect), &body.to_string()).await
    }

    /// A call of the core surface; `path` follows the key.
    pub async fn core(&self, verb: &str, path: &str, body: &str) -> Answer {
        let path = format!("/priv/v1/apps/{}{path}", self.keys.core.key);
        self.ask(verb, &path, &basic(&self.keys.core), body).await
    }

    /// A call of the admin surface.
    pub async fn admin(&self, verb: &str, path: &str, body: &str) -> Answer {
        self.ask(verb, path, &format!("Bearer {}", self.keys.admin_key), body).await
    }

    /// Puts the grocery program in force, changed.
    pub async fn apply_grocery_with(&self, change: impl FnOnce(&mut Value)) {
        let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
        change(&mut program);
        let put = self.admin("PUT", "/admin/program", &program.to_string()).await;
        assert_eq!(put.status, 200, "{put:?}");
    }

    /// A new customer of this external id; gives the platform's id.
    pub async fn member(&self, external_id: &str) -> String {
        let body = json!({"user": {"external_id": external_id}}).to_string();
        let answer = self.core("POST", "/users", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["user"]["id"].as_str().unwrap().to_owned()
    }
}

/// An answer from its text.
pub fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let (first, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    let chunked = headers.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { joined(body) } else { body.to_owned() };
    Answer { status, headers: headers.to_owned(), body }
}

/// The body of a chunked answer.
fn joined(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, behind)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return body;
        }
        body.push_str(&behind[..size]);
        rest = &behind[size + 2..];
    }
    panic!("the answer ended early: {body}");
}

/// The body of a `send_transaction`: one banana line, paid by one member.
pub fn sale(request_id: &str, transaction_id: &str, member: &str, amount: f64) -> Value {
    json!({
        "store_id": STORE.to_uppercase(), "client_id": RETAILER, "request_id": request_id, "culture": "en_US",
        "request_payload": {
            "transaction_id": transaction_id, "channel": "POS", "subtotal": amount, "tax_total": 1.5,
            "open_time": "2017-01-31T12:00:00.000Z", "modified_time": "2017-01-31T12:20:00Z",
            "items": [{"line_id": "1", "item_id": "BANANA", "quantity": 2,
                       "unit_price": amount / 2.0, "subtotal": amount,
                       "custom_data": {"a": [1, 2.50]}}],
            "payments": [{"payment_id": "P1", "amount": amount, "type": "Credit", "payment_time": "2017-01-31 12:19:30",
                          "user_id": member, "user_id_type": "external_id"}],
            "discounts": [], "unknown": {"x": 1}
        }
    })
}
