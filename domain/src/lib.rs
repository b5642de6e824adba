//! What loyalty means: amounts, ids, time, the retailer's program, rules, and the entities that carry state.
//!
//! This crate is pure. It does no I/O, asks no clock, makes no random number, and knows neither HTTP nor storage nor
//! actors: everything from outside comes in through [`entity::Context`]. The same state, command and context therefore
//! give the same events in production, in a test, in a simulation and in a replay.

pub mod allotment;
pub mod amount;
pub mod configuration;
pub mod customer;
pub mod entity;
pub mod id;
pub mod identifier;
pub mod job;
pub mod ledger;
pub mod program;
pub mod rules;
pub mod sale;
pub mod standup;
pub mod time;
pub mod tombstone;

pub use amount::{Money, Points, Quantity, Rate};
pub use time::Timestamp;
