//! Black-box tests: start the real program, speak HTTP to it, kill it, start it again.

#![expect(
    clippy::unwrap_used,
    reason = "all of this is test code; clippy knows only the functions marked as tests"
)]

mod e2e_backup;
mod e2e_customers;
mod e2e_demo;
mod e2e_gdpr;
mod e2e_incentives;
mod e2e_lifecycle;
mod e2e_operations;
mod e2e_pos;
mod e2e_repair;
mod e2e_replay;
mod e2e_transactions;
mod e2e_year;
mod endurance;
mod grocery;
mod server;
