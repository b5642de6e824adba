//! Incentives: balances, deposits, spends and the audit log on request (incentives.md 7.1, 7.3), and what a retailer
//! configures (7.4, 7.5, 7.13, 7.14).
//!
//! Owns the envelope, the error table and the wire shapes. How points move is `domain`'s.

mod audit_log;
mod balance;
mod configuration;
mod deposit;
mod error;
mod objects;
mod posting;
mod request;
mod spend;

pub(crate) use audit_log::{__path_fetch_point_audit_logs, fetch_point_audit_logs};
pub(crate) use balance::{__path_all_balances, __path_balance, all_balances, balance};
pub(crate) use configuration::{document as configuration_document, routes as configuration_routes};
pub(crate) use deposit::{__path_deposit, deposit};
pub(crate) use error::{IncentivesCode, IncentivesError, IncentivesErrorBody};
pub(crate) use objects::{BalanceObject, UserTierObject, next_level};
pub(crate) use spend::{__path_spend_multiple, spend_multiple};
