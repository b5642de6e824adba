//! What a customer can be asked to do, and the answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AuditRow, Forget, Forgetting, JobStep, MergeCommand, OutcomeResult, PostedDetail, Profile, StateCommand,
    StepOutcome, TierCommand, TierError, TiersDecided, Transfer, TransferReturned, Triggered, UserEvent,
};
use crate::{
    allotment::ReservationKey,
    amount::{AmountError, Points},
    id::{AllotmentId, CustomerId, LedgerRowId, PointAccountId, PointSourceId, SaleId},
    ledger::ExpiringAmount,
    rules::{NAMED_MAX, Share},
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
    /// Change levels on request.
    Tiers(Box<TierCommand>),
    /// Do what is due, and nothing else.
    Settle,
    /// Let an event happen.
    Trigger(Box<UserEvent>),
    /// Change what the rules remember, on request.
    State(Box<StateCommand>),
    /// Have a job's turn.
    Job(Box<JobStep>),
    /// Cease to exist (incentives.md 7.17).
    Forget(Box<Forget>),
    /// Merge with another customer (incentives.md 7.9).
    Merge(Box<MergeCommand>),
    /// Tell an allotment that everything decided so far has been told.
    Tell {
        /// Whom.
        allotment: AllotmentId,
        /// About which reservation.
        key: ReservationKey,
        /// As asked.
        round: u32,
    },
}

/// A revision of a sale, for one of its payers. Stored, when it follows points to another customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditSale {
    /// Whose turn it is.
    pub customer: CustomerId,
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
    /// incentives.md 7.1, transfer between two accounts of the customer.
    Move(MoveDetail),
    /// incentives.md 7.1, expire.
    Expire(ExpireDetail),
    /// incentives.md 7.1, modify.
    Modify(ModifyDetail),
    /// incentives.md 7.2, reverse.
    Reverse(ReverseDetail),
    /// incentives.md 7.1, transfer to another customer.
    Send(SendDetail),
    /// What another customer has sent.
    Receive(Box<Transfer>),
    /// What this customer has sent and nobody has taken in.
    TakeBack(Box<TransferReturned>),
    /// incentives.md 7.18: points that another system has issued.
    Seed(SeedDetail),
}

/// How the caller names what it asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    /// The caller's business id; `modification_entity_id`.
    pub reference_id: Box<str>,
    /// The caller's reason; `modification_type`.
    pub reference_type: Box<str>,
    /// Repeats under the same key answer the first result; none: a new one is made.
    pub idempotency_id: Option<Box<str>>,
}

/// Points from accounts of the customer into another of its accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveDetail {
    /// The pool; empty: the accounts of the default pool.
    pub from: Vec<PointAccountId>,
    /// Where they go.
    pub to: PointAccountId,
    /// Above zero.
    pub amount: Points,
    /// Each lot keeps its time and its date of expiry; else the time in the new account begins now.
    pub preserve_expiration: bool,
    /// How it is named.
    pub naming: Naming,
}

/// Points for another customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendDetail {
    /// For whom.
    pub customer: CustomerId,
    /// What the ceiling of the account left there a moment ago, so that a transfer that cannot succeed is refused
    /// before anything moves; none: it has no ceiling. It is looked at again when the points arrive.
    pub room: Option<Points>,
    /// What goes where.
    pub detail: MoveDetail,
}

/// Points that run out at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpireDetail {
    /// Of which accounts, in this order; at least one.
    pub accounts: Vec<PointAccountId>,
    /// How much of each lot, or how many altogether.
    pub what: ExpiringAmount,
    /// Only lots of this source.
    pub source: Option<PointSourceId>,
    /// Only lots that were earned before.
    pub older_than: Option<Timestamp>,
    /// They roll over where the account's policy says so, instead of vanishing.
    pub allow_rollover: bool,
    /// How it is named.
    pub naming: Naming,
}

/// A correction of a positive row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModifyDetail {
    /// The row.
    pub row: LedgerRowId,
    /// What it should have been; not less than what of it has been spent or has expired.
    pub new_amount: Points,
    /// When what remains of it expires from now on; none: as before.
    pub new_expiration: Option<Timestamp>,
    /// How it is named.
    pub naming: Naming,
}

/// A deposit or spend that is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReverseDetail {
    /// Which.
    pub target: ReversalTarget,
    /// How many of its points; none: all that are left.
    pub amount: Option<Points>,
    /// How it is named.
    pub naming: Naming,
}

/// What is to be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReversalTarget {
    /// All rows of a detail.
    Tracking(Box<str>),
    /// All rows of the detail under a key.
    Idempotency(Box<str>),
    /// One row.
    Row(LedgerRowId),
    /// All spends for a purchase; all deposits when nothing is left of its spends.
    Transaction(Box<str>),
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

/// Points that another system has issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedDetail {
    /// The row they get: the same when it is asked for again.
    pub row: LedgerRowId,
    /// What they are. However long ago it was; no limit of the source and no ceiling of the account counts.
    pub deposit: DepositDetail,
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
    /// What came of an event.
    Triggered(Box<Triggered>),
    /// The details of the posting, in the order of the request, and the rows it wrote.
    Posted {
        /// One per detail of the request.
        details: Vec<PostedDetail>,
        /// New rows of the audit log.
        rows: Vec<AuditRow>,
        /// When.
        at: Timestamp,
        /// What came of the events that it led to (incentives.md 7.2); nothing in a repeat.
        outcomes: Vec<OutcomeResult>,
    },
    /// What was done about the levels.
    Tiers(Box<TiersDecided>),
    /// Nothing is due any more.
    Settled,
    /// What came of a job.
    Stepped(StepOutcome),
    /// The customer is no more.
    Forgotten(Forgetting),
    /// Everything has gone under this id; none: there was nothing to give.
    Merged(Option<Uuid>),
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
    /// There is no such event, or it is not live.
    #[error("there is no such event")]
    EventNotFound,
    /// The event's time lies ahead, or so far back that nothing is evaluated any more.
    #[error("the time of occurrence lies ahead, or too far back")]
    OccurrenceOutOfRange,
    /// A known idempotency key came with another body (incentives.md 4.8).
    #[error("the idempotency id was used with another body")]
    IdempotencyConflict,
    /// What is remembered is not of the version that the caller has seen (incentives.md 7.9).
    #[error("the state has another version")]
    StateVersionConflict,
    /// The customer would have more named counters than there may be.
    #[error("a customer has at most {NAMED_MAX} counters")]
    TooManyCounters,
    /// Nothing was done about the levels.
    #[error(transparent)]
    Tier(TierError),
    /// A number on the way does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The customer has more lots than go to another at once.
    #[error("the customer has more lots than go to another at once")]
    TooMuchToMerge,
    /// The customer has more sales or ledger rows than can be erased at once.
    #[error("more sales or ledger rows hang on the customer than can be erased at once")]
    TooMuchToForget,
}

/// A posting of which nothing was done (incentives.md 4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingRefused {
    /// One per detail of the request; those that did not fail say that they were not attempted.
    pub details: Vec<PostedDetail>,
    /// When.
    pub at: Timestamp,
}
