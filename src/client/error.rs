//! Why a call brought no answer that can be used.

use std::{io, time::Duration};

use hyper::StatusCode;

/// A call without a usable answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody answers at the address.
    #[error("cannot connect to {server}: {source}")]
    Connect {
        /// `HOST:PORT`.
        server: String,
        /// What the system said.
        source: io::Error,
    },
    /// The connection broke, or what came is no HTTP.
    #[error("the connection broke: {0}")]
    Broken(#[from] hyper::Error),
    /// No answer in time.
    #[error("no answer for {} s", .0.as_secs())]
    Silent(Duration),
    /// The answer is longer than any that is expected here.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The request cannot be written as HTTP.
    #[error("the request cannot be sent: {0}")]
    Request(#[from] hyper::http::Error),
    /// The server does not accept the key.
    #[error("the server does not accept the key (401); is the keys file the one of this server?")]
    KeyRefused,
    /// The server has no such path.
    #[error("the server does not know the path ({0}); is it Laurel?")]
    NoSuchPath(StatusCode),
    /// The server answered with a status that is not expected here.
    #[error("{path} answered {status}: {text}")]
    Status {
        /// The path.
        path: String,
        /// Its answer.
        status: StatusCode,
        /// The beginning of its body.
        text: String,
    },
    /// The server ended a stream before all of it was answered.
    #[error("the server ended the stream")]
    Cut,
    /// A streamed answer does not fit what was sent.
    #[error("the answers do not fit the lines that were sent: {0}")]
    OutOfStep(String),
}

impl CallError {
    /// Whether the same call may succeed later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Broken(_) | Self::Silent(_) | Self::Cut => true,
            Self::Status { status, .. } => passing_status(*status),
            Self::TooLong(_)
            | Self::Request(_)
            | Self::KeyRefused
            | Self::NoSuchPath(_)
            | Self::OutOfStep(_) => false,
        }
    }
}

/// Whether an answer says "not now" rather than "no" (pos-offers.md A.4; customers-campaigns.md A.6).
pub fn passing_status(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}
