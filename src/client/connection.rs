//! One connection to a server.

use std::time::Duration;

use hyper::{
    HeaderMap, Request, Response,
    body::{Body, Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header::RETRY_AFTER,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};

use super::{Address, CallError};

/// A connection that carries one request after the other. Dropping it closes it at once.
pub struct Connection<B> {
    sender: SendRequest<B>,
    driver: JoinHandle<()>,
}

impl<B> Connection<B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Connects.
    ///
    /// # Errors
    /// Nobody answers within `patience`.
    pub async fn open(server: &Address, patience: Duration) -> Result<Self, CallError> {
        let refused = |source| CallError::Connect { server: server.authority(), source };
        let stream = timeout(patience, TcpStream::connect(server.host_and_port()))
            .await
            .map_err(|_| CallError::Silent(patience))?
            .map_err(refused)?;
        // A request is written in one piece; waiting for more to send with it would only delay it.
        stream.set_nodelay(true).map_err(refused)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Why a connection ended is told by the request that it ended under.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, driver })
    }

    /// Sends a request; answers when the head of the response is there.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn send(&mut self, request: Request<B>) -> Result<Response<Incoming>, CallError> {
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Whether the server has closed it, as it does with connections that were idle for long.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

impl<B> Drop for Connection<B> {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// How long the server asks to wait. A date instead of a number of seconds is not read: no server of ours sends one.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
