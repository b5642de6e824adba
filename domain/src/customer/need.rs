//! What a customer's decision may ask the shell to fetch.
//!
//! State stays bounded: old evaluation records and idempotency keys leave it. A decision that depends on one of them
//! does not guess; it asks, and is asked again with the answer.

use std::sync::Arc;

use super::{AnsweredEvent, EvaluationRecord, Fingerprint, History, Remembered};
use crate::{
    allotment::{Asking, Granted},
    id::SaleId,
    program::Program,
};

/// Something old that a decision depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// What a sale gave this customer, if anything.
    Evaluation(SaleId),
    /// What was answered under an idempotency key, if anything.
    Remembered(Fingerprint),
    /// The program as of a version.
    Program(u32),
    /// Everything that ever happened to the customer's points.
    History,
    /// What was answered to an event under a key, if anything.
    AnsweredEvent(Fingerprint),
    /// Something that all customers share: to be reserved.
    Allotment(Box<Asking>),
}

/// What has been fetched so far for one decision.
#[derive(Debug, Clone, Default)]
pub struct Fetched {
    /// Per sale asked for: its evaluation record, or that there is none.
    pub evaluations: Vec<(SaleId, Option<EvaluationRecord>)>,
    /// Per key asked for: the answer remembered, or that there is none.
    pub remembered: Vec<(Fingerprint, Option<Remembered>)>,
    /// Programs asked for.
    pub programs: Vec<Arc<Program>>,
    /// The customer's whole history.
    pub history: Option<Box<History>>,
    /// Per key of an event asked for: the answer, or that there is none.
    pub answered: Vec<(Fingerprint, Option<AnsweredEvent>)>,
    /// What has been reserved.
    pub grants: Vec<Granted>,
}
