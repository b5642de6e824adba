//! Loyalty events (incentives.md 7.12).

use serde::Deserialize;
use uuid::Uuid;

use super::Field;
use crate::id::RetailerId;

/// An event that callers may report. What it says of its context (`context_schema`) is for people and their tools, as
/// `data_schema` is (incentives.md 7.13): rules look at the data themselves.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Event {
    pub(in crate::program) id: Field<Uuid>,
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) event_lookup: Field<String>,
    pub(in crate::program) name: Field<String>,
    pub(in crate::program) description: Field<String>,
    pub(in crate::program) status: Field<i64>,
}
