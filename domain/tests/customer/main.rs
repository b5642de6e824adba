//! Customers and the identifiers that name them, through `Entity::decide` and `Entity::apply`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

mod allotments;
mod audit;
mod corrections;
mod deliveries;
mod deposits;
mod due;
mod expiry;
mod expiry_policies;
mod explaining;
mod forgetting;
mod gap;
mod histories;
mod idempotency;
mod identifier;
mod identity;
mod jobs;
mod limits;
mod maintenance;
mod member;
mod merges;
mod model;
mod movements;
mod outlook;
mod platform_events;
mod program_change;
mod reevaluation;
mod rules;
mod seeds;
mod shop;
mod spends;
mod tier_benefits;
mod tiers;
mod transfers;
