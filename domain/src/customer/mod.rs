//! The customer: identity, points, tiers and rule state.
//!
//! Owns what a customer has and how that changes. Does not know sales beyond what they earned, nor who asks.

mod acting;
mod allotted;
mod audit;
mod cascade;
mod command;
mod counting;
mod credit;
mod due;
mod event;
mod explain;
mod forgetting;
mod happened;
mod history;
mod job_step;
mod memory;
mod merge;
mod need;
mod outlook;
mod posting;
mod profile;
mod raised;
mod rare;
mod recall;
mod rule_state;
mod sale_outcomes;
mod standpoint;
mod state;
mod stop;
mod tags;
mod tier;
mod transfer;
mod user_state;
mod view;

pub use allotted::BudgetPart;
pub use audit::{AuditKind, AuditLog, AuditRow, CausedBy};
use cascade::Decided;
pub use command::{
    Command, CreditSale, DepositDetail, Error, ExpireDetail, ModifyDetail, MoveDetail, Naming, Posting,
    PostingRefused, Purpose, Reply, ReversalTarget, ReverseDetail, SeedDetail, SendDetail, SpendDetail,
};
pub use event::{
    About, BenefitKind, Cause, Direction, Entry, Event, JoiningUse, PointsPosted, PostedDetail, PostedRow,
    PostedStatus, PublishedEvent, Reversed, ReviewResult, ReviewSet, RulesActed, SaleCredited, TierBenefit,
    TierLeft, TierMove, TierMoveCause,
};
pub use explain::{
    CutKind, Explained, Limited, LookedAt, LookedFor, LotTouched, MissingProgram, Past, PostedAs, Programs,
    Recorded, RowPart, RowPlace, Unreproduced,
};
pub use forgetting::{Forget, Forgetting, Forgotten, Traces};
pub use happened::{
    AnsweredEvent, AnsweredEvents, EventTriggered, OutcomeResult, PointsGiven, Triggered, UserEvent,
};
pub use history::History;
pub use job_step::{JobStep, JobStepped, StepOutcome};
pub use memory::{EvaluationRecord, Fingerprint, Granted, Memory, Recall, Remembered};
use merge::MergeNote;
pub use merge::{Merge, MergeCommand, MergedAccount, MergedAway, MergedIn, MovedCredit, TierDated};
pub use need::{Fetched, Need};
pub use outlook::{Foreseen, Outlook, Supposed, Supposition};
pub use profile::{
    Address, Change, ExternalId, IdentifierChange, Names, Phone, PhoneChange, Profile, ProfileChange,
    ProfileFault, ProfileFaultReason,
};
pub use rare::{Moved, Rare, RareParts};
pub use rule_state::RuleState;
pub use state::{Customer, Effect, Identity};
pub use tags::Tag;
use tier::TierDraft;
pub use tier::{
    MaintenanceRun, Placement, Review, TierCommand, TierError, TierHistory, TierMovement, TierRequestKept,
    Tiers, TiersDecided, UserTier,
};
pub use transfer::{Drawn, Transfer, TransferReturned};
pub use user_state::{CounterChange, CountersSet, SetCounters, StateCommand, StateReset, StateSection};
pub use view::{AccountBalance, Balances, Expiration};
