//! Codes of the incentives domain (incentives.md 1.2, 10): the one table of code, status and type.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use actors::{ChangeTiersError, EngineError, EraseError, PostError};
use domain::{
    amount::AmountError,
    configuration::Refusal,
    customer::{PostedStatus, TierError},
    program::{Problem, ProblemCode},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    configuration::{problem_row, refusal_row},
    posting::PostingPayload,
    refused::RefusedPayload,
    request::no_such_customer,
};
use crate::{
    auth::Denied,
    body::TakeError,
    json::{BodyError, Faults, wire},
};

/// Why a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncentivesCode {
    /// The body is malformed.
    InvalidRequest,
    /// More details than a call may have.
    TooManyDetails,
    /// More account ids than a query may have.
    TooManyPointAccounts,
    /// More source ids than a query may have.
    TooManyPointSources,
    /// More modification types than a query may have.
    TooManyModificationTypes,
    /// More customers than a call may have.
    TooManyUsers,
    /// More things asked about than a call may have.
    TooManyEntities,
    /// More jobs than may wait.
    TooManyJobs,
    /// More transactions than a call may have.
    TooManyTransactions,
    /// More events than a call may have.
    TooManyUserEvents,
    /// Nothing was taken in under that id.
    IngestNotFound,
    /// More rows than a page may have.
    TakeTooLarge,
    /// A span of more than a year.
    DateRangeTooLong,
    /// A detail of a write failed; its own code.
    Detail(PostedStatus),
    /// An edit of the configuration contradicts what is there.
    Edit(Refusal),
    /// With an edit the program would have a problem.
    Problem(ProblemCode),
    /// Every part of a write failed; the code of the first.
    Part(&'static str),
    /// A write of one thing failed.
    Single(PostedStatus),
    /// Missing or wrong credentials.
    Unauthorized,
    /// The credentials are not those of this tenant.
    RetailerNotAuthorized,
    /// Nobody of that id.
    UserNotFound,
    /// No request of that id.
    RequestNotFound,
    /// More hangs on a customer than can be erased at once.
    TooManyRecords,
    /// No such row of the ledger.
    AuditLogNotFound,
    /// No such change of level.
    TierMovementNotFound,
    /// No such sale.
    TransactionNotFound,
    /// Several stores have a sale of that id.
    AmbiguousTransaction,
    /// No such point account.
    PointAccountNotFound,
    /// No such tier system.
    TierSystemNotFound,
    /// No such tier level.
    TierLevelNotFound,
    /// The tier level, or its system, is not live.
    TierLevelNotLive,
    /// No such event.
    EventNotFound,
    /// The state has another version than the caller has seen.
    StateVersionConflict,
    /// More counters than a customer may have.
    TooManyCounters,
    /// Points are seeded in standup mode alone.
    StandupModeRequired,
    /// No such job.
    JobNotFound,
    /// Only the platform raises this event.
    EventReserved,
    /// The context of an event is nested, or too long.
    ContextMustBeFlat,
    /// An idempotency id came with another body.
    IdempotencyConflict,
    /// The path takes `POST`.
    MethodNotAllowed,
    /// More bytes than are taken.
    PayloadTooLarge,
    /// Overloaded, draining, or nothing can be written at present.
    TemporarilyUnavailable,
    /// A fault of ours.
    SystemError,
}

impl IncentivesCode {
    /// Wire name, status, type.
    const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidRequest => ("invalid_request", 400, "validation"),
            Self::TooManyDetails => ("too_many_details", 400, "limit"),
            Self::TooManyPointAccounts => ("too_many_point_accounts", 400, "limit"),
            Self::TooManyPointSources => ("too_many_point_sources", 400, "limit"),
            Self::TooManyModificationTypes => ("too_many_modification_types", 400, "limit"),
            Self::TooManyUsers => ("too_many_users", 400, "limit"),
            Self::TooManyEntities => ("too_many_entities", 400, "limit"),
            // Other codes of this form are 400 (section 10). This one passes by itself, as `rate_limited` does.
            Self::TooManyJobs => ("too_many_jobs", 429, "limit"),
            Self::TooManyTransactions => ("too_many_transactions", 400, "limit"),
            Self::TooManyUserEvents => ("too_many_user_events", 400, "limit"),
            Self::IngestNotFound => ("ingest_not_found", 404, "not_found"),
            Self::TakeTooLarge => ("take_too_large", 400, "limit"),
            Self::DateRangeTooLong => ("date_range_too_long", 400, "limit"),
            // A write of which no detail was applied is 400, whatever the detail's code (1.2).
            Self::Detail(status) => (detail_code(status).0, 400, "validation"),
            Self::Part(name) => (name, 400, "validation"),
            Self::Edit(refusal) => refusal_row(refusal),
            Self::Problem(code) => problem_row(code),
            Self::Single(
                status @ (PostedStatus::AccountNotFound
                | PostedStatus::SourceNotFound
                | PostedStatus::RowNotFound
                | PostedStatus::CustomerNotFound),
            ) => (detail_code(status).0, 404, "not_found"),
            Self::Single(status) => (detail_code(status).0, 400, "validation"),
            Self::Unauthorized => ("unauthorized", 401, "auth"),
            Self::RetailerNotAuthorized => ("retailer_not_authorized", 403, "auth"),
            Self::UserNotFound => ("user_not_found", 404, "not_found"),
            Self::RequestNotFound => ("request_not_found", 404, "not_found"),
            Self::TooManyRecords => ("too_many_records", 400, "limit"),
            Self::AuditLogNotFound => ("audit_log_not_found", 404, "not_found"),
            Self::TierMovementNotFound => ("tier_movement_not_found", 404, "not_found"),
            Self::TransactionNotFound => ("transaction_not_found", 404, "not_found"),
            Self::AmbiguousTransaction => ("ambiguous_transaction", 409, "conflict"),
            Self::PointAccountNotFound => ("point_account_not_found", 404, "not_found"),
            Self::TierSystemNotFound => ("tier_system_not_found", 404, "not_found"),
            Self::TierLevelNotFound => ("tier_level_not_found", 404, "not_found"),
            Self::TierLevelNotLive => ("tier_level_not_live", 400, "validation"),
            Self::EventNotFound => ("event_not_found", 404, "not_found"),
            Self::StateVersionConflict => ("state_version_conflict", 409, "conflict"),
            Self::TooManyCounters => ("too_many_counters", 400, "limit"),
            Self::StandupModeRequired => ("standup_mode_required", 400, "validation"),
            Self::JobNotFound => ("job_not_found", 404, "not_found"),
            Self::EventReserved => ("event_reserved", 400, "validation"),
            Self::ContextMustBeFlat => ("context_must_be_flat", 400, "validation"),
            Self::IdempotencyConflict => ("idempotency_conflict", 409, "conflict"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "validation"),
            Self::PayloadTooLarge => ("payload_too_large", 413, "limit"),
            Self::TemporarilyUnavailable => ("temporarily_unavailable", 503, "system"),
            Self::SystemError => ("system_error", 500, "system"),
        }
    }
}

/// The code of a detail and its `error_status` (incentives.md 3.10).
pub const fn detail_code(status: PostedStatus) -> (&'static str, u8) {
    match status {
        PostedStatus::Ok => ("ok", 0),
        PostedStatus::InsufficientPoints => ("insufficient_points", 1),
        PostedStatus::AccountNotFound => ("point_account_not_found", 2),
        PostedStatus::AccountInactive => ("point_account_inactive", 3),
        PostedStatus::InvalidAmount => ("invalid_amount", 5),
        PostedStatus::SourceNotFound => ("point_source_not_found", 6),
        PostedStatus::SourceNotLinked => ("point_source_not_linked", 7),
        PostedStatus::SourceLimitExceeded => ("source_limit_exceeded", 8),
        PostedStatus::MaxBalanceExceeded => ("max_balance_exceeded", 9),
        PostedStatus::NotAttempted => ("not_attempted", 10),
        // The list of numbers has none of its own for it: it is an account that was not found.
        PostedStatus::NoDefaultAccount => ("no_default_point_account", 2),
        // These never stand in a list of details.
        PostedStatus::SameAccount => ("same_account", 5),
        PostedStatus::RowNotFound => ("audit_log_not_found", 5),
        PostedStatus::AmountBelowConsumed => ("amount_below_consumed", 5),
        PostedStatus::NothingToReverse => ("nothing_to_reverse", 5),
        PostedStatus::CustomerNotFound => ("user_not_found", 5),
    }
}

/// The `error_status` of a repeat that got the first result again.
pub const REPLAYED: u8 = 4;
/// The `error_status` of a part that has a code of its own and no number: the one for what does not hold.
pub const REFUSED: u8 = 5;

/// What a detail's status means, in words.
pub const fn detail_message(status: PostedStatus) -> &'static str {
    match status {
        PostedStatus::Ok => "Done.",
        PostedStatus::InsufficientPoints => "The accounts hold fewer points.",
        PostedStatus::AccountNotFound => "No such point account for this retailer.",
        PostedStatus::AccountInactive => "The point account is inactive.",
        PostedStatus::InvalidAmount => "The amount must be above zero.",
        PostedStatus::SourceNotFound => "No such active point source for this retailer.",
        PostedStatus::SourceNotLinked => "The point source is not linked to the point account.",
        PostedStatus::SourceLimitExceeded => "A limit of the point source is reached.",
        PostedStatus::MaxBalanceExceeded => "The point account's maximum balance is reached.",
        PostedStatus::NotAttempted => "Another detail failed and partial success was not allowed.",
        PostedStatus::NoDefaultAccount => "No active point account is in the default pool.",
        PostedStatus::SameAccount => "The points are in that account already.",
        PostedStatus::RowNotFound => "No such row of the ledger that can be corrected.",
        PostedStatus::AmountBelowConsumed => "More of the row has been spent or has expired.",
        PostedStatus::NothingToReverse => "No deposit or spend is meant.",
        PostedStatus::CustomerNotFound => "Whoever was to get the points is no more; they have gone back.",
    }
}

/// A failure: its code, words, and what a refused write has to say.
#[derive(Debug)]
pub struct IncentivesError {
    code: IncentivesCode,
    message: String,
    problems: Vec<Problem>,
    payload: Option<Box<RefusedPayload>>,
}

/// The envelope of a failure.
#[derive(Serialize, ToSchema)]
pub struct IncentivesErrorBody<'a> {
    /// `error`.
    #[schema(value_type = wire::StatusError)]
    status: &'static str,
    /// What is wrong.
    errors: IncentivesErrors<'a>,
    /// The details of a write of which none was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RefusedPayload>)]
    payload: Option<&'a RefusedPayload>,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
pub struct IncentivesErrors<'a> {
    /// The code.
    #[schema(value_type = String)]
    code: &'static str,
    /// `validation`, `not_found`, `conflict`, `auth`, `limit`, `system`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: &'static str,
    /// In words.
    #[schema(value_type = String)]
    message: &'a str,
    /// Untranslated cause.
    #[schema(value_type = String)]
    raw_message: &'a str,
    /// Never filled.
    #[schema(value_type = Option<String>)]
    stack_trace: Option<&'static str>,
    /// What is wrong with an edit of the configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<IncentivesProblem<'a>>,
}

/// What is wrong with an edit of the configuration.
#[derive(Serialize, ToSchema)]
pub struct IncentivesProblem<'a> {
    /// Where in the object that was sent, such as `outcomes[0].point_source_id`; where in the program, when it is about
    /// another object.
    #[schema(value_type = String)]
    path: &'a str,
    /// The kind of problem.
    #[schema(value_type = String)]
    code: &'static str,
    /// In words.
    #[schema(value_type = String)]
    message: &'a str,
}

impl<'a> From<&'a Problem> for IncentivesProblem<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self { path: &problem.path, code: problem.code.as_str(), message: &problem.message }
    }
}

impl IncentivesError {
    /// A failure in words.
    pub fn new(code: IncentivesCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), problems: Vec::new(), payload: None }
    }

    /// A body whose members are wrong. The message names the first, with its place.
    pub fn invalid(faults: &Faults) -> Self {
        let message = faults.listed().iter().map(|fault| format!("{} {}", fault.field, fault.message));
        Self::new(IncentivesCode::InvalidRequest, message.collect::<Vec<_>>().join("; "))
    }

    /// An edit with which the program would have problems. The code is that of the first.
    pub fn of_problems(problems: Vec<Problem>) -> Self {
        let code = problems
            .first()
            .map_or(IncentivesCode::InvalidRequest, |first| IncentivesCode::Problem(first.code));
        let message = problems.iter().map(|problem| format!("{} {}", problem.path, problem.message));
        let message = message.collect::<Vec<_>>().join("; ");
        Self { code, message, problems, payload: None }
    }

    /// A write of which no detail was applied.
    pub fn refused(status: PostedStatus, payload: impl Into<RefusedPayload>) -> Self {
        let (code, message) = (IncentivesCode::Detail(status), detail_message(status).to_owned());
        Self { code, message, problems: Vec::new(), payload: Some(Box::new(payload.into())) }
    }

    /// This failure of the first part of a write is that of the whole: no part was done (incentives.md 1.2).
    pub fn of_whole_write(self, payload: impl Into<RefusedPayload>) -> Self {
        let code = IncentivesCode::Part(self.name());
        Self { code, payload: Some(Box::new(payload.into())), ..self }
    }

    /// The code's wire name.
    pub const fn name(&self) -> &'static str {
        self.code.row().0
    }

    /// In words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// It is no fault of the caller's: the request is to be sent again.
    pub const fn is_of_the_server(&self) -> bool {
        self.code.row().1 >= 500
    }

    /// The answer.
    pub fn response(&self) -> HttpResponse {
        let (code, status, kind) = self.code.row();
        let status = StatusCode::from_u16(status).expect("the table holds valid statuses");
        let mut builder = HttpResponseBuilder::new(status);
        match self.code {
            IncentivesCode::Unauthorized => {
                builder.insert_header((WWW_AUTHENTICATE, "Basic realm=\"connect\""));
            }
            IncentivesCode::MethodNotAllowed => {
                builder.insert_header((ALLOW, "POST"));
            }
            IncentivesCode::TemporarilyUnavailable | IncentivesCode::TooManyJobs => {
                builder.insert_header((RETRY_AFTER, "1"));
            }
            IncentivesCode::InvalidRequest
            | IncentivesCode::TooManyDetails
            | IncentivesCode::TooManyPointAccounts
            | IncentivesCode::TooManyPointSources
            | IncentivesCode::TooManyModificationTypes
            | IncentivesCode::TooManyUsers
            | IncentivesCode::TooManyEntities
            | IncentivesCode::TooManyTransactions
            | IncentivesCode::TooManyUserEvents
            | IncentivesCode::IngestNotFound
            | IncentivesCode::TakeTooLarge
            | IncentivesCode::DateRangeTooLong
            | IncentivesCode::Detail(_)
            | IncentivesCode::Part(_)
            | IncentivesCode::Edit(_)
            | IncentivesCode::Problem(_)
            | IncentivesCode::Single(_)
            | IncentivesCode::RetailerNotAuthorized
            | IncentivesCode::UserNotFound
            | IncentivesCode::RequestNotFound
            | IncentivesCode::TooManyRecords
            | IncentivesCode::AuditLogNotFound
            | IncentivesCode::TierMovementNotFound
            | IncentivesCode::TransactionNotFound
            | IncentivesCode::AmbiguousTransaction
            | IncentivesCode::PointAccountNotFound
            | IncentivesCode::TierSystemNotFound
            | IncentivesCode::TierLevelNotFound
            | IncentivesCode::TierLevelNotLive
            | IncentivesCode::EventNotFound
            | IncentivesCode::StateVersionConflict
            | IncentivesCode::TooManyCounters
            | IncentivesCode::StandupModeRequired
            | IncentivesCode::JobNotFound
            | IncentivesCode::EventReserved
            | IncentivesCode::ContextMustBeFlat
            | IncentivesCode::IdempotencyConflict
            | IncentivesCode::PayloadTooLarge
            | IncentivesCode::SystemError => {}
        }
        let message = self.message.as_str();
        let problems = self.problems.iter().map(IncentivesProblem::from).collect();
        let errors =
            IncentivesErrors { code, kind, message, raw_message: message, stack_trace: None, problems };
        builder.json(IncentivesErrorBody { status: "error", errors, payload: self.payload.as_deref() })
    }
}

impl From<Denied> for IncentivesError {
    fn from(_: Denied) -> Self {
        Self::new(IncentivesCode::Unauthorized, "Missing or wrong credentials.")
    }
}

impl From<TakeError> for IncentivesError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::TooLarge => Self::new(IncentivesCode::PayloadTooLarge, "A body has at most 1 MiB."),
            TakeError::Broken => Self::new(IncentivesCode::InvalidRequest, "The body ended early."),
        }
    }
}

impl From<BodyError> for IncentivesError {
    fn from(error: BodyError) -> Self {
        Self::new(IncentivesCode::InvalidRequest, error.to_string())
    }
}

impl From<AmountError> for IncentivesError {
    fn from(error: AmountError) -> Self {
        Self::new(IncentivesCode::InvalidRequest, error.to_string())
    }
}

impl From<EngineError> for IncentivesError {
    fn from(error: EngineError) -> Self {
        let code = match error {
            EngineError::Overloaded | EngineError::Unavailable | EngineError::Draining => {
                IncentivesCode::TemporarilyUnavailable
            }
            EngineError::Crashed | EngineError::Damaged => IncentivesCode::SystemError,
        };
        Self::new(code, error.to_string())
    }
}

impl From<EraseError> for IncentivesError {
    fn from(error: EraseError) -> Self {
        let message = error.to_string();
        let code = match error {
            EraseError::NotFound => IncentivesCode::UserNotFound,
            EraseError::IdempotencyConflict => IncentivesCode::IdempotencyConflict,
            EraseError::TooMuch => IncentivesCode::TooManyRecords,
            EraseError::Engine(error) => return error.into(),
        };
        Self::new(code, message)
    }
}

impl From<ChangeTiersError> for IncentivesError {
    fn from(error: ChangeTiersError) -> Self {
        let message = error.to_string();
        let code = match error {
            ChangeTiersError::NotFound => IncentivesCode::UserNotFound,
            ChangeTiersError::Refused(TierError::SystemNotFound) => IncentivesCode::TierSystemNotFound,
            ChangeTiersError::Refused(TierError::LevelNotFound) => IncentivesCode::TierLevelNotFound,
            ChangeTiersError::Refused(TierError::LevelNotLive) => IncentivesCode::TierLevelNotLive,
            ChangeTiersError::Refused(TierError::AsOf) => IncentivesCode::InvalidRequest,
            ChangeTiersError::IdempotencyConflict => IncentivesCode::IdempotencyConflict,
            ChangeTiersError::Amount(error) => return error.into(),
            ChangeTiersError::Engine(error) => return error.into(),
        };
        Self::new(code, message)
    }
}

impl IncentivesError {
    /// A write of one thing that was not done: its own code, and no payload (incentives.md 7.1, spend).
    pub fn of_single(error: PostError) -> Self {
        let refused = match Self::not_posted(error) {
            Ok(error) => return error,
            Err(refused) => refused,
        };
        let status = refused.details.first().map(|detail| detail.status);
        let status = status.unwrap_or(PostedStatus::NotAttempted);
        let message = match status {
            PostedStatus::InvalidAmount => "The amount or the time is not possible.",
            other => detail_message(other),
        };
        Self::new(IncentivesCode::Single(status), message)
    }

    /// A posting that was not done. `payload` shows the details of a refusal.
    pub fn of_posting(
        error: PostError,
        payload: impl FnOnce(&domain::customer::PostingRefused) -> PostingPayload,
    ) -> Self {
        let refused = match Self::not_posted(error) {
            Ok(error) => return error,
            Err(refused) => refused,
        };
        // Details that did not fail by themselves say only that another one did.
        let failed = |status: &PostedStatus| match status {
            PostedStatus::Ok | PostedStatus::NotAttempted => false,
            PostedStatus::InsufficientPoints
            | PostedStatus::AccountNotFound
            | PostedStatus::AccountInactive
            | PostedStatus::InvalidAmount
            | PostedStatus::SourceNotFound
            | PostedStatus::SourceNotLinked
            | PostedStatus::SourceLimitExceeded
            | PostedStatus::MaxBalanceExceeded
            | PostedStatus::NoDefaultAccount
            | PostedStatus::SameAccount
            | PostedStatus::RowNotFound
            | PostedStatus::AmountBelowConsumed
            | PostedStatus::NothingToReverse
            | PostedStatus::CustomerNotFound => true,
        };
        let first = refused.details.iter().map(|detail| detail.status).find(failed);
        Self::refused(first.unwrap_or(PostedStatus::NotAttempted), payload(&refused))
    }

    /// A posting that was not done for another reason than that its details were refused; otherwise the refusal.
    fn not_posted(error: PostError) -> Result<Self, Box<domain::customer::PostingRefused>> {
        Ok(match error {
            PostError::Refused(refused) => return Err(refused),
            PostError::NotFound => no_such_customer(),
            PostError::IdempotencyConflict => {
                let message = "An idempotency_id was used before with another body.";
                Self::new(IncentivesCode::IdempotencyConflict, message)
            }
            PostError::Amount(error) => error.into(),
            PostError::Engine(error) => error.into(),
        })
    }
}
