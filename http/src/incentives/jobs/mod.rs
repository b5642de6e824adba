//! `POST /incentives/api/1.0/trigger/{run_expiration,run_maintenance,job_status}`: engine runs over many customers
//! (incentives.md 7.12).

mod ask;
mod job_status;
mod run_expiration;
mod run_maintenance;

pub(crate) use job_status::{__path_job_status, job_status};
pub(crate) use run_expiration::{__path_run_expiration, run_expiration};
pub(crate) use run_maintenance::{__path_run_maintenance, run_maintenance};
