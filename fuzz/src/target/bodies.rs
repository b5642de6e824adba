//! The body of every operation, distorted or damaged.

use std::ops::Range;

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Target, Tried, each, schema,
    server::{Answer, MEMBERS, PROGRAM, Server, sale},
    show,
};
use crate::{
    Finding, Report,
    mutation::{damage, distort},
};

/// After so many inputs the server begins anew: an input depends on those of its batch before it, and on nothing else.
const BATCH: u64 = 500;

/// Tries inputs, from the beginning of the first one's batch on.
pub fn run(target: Target, inputs: Range<u64>) -> Result<Report, Finding> {
    let mut bodies = Bodies::new();
    let mut tried = 0;
    each(target, inputs.start / BATCH * BATCH..inputs.end, &mut bodies, |bodies, rng| {
        if tried == BATCH {
            *bodies = Bodies::new();
            tried = 0;
        }
        tried += 1;
        bodies.try_one(rng)
    })
}

/// A server and what it says it can do.
pub struct Bodies {
    server: Server,
    document: Value,
    program: Value,
    operations: Vec<Operation>,
}

struct Operation {
    name: String,
    verb: String,
    path: String,
    /// Nothing: it takes none.
    body: Option<Value>,
}

impl Bodies {
    /// With a fresh server.
    pub fn new() -> Self {
        let server = Server::start();
        let answer = server.ask("GET", "/openapi.json", "", b"").expect("the document is served");
        let document: Value = serde_json::from_slice(&answer.body).expect("the document is JSON");
        let operations = operations(&document, &server.keys.core.key, &server.member_id(MEMBERS[0]));
        assert!(operations.len() > 80, "{} operations", operations.len());
        let program = serde_json::from_str(PROGRAM).expect("the demo's program is JSON");
        Self { server, document, program, operations }
    }

    /// The server, for what it has written.
    pub fn into_server(self) -> Server {
        self.server
    }

    /// Sends one request.
    pub fn try_one(&mut self, rng: &mut Rng) -> Tried {
        let operation = &self.operations[rng.usize(0..self.operations.len())];
        let body =
            operation.body.as_ref().map(|schema| self.body(rng, operation, schema)).unwrap_or_default();
        let authorization = self.server.authorization(&operation.path);
        let Operation { name, verb, path, .. } = operation;
        let answer = self.server.ask(verb, path, &authorization, &body);
        let outcome = answer.and_then(|answer| {
            judge(&answer)?;
            let nonsense = !body.is_empty() && serde_json::from_slice::<Value>(&body).is_err();
            let in_lines = ["send_transactions", "put_catalog"].contains(&name.as_str());
            if nonsense && !in_lines && is_success(&answer) {
                return Err(format!("no JSON, and accepted: {}", show(&answer.body)));
            }
            Ok(format!("{name} {}", if is_success(&answer) { "done" } else { "refused" }))
        });
        Tried { shown: format!("{verb} {path}\n{}", show(&body)), outcome }
    }

    fn body(&self, rng: &mut Rng, operation: &Operation, schema: &Value) -> Vec<u8> {
        let mut value = match operation.name.as_str() {
            "send_transaction" | "send_transactions" => sale(&format!("s{}", rng.u8(..))),
            "put_program" => self.program.clone(),
            _ if says_nothing(&self.document, schema) => schema::configuration(rng, &self.program),
            _ => schema::value(rng, &self.document, schema, "", 0),
        };
        let how = rng.u8(0..10);
        if how < 6 {
            distort(rng, &mut value);
        }
        let mut bytes = value.to_string().into_bytes();
        if how == 6 {
            damage(rng, &mut bytes);
        }
        bytes
    }
}

/// The document only says that it is an object.
fn says_nothing(document: &Value, schema: &Value) -> bool {
    let named = schema["$ref"].as_str().and_then(|path| document.pointer(path.trim_start_matches('#')));
    let schema = named.unwrap_or(schema);
    !["properties", "oneOf", "anyOf", "allOf"].iter().any(|member| schema.get(member).is_some())
}

fn operations(document: &Value, core_key: &str, member: &str) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, verbs) in document["paths"].as_object().into_iter().flatten() {
        for (verb, operation) in verbs.as_object().into_iter().flatten() {
            let name = operation["operationId"].as_str().unwrap_or(path).to_owned();
            let content = operation["requestBody"]["content"].as_object();
            let body = content.and_then(|content| content.values().next()).map(|of| of["schema"].clone());
            let path = path
                .replace("{api_key}", core_key)
                .replace("{external_id}", MEMBERS[0])
                .replace("{user_id}", member);
            operations.push(Operation { name, verb: verb.to_uppercase(), path, body });
        }
    }
    operations
}

/// What no answer may be.
pub fn judge(answer: &Answer) -> Result<(), String> {
    let Answer { status, head, body } = answer;
    let wrong = |what: &str| Err(format!("{what}: {status} {}", show(body)));
    if !(200..=599).contains(status) {
        return wrong("no status of HTTP");
    }
    if *status >= 500 && !(*status == 503 && is_busy(body)) {
        return wrong("a fault of ours");
    }
    let json = head.to_ascii_lowercase().contains("content-type: application/json");
    if json && serde_json::from_slice::<Value>(body).is_err() {
        return wrong("it says JSON and is none");
    }
    Ok(())
}

fn is_busy(body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    ["overloaded", "temporarily_unavailable"].iter().any(|code| body["errors"]["code"] == json!(code))
}

/// Whether what was asked has been done: some surfaces answer refusals with 200.
pub fn is_success(answer: &Answer) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let refused = body["status"].as_str().is_some_and(|status| !["ok", "OK", "ready"].contains(&status));
    (200..300).contains(&answer.status) && !refused
}
