//! `POST /incentives/api/1.0/user_state/reset` (incentives.md 7.9).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::customer::{StateCommand, StateReset, StateSection};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, Named, answer},
    },
    Section, UserStateObject, change, read_sections,
};
use crate::{
    json::{FaultCode, Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Trees of one call at most.
const TREES_MAX: usize = 50;

/// What to forget.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ResetStateRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Only what belongs to these rule trees, at most 50; default: everything.
    #[schema(value_type = Option<Vec<wire::Guid>>, max_items = 50)]
    tree_ids: Member<'a>,
    /// Of `counters`, `node_counters`, `outcome_usage`, `joining_usage`; default: all that can belong to what is named.
    /// With `tree_ids` only `node_counters` and `outcome_usage`: the others belong to no tree.
    #[schema(value_type = Option<Vec<Option<super::ResettableSection>>>)]
    sections: Member<'a>,
}

/// Forget what was counted and used. Points, levels, tags and the times of activities stay. Answers the whole state.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_state/reset",
    tag = "incentives",
    request_body = ResetStateRequest,
    responses(
        (status = 200, description = "What is remembered now", body = IncentivesAnswer<UserStateObject>),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn reset_user_state(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, reset) = read(&body)?;
        change(state, named, StateCommand::Reset(reset)).await
    })
    .await
}

fn read(body: &[u8]) -> Result<(Named, StateReset), IncentivesError> {
    let request: ResetStateRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let trees = reader.elements("tree_ids", request.tree_ids, |reader, id| reader.required_guid("", id));
    if trees.len() > TREES_MAX {
        reader.fault("tree_ids", FaultCode::Limit, format!("must have at most {TREES_MAX} elements"));
    }
    let wanted = read_sections(&mut reader, request.sections);
    let mut sections = Vec::new();
    for section in wanted.as_deref().unwrap_or_default() {
        match forgettable(*section) {
            Some((_, false)) if !trees.is_empty() => {
                let message = format!("{} belongs to no rule tree", section.name());
                reader.fault("sections", FaultCode::Conflict, message);
            }
            Some((section, _)) => sections.push(section),
            None => {
                let message = format!("{} cannot be reset", section.name());
                reader.fault("sections", FaultCode::Conflict, message);
            }
        }
    }
    if wanted.is_none() {
        let all = Section::ALL.into_iter().filter_map(forgettable);
        sections = all.filter(|(_, of_tree)| *of_tree || trees.is_empty()).map(|(known, _)| known).collect();
    }
    let reset = StateReset { trees, sections };
    faults.none_or((named, reset)).map_err(|faults| IncentivesError::invalid(&faults))
}

/// What a section is to the customer, and whether it belongs to rule trees; nothing when it stays.
const fn forgettable(section: Section) -> Option<(StateSection, bool)> {
    match section {
        Section::Counters => Some((StateSection::Counters, false)),
        Section::NodeCounters => Some((StateSection::NodeCounters, true)),
        Section::OutcomeUsage => Some((StateSection::OutcomeUsage, true)),
        Section::JoiningUsage => Some((StateSection::JoiningUsage, false)),
        Section::LastActivity | Section::Tags => None,
    }
}
