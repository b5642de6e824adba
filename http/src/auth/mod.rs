//! Who may ask: key pairs, one per surface, and the admin key.
//!
//! Owns how secrets are kept (salted and hashed, never as they are) and how they are compared (in constant time). Which
//! answer a refusal gets is each surface's business.
//!
//! A request is verified by computing its HMAC: with the salted state prepared, that is two SHA-256 blocks, well
//! under a microsecond. Remembering verified headers would save little and keep something worth stealing in memory.

mod credentials;
mod header;

pub use credentials::{Credentials, KeyPair, PlainKeys};
pub use header::Denied;

pub(crate) use credentials::Verifier;

/// A family of endpoints with its own key pair. A key of one opens no other (pos-offers.md A.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Customers: the core REST surface.
    Core,
    /// Incentives and transactions.
    Connect,
    /// The point of sale.
    Pos,
}
