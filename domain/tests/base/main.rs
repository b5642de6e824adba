//! Amounts, time, ids and the configuration through their public faces.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

mod amount_text;
mod arithmetic;
mod calendar;
mod configuration;
mod edits;
mod ids;
mod time_text;
