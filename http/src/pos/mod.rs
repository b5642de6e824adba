//! The point of sale: tills and shops report sales (pos-offers.md B, catalog-transactions.md D.1).
//!
//! Owns the request container, the transaction DTO and the answers tills understand. What a sale earns, and for whom,
//! is the engine's business. This is the hot path: a body is read once, straight from its bytes, into what the engine
//! takes.

mod answer;
mod bulk;
mod container;
mod error;
mod sale_body;
mod send_transaction;
mod send_transactions;

pub(crate) use container::bench_parse;
pub(crate) use error::{PosCode, PosError};
pub(crate) use sale_body::{DiscountBody, check_lines, key_within, read_user};
pub(crate) use send_transaction::{__path_send_transaction, send_transaction};
pub(crate) use send_transactions::{__path_send_transactions, send_transactions};
