//! Failure codes of the point of sale (pos-offers.md B.11): the one table of code, status and retryability.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use actors::{EngineError, SaleError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::TakeError,
    json::{BodyError, Fault, Faults},
};

/// Why a request of a till fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PosCode {
    /// The same `request_id` is still running.
    PendingProcessing,
    /// The container or the payload is malformed.
    InvalidRequest,
    /// No store of that id.
    UnknownStore,
    /// The body is no JSON object.
    MalformedBody,
    /// More bytes than are taken.
    PayloadTooLarge,
    /// Missing or wrong credentials.
    Unauthorized,
    /// The credentials are not those of this `client_id`.
    RetailerMismatch,
    /// The path takes `POST`.
    MethodNotAllowed,
    /// Too much is waiting.
    Overloaded,
    /// Nothing can be written at present.
    TemporarilyUnavailable,
    /// Shutting down.
    ServiceDraining,
    /// A fault of ours.
    InternalError,
}

impl PosCode {
    /// Wire name; HTTP status; HTTP status when `pos_http_errors` is off; worth a retry.
    const fn row(self) -> (&'static str, u16, u16, bool) {
        match self {
            Self::PendingProcessing => ("pending_processing", 409, 200, true),
            Self::InvalidRequest => ("invalid_request", 400, 200, false),
            Self::UnknownStore => ("unknown_store", 404, 200, false),
            Self::MalformedBody => ("invalid_request", 400, 400, false),
            Self::PayloadTooLarge => ("payload_too_large", 413, 413, false),
            Self::Unauthorized => ("unauthorized", 401, 401, false),
            Self::RetailerMismatch => ("retailer_mismatch", 403, 403, false),
            Self::MethodNotAllowed => ("method_not_allowed", 405, 405, false),
            Self::Overloaded => ("overloaded", 503, 503, true),
            Self::TemporarilyUnavailable => ("temporarily_unavailable", 503, 503, true),
            Self::ServiceDraining => ("service_draining", 503, 503, true),
            Self::InternalError => ("internal_error", 500, 500, true),
        }
    }

    /// Its wire name.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    const fn retryable(self) -> bool {
        self.row().3
    }

    /// The status it is answered with.
    pub fn status(self, http_errors: bool) -> StatusCode {
        let (_, honest, quiet, _) = self.row();
        StatusCode::from_u16(if http_errors { honest } else { quiet })
            .expect("the table holds valid statuses")
    }
}

/// A failure: its code, words, and what is wrong with the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PosError {
    /// Which failure.
    pub code: PosCode,
    /// In words.
    pub message: String,
    /// The faults of the body.
    pub faults: Faults,
}

/// The container of a failure.
#[derive(Serialize, ToSchema)]
pub struct PosErrorBody<'a> {
    /// The failure code.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// What is wrong.
    pub errors: PosErrors<'a>,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
pub struct PosErrors<'a> {
    /// The failure code.
    #[schema(value_type = String)]
    pub code: &'static str,
    /// In words.
    #[schema(value_type = String)]
    pub message: &'a str,
    /// The same request may succeed later.
    pub retryable: bool,
    /// Every member that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validation: Vec<PosFault<'a>>,
}

/// A member that is wrong.
#[derive(Serialize, ToSchema)]
pub struct PosFault<'a> {
    /// Which, such as `request_payload.items[1].line_id`.
    #[schema(value_type = String)]
    pub field: &'a str,
    /// `required`, `type`, `format`, `out_of_range`, `duplicate`, ...
    #[schema(value_type = String)]
    pub code: &'static str,
    /// In words.
    #[schema(value_type = String)]
    pub message: &'a str,
}

impl PosError {
    /// A failure without faults of the body.
    pub fn new(code: PosCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), faults: Faults::default() }
    }

    /// A body whose members are wrong.
    pub fn invalid(faults: Faults) -> Self {
        let message = match faults.listed() {
            [only] => format!("{} {}", only.field, only.message),
            several => format!("{} members are wrong", several.len()),
        };
        Self { code: PosCode::InvalidRequest, message, faults }
    }

    /// The errors object.
    pub fn errors(&self) -> PosErrors<'_> {
        fn listed(fault: &Fault) -> PosFault<'_> {
            PosFault { field: &fault.field, code: fault.code.as_str(), message: &fault.message }
        }
        PosErrors {
            code: self.code.as_str(),
            message: &self.message,
            retryable: self.code.retryable(),
            validation: self.faults.listed().iter().map(listed).collect(),
        }
    }

    /// The answer.
    pub fn response(&self, http_errors: bool) -> HttpResponse {
        let mut builder = HttpResponseBuilder::new(self.code.status(http_errors));
        match self.code {
            PosCode::Unauthorized => {
                builder.insert_header((WWW_AUTHENTICATE, "Basic realm=\"pos\""));
            }
            PosCode::MethodNotAllowed => {
                builder.insert_header((ALLOW, "POST"));
            }
            PosCode::Overloaded | PosCode::TemporarilyUnavailable | PosCode::ServiceDraining => {
                builder.insert_header((RETRY_AFTER, "1"));
            }
            PosCode::PendingProcessing
            | PosCode::InvalidRequest
            | PosCode::UnknownStore
            | PosCode::MalformedBody
            | PosCode::PayloadTooLarge
            | PosCode::RetailerMismatch
            | PosCode::InternalError => {}
        }
        builder.json(PosErrorBody { status: self.code.as_str(), errors: self.errors() })
    }
}

impl From<BodyError> for PosError {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::Syntax(_) | BodyError::NotAnObject => PosCode::MalformedBody,
            BodyError::Shape(_) => PosCode::InvalidRequest,
        };
        Self::new(code, error.to_string())
    }
}

impl From<TakeError> for PosError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::TooLarge => Self::new(PosCode::PayloadTooLarge, "a body has at most 1 MiB"),
            TakeError::Broken => Self::new(PosCode::MalformedBody, "the body ended early"),
        }
    }
}

impl From<crate::auth::Denied> for PosError {
    fn from(_: crate::auth::Denied) -> Self {
        Self::new(PosCode::Unauthorized, "missing or wrong credentials")
    }
}

impl From<EngineError> for PosError {
    fn from(error: EngineError) -> Self {
        let code = match error {
            EngineError::Overloaded => PosCode::Overloaded,
            EngineError::Unavailable => PosCode::TemporarilyUnavailable,
            EngineError::Draining => PosCode::ServiceDraining,
            EngineError::Crashed | EngineError::Damaged => PosCode::InternalError,
        };
        Self::new(code, error.to_string())
    }
}

impl From<SaleError> for PosError {
    fn from(error: SaleError) -> Self {
        match error {
            SaleError::Pending => {
                Self::new(PosCode::PendingProcessing, "the same request_id is being processed")
            }
            SaleError::Amount(error) => {
                Self::new(PosCode::InvalidRequest, format!("the amounts of the sale: {error}"))
            }
            SaleError::Engine(error) => error.into(),
        }
    }
}
