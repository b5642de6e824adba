//! The HTTP layer over a real engine on an in-memory disk, asked over real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "all of this is test code; clippy knows only the functions marked as tests"
)]

mod absurd_amounts;
mod backups;
mod compatibility_traps;
mod configuring;
mod customers;
mod error_registry;
mod event_configuration;
mod events;
mod explained_refusals;
mod explained_rows;
mod explained_rules;
mod explanations;
mod gdpr;
mod incentives;
mod ingest;
mod jobs;
mod merging;
mod odd_bodies;
mod operations;
mod personal_races;
mod point_configuration;
mod points_corrections;
mod pos;
mod pos_bulk;
mod pos_odd_sales;
mod progress;
mod retailer_standup;
mod shared_budgets;
mod simulation;
mod strangers;
mod support;
mod tier_configuration;
mod tier_level_constraints;
mod tiers;
mod transactions;
mod tree_configuration;
mod user_state;
mod worked_examples;
