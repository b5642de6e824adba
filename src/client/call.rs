//! Single calls: one request, one answer of bounded size.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use tokio::time::timeout;

use super::{Address, CallError, Connection, retry_after};

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// What is asked.
pub struct Call<'a> {
    /// The verb.
    pub method: Method,
    /// Path and query.
    pub path: &'a str,
    /// Value of the `Authorization` header.
    pub authorization: &'a str,
    /// Value of the `Content-Type` header.
    pub content_type: &'static str,
    /// Body; may be empty.
    pub body: Bytes,
}

/// What was answered.
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// The beginning of the body, for messages.
    pub fn excerpt(&self) -> String {
        const SHOWN: usize = 300;
        String::from_utf8_lossy(&self.body).chars().take(SHOWN).collect()
    }
}

/// Opens a connection for one call.
///
/// # Errors
/// There is no answer within `patience`, or none that can be read. Any HTTP status is an answer.
pub async fn call(server: &Address, call: Call<'_>, patience: Duration) -> Result<Answer, CallError> {
    let mut connection = Connection::open(server, patience).await?;
    connection.call(server, call, patience).await
}

impl Connection<Full<Bytes>> {
    /// Makes one call over this connection.
    ///
    /// # Errors
    /// There is no answer within `patience`, or none that can be read. Any HTTP status is an answer.
    pub async fn call(
        &mut self,
        server: &Address,
        call: Call<'_>,
        patience: Duration,
    ) -> Result<Answer, CallError> {
        let request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header(HOST, server.authority())
            .header(AUTHORIZATION, call.authorization)
            .header(CONTENT_TYPE, call.content_type)
            .body(Full::new(call.body))?;
        let answered = async {
            let (head, body) = self.send(request).await?.into_parts();
            let body = read_whole(body).await?;
            Ok(Answer { status: head.status, retry_after: retry_after(&head.headers), body })
        };
        timeout(patience, answered).await.map_err(|_| CallError::Silent(patience))?
    }
}

/// Reads a body to its end.
///
/// # Errors
/// The connection broke, or the body is longer than any that is expected.
pub async fn read_whole(body: Incoming) -> Result<Bytes, CallError> {
    match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) => Err(match error.downcast::<hyper::Error>() {
            Ok(broken) => CallError::Broken(*broken),
            Err(other) => {
                debug_assert!(
                    other.is::<LengthLimitError>(),
                    "a limited body fails by length or by connection"
                );
                CallError::TooLong(ANSWER_BYTES_MAX)
            }
        }),
    }
}
