//! `POST` and `GET /admin/backup`: a copy of the running store, in a folder of the server's machine.

use std::path::PathBuf;

use actix_web::{HttpRequest, HttpResponse, web};
use actors::{Backup, BackupReport, BackupState};
use domain::{Timestamp, time::TimeForm};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AdminError, AdminErrorBody};
use crate::{
    body::{BODY_MAX, take},
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Where a backup is to go.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BackupRequest<'a> {
    /// A folder on the server's machine, named from the root on, below that of `--backup-folder`. It is made if it is
    /// missing, and must be empty. Required.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1)]
    folder: Member<'a>,
}

/// What there is to say of backups.
#[derive(Serialize, ToSchema)]
pub struct BackupAnswer {
    /// `ok`.
    #[schema(value_type = wire::StatusOk)]
    status: &'static str,
    /// The last backup that was begun since the server was started; null if there was none.
    backup: Option<BackupObject>,
}

/// A backup.
#[derive(Serialize, ToSchema)]
pub struct BackupObject {
    /// Where it is.
    folder: String,
    /// `running`, `finished` or `failed`.
    #[schema(value_type = String)]
    state: &'static str,
    /// Why it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Rows of tables that are copied.
    rows: u64,
    /// Rows of tables there are; 0 until that is known.
    rows_total: u64,
    /// Bytes that are copied; of a finished one those of all its files.
    bytes: u64,
    /// For how long it has been made, or how long that took.
    elapsed_ms: u64,
    /// Of a finished one: what it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<BackupPosition>,
}

/// The moment that a backup is of.
#[derive(Serialize, ToSchema)]
pub struct BackupPosition {
    /// The last record in it.
    lsn: u64,
    /// The last frame of the journal in it.
    frame: u64,
    /// When that was the last one.
    at: String,
    /// How long writing stood still then, in microseconds.
    pause_us: u64,
}

impl From<Backup> for BackupObject {
    fn from(Backup { folder, progress, elapsed, state }: Backup) -> Self {
        let (name, reason, report) = match state {
            BackupState::Running => ("running", None, None),
            BackupState::Finished(report) => ("finished", None, Some(report)),
            BackupState::Failed(reason) => ("failed", Some(reason), None),
        };
        Self {
            folder: folder.display().to_string(),
            state: name,
            reason,
            rows: progress.rows,
            rows_total: progress.rows_total,
            bytes: report.as_ref().map_or(progress.bytes, |report| report.manifest.bytes()),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            position: report.map(|report| BackupPosition::from(&*report)),
        }
    }
}

impl From<&BackupReport> for BackupPosition {
    fn from(report: &BackupReport) -> Self {
        let at = Timestamp::from_millis(i64::try_from(report.manifest.cut_at_ms).unwrap_or(i64::MAX));
        Self {
            lsn: report.manifest.lsn,
            frame: report.manifest.frame,
            at: at.write(TimeForm::Iso),
            pause_us: u64::try_from(report.pause.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// Begin a backup of the running server. Everything that was acknowledged before is in it; the server goes on. Asked
/// again for the same folder, it answers the backup that was begun there, unless that has failed.
#[utoipa::path(
    post,
    path = "/admin/backup",
    tag = "admin",
    request_body = BackupRequest,
    responses(
        (status = 202, description = "It is being made", body = BackupAnswer),
        (status = 200, description = "It was begun before, and is finished", body = BackupAnswer),
        (
            status = 400,
            description = "`backups_not_allowed`, `folder_not_allowed`, `folder_not_empty`, `folder_unusable`",
            body = AdminErrorBody
        ),
        (status = 409, description = "`backup_running`: to another folder", body = AdminErrorBody),
    ),
)]
pub async fn begin_backup(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let begun = async {
        state.verifier().admit_admin(&request)?;
        let folder = read(&take(payload, BODY_MAX).await?)?;
        Ok::<_, AdminError>(state.engine().begin_backup(folder).await?)
    };
    match begun.await {
        Ok(backup) => {
            let mut answer = match backup.state {
                BackupState::Running => HttpResponse::Accepted(),
                BackupState::Finished(_) | BackupState::Failed(_) => HttpResponse::Ok(),
            };
            answer.json(BackupAnswer { status: "ok", backup: Some(backup.into()) })
        }
        Err(error) => error.response(),
    }
}

/// How far the last backup is, or what has become of it.
#[utoipa::path(
    get,
    path = "/admin/backup",
    tag = "admin",
    responses(
        (status = 200, description = "The last backup since the start, if there is one", body = BackupAnswer),
    ),
)]
pub async fn show_backup(state: web::Data<HttpState>, request: HttpRequest) -> HttpResponse {
    match state.verifier().admit_admin(&request) {
        Ok(()) => {
            let backup = state.engine().backup().map(BackupObject::from);
            HttpResponse::Ok().json(BackupAnswer { status: "ok", backup })
        }
        Err(denied) => AdminError::from(denied).response(),
    }
}

fn read(body: &[u8]) -> Result<PathBuf, AdminError> {
    let request: BackupRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let folder = Reader::new(&mut faults).required_boxed("folder", request.folder);
    let folder = PathBuf::from(String::from(folder));
    faults.none_or(folder).map_err(|faults| AdminError::invalid(&faults))
}
