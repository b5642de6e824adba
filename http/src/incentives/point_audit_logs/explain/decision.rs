//! The decision that something was part of.

use actors::ExplainedRecord;
use domain::{Timestamp, customer::Unreproduced, job::Work, time::TimeForm};
use serde::Serialize;
use utoipa::ToSchema;

/// The decision that something was part of: everything that was written together.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Decision {
    /// When.
    pub decided_at: String,
    /// The version of the whole program it was decided under; not known of somebody who was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_version: Option<u32>,
    /// Decided once more, exactly this comes out.
    pub reproduced: bool,
    /// Why that cannot be shown: `request_not_kept` (what was asked cannot be told from what came of it),
    /// `sale_not_kept` (a member of the sale was erased), `differs` (something else comes out), `customer_erased`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub not_reproduced_because: Option<&'static str>,
    /// The run over many customers that it was a step of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// `run_expiration` or `run_maintenance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub job: Option<&'static str>,
}

impl Decision {
    /// The decision of a record, for the event at a place in it.
    pub fn new(record: &ExplainedRecord, place: usize) -> Self {
        let not_reproduced = record.explained.reproduced(place).err();
        let job = record.job.as_ref();
        let name = |work: &Work| match work {
            Work::Expiration { .. } => "run_expiration",
            Work::Maintenance { .. } => "run_maintenance",
        };
        Self {
            decided_at: record.at.write(TimeForm::Iso),
            program_version: Some(record.program.version()),
            reproduced: not_reproduced.is_none(),
            not_reproduced_because: not_reproduced.map(Unreproduced::as_str),
            job_id: job.map(|(id, _)| id.to_string()),
            job: job.and_then(|(_, work)| work.as_ref()).map(name),
        }
    }

    /// The decision that a row of an erased customer was part of, which is kept no more.
    pub fn of_erased(at: Timestamp) -> Self {
        Self {
            decided_at: at.write(TimeForm::Iso),
            program_version: None,
            reproduced: false,
            not_reproduced_because: Some(Unreproduced::CustomerErased.as_str()),
            job_id: None,
            job: None,
        }
    }
}
