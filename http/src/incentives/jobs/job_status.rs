//! `POST /incentives/api/1.0/trigger/job_status` (incentives.md 7.12).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Points, Timestamp,
    id::{JobId, RetailerId},
    job::{Job, Stage, Work},
    time::TimeForm,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    request::{IncentivesAnswer, admit_retailer, answer},
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Which job.
#[derive(Debug, Deserialize, ToSchema)]
pub struct JobStatusRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The job. Required.
    #[schema(value_type = wire::Guid)]
    job_id: Member<'a>,
}

/// How far a job has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobStatusPayload {
    job_id: String,
    /// `queued`, `running`, `done` or `failed`.
    #[schema(value_type = String)]
    state: &'static str,
    /// `expiration` or `maintenance`.
    #[schema(value_type = String)]
    kind: &'static str,
    /// Nothing is changed, only counted.
    dry_run: bool,
    /// Customers that have had their turn, those that failed included.
    processed: u64,
    /// Customers whose points ran out, or whose level changed.
    moved: u64,
    /// Customers to whom it could not be done.
    failed: u64,
    /// Points that ran out or rolled over; of an expiration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    amount_expired: Option<Points>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    /// Why the whole job failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl JobStatusPayload {
    fn new(id: JobId, job: &Job, form: TimeForm) -> Option<Self> {
        let (plan, _) = job.plan()?;
        let counts = job.counts();
        let (state, started, finished, message) = match job.stage()? {
            Stage::Queued => ("queued", None, None, None),
            Stage::Running { started } => ("running", Some(*started), None, None),
            Stage::Done { started, finished } => ("done", Some(*started), Some(*finished), None),
            Stage::Failed { started, finished, why } => {
                ("failed", Some(*started), Some(*finished), Some(why.to_string()))
            }
        };
        let (kind, amount_expired) = match &plan.work {
            Work::Expiration { .. } => ("expiration", Some(counts.points)),
            Work::Maintenance { .. } => ("maintenance", None),
        };
        let written = |at: Option<Timestamp>| at.map(|at| at.write(form));
        Some(Self {
            job_id: id.to_string(),
            state,
            kind,
            dry_run: plan.dry_run,
            processed: counts.processed,
            moved: counts.moved,
            failed: counts.failed,
            amount_expired,
            started_at: written(started),
            finished_at: written(finished),
            message,
        })
    }
}

/// How far a job has come.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/trigger/job_status",
    tag = "incentives",
    request_body = JobStatusRequest,
    responses(
        (status = 200, description = "Where it stands", body = IncentivesAnswer<JobStatusPayload>),
        (status = 404, description = "`job_not_found`", body = IncentivesErrorBody),
    ),
)]
pub async fn job_status(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: JobStatusRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        let id: Option<JobId> = reader.required_guid("job_id", request.job_id);
        let id = faults.none_or(id).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        let form = state.incentives_times();
        let seen = match id {
            Some(id) => {
                state.engine().read_job(id, move |job, _, _| JobStatusPayload::new(id, job, form)).await?
            }
            None => None,
        };
        let not_found = || IncentivesError::new(IncentivesCode::JobNotFound, "No such job.");
        seen.flatten().ok_or_else(not_found)
    })
    .await
}
