//! Customers: the core REST surface (customers-campaigns.md A, B1).
//!
//! Owns its envelope, its error table and the shape of `user`. What a profile may be is `domain`'s; that an identifier
//! belongs to one customer is the engine's.

mod create;
mod error;
mod query;
mod reply;
mod retrieve;
mod update;
mod user_body;
mod user_object;
mod wire;

pub(crate) use create::create;
pub(crate) use error::{CoreCode, CoreError, CoreErrorBody};
pub(crate) use query::decoded;
pub(crate) use retrieve::{retrieve, retrieve_external};
pub(crate) use update::{update, update_external};

pub(crate) use create::__path_create;
pub(crate) use retrieve::{__path_retrieve, __path_retrieve_external};
pub(crate) use update::{__path_update, __path_update_external};
