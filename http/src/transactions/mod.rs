//! Transactions: sales as they are read back (catalog-transactions.md B.2, D.4).
//!
//! Owns the envelope, the error table, the read shape and page tokens. Finding sales is the engine's.

mod error;
mod get_store_transactions;
mod get_transaction;
mod request;
mod token;
mod transaction_object;

pub(crate) use error::{TransactionsCode, TransactionsError, TransactionsErrorBody};
pub(crate) use get_store_transactions::{__path_get_store_transactions, get_store_transactions};
pub(crate) use get_transaction::{__path_get_transaction, get_transaction};
