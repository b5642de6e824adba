//! Streamed sales: lines that are damaged, empty, endless, cut anywhere. Every line is answered, in order, and a damaged
//! one harms no other.

use std::ops::Range;

use fastrand::Rng;
use serde_json::Value;

use super::{
    Target, Tried,
    bodies::judge,
    each,
    server::{Server, sale},
    show,
};
use crate::{Finding, Report, mutation::damage};

const PATH: &str = "/api/2.0/send_transactions";
const LINES_MAX: usize = 12;

/// Tries inputs, all on one server: none depends on another.
pub fn run(target: Target, inputs: Range<u64>) -> Result<Report, Finding> {
    each(target, inputs, &mut Server::start(), try_one)
}

fn try_one(server: &mut Server, rng: &mut Rng) -> Tried {
    let mut body = Vec::new();
    for _ in 0..rng.usize(0..LINES_MAX) {
        let mut line = sale(&format!("s{}", rng.u16(..))).to_string().into_bytes();
        if rng.u8(0..3) == 0 {
            damage(rng, &mut line);
        }
        body.extend_from_slice(&line);
        body.extend_from_slice([b"\n".as_slice(), b"\r\n", b"\n\n", b""][rng.usize(0..4)]);
    }
    let request = chunked(rng, server, &body);
    let outcome = server.exchange(&request).and_then(|answer| {
        let answer = answer.ok_or("no answer")?;
        judge(&answer)?;
        let taken = check(&body, &answer.body)?;
        Ok(format!("{} lines taken", if taken == 0 { "no" } else { "some" }))
    });
    Tried { shown: show(&body), outcome }
}

/// The body in chunks of any size, as it might come over a slow line.
fn chunked(rng: &mut Rng, server: &Server, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: laurel\r\nAuthorization: {}\r\nConnection: close\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.authorization(PATH)
    )
    .into_bytes();
    let mut rest = body;
    while !rest.is_empty() {
        let (piece, others) = rest.split_at(rng.usize(1..=rest.len()));
        request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        request.extend_from_slice(piece);
        request.extend_from_slice(b"\r\n");
        rest = others;
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

/// An answer for each line that is not blank, with its number; what is no JSON is not taken. How many were taken.
fn check(body: &[u8], answers: &[u8]) -> Result<usize, String> {
    let wrong = |what: &str| format!("{what}: {}", show(answers));
    let lines =
        body.split(|byte| *byte == b'\n').zip(1_u64..).filter(|(line, _)| !line.trim_ascii().is_empty());
    let mut answers_in_order = answers.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut taken = 0;
    for (line, number) in lines {
        let answer = answers_in_order.next().ok_or_else(|| wrong("a line without an answer"))?;
        let answer: Value = serde_json::from_slice(answer).map_err(|_| wrong("an answer that is no JSON"))?;
        if answer["line"] != number {
            return Err(wrong(&format!("line {number} is not answered by its number")));
        }
        let done = answer["status"] == "OK";
        if done && serde_json::from_slice::<Value>(line).is_err() {
            return Err(wrong(&format!("line {number} is no JSON, and was taken")));
        }
        taken += usize::from(done);
    }
    match answers_in_order.next() {
        None => Ok(taken),
        Some(_) => Err(wrong("more answers than lines")),
    }
}
