//! What a sale is asked, and what it answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Content, ForgetMember, Payer};
use crate::{
    amount::AmountError,
    id::{CustomerId, IdentifierId, SaleId},
};

/// What a sale can be asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Take a version that a till has sent.
    Record {
        /// The sale's id, derived from its business key.
        id: SaleId,
        /// The request that brought it.
        request_id: Box<str>,
        /// Fingerprint of the request's body: the same id with another body is noticed.
        request_body: u64,
        /// What was sold.
        content: Arc<Content>,
        /// The members named on it, resolved.
        payers: Vec<Payer>,
        /// A member was named that nobody is.
        unknown_user: bool,
        /// Which endpoint brought it.
        endpoint: Endpoint,
    },
    /// Look at the version in force again: with the members that are there now, and with what they have been given.
    Replay {
        /// The version whose members were looked for; refused when it is in force no more.
        number: u32,
        /// The members named on it, resolved anew.
        payers: Vec<Payer>,
        /// A member is named that nobody is.
        unknown_user: bool,
    },
    /// Somebody whom it may name has become a member.
    Registered {
        /// By which identifier.
        identifier: IdentifierId,
        /// The member.
        customer: CustomerId,
    },
    /// Keep nothing that names a member who was erased.
    Forget(ForgetMember),
}

/// Which endpoint brings a version. Request ids count per endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// A till's `send_transaction`.
    SendTransaction,
    /// `ingest/transaction` or `ingest/batch`, as what is asked about under this id (incentives.md 7.16).
    Ingest(uuid::Uuid),
}

/// What a sale answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// What became of the version.
    Recorded(Receipt),
    /// The member is forgotten.
    Forgotten,
    /// Who has become a member has his part, if there was one for him.
    Noted,
}

/// What became of a version that a till has sent. Remembered under its request id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The sale.
    pub sale: SaleId,
    /// The till's id of it.
    pub transaction_id: Box<str>,
    /// The revision in force afterwards.
    pub revision: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// What was odd about it.
    pub warnings: Vec<SalesWarning>,
}

/// What became of a version (catalog-transactions.md F.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It is the version in force.
    Accepted,
    /// Newer, but the same content: only its time is kept.
    NoChange,
    /// The version in force, once more.
    Duplicate,
    /// Older than the version in force: kept in the history, without effects.
    Stale,
}

/// Something odd that is no reason to refuse a sale (catalog-transactions.md D.1, F.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SalesWarning {
    /// A member was named that nobody is.
    UserNotFound,
    /// The lines do not sum to the subtotal.
    TotalsMismatch,
    /// Another version with the same time was there; the later arrival won.
    SameModifiedTime,
    /// Too old to be evaluated.
    TooOld,
    /// A time in the future was brought to the time of arrival.
    ClockSkew,
}

impl SalesWarning {
    /// Its wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserNotFound => "user_not_found",
            Self::TotalsMismatch => "totals_mismatch",
            Self::SameModifiedTime => "same_modified_time",
            Self::TooOld => "too_old",
            Self::ClockSkew => "clock_skew",
        }
    }
}

/// Why a sale refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The amounts of the payments do not sum to an amount.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// Another version is in force than the one that was to be looked at again.
    #[error("another version of the sale is in force")]
    Superseded,
}
