//! The engine through its handle, over an in-memory disk that can fail.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

mod allotments;
mod customers;
mod due;
mod durability;
mod edits;
mod explanations;
mod jobs;
mod merges;
mod points;
mod reading;
mod sales;
mod supervision;
mod support;
mod tier_deletion;
mod transfers;
mod window;
