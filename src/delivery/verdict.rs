//! What an answer means: taken, refused, or to be tried again.

use std::{borrow::Cow, time::Duration};

use hyper::{StatusCode, body::Bytes};
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Answer, CallError};

/// A refusal's code, as the server names it.
pub type Code = Cow<'static, str>;

/// What an answer means for its line.
#[derive(Debug)]
pub enum Verdict {
    /// Taken.
    Taken,
    /// It was there before.
    AlreadyThere,
    /// Not taken; the same line will not be taken later either.
    Refused {
        /// Why.
        code: Code,
        /// Why, in words; may be empty.
        message: String,
    },
    /// Not taken now.
    Again {
        /// How long the server asks to wait.
        wait: Option<Duration>,
    },
    /// No line will be taken.
    Hopeless(CallError),
}

/// The answer container of the till's interface (pos-offers.md B.2), of the customer API, and of the lines of a
/// streamed answer, which carry the number of the line they answer.
#[derive(Deserialize)]
pub(super) struct Container<'a> {
    #[serde(default)]
    pub(super) line: Option<u64>,
    #[serde(borrow, default)]
    status: Cow<'a, str>,
    #[serde(default)]
    errors: Option<Errors>,
}

#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    user: Option<Value>,
}

impl Container<'_> {
    /// What the container says by itself, its HTTP status aside.
    pub(super) fn verdict(self) -> Verdict {
        let (code, message) = match self.errors {
            _ if self.status == "OK" => return Verdict::Taken,
            Some(errors) if !errors.code.is_empty() => (errors.code, errors.message),
            Some(errors) => (self.status.into_owned(), errors.message),
            None => (self.status.into_owned(), String::new()),
        };
        match code.as_str() {
            // Of the retryable codes of B.11 these are about the request; the others are about offers.
            "pending_processing" | "rate_limited" | "internal_error" => Verdict::Again { wait: None },
            "" => Verdict::Refused { code: "no_code".into(), message },
            _ => Verdict::Refused { code: code.into(), message },
        }
    }
}

/// What the answer to a single sale means.
pub(super) fn of_sale(answer: &Answer) -> Verdict {
    if let Some(verdict) = of_status(answer) {
        return verdict;
    }
    match serde_json::from_slice::<Container<'_>>(&answer.body) {
        Ok(container) => container.verdict(),
        Err(_) => unreadable(answer),
    }
}

/// What the answer to the creation of a member means.
pub(super) fn of_member(request: &Bytes, answer: &Answer) -> Verdict {
    if let Some(verdict) = of_status(answer) {
        return verdict;
    }
    if answer.status == StatusCode::OK {
        return Verdict::Taken;
    }
    match serde_json::from_slice::<Container<'_>>(&answer.body) {
        Ok(Container { errors: Some(errors), .. }) if same_member(request, &errors) => Verdict::AlreadyThere,
        Ok(container) => container.verdict(),
        Err(_) => unreadable(answer),
    }
}

/// Statuses that say all without a look into the body.
fn of_status(answer: &Answer) -> Option<Verdict> {
    match answer.status {
        StatusCode::UNAUTHORIZED => Some(Verdict::Hopeless(CallError::KeyRefused)),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Some(Verdict::Hopeless(CallError::NoSuchPath(answer.status)))
        }
        status if crate::client::passing_status(status) => Some(Verdict::Again { wait: answer.retry_after }),
        _ => None,
    }
}

fn unreadable(answer: &Answer) -> Verdict {
    Verdict::Refused { code: format!("http_{}", answer.status.as_u16()).into(), message: answer.excerpt() }
}

/// Whether a clash (customers-campaigns.md B1.5) is with the very member that was to be created. That its e-mail
/// address belongs to somebody else is a refusal.
fn same_member(request: &Bytes, errors: &Errors) -> bool {
    let Some(clash) = errors.user.as_ref().and_then(|user| user.get("external_id")) else { return false };
    match clash {
        Value::Array(reasons) => reasons.iter().any(|reason| reason == "taken"),
        Value::String(holder) => {
            let request: Option<Value> = serde_json::from_slice(request).ok();
            request.as_ref().and_then(|sent| sent.pointer("/user/external_id"))
                == Some(&Value::from(holder.as_str()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer { status: StatusCode::from_u16(status).unwrap(), retry_after: None, body: body.into() }
    }

    fn refusal(verdict: Verdict) -> String {
        match verdict {
            Verdict::Refused { code, .. } => code.into_owned(),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn a_sale_is_taken_refused_or_tried_again() {
        assert!(matches!(of_sale(&answer(200, r#"{"status":"OK","payload":{"x":1}}"#)), Verdict::Taken));
        let refused =
            r#"{"status":"unknown_store","errors":{"code":"unknown_store","message":"m","validation":[]}}"#;
        assert_eq!(refusal(of_sale(&answer(200, refused))), "unknown_store");
        assert_eq!(refusal(of_sale(&answer(403, r#"{"status":"retailer_mismatch"}"#))), "retailer_mismatch");
        assert_eq!(refusal(of_sale(&answer(413, "too large"))), "http_413");
        for again in [
            answer(200, r#"{"status":"pending_processing","errors":{"code":"pending_processing"}}"#),
            answer(500, ""),
            answer(503, "{}"),
            answer(429, "{}"),
            answer(408, ""),
        ] {
            assert!(matches!(of_sale(&again), Verdict::Again { .. }), "{}", again.status);
        }
        assert!(matches!(of_sale(&answer(401, "{}")), Verdict::Hopeless(CallError::KeyRefused)));
        assert!(matches!(of_sale(&answer(404, "")), Verdict::Hopeless(_)));
    }

    #[test]
    fn the_server_says_how_long_to_wait() {
        let mut busy = answer(503, "{}");
        busy.retry_after = Some(Duration::from_secs(2));
        assert!(matches!(of_sale(&busy), Verdict::Again { wait: Some(wait) } if wait.as_secs() == 2));
    }

    #[test]
    fn a_member_that_is_there_is_told_from_one_whose_email_another_holds() {
        let request = Bytes::from_static(br#"{"user":{"external_id":"900","email":"a@b.test"}}"#);
        let of = |body| of_member(&request, &answer(400, body));
        let list = r#"{"status":"error","errors":{"code":"validation","user":{"external_id":["taken"]}}}"#;
        assert!(matches!(of(list), Verdict::AlreadyThere));
        let own = r#"{"status":"error","errors":{"code":"validation","user":{"email":["taken"],"external_id":"900"}}}"#;
        assert!(matches!(of(own), Verdict::AlreadyThere));
        let other = r#"{"status":"error","errors":{"code":"validation","user":{"email":["taken"],"external_id":"7"}}}"#;
        assert_eq!(refusal(of(other)), "validation");
        assert!(matches!(of_member(&request, &answer(200, r#"{"status":"ok"}"#)), Verdict::Taken));
    }
}
