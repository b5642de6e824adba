//! The ledger through `Draft` and `Ledger::apply`: worked examples, and random histories against a naive model.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

mod book;
mod examples;
mod histories;
mod model;
