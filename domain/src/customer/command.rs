//! What a customer can be asked to do, and the answers.

use std::sync::Arc;

use super::{AuditRow, PostedDetail, Profile};
use crate::{
    amount::{AmountError, Points},
    id::{CustomerId, LedgerRowId, PointAccountId, PointSourceId, SaleId},
    rules::Share,
    sale::Content,
    time::Timestamp,
};

/// What a customer can be asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Come into being. The identifiers must have been claimed.
    Create {
        /// The new customer's id.
        id: CustomerId,
        /// Who it is.
        profile: Box<Profile>,
        /// The claims of the identifiers hold at least until then; later the creation is refused.
        claimed_until: Timestamp,
    },
    /// Change who it is. New identifiers must have been claimed.
    Update {
        /// The whole new profile.
        profile: Box<Profile>,
        /// The profile the change was made on; refused when another change came between.
        based_on: Timestamp,
        /// The claims of new identifiers hold at least until then.
        claimed_until: Timestamp,
    },
    /// Book what a sale earns, or the difference to what it earned before.
    CreditSale(Box<CreditSale>),
    /// Deposit or spend points on request.
    Post(Box<Posting>),
    /// Write down what has run out; see [`Customer::next_point_due`](super::Customer::next_point_due).
    ExpireDue,
}

/// A revision of a sale, for one of its payers.
#[derive(Debug, Clone)]
pub struct CreditSale {
    /// Which sale.
    pub sale: SaleId,
    /// Which revision of it; counts from 1.
    pub revision: u32,
    /// What was sold.
    pub content: Arc<Content>,
    /// When it counts as sold: fixed by the first closed revision.
    pub business_time: Timestamp,
    /// The sale has credited this customer before, so there is (or was) a record of it.
    pub credited_before: bool,
    /// This customer's part; none: the customer no longer pays for it, and everything earned is taken back.
    pub share: Option<Share>,
}

/// Deposits or spends of one request, decided together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// What is to be done.
    pub purpose: Purpose,
    /// Details that fail leave the others alone; details that fit in part are done in part (incentives.md 4.3, 4.5).
    pub allow_partial_success: bool,
    /// No loyalty events, hence no tier qualification (incentives.md 1.6).
    pub disable_event_publishing: bool,
}

/// What a request wants, its details in the order of their processing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// incentives.md 7.1, deposit.
    Deposit(Vec<DepositDetail>),
    /// incentives.md 7.1, spend_multiple.
    Spend(Vec<SpendDetail>),
}

/// One deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositDetail {
    /// Above zero, or it fails with `invalid_amount`.
    pub amount: Points,
    /// Where the points go.
    pub account: PointAccountId,
    /// Where they come from.
    pub source: PointSourceId,
    /// The caller's business id; `modification_entity_id`.
    pub reference_id: Box<str>,
    /// The caller's reason; `modification_type`.
    pub reference_type: Box<str>,
    /// Repeats under the same key answer the first result; none: a new one is made.
    pub idempotency_id: Option<Box<str>>,
    /// The purchase it belongs to.
    pub transaction_id: Box<str>,
    /// Business time; none: now. At most two years back.
    pub occurred: Option<Timestamp>,
}

/// One spend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendDetail {
    /// Above zero, or it fails with `invalid_amount`.
    pub amount: Points,
    /// The pool; empty: the accounts of the default pool.
    pub accounts: Vec<PointAccountId>,
    /// Consume only lots of this source.
    pub source: Option<PointSourceId>,
    /// Overdraw where the account allows it.
    pub force: bool,
    /// Takes back earned points.
    pub is_return: bool,
    /// The caller's business id.
    pub reference_id: Box<str>,
    /// The caller's reason.
    pub reference_type: Box<str>,
    /// Repeats under the same key answer the first result; none: a new one is made.
    pub idempotency_id: Option<Box<str>>,
    /// The purchase being paid.
    pub transaction_id: Box<str>,
    /// Business time; none: now.
    pub occurred: Option<Timestamp>,
    /// Id of the (first) resulting row, chosen by the caller.
    pub row: Option<LedgerRowId>,
    /// Id of a resulting overdraft row, chosen by the caller.
    pub overdraft_row: Option<LedgerRowId>,
    /// Time of a resulting overdraft row, chosen by the caller.
    pub overdraft_occurred: Option<Timestamp>,
}

/// What a customer answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Created or updated.
    Done,
    /// The sale is booked, or was already.
    Credited,
    /// The details of the posting, in the order of the request, and the rows it wrote.
    Posted {
        /// One per detail of the request.
        details: Vec<PostedDetail>,
        /// New rows of the audit log.
        rows: Vec<AuditRow>,
        /// When.
        at: Timestamp,
    },
}

/// Why a customer refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such customer.
    #[error("there is no such customer")]
    NotFound,
    /// There is a customer of that id already.
    #[error("there is a customer of that id already")]
    Exists,
    /// The creation came later than its claims hold.
    #[error("the claims of the identifiers have run out; start again")]
    ClaimsExpired,
    /// The profile has changed since the caller read it.
    #[error("the profile has changed meanwhile; read it and change it again")]
    Conflict,
    /// Nothing of the posting was done.
    #[error("the posting was refused")]
    Refused(Box<PostingRefused>),
    /// A known idempotency key came with another body (incentives.md 4.8).
    #[error("the idempotency id was used with another body")]
    IdempotencyConflict,
    /// A number on the way does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// A posting of which nothing was done (incentives.md 4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingRefused {
    /// One per detail of the request; those that did not fail say that they were not attempted.
    pub details: Vec<PostedDetail>,
    /// When.
    pub at: Timestamp,
}
