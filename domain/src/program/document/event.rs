//! Loyalty events (incentives.md 7.12).

use serde::{Deserialize, de::IgnoredAny};
use uuid::Uuid;

use super::Field;
use crate::id::RetailerId;

/// An event that callers may report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Event {
    pub(in crate::program) id: Field<Uuid>,
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) event_lookup: Field<String>,
    pub(in crate::program) name: Field<String>,
    pub(in crate::program) description: Field<String>,
    pub(in crate::program) status: Field<i64>,
    pub(in crate::program) context_schema: Field<IgnoredAny>,
}
