//! Incentives: balances, deposits, spends, the audit log and its explanation, tiers and their movements, events, and
//! progress with rules on request (incentives.md 7.1, 7.3, 7.6, 7.8 to 7.12), simulation (7.15), ingest (7.16), privacy
//! (7.17), opening balances (7.18), and what a retailer configures (7.4, 7.5, 7.13, 7.14).
//!
//! Owns the envelope, the error table and the wire shapes. How points move is `domain`'s.

mod audit_log;
mod balance;
mod configuration;
mod deposit;
mod error;
mod expirations;
mod expire;
mod fetch_user_events;
mod gdpr;
mod ingest;
mod jobs;
mod modify;
mod movement;
mod objects;
mod point_audit_logs;
mod posting;
mod progress;
mod refused;
mod request;
mod retailer_standup;
mod reverse;
mod simulate_outcomes;
mod single;
mod spend;
mod transaction_body;
mod transfer;
mod trigger_user_event;
mod user_state;
mod user_tiers;

pub(crate) use audit_log::{__path_fetch_point_audit_logs, fetch_point_audit_logs};
pub(crate) use balance::{__path_all_balances, __path_balance, all_balances, balance};
pub(crate) use configuration::{document as configuration_document, routes as configuration_routes};
pub(crate) use deposit::{__path_deposit, __path_deposit_2, deposit, deposit_2};
pub(crate) use error::{IncentivesCode, IncentivesError, IncentivesErrorBody};
pub(crate) use expirations::{__path_expirations, expirations};
pub(crate) use expire::{__path_expire, expire};
pub(crate) use fetch_user_events::{__path_fetch_user_events, fetch_user_events};
pub(crate) use gdpr::{
    __path_erasure_status, __path_export_user, __path_forget_user, erasure_status, export_user, forget_user,
};
pub(crate) use ingest::{
    __path_ingest_batch, __path_ingest_event, __path_ingest_replay, __path_ingest_status,
    __path_ingest_transaction, ingest_batch, ingest_event, ingest_replay, ingest_status, ingest_transaction,
};
pub(crate) use jobs::{
    __path_job_status, __path_run_expiration, __path_run_maintenance, job_status, run_expiration,
    run_maintenance,
};
pub(crate) use modify::{__path_modify, modify};
pub(crate) use movement::{
    __path_fetch_history, __path_maintenance, __path_move_user, __path_qualifying, __path_remove_user,
    fetch_history, maintenance, move_user, qualifying, remove_user,
};
pub(crate) use objects::{BalanceObject, UserTierObject, difference, next_level, user_tiers_of};
pub(crate) use point_audit_logs::{__path_explain, explain};
pub(crate) use progress::{
    __path_tier_progress, __path_tier_progress_by_query, __path_user_progress, tier_progress,
    tier_progress_by_query, user_progress,
};
pub(crate) use retailer_standup::{
    __path_enable_standup_mode, __path_seed_point_issuance_logs, __path_set_standup_mode_expiration,
    enable_standup_mode, seed_point_issuance_logs, set_standup_mode_expiration,
};
pub(crate) use reverse::{__path_reverse, reverse};
pub(crate) use simulate_outcomes::{
    __path_simulate_event, __path_simulate_transaction, simulate_event, simulate_transaction,
};
pub(crate) use spend::{__path_spend, __path_spend_multiple, spend, spend_multiple};
pub(crate) use transfer::{__path_transfer, transfer};
pub(crate) use trigger_user_event::{__path_trigger_user_event, trigger_user_event};
pub(crate) use user_state::{
    __path_fetch_user_state, __path_merge_user_state, __path_reset_user_state, __path_set_counters,
    fetch_user_state, merge_user_state, reset_user_state, set_counters,
};
pub(crate) use user_tiers::{
    __path_fetch_bulk_user_tiers, __path_fetch_tier_members, __path_fetch_user_tiers, fetch_bulk_user_tiers,
    fetch_tier_members, fetch_user_tiers,
};
