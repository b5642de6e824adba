//! How Laurel is asked for: routes by API domain, authentication, envelopes, OpenAPI.
//!
//! Turns requests into calls of the engine and answers into the platform's wire shapes. Holds no business rule: what a
//! request means is `domain`'s, and that it is durable is the engine's. It alone knows HTTP.

mod admin;
mod auth;
mod body;
mod customers;
mod edge;
mod incentives;
mod json;
mod operations;
mod pos;
mod request_id;
mod routes;
mod state;
mod transactions;

pub use auth::{Credentials, KeyPair, PlainKeys};
pub use routes::routes;
pub use state::{ErrorHttpMode, HttpConfig, HttpState, HttpSwitches};
