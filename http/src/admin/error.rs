//! Codes of the admin surface: the one table of code and status.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use actors::{BackupRefusal, ClockError, ConfigureError, EngineError, FolderRefusal};
use domain::program::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Denied,
    body::TakeError,
    json::{BodyError, Faults, wire},
};

/// Why a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminCode {
    /// The body is malformed.
    InvalidRequest,
    /// The program has problems.
    InvalidProgram,
    /// The program is of another retailer than the one served.
    RetailerMismatch,
    /// The engine runs on the real clock.
    NotATestClock,
    /// A test clock only goes forward.
    ClockBackwards,
    /// The server was started without a folder for backups.
    BackupsNotAllowed,
    /// A backup may not go there.
    FolderNotAllowed,
    /// A backup goes to an empty folder.
    FolderNotEmpty,
    /// The folder cannot be made or read.
    FolderUnusable,
    /// Another backup is being made.
    BackupRunning,
    /// Missing or wrong admin key.
    Unauthorized,
    /// No such route.
    NotFound,
    /// Another verb on a known route.
    MethodNotAllowed,
    /// More bytes than are taken.
    PayloadTooLarge,
    /// Overloaded, draining, or nothing can be written at present.
    TemporarilyUnavailable,
    /// A fault of ours.
    InternalError,
}

impl AdminCode {
    const fn row(self) -> (&'static str, u16) {
        match self {
            Self::InvalidRequest => ("invalid_request", 400),
            Self::InvalidProgram => ("invalid_program", 400),
            Self::RetailerMismatch => ("retailer_mismatch", 400),
            Self::NotATestClock => ("not_a_test_clock", 400),
            Self::ClockBackwards => ("clock_backwards", 400),
            Self::BackupsNotAllowed => ("backups_not_allowed", 400),
            Self::FolderNotAllowed => ("folder_not_allowed", 400),
            Self::FolderNotEmpty => ("folder_not_empty", 400),
            Self::FolderUnusable => ("folder_unusable", 400),
            Self::BackupRunning => ("backup_running", 409),
            Self::Unauthorized => ("unauthorized", 401),
            Self::NotFound => ("not_found", 404),
            Self::MethodNotAllowed => ("method_not_allowed", 405),
            Self::PayloadTooLarge => ("payload_too_large", 413),
            Self::TemporarilyUnavailable => ("temporarily_unavailable", 503),
            Self::InternalError => ("internal_error", 500),
        }
    }
}

/// A failure.
#[derive(Debug)]
pub struct AdminError {
    code: AdminCode,
    message: String,
    problems: Vec<Problem>,
}

/// The envelope of a failure.
#[derive(Serialize, ToSchema)]
pub struct AdminErrorBody<'a> {
    /// `error`.
    #[schema(value_type = wire::StatusError)]
    status: &'static str,
    /// What is wrong.
    errors: AdminErrors<'a>,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
pub struct AdminErrors<'a> {
    /// The code.
    #[schema(value_type = String)]
    code: &'static str,
    /// In words.
    #[schema(value_type = String)]
    message: &'a str,
    /// What is wrong with a program, as many as can be found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<AdminProblem<'a>>,
}

/// One thing that keeps a program from being used.
#[derive(Serialize, ToSchema)]
pub struct AdminProblem<'a> {
    /// Where, such as `rule_trees[3].outcomes[0].point_source_id` or `catalog:17`.
    #[schema(value_type = String)]
    path: &'a str,
    /// The kind of problem.
    #[schema(value_type = String)]
    code: &'static str,
    /// In words.
    #[schema(value_type = String)]
    message: &'a str,
}

impl AdminError {
    /// A failure in words.
    pub fn new(code: AdminCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), problems: Vec::new() }
    }

    /// A body whose members are wrong.
    pub fn invalid(faults: &Faults) -> Self {
        let message = faults.listed().iter().map(|fault| format!("{} {}", fault.field, fault.message));
        Self::new(AdminCode::InvalidRequest, message.collect::<Vec<_>>().join("; "))
    }

    /// The answer.
    pub fn response(&self) -> HttpResponse {
        let (code, status) = self.code.row();
        let status = StatusCode::from_u16(status).expect("the table holds valid statuses");
        let mut builder = HttpResponseBuilder::new(status);
        match self.code {
            AdminCode::Unauthorized => {
                builder.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"admin\""));
            }
            AdminCode::TemporarilyUnavailable => {
                builder.insert_header((RETRY_AFTER, "1"));
            }
            AdminCode::InvalidRequest
            | AdminCode::InvalidProgram
            | AdminCode::RetailerMismatch
            | AdminCode::NotATestClock
            | AdminCode::ClockBackwards
            | AdminCode::BackupsNotAllowed
            | AdminCode::FolderNotAllowed
            | AdminCode::FolderNotEmpty
            | AdminCode::FolderUnusable
            | AdminCode::BackupRunning
            | AdminCode::NotFound
            | AdminCode::MethodNotAllowed
            | AdminCode::PayloadTooLarge
            | AdminCode::InternalError => {}
        }
        fn listed(problem: &Problem) -> AdminProblem<'_> {
            AdminProblem { path: &problem.path, code: problem.code.as_str(), message: &problem.message }
        }
        let problems = self.problems.iter().map(listed).collect();
        builder.json(AdminErrorBody {
            status: "error",
            errors: AdminErrors { code, message: &self.message, problems },
        })
    }
}

impl From<Denied> for AdminError {
    fn from(_: Denied) -> Self {
        Self::new(AdminCode::Unauthorized, "missing or wrong admin key")
    }
}

impl From<TakeError> for AdminError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::TooLarge => Self::new(AdminCode::PayloadTooLarge, "the body is too large"),
            TakeError::Broken => Self::new(AdminCode::InvalidRequest, "the body ended early"),
        }
    }
}

impl From<BodyError> for AdminError {
    fn from(error: BodyError) -> Self {
        Self::new(AdminCode::InvalidRequest, error.to_string())
    }
}

impl From<EngineError> for AdminError {
    fn from(error: EngineError) -> Self {
        let code = match error {
            EngineError::Overloaded | EngineError::Unavailable | EngineError::Draining => {
                AdminCode::TemporarilyUnavailable
            }
            EngineError::Crashed | EngineError::Damaged => AdminCode::InternalError,
        };
        Self::new(code, error.to_string())
    }
}

impl From<ConfigureError> for AdminError {
    fn from(error: ConfigureError) -> Self {
        let message = error.to_string();
        match error {
            ConfigureError::Problems(problems) => Self { code: AdminCode::InvalidProgram, message, problems },
            ConfigureError::OtherRetailer { .. } => Self::new(AdminCode::RetailerMismatch, message),
            ConfigureError::Engine(error) => error.into(),
        }
    }
}

impl From<BackupRefusal> for AdminError {
    fn from(refusal: BackupRefusal) -> Self {
        let message = refusal.to_string();
        let code = match refusal {
            BackupRefusal::NoFolder => AdminCode::BackupsNotAllowed,
            BackupRefusal::Folder(FolderRefusal::NotPlain | FolderRefusal::Elsewhere { .. }) => {
                AdminCode::FolderNotAllowed
            }
            BackupRefusal::Folder(FolderRefusal::NotEmpty { .. }) => AdminCode::FolderNotEmpty,
            BackupRefusal::Folder(FolderRefusal::Unusable { .. }) => AdminCode::FolderUnusable,
            BackupRefusal::Running(_) => AdminCode::BackupRunning,
            BackupRefusal::Engine(error) => return error.into(),
        };
        Self::new(code, message)
    }
}

impl From<ClockError> for AdminError {
    fn from(error: ClockError) -> Self {
        let code = match error {
            ClockError::NotATestClock => AdminCode::NotATestClock,
            ClockError::Backwards => AdminCode::ClockBackwards,
        };
        Self::new(code, error.to_string())
    }
}
