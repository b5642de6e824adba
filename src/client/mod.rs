//! The client's side of HTTP: addresses, connections, single calls, waiting between tries.
//!
//! Built on hyper rather than on awc, the client of the server's own family, because a stream of sales is answered
//! while it is still being sent, and awc reads the answer only when the request body is through: both sides would wait
//! for each other. It also hands out connections one by one, which is what keeping an order needs.
//!
//! Must not know what is sent.

mod address;
mod backoff;
mod call;
mod connection;
mod error;

pub use address::Address;
pub use backoff::Backoff;
pub use call::{Answer, Call, call, read_whole};
pub use connection::{Connection, retry_after};
pub use error::{CallError, passing_status};
