//! Codes of the core surface (customers-campaigns.md A.6, A.7): the one table of code and status.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use actors::EngineError;
use domain::customer::{ProfileFault, ProfileFaultReason};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Denied,
    body::TakeError,
    json::{BodyError, Fault, FaultCode, Faults, Place, wire},
    state::ErrorHttpMode,
};

/// Why a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreCode {
    /// A required member is absent or empty.
    MissingData,
    /// Wrong type or format.
    ArgumentError,
    /// An unacceptable value.
    Validation,
    /// Missing or wrong credentials, or another key in the path.
    InvalidApiKey,
    /// No customer of that id.
    UserNotFound,
    /// No such route.
    NotFound,
    /// Another verb on a known route.
    MethodNotAllowed,
    /// More bytes than are taken.
    PayloadTooLarge,
    /// Overloaded, draining, or nothing can be written at present.
    TemporarilyUnavailable,
    /// A fault of ours.
    InternalServerError,
}

impl CoreCode {
    /// Wire name; status in strict mode; status in documented mode.
    const fn row(self) -> (&'static str, u16, u16) {
        match self {
            Self::MissingData => ("missing_data", 400, 200),
            Self::ArgumentError => ("argument_error", 400, 200),
            Self::Validation => ("validation", 400, 200),
            Self::InvalidApiKey => ("invalid_api_key", 401, 401),
            Self::UserNotFound => ("user_not_found", 404, 404),
            Self::NotFound => ("not_found", 404, 404),
            Self::MethodNotAllowed => ("not_found", 405, 405),
            Self::PayloadTooLarge => ("payload_too_large", 413, 413),
            Self::TemporarilyUnavailable => ("temporarily_unavailable", 503, 503),
            Self::InternalServerError => ("internal_server_error", 500, 500),
        }
    }

    fn status(self, mode: ErrorHttpMode) -> StatusCode {
        let (_, strict, documented) = self.row();
        let status = match mode {
            ErrorHttpMode::Strict => strict,
            ErrorHttpMode::Documented => documented,
        };
        StatusCode::from_u16(status).expect("the table holds valid statuses")
    }
}

/// A failure: its code, words, and what is wrong with the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreError {
    code: CoreCode,
    message: String,
    details: Vec<Fault>,
    /// Attribute to reasons; of a clash also the other customer.
    user: BTreeMap<String, UserReason>,
}

/// What `errors.user` says of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum UserReason {
    /// Why it cannot be so.
    Reasons(Vec<&'static str>),
    /// An id of the customer who has it.
    Other(String),
}

/// The envelope of a failure.
#[derive(Serialize, ToSchema)]
pub struct CoreErrorBody<'a> {
    /// `error`.
    #[schema(value_type = wire::StatusError)]
    status: &'static str,
    /// What is wrong.
    errors: CoreErrors<'a>,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
pub struct CoreErrors<'a> {
    /// The code.
    #[schema(value_type = String)]
    code: &'static str,
    /// In words.
    #[schema(value_type = String)]
    message: &'a str,
    /// Attribute to reasons; of a clash also `id` and `external_id` of the other customer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    user: &'a BTreeMap<String, UserReason>,
    /// Every member that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<CoreFault<'a>>,
    /// Also in the header `X-Request-Id`.
    #[schema(value_type = String)]
    request_id: &'a str,
}

/// A member that is wrong.
#[derive(Serialize, ToSchema)]
pub struct CoreFault<'a> {
    /// Which, such as `user.dob`.
    #[schema(value_type = String)]
    field: &'a str,
    /// `required`, `type`, `format`, `taken`, `too_long`, `too_young`, ...
    #[schema(value_type = String)]
    code: &'static str,
    /// In words.
    #[schema(value_type = String)]
    message: &'a str,
}

impl CoreError {
    /// A failure without details.
    pub fn new(code: CoreCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new(), user: BTreeMap::new() }
    }

    /// A body whose members are wrong. Missing members go before wrong types, and those before unacceptable values
    /// (A.7).
    pub fn invalid(faults: &Faults) -> Self {
        let code =
            faults.listed().iter().map(|fault| code_of(fault.code)).min_by_key(|code| precedence(*code));
        let message = match faults.listed() {
            [only] => format!("{} {}", only.field, only.message),
            several => format!("{} members are wrong", several.len()),
        };
        let mut error = Self::new(code.unwrap_or(CoreCode::Validation), message);
        for fault in faults.listed() {
            if let Some(attribute) = fault.field.strip_prefix("user.") {
                let attribute = attribute.split(['.', '[']).next().unwrap_or(attribute).to_owned();
                error.give_reason(attribute, fault.code.as_str());
            }
        }
        error.details = faults.listed().to_vec();
        error
    }

    /// Notes why an attribute of the customer cannot be so.
    pub fn give_reason(&mut self, attribute: String, reason: &'static str) {
        match self.user.entry(attribute).or_insert_with(|| UserReason::Reasons(Vec::new())) {
            UserReason::Reasons(reasons) if !reasons.contains(&reason) => reasons.push(reason),
            UserReason::Reasons(_) | UserReason::Other(_) => {}
        }
    }

    /// Notes an id of the other customer of a clash, where no reason stands already.
    pub fn name_other(&mut self, member: &str, id: String) {
        self.user.entry(member.to_owned()).or_insert(UserReason::Other(id));
    }

    /// The answer.
    pub fn response(&self, mode: ErrorHttpMode, request_id: &str) -> HttpResponse {
        let mut builder = HttpResponseBuilder::new(self.code.status(mode));
        match self.code {
            // Not decorative: clients wait for the challenge before they send credentials (A.3).
            CoreCode::InvalidApiKey => {
                builder.insert_header((WWW_AUTHENTICATE, "Basic realm=\"core\""));
            }
            CoreCode::TemporarilyUnavailable => {
                builder.insert_header((RETRY_AFTER, "1"));
            }
            CoreCode::MissingData
            | CoreCode::ArgumentError
            | CoreCode::Validation
            | CoreCode::UserNotFound
            | CoreCode::NotFound
            | CoreCode::MethodNotAllowed
            | CoreCode::PayloadTooLarge
            | CoreCode::InternalServerError => {}
        }
        builder.insert_header(("X-Request-Id", request_id));
        fn listed(fault: &Fault) -> CoreFault<'_> {
            CoreFault { field: &fault.field, code: fault.code.as_str(), message: &fault.message }
        }
        let errors = CoreErrors {
            code: self.code.row().0,
            message: &self.message,
            user: &self.user,
            details: self.details.iter().map(listed).collect(),
            request_id,
        };
        builder.json(CoreErrorBody { status: "error", errors })
    }
}

const fn code_of(fault: FaultCode) -> CoreCode {
    match fault {
        FaultCode::Required => CoreCode::MissingData,
        FaultCode::Type | FaultCode::Format => CoreCode::ArgumentError,
        FaultCode::OutOfRange
        | FaultCode::TooLong
        | FaultCode::NotInList
        | FaultCode::Duplicate
        | FaultCode::UnknownLine
        | FaultCode::Limit
        | FaultCode::TooYoung
        | FaultCode::Conflict
        | FaultCode::NotOffered => CoreCode::Validation,
    }
}

fn precedence(code: CoreCode) -> u8 {
    match code {
        CoreCode::MissingData => 0,
        CoreCode::ArgumentError => 1,
        CoreCode::Validation
        | CoreCode::InvalidApiKey
        | CoreCode::UserNotFound
        | CoreCode::NotFound
        | CoreCode::MethodNotAllowed
        | CoreCode::PayloadTooLarge
        | CoreCode::TemporarilyUnavailable
        | CoreCode::InternalServerError => 2,
    }
}

/// A profile that cannot be so. `existing`: of a customer who exists, so that a lost last key is no missing member.
pub fn profile_refused(found: &[ProfileFault], existing: bool) -> CoreError {
    let mut faults = Faults::default();
    for ProfileFault { field, reason } in found {
        let code = match reason {
            ProfileFaultReason::KeyRequired | ProfileFaultReason::Required => FaultCode::Required,
            ProfileFaultReason::Format => FaultCode::Format,
            ProfileFaultReason::TooLong(_) => FaultCode::TooLong,
            ProfileFaultReason::NotInList => FaultCode::NotInList,
            ProfileFaultReason::OutOfRange => FaultCode::OutOfRange,
            ProfileFaultReason::TooYoung => FaultCode::TooYoung,
            ProfileFaultReason::Limit(_) => FaultCode::Limit,
            ProfileFaultReason::SecondPrimary => FaultCode::Conflict,
        };
        faults.add(&Place::Name(&Place::Name(&Place::Root, "user"), field), code, reason.to_string());
    }
    let mut error = CoreError::invalid(&faults);
    let lost_last_key = found.iter().all(|fault| fault.reason == ProfileFaultReason::KeyRequired);
    if existing && lost_last_key {
        // The last key of a customer cannot be removed: `validation`, `required` (B1.6).
        error.code = CoreCode::Validation;
    }
    error
}

impl From<Denied> for CoreError {
    fn from(_: Denied) -> Self {
        Self::new(CoreCode::InvalidApiKey, "missing or wrong credentials")
    }
}

impl From<TakeError> for CoreError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::TooLarge => Self::new(CoreCode::PayloadTooLarge, "a body has at most 1 MiB"),
            TakeError::Broken => Self::new(CoreCode::ArgumentError, "the body ended early"),
        }
    }
}

impl From<BodyError> for CoreError {
    fn from(error: BodyError) -> Self {
        let mut faults = Faults::default();
        faults.add(&Place::Name(&Place::Root, "body"), FaultCode::Format, error.to_string());
        let mut refused = Self::invalid(&faults);
        refused.message = error.to_string();
        refused
    }
}

impl From<EngineError> for CoreError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Overloaded | EngineError::Unavailable | EngineError::Draining => {
                Self::new(CoreCode::TemporarilyUnavailable, error.to_string())
            }
            EngineError::Crashed | EngineError::Damaged => {
                Self::new(CoreCode::InternalServerError, "internal server error")
            }
        }
    }
}
