//! Jobs: something that is done to many customers, each once (incentives.md 7.12).
//!
//! A job owns what is to be done and how far it has come. Which customers there are, and doing it to them one after the
//! other, is the job supervisor's; what comes of it for one customer, the customer decides
//! ([`crate::customer::JobStep`]).

mod entity;
mod plan;

pub use entity::{Command, Counts, Effect, Error, Event, Job, Reply, Stage};
pub use plan::{Plan, Work};
