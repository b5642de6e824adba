//! `POST /admin/checkpoint`.

use actix_web::{HttpRequest, HttpResponse, web};
use actors::CheckpointReport;
use serde::Serialize;
use utoipa::ToSchema;

use super::AdminError;
use crate::{json::wire, state::HttpState};

/// A checkpoint was made.
#[derive(Serialize, ToSchema)]
pub struct CheckpointAnswer {
    /// `ok`.
    #[schema(value_type = wire::StatusOk)]
    status: &'static str,
    /// What was done.
    checkpoint: CheckpointObject,
}

/// What a checkpoint did.
#[derive(Serialize, ToSchema)]
pub struct CheckpointObject {
    /// Entities whose snapshot was written.
    snapshots: u64,
    /// Entities that were gone and were removed with their history.
    removed: u64,
    /// Entities that nothing, or nothing older, remains of on disk, unless `erasure_owed`.
    erased: u64,
    /// Records moved into the history.
    records: u64,
    /// Index rows written or deleted.
    index_rows: u64,
    /// Effects nobody has consumed yet.
    pending_effects: u64,
    /// Pieces of the journal that were dropped.
    segments_removed: u64,
    /// What was erased is still in files, because a backup is being made; it goes when that has ended.
    erasure_owed: bool,
}

impl From<CheckpointReport> for CheckpointObject {
    fn from(report: CheckpointReport) -> Self {
        Self {
            snapshots: report.snapshots,
            removed: report.removed,
            erased: report.erased,
            records: report.records,
            index_rows: report.index_rows,
            pending_effects: report.pending_effects,
            segments_removed: report.segments_removed,
            erasure_owed: report.owes_erasure,
        }
    }
}

/// Fold what is durable into the tables, so that the next start has little to read.
#[utoipa::path(
    post,
    path = "/admin/checkpoint",
    tag = "admin",
    responses(
        (status = 200, description = "Done", body = CheckpointAnswer),
    ),
)]
pub async fn checkpoint(state: web::Data<HttpState>, request: HttpRequest) -> HttpResponse {
    let done = async {
        state.verifier().admit_admin(&request)?;
        Ok::<_, AdminError>(state.engine().checkpoint().await?)
    };
    match done.await {
        Ok(report) => HttpResponse::Ok().json(CheckpointAnswer { status: "ok", checkpoint: report.into() }),
        Err(error) => error.response(),
    }
}
