//! Jobs that are not done, in the order in which they were asked for; and jobs by what they were asked for under.

use domain::{Timestamp, customer::Fingerprint, id::JobId};
use serde::{Deserialize, Serialize};
use store::{IndexChange, RowKey, ScanRange, codec};

use super::{JOBS, JOBS_ASKED, VALUE_VERSION};
use crate::error::EngineError;

/// A job that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which.
    pub job: JobId,
    /// What it is to do.
    pub body: Fingerprint,
    /// When.
    pub at: Timestamp,
}

/// The row of a job that is not done. Ids begin with the time, so they sort by it.
pub fn open(job: JobId) -> IndexChange {
    IndexChange::Put { index: JOBS, key: job.bytes().into(), value: Box::default() }
}

/// The removal of that row.
pub fn close(job: JobId) -> IndexChange {
    IndexChange::Delete { index: JOBS, key: job.bytes().into() }
}

/// All jobs that are not done.
pub fn all_open() -> ScanRange {
    ScanRange::prefix(&[])
}

/// Reads the key of a row of a job that is not done.
pub fn read_open(key: &[u8]) -> Result<JobId, EngineError> {
    key.try_into().map(JobId::from_bytes).map_err(|_| {
        tracing::error!("a row of the index of jobs does not decode");
        EngineError::Damaged
    })
}

/// The key of what a job was asked for under.
pub fn asked_key(key: Fingerprint) -> RowKey {
    key.0.into_bytes().into()
}

/// The row of a job under what it was asked for.
pub fn asked(key: Fingerprint, asked: &Asked) -> IndexChange {
    let value = codec::encode(VALUE_VERSION, asked).into();
    IndexChange::Put { index: JOBS_ASKED, key: asked_key(key), value }
}

/// Reads such a row.
pub fn read_asked(value: &[u8]) -> Result<Asked, EngineError> {
    codec::decode(value).map(|(_, asked)| asked).map_err(|error| {
        tracing::error!(%error, "a row of the jobs that were asked for does not decode");
        EngineError::Damaged
    })
}
