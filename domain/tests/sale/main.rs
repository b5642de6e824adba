//! The sale through `Entity::decide` and `Entity::apply`: versions, business time, members.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

mod business_time;
mod discounts;
mod forgetting;
mod members;
mod registration;
mod till;
mod versions;
