//! Requests as bytes: request lines, query strings (two `?` too), headers and credentials that are damaged.

use std::ops::Range;

use fastrand::Rng;

use super::{
    Target, Tried,
    bodies::{is_success, judge},
    each,
    server::{MEMBERS, Server, sale},
    show,
};
use crate::{Finding, Report, mutation::damage};

/// Tries inputs, all on one server.
pub fn run(target: Target, inputs: Range<u64>) -> Result<Report, Finding> {
    each(target, inputs, &mut Server::start(), try_one)
}

/// Which part of a request is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Credentials,
    Query,
    Anything,
}

fn try_one(server: &mut Server, rng: &mut Rng) -> Tried {
    let part = [Part::Credentials, Part::Query, Part::Anything][rng.usize(0..3)];
    let users = format!("/priv/v1/apps/{}", server.keys.core.key);
    let (verb, path, body) = match rng.u8(0..4) {
        0 => ("GET", format!("{users}/external/users/{}", MEMBERS[0]), String::new()),
        1 => ("POST", format!("{users}/users"), r#"{"user":{"external_id":"raw"}}"#.to_owned()),
        2 => ("POST", "/api/2.0/send_transaction".to_owned(), sale(&format!("s{}", rng.u8(..))).to_string()),
        _ => ("GET", "/metrics".to_owned(), String::new()),
    };
    let mut credentials = server.authorization(&path).into_bytes();
    let mut query = query(rng);
    match part {
        Part::Credentials => damage(rng, &mut credentials),
        Part::Query => damage(rng, &mut query),
        Part::Anything => {}
    }
    // In these two only what they are for is damaged, not the message around it.
    credentials.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    query.retain(|byte| byte.is_ascii_graphic());
    let mut request = [
        format!("{verb} {path}").as_bytes(),
        &query,
        b" HTTP/1.1\r\nHost: laurel\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: ",
        &credentials,
        format!("\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes(),
    ]
    .concat();
    if part == Part::Anything {
        damage(rng, &mut request);
    }
    let sound = credentials == server.authorization(&path).into_bytes();
    let outcome = server.exchange(&request).and_then(|answer| {
        let Some(answer) = answer else {
            return if part == Part::Anything {
                Ok("no answer".to_owned())
            } else {
                Err("no answer".to_owned())
            };
        };
        judge(&answer)?;
        let open = path == "/metrics";
        if part == Part::Credentials
            && !sound
            && !open
            && is_success(&answer)
            && !means_the_same(server, &path, &credentials)
        {
            return Err(format!("let in with other credentials: {}", show(&answer.body)));
        }
        Ok(format!("{part:?} {}xx", answer.status / 100))
    });
    Tried { shown: show(&request), outcome }
}

/// The scheme's name in another case, spaces around: the same credentials.
fn means_the_same(server: &Server, path: &str, credentials: &[u8]) -> bool {
    let squeeze = |text: &str| {
        let mut words = text.split_ascii_whitespace();
        (words.next().unwrap_or_default().to_ascii_lowercase(), words.collect::<Vec<_>>().concat())
    };
    std::str::from_utf8(credentials).is_ok_and(|text| squeeze(text) == squeeze(&server.authorization(path)))
}

fn query(rng: &mut Rng) -> Vec<u8> {
    let parts =
        ["expand_incentives=true", "show_identifiers=true", "a", "=", "a=b=c", "%00", "%", "user[x]=1", ""];
    let mut query = Vec::new();
    for _ in 0..rng.usize(0..4) {
        query.extend_from_slice([b"?", b"&"][rng.usize(0..2)]);
        query.extend_from_slice(parts[rng.usize(0..parts.len())].as_bytes());
    }
    if let Some(first) = query.first_mut() {
        *first = b'?';
    }
    query
}
