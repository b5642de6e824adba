//! What has happened to a customer. Stored for ever: enums grow at the end only, members are never reinterpreted.

use serde::{Deserialize, Serialize};

use super::{
    BudgetPart, CountersSet, EvaluationRecord, EventTriggered, Fingerprint, Forgotten, JobStepped,
    MergedAway, MergedIn, Profile, Review, StateReset, Tag, TierDated, TierRequestKept,
};
use crate::{
    amount::Points,
    id::{
        CustomerId, LedgerRowId, OutcomeId, PointAccountId, PointSourceId, RuleTreeId, SaleId, TierLevelId,
        TierMovementId, TierSystemId, UserPointAccountId, UserTierId,
    },
    ledger::{Draw, Lot, Movement},
    rules::{Award, CountChange, CountKey, LimitUse, Refused},
    time::Timestamp,
};

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The customer came into being.
    Created {
        /// The customer.
        id: CustomerId,
        /// Who it is.
        profile: Box<Profile>,
        /// When.
        at: Timestamp,
    },
    /// The profile is now this one.
    ProfileChanged {
        /// The whole new profile.
        profile: Box<Profile>,
        /// When.
        at: Timestamp,
    },
    /// The customer joined or moved to levels.
    TiersEntered {
        /// In order.
        moves: Vec<TierMove>,
        /// When.
        at: Timestamp,
    },
    /// Lots ran out.
    PointsExpired {
        /// Each at its own expiry.
        movements: Vec<Movement>,
        /// When it was written down.
        at: Timestamp,
        /// Everything that ran out by then is among them, or was written down before.
        through: Timestamp,
    },
    /// A deposit or spend was done.
    PointsPosted(Box<PointsPosted>),
    /// A revision of a sale was evaluated and the difference booked.
    SaleCredited(Box<SaleCredited>),
    /// Lots that the state had left out are held again: those that are spent next.
    LotsRecalled {
        /// Their account.
        account: PointAccountId,
        /// The lots, in spend order.
        lots: Vec<Lot>,
    },
    /// Lots have got another date of expiry.
    LotsRedated {
        /// Their account.
        account: PointAccountId,
        /// What they are from now on.
        lots: Vec<Lot>,
    },
    /// Levels were reviewed and are still held, or their next review was set.
    TierReviewsSet {
        /// One per level.
        reviews: Vec<ReviewSet>,
        /// The time of the review, which may lie before the time at which it was written down.
        at: Timestamp,
    },
    /// Joining levels or staying in them gave something.
    TierBenefitsGiven {
        /// In order.
        benefits: Vec<TierBenefit>,
        /// When.
        at: Timestamp,
        /// When it was written down.
        written: Timestamp,
    },
    /// The customer was taken out of a tier system.
    TierLeft(Box<TierLeft>),
    /// A request about the levels was done under an idempotency id.
    TierRequestKept(Box<TierRequestKept>),
    /// The customer stands under another moment in the index of due moments.
    DueNoted {
        /// Which; none: it stands there no more.
        due: Option<Timestamp>,
    },
    /// Rules did something that gives no points.
    RulesActed(Box<RulesActed>),
    /// An event was evaluated and what it gave was booked.
    EventTriggered(Box<EventTriggered>),
    /// Nodes counted points that came or went on request.
    PointsCounted {
        /// What they add.
        counted: Vec<CountChange>,
        /// Parts that no trigger from here on looks back to may be forgotten.
        matters_from: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// What comes before it was done by a job.
    JobStepped(JobStepped),
    /// The customer was erased: nothing is kept of it, and this least of all.
    Forgotten(Box<Forgotten>),
    /// Named counters were set.
    CountersSet(Box<CountersSet>),
    /// What was counted and used was forgotten.
    StateReset {
        /// Which of it.
        reset: StateReset,
        /// When.
        at: Timestamp,
    },
    /// Everything was given to another customer.
    MergedAway(Box<MergedAway>),
    /// Everything that another customer had was taken in.
    MergedIn(Box<MergedIn>),
    /// Levels are held since when another customer joined them.
    TiersDated(Vec<TierDated>),
}

impl Event {
    /// Something of what is remembered besides points and levels may have changed (incentives.md 7.9).
    pub(super) const fn moves_user_state(&self) -> bool {
        match self {
            Self::TiersEntered { .. }
            | Self::PointsExpired { .. }
            | Self::PointsPosted(_)
            | Self::SaleCredited(_)
            | Self::TierBenefitsGiven { .. }
            | Self::RulesActed(_)
            | Self::EventTriggered(_)
            | Self::PointsCounted { .. }
            | Self::CountersSet(_)
            | Self::StateReset { .. }
            | Self::MergedAway(_)
            | Self::MergedIn(_) => true,
            Self::Created { .. }
            | Self::ProfileChanged { .. }
            | Self::LotsRecalled { .. }
            | Self::LotsRedated { .. }
            | Self::TierReviewsSet { .. }
            | Self::TierLeft(_)
            | Self::TierRequestKept(_)
            | Self::DueNoted { .. }
            | Self::Forgotten(_)
            | Self::TiersDated(_)
            | Self::JobStepped(_) => false,
        }
    }
}

/// What rules did besides giving points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesActed {
    /// When it was decided.
    pub at: Timestamp,
    /// The sale or event that caused it.
    pub trigger: uuid::Uuid,
    /// The till's id of the sale; empty when an event caused it.
    pub transaction_id: Box<str>,
    /// What was spent or ran out, and because of what.
    pub movements: Vec<(Cause, Movement)>,
    /// Tags given.
    pub tags_added: Vec<Tag>,
    /// Tags taken.
    pub tags_removed: Vec<Box<str>>,
}

/// A customer joined a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierMove {
    /// Names the membership.
    pub id: UserTierId,
    /// Names the movement.
    pub movement: TierMovementId,
    /// Of which system.
    pub system: TierSystemId,
    /// The level before, if any.
    pub from: Option<TierLevelId>,
    /// The level now.
    pub to: TierLevelId,
    /// Up or down.
    pub direction: Direction,
    /// Why.
    pub cause: TierMoveCause,
    /// What the caller gave as its reason; empty: nothing.
    pub reason: Box<str>,
    /// When the level is reviewed next.
    pub review: Option<Review>,
}

/// Which way a movement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// To a level of a higher rank, or into a system.
    Up,
    /// To a level of a lower rank, or out of a system.
    Down,
}

/// Why a customer changed level (incentives.md 8.4). Stored: grows at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TierMoveCause {
    /// First contact with the system.
    Enrolled,
    /// The entrance rules of a higher level passed, or no longer pass after a return.
    Qualifying,
    /// The stay rules did not pass.
    Maintenance,
    /// By hand.
    Manual,
    /// The outcome of a rule.
    Rule,
    /// Brought along from another system.
    Import,
    /// Another customer who held it was merged into this one, or this one into another.
    Merged,
}

impl TierMoveCause {
    /// Its name (`cause`, incentives.md 7.6, 8.4).
    pub const fn as_str(self) -> &'static str {
        match self {
            // The platform has no word for joining the default level: everybody qualifies for it.
            Self::Enrolled | Self::Qualifying => "qualifying",
            Self::Maintenance => "maintenance",
            Self::Manual => "manual",
            Self::Rule => "rule",
            // The platform's word for levels that are brought along.
            Self::Import | Self::Merged => "import",
        }
    }
}

/// The next review of a level that is held on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewSet {
    /// The system of the level.
    pub system: TierSystemId,
    /// When the level is reviewed next; none: it has no maintenance.
    pub review: Option<Review>,
    /// What led to it.
    pub result: ReviewResult,
}

impl ReviewSet {
    /// The stay rules were looked at.
    pub const fn is_review(&self) -> bool {
        match self.result {
            ReviewResult::Scheduled => false,
            ReviewResult::Passed | ReviewResult::Failed => true,
        }
    }
}

/// What led to a new date for the next review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReviewResult {
    /// The settings of the level's maintenance have changed.
    Scheduled,
    /// The stay rules passed.
    Passed,
    /// The stay rules did not pass, but there is no level below.
    Failed,
}

/// What joining a level, or staying in it, gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierBenefit {
    /// The level.
    pub level: TierLevelId,
    /// For what.
    pub kind: BenefitKind,
    /// What was written.
    pub entries: Vec<Entry>,
    /// Outcomes that gave nothing, or less.
    pub refused: Vec<Refused>,
    /// The use of the level's cap, if it has one.
    pub used: Option<JoiningUse>,
    /// What was spent or ran out, and because of what; before `entries`.
    pub acted: Vec<(Cause, Movement)>,
    /// Outcomes that give no points and were carried out.
    pub done: Vec<Cause>,
    /// Tags given.
    pub tags_added: Vec<Tag>,
    /// Tags taken.
    pub tags_removed: Vec<Box<str>>,
    /// Events to happen because of it, in order.
    pub published: Vec<PublishedEvent>,
    /// What it used of the limits.
    pub uses: Vec<LimitUse>,
}

impl TierBenefit {
    /// What was written, in order.
    pub fn movements(&self) -> impl Iterator<Item = &Movement> {
        let acted = self.acted.iter().map(|(_, movement)| movement);
        acted.chain(self.entries.iter().map(|entry| &entry.movement))
    }
}

/// An event that a rule publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedEvent {
    /// Which, upper case.
    pub lookup: Box<str>,
    /// A flat JSON object.
    pub context: Option<Box<str>>,
}

/// For what a level gives something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BenefitKind {
    /// For joining it.
    Joining,
    /// For staying in it at a review.
    Staying,
}

/// A joining benefit that counts against the level's cap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoiningUse {
    /// The level.
    pub level: TierLevelId,
    /// When.
    pub at: Timestamp,
    /// When it counts no more; none: never.
    pub until: Option<Timestamp>,
    /// How many times.
    pub times: u32,
}

/// A customer was taken out of a tier system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierLeft {
    /// Names the movement.
    pub movement: TierMovementId,
    /// Which system.
    pub system: TierSystemId,
    /// The level held until then.
    pub from: TierLevelId,
    /// Why.
    pub cause: TierMoveCause,
    /// What the caller gave as its reason; empty: nothing.
    pub reason: Box<str>,
    /// When.
    pub at: Timestamp,
}

/// A deposit or spend on request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsPosted {
    /// When it was decided.
    pub at: Timestamp,
    /// One per detail that was done.
    pub details: Vec<PostedDetail>,
    /// How many of `movements` belong to each of `details`, in order.
    pub rows: Vec<u16>,
    /// The rows written.
    pub movements: Vec<Movement>,
    /// Loyalty events of it were published: it counts as activity of the customer.
    pub published: bool,
    /// What earlier rows it undoes or corrects.
    pub about: About,
    /// Fingerprint of each detail's body under its idempotency key.
    pub keys: Vec<(Fingerprint, Fingerprint)>,
}

/// What earlier rows a posting is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// None.
    Nothing,
    /// It undoes these.
    Reversal(Vec<Reversed>),
    /// It corrects this one.
    Correction(LedgerRowId),
    /// It takes in what another customer has given.
    Received {
        /// Who gave it.
        from: CustomerId,
        /// The giver's rows that took it.
        rows: Vec<LedgerRowId>,
    },
}

/// How much of a row is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversed {
    /// The row.
    pub row: LedgerRowId,
    /// How many of its points.
    pub points: Points,
    /// What lots get back with which they had repaid it: of an overdraft only.
    pub repaid: Vec<Draw>,
}

/// The result of one detail, as it is answered and remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedDetail {
    /// What came of it.
    pub status: PostedStatus,
    /// Per account touched; a failed detail has one without an amount, or none.
    pub rows: Vec<PostedRow>,
    /// As sent.
    pub reference_id: Box<str>,
    /// As sent.
    pub reference_type: Box<str>,
    /// As sent.
    pub transaction_id: Box<str>,
    /// Shared by all rows of the detail.
    pub tracking_id: uuid::Uuid,
    /// As sent, or made.
    pub idempotency_id: Box<str>,
    /// A repeat: this is the first result again.
    pub replayed: bool,
    /// Points asked for that were not given or taken, and why: a limit, or a balance that stops at zero.
    pub shortfall: Points,
}

/// One account's part of a detail's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedRow {
    /// The account.
    pub account: PointAccountId,
    /// The customer's use of it; none: never used.
    pub user_account: Option<UserPointAccountId>,
    /// The source named in the request.
    pub source: Option<PointSourceId>,
    /// How many points were given or taken.
    pub amount: Points,
    /// The balance after it.
    pub remaining_balance: Points,
    /// The lifetime value after it.
    pub life_time_value: Points,
}

/// What came of a detail (incentives.md 3.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PostedStatus {
    /// Done.
    Ok,
    /// The pool holds less.
    InsufficientPoints,
    /// No such account.
    AccountNotFound,
    /// The account takes part in nothing.
    AccountInactive,
    /// The amount is not above zero, or the time is in the future or too far back.
    InvalidAmount,
    /// No such source, or an inactive one.
    SourceNotFound,
    /// The source does not fill that account.
    SourceNotLinked,
    /// A restriction of the source.
    SourceLimitExceeded,
    /// The account's ceiling.
    MaxBalanceExceeded,
    /// Another detail failed and partial success was not allowed.
    NotAttempted,
    /// The pool is empty by configuration.
    NoDefaultAccount,
    /// Points would go where they are.
    SameAccount,
    /// No such row, or none that can be corrected.
    RowNotFound,
    /// More of the row has been spent or has expired.
    AmountBelowConsumed,
    /// No deposit or spend is meant.
    NothingToReverse,
    /// Whoever was to get the points is no more.
    CustomerNotFound,
}

/// A revision of a sale was evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleCredited {
    /// When it was decided.
    pub at: Timestamp,
    /// Which sale.
    pub sale: SaleId,
    /// Which revision.
    pub revision: u32,
    /// The till's id of it, for the audit log.
    pub transaction_id: Box<str>,
    /// Business time of the evaluation.
    pub business_time: Timestamp,
    /// The program it was evaluated under; later revisions are too (incentives.md 9.1).
    pub program_version: u32,
    /// The levels held before.
    pub tiers: Vec<(TierSystemId, TierLevelId)>,
    /// What was written.
    pub entries: Vec<Entry>,
    /// What the sale would have given but for a ceiling or a source's limit; replaces what was remembered of it.
    pub forfeited: Vec<Award>,
    /// What should have been taken back and was not there to take: below zero. Above zero: what was kept that way and
    /// is given again.
    pub waived: Vec<Award>,
    /// Changes to what is used of the limits.
    pub uses: Vec<LimitUse>,
    /// Uses of limits that no sale at or after this time is affected by may be forgotten.
    pub uses_matter_from: Timestamp,
    /// What the sale had given before, when that had left the state and was fetched from the history.
    pub recalled: Option<Box<EvaluationRecord>>,
    /// Outcomes that passed and gave nothing.
    pub refused: Vec<Refused>,
    /// Trees whose arithmetic failed.
    pub failed: Vec<RuleTreeId>,
    /// Since when the levels were held.
    pub joined: Vec<Timestamp>,
    /// The tags held before.
    pub tags: Vec<Box<str>>,
    /// What it changes in what nodes have counted.
    pub counted: Vec<CountChange>,
    /// What the nodes had counted before the first evaluation.
    pub counts_before: Vec<(CountKey, i64)>,
    /// Outcomes that give no points and were carried out this time.
    pub acted: Vec<Cause>,
    /// What it changes in what the sale has taken of the budgets of trees.
    pub budgets: Vec<BudgetPart>,
}

/// A movement and what caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The row.
    pub movement: Movement,
    /// Its cause.
    pub cause: Cause,
    /// The account the cause gives to. The row may be in another one, that its points have rolled over into.
    pub account: PointAccountId,
    /// The source the cause gives from.
    pub source: PointSourceId,
}

/// The rule that gave or took points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The tree.
    pub tree: RuleTreeId,
    /// Its outcome.
    pub outcome: OutcomeId,
}
