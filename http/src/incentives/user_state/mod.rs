//! `POST /incentives/api/1.0/user_state/...`: what the rules remember of a customer (incentives.md 7.9). One file for
//! each endpoint; here is the object that all of them answer.

mod fetch;
mod merge;
mod object;
mod reset;
mod set_counters;

pub(crate) use fetch::{__path_fetch_user_state, fetch_user_state};
pub(crate) use merge::{__path_merge_user_state, merge_user_state};
pub use object::{UserStateObject, state_object};
pub(crate) use reset::{__path_reset_user_state, reset_user_state};
pub(crate) use set_counters::{__path_set_counters, set_counters};

use actors::ChangeStateError;
use domain::customer::StateCommand;

use super::{IncentivesCode, IncentivesError, request::Named};
use crate::{
    json::{
        FaultCode, Member, Reader,
        wire::{caseless, wire_types},
    },
    state::HttpState,
};

wire_types! {
    /// A member of the state, in any letter case.
    StateSection => caseless(&Section::ALL.map(Section::name));
    /// A member of the state that can be reset, in any letter case.
    ResettableSection => caseless(&["counters", "node_counters", "outcome_usage", "joining_usage"]);
}

/// The parts of what is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Counters that callers keep.
    Counters,
    /// What nodes have counted.
    NodeCounters,
    /// What is used of limits.
    OutcomeUsage,
    /// What is used of the caps on joining levels.
    JoiningUsage,
    /// When the customer last did what keeps points alive.
    LastActivity,
    /// Tags.
    Tags,
}

impl Section {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Counters,
        Self::NodeCounters,
        Self::OutcomeUsage,
        Self::JoiningUsage,
        Self::LastActivity,
        Self::Tags,
    ];

    /// The member of the object.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counters => "counters",
            Self::NodeCounters => "node_counters",
            Self::OutcomeUsage => "outcome_usage",
            Self::JoiningUsage => "joining_usage",
            Self::LastActivity => "last_activity",
            Self::Tags => "tags",
        }
    }
}

/// Reads `sections`: names of members of the object. Nothing when none is named.
fn read_sections(reader: &mut Reader<'_>, member: Member<'_>) -> Option<Vec<Section>> {
    let sections = reader.elements("sections", member, |reader, section| {
        let name = reader.key("", section)?;
        let known = Section::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(&name));
        if known.is_none() {
            reader.fault("", FaultCode::NotInList, "is no section of the state");
        }
        known
    });
    (!sections.is_empty()).then_some(sections)
}

/// Has it done, and shows what is remembered then.
async fn change(
    state: &HttpState,
    named: Named,
    command: StateCommand,
) -> Result<UserStateObject, IncentivesError> {
    let customer = named.resolve(state).await?;
    state.engine().change_state(customer, command).await?;
    UserStateObject::read(state, &named, customer, &Section::ALL).await
}

impl From<ChangeStateError> for IncentivesError {
    fn from(error: ChangeStateError) -> Self {
        let message = error.to_string();
        let code = match error {
            ChangeStateError::NotFound => IncentivesCode::UserNotFound,
            ChangeStateError::VersionConflict => IncentivesCode::StateVersionConflict,
            ChangeStateError::IdempotencyConflict => IncentivesCode::IdempotencyConflict,
            ChangeStateError::TooManyCounters => IncentivesCode::TooManyCounters,
            ChangeStateError::Amount(error) => return error.into(),
            ChangeStateError::Engine(error) => return error.into(),
        };
        Self::new(code, message)
    }
}
