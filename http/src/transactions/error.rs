//! Codes of the transactions domain (catalog-transactions.md A.4, D.4): the one table of code, status and type.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use actors::EngineError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Denied,
    body::TakeError,
    json::{BodyError, Fault, FaultCode, Faults, wire},
};

/// Why a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionsCode {
    /// The body is no JSON object.
    InvalidJson,
    /// A member is missing.
    MissingField,
    /// A member is wrong.
    InvalidField,
    /// Not a field that can be sorted by.
    InvalidSortField,
    /// A span of more than 92 days.
    DateRangeTooLarge,
    /// A page token of another query.
    PaginationTokenMismatch,
    /// A page token of more than a day ago.
    PaginationTokenExpired,
    /// Missing or wrong credentials.
    Unauthorized,
    /// The credentials are not those of this tenant.
    RetailerForbidden,
    /// No store of that id.
    StoreNotFound,
    /// Nobody of that id.
    UserNotFound,
    /// No sale of that id.
    TransactionNotFound,
    /// Several stores have a sale of that id.
    AmbiguousTransaction,
    /// The path takes `POST`.
    MethodNotAllowed,
    /// More bytes than are taken.
    PayloadTooLarge,
    /// Too much is waiting.
    Overloaded,
    /// Shutting down.
    ServiceDraining,
    /// Nothing can be read at present.
    TemporarilyUnavailable,
    /// A fault of ours.
    InternalError,
}

impl TransactionsCode {
    /// Wire name, status, type.
    const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidJson => ("invalid_json", 400, "validation"),
            Self::MissingField => ("missing_field", 400, "validation"),
            Self::InvalidField => ("invalid_field", 400, "validation"),
            Self::InvalidSortField => ("invalid_sort_field", 400, "validation"),
            Self::DateRangeTooLarge => ("date_range_too_large", 400, "validation"),
            Self::PaginationTokenMismatch => ("pagination_token_mismatch", 400, "validation"),
            Self::PaginationTokenExpired => ("pagination_token_expired", 400, "validation"),
            Self::Unauthorized => ("unauthorized", 401, "authorization"),
            Self::RetailerForbidden => ("retailer_forbidden", 403, "authorization"),
            Self::StoreNotFound => ("store_not_found", 404, "not_found"),
            Self::UserNotFound => ("user_not_found", 404, "not_found"),
            Self::TransactionNotFound => ("transaction_not_found", 404, "not_found"),
            Self::AmbiguousTransaction => ("ambiguous_transaction", 409, "conflict"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "validation"),
            Self::PayloadTooLarge => ("payload_too_large", 413, "validation"),
            Self::Overloaded => ("overloaded", 503, "throttled"),
            Self::ServiceDraining => ("service_draining", 503, "dependency"),
            Self::TemporarilyUnavailable => ("temporarily_unavailable", 503, "dependency"),
            Self::InternalError => ("internal_error", 500, "internal"),
        }
    }
}

/// A failure: its code, words, and what is wrong with the body.
#[derive(Debug)]
pub struct TransactionsError {
    code: TransactionsCode,
    message: String,
    /// Pointer, code, words.
    details: Vec<(String, &'static str, String)>,
}

/// The envelope of a failure.
#[derive(Serialize, ToSchema)]
pub struct TransactionsErrorBody<'a> {
    /// `ERROR`.
    #[schema(value_type = wire::StatusErrorUpper)]
    status: &'static str,
    /// Null.
    #[schema(value_type = Option<Object>)]
    payload: Option<()>,
    /// What is wrong.
    errors: TransactionsErrors<'a>,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
pub struct TransactionsErrors<'a> {
    /// The code.
    #[schema(value_type = String)]
    code: &'static str,
    /// `validation`, `not_found`, `conflict`, `authorization`, `throttled`, `dependency`, `internal`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: &'static str,
    /// In words.
    #[schema(value_type = String)]
    message: &'a str,
    /// Null.
    #[schema(value_type = Option<String>)]
    raw_message: Option<()>,
    /// Null.
    #[schema(value_type = Option<String>)]
    stack_trace: Option<()>,
    /// Every member that is wrong, by JSON pointer.
    validation_errors: Vec<TransactionsFault<'a>>,
    /// Also in the header `X-Correlation-Id`.
    #[schema(value_type = String)]
    correlation_id: &'a str,
}

/// A member that is wrong.
#[derive(Serialize, ToSchema)]
pub struct TransactionsFault<'a> {
    /// JSON pointer.
    #[schema(value_type = String)]
    field: &'a str,
    /// What kind of fault.
    #[schema(value_type = String)]
    code: &'a str,
    /// In words.
    #[schema(value_type = String)]
    message: &'a str,
}

impl TransactionsError {
    /// A failure in words.
    pub fn new(code: TransactionsCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new() }
    }

    /// A body whose members are wrong.
    pub fn invalid(faults: &Faults) -> Self {
        let missing = faults.listed().iter().any(|fault| fault.code == FaultCode::Required);
        let code = if missing { TransactionsCode::MissingField } else { TransactionsCode::InvalidField };
        let message = faults.listed().iter().map(|fault| format!("{} {}", fault.field, fault.message));
        let mut error = Self::new(code, message.collect::<Vec<_>>().join("; "));
        let detail = |fault: &Fault| (fault.pointer(), fault.code.as_str(), fault.message.clone());
        error.details = faults.listed().iter().map(detail).collect();
        error
    }

    /// Several sales match; these are some of them.
    pub fn ambiguous(candidates: impl IntoIterator<Item = String>) -> Self {
        let message = "Several stores have a transaction of that id; name the store.";
        let mut error = Self::new(TransactionsCode::AmbiguousTransaction, message);
        let detail = |id| ("/id".to_owned(), "candidate", id);
        error.details = candidates.into_iter().map(detail).collect();
        error
    }

    /// The answer.
    pub fn response(&self, correlation_id: &str) -> HttpResponse {
        let (code, status, kind) = self.code.row();
        let status = StatusCode::from_u16(status).expect("the table holds valid statuses");
        let mut builder = HttpResponseBuilder::new(status);
        match self.code {
            TransactionsCode::Unauthorized => {
                builder.insert_header((WWW_AUTHENTICATE, "Basic realm=\"connect\""));
            }
            TransactionsCode::MethodNotAllowed => {
                builder.insert_header((ALLOW, "POST"));
            }
            TransactionsCode::Overloaded
            | TransactionsCode::ServiceDraining
            | TransactionsCode::TemporarilyUnavailable => {
                builder.insert_header((RETRY_AFTER, "1"));
            }
            TransactionsCode::InvalidJson
            | TransactionsCode::MissingField
            | TransactionsCode::InvalidField
            | TransactionsCode::InvalidSortField
            | TransactionsCode::DateRangeTooLarge
            | TransactionsCode::PaginationTokenMismatch
            | TransactionsCode::PaginationTokenExpired
            | TransactionsCode::RetailerForbidden
            | TransactionsCode::StoreNotFound
            | TransactionsCode::UserNotFound
            | TransactionsCode::TransactionNotFound
            | TransactionsCode::AmbiguousTransaction
            | TransactionsCode::PayloadTooLarge
            | TransactionsCode::InternalError => {}
        }
        let validation_errors = self
            .details
            .iter()
            .map(|(field, code, message)| TransactionsFault { field, code, message })
            .collect();
        let errors = TransactionsErrors {
            code,
            kind,
            message: &self.message,
            raw_message: None,
            stack_trace: None,
            validation_errors,
            correlation_id,
        };
        builder.insert_header(("X-Correlation-Id", correlation_id));
        builder.json(TransactionsErrorBody { status: "ERROR", payload: None, errors })
    }
}

impl From<Denied> for TransactionsError {
    fn from(_: Denied) -> Self {
        Self::new(TransactionsCode::Unauthorized, "Missing or wrong credentials.")
    }
}

impl From<TakeError> for TransactionsError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::TooLarge => Self::new(TransactionsCode::PayloadTooLarge, "A body has at most 6 MiB."),
            TakeError::Broken => Self::new(TransactionsCode::InvalidJson, "The body ended early."),
        }
    }
}

impl From<BodyError> for TransactionsError {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::Syntax(_) | BodyError::NotAnObject => TransactionsCode::InvalidJson,
            BodyError::Shape(_) => TransactionsCode::InvalidField,
        };
        Self::new(code, error.to_string())
    }
}

impl From<EngineError> for TransactionsError {
    fn from(error: EngineError) -> Self {
        let code = match error {
            EngineError::Overloaded => TransactionsCode::Overloaded,
            EngineError::Draining => TransactionsCode::ServiceDraining,
            EngineError::Unavailable => TransactionsCode::TemporarilyUnavailable,
            EngineError::Crashed | EngineError::Damaged => TransactionsCode::InternalError,
        };
        Self::new(code, error.to_string())
    }
}
