//! A sale: per version and member, all trees, outcomes, rows and changes of level.

use actors::{ExplainedMember, ExplainedRecord, ExplainedSale, ExplainedVersion, MemberState};
use domain::{
    Points,
    customer::{CutKind, Event, SaleCredited},
    id::RuleTreeId,
    program::Program,
    rules::{Award, NoCandidate},
    time::TimeForm,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    decision::Decision,
    event::Together,
    tree::{ExplainedTree, Looked},
};
use crate::{
    incentives::{IncentivesError, trigger_user_event::OutcomeObject},
    state::HttpState,
};

/// Why a sale gave what it gave.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaleExplanation {
    sale_id: String,
    /// The till's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_id: Option<String>,
    /// Oldest first.
    versions: Vec<VersionExplanation>,
}

/// A version of a sale.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionExplanation {
    /// From 1.
    version: u32,
    /// What the till sent is kept. It is not when a member of the sale was erased after it.
    kept: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_closed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_voided: Option<bool>,
    /// When the sale counts as sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    business_time: Option<String>,
    /// Points were given for it, or taken back. A version that is not closed, or so old that nothing is evaluated any
    /// more, changes nothing.
    evaluated: bool,
    members: Vec<MemberExplanation>,
}

/// What a version did to a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberExplanation {
    user_id: String,
    /// `booked`; `not_booked`: it is on its way, or could not be worked out; `erased`: the member is no more.
    #[schema(value_type = String)]
    state: &'static str,
    /// What was booked.
    #[serde(flatten)]
    booked: Option<BookedExplanation>,
}

/// What a version gave a member, and took back.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookedExplanation {
    decision: Decision,
    /// The version of the program whose rules judged it: that of the first version of the sale.
    judged_by_program_version: u32,
    /// All trees that were candidates, passed or not; then those of the events that the sale led to.
    rule_trees: Vec<ExplainedTree>,
    /// Purchase trees that were not looked at, and why.
    no_candidates: Vec<NoCandidateObject>,
    /// Trees that could not be worked out.
    failed_rule_tree_ids: Vec<String>,
    /// What became of the outcomes of this version: points above zero were given, points below zero taken back.
    outcomes: Vec<OutcomeObject>,
    /// Points that a ceiling, a restriction of a source, or an inactive account kept out.
    forfeited: Vec<LostPoints>,
    /// Points that were to be taken back and were not there to take. Above zero: kept that way before, and given again.
    not_taken_back: Vec<LostPoints>,
    #[serde(flatten)]
    together: Together,
}

/// A tree that was not looked at.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoCandidateObject {
    rule_tree_id: String,
    rule_tree_name: String,
    /// `not_live`; `not_in_force`: the business time lies outside its dates; `tier_level`: it is for other levels than
    /// those that were held.
    #[schema(value_type = String)]
    reason: &'static str,
}

/// Points that were not given, or not taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct LostPoints {
    rule_tree_id: String,
    outcome_id: String,
    point_account_id: String,
    #[schema(value_type = f64)]
    points: Points,
    /// `source_limit`, `max_balance` or `inactive`; absent: they were spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<&'static str>,
}

impl SaleExplanation {
    /// Of a sale.
    pub fn new(sale: &ExplainedSale, state: &HttpState) -> Result<Self, IncentivesError> {
        let content = sale.versions.iter().rev().find_map(|version| version.revision.as_ref());
        let content = content.map(|revision| &revision.content);
        let versions = sale.versions.iter().map(|version| VersionExplanation::new(version, state));
        Ok(Self {
            sale_id: sale.id.to_string(),
            transaction_id: content.map(|content| content.transaction_id.to_string()),
            store_id: content.map(|content| content.store.to_string()),
            versions: versions.collect::<Result<_, _>>()?,
        })
    }
}

impl VersionExplanation {
    fn new(version: &ExplainedVersion, state: &HttpState) -> Result<Self, IncentivesError> {
        let kept = version.revision.as_ref();
        let content = kept.map(|revision| &revision.content);
        let members = version.members.iter().map(|member| MemberExplanation::new(member, state));
        Ok(Self {
            version: version.number,
            kept: kept.is_some(),
            recorded_at: kept.map(|revision| revision.recorded.write(TimeForm::Iso)),
            modified_time: content.map(|content| content.modified_time.write(TimeForm::Iso)),
            is_closed: content.map(|content| content.is_closed),
            is_voided: content.map(|content| content.is_voided),
            business_time: version.business_time.map(|at| at.write(TimeForm::Iso)),
            evaluated: version.evaluated,
            members: members.collect::<Result<_, _>>()?,
        })
    }
}

impl MemberExplanation {
    fn new(member: &ExplainedMember, state: &HttpState) -> Result<Self, IncentivesError> {
        let (name, booked) = match &member.state {
            MemberState::Booked(place, record) => ("booked", BookedExplanation::new(*place, record, state)?),
            MemberState::NotBooked => ("not_booked", None),
            MemberState::Erased => ("erased", None),
        };
        Ok(Self { user_id: member.customer.to_string(), state: name, booked })
    }
}

impl BookedExplanation {
    fn new(
        place: usize,
        record: &ExplainedRecord,
        state: &HttpState,
    ) -> Result<Option<Self>, IncentivesError> {
        let Some(Event::SaleCredited(credited)) = record.events.get(place) else { return Ok(None) };
        let judged_by = credited.program_version;
        let program = record.programs.get(judged_by).unwrap_or(&record.program);
        Ok(Some(Self {
            decision: Decision::new(record, place),
            judged_by_program_version: judged_by,
            rule_trees: Looked::at(record, place).flat_map(Looked::trees).collect(),
            no_candidates: program
                .no_candidates(&credited.tiers, &credited.joined, credited.business_time)
                .into_iter()
                .map(|(tree, why)| NoCandidateObject::new(tree, why, program))
                .collect(),
            failed_rule_tree_ids: credited.failed.iter().map(ToString::to_string).collect(),
            outcomes: credited
                .outcomes(program)
                .iter()
                .map(|result| OutcomeObject::new(result, program))
                .collect(),
            forfeited: forfeited(credited),
            not_taken_back: credited.waived.iter().map(|award| LostPoints::new(award, None)).collect(),
            together: Together::new(record, state)?,
        }))
    }
}

fn forfeited(credited: &SaleCredited) -> Vec<LostPoints> {
    let lost = credited.newly_forfeited().into_iter();
    lost.map(|(award, kind)| LostPoints::new(award, Some(kind))).collect()
}

impl NoCandidateObject {
    fn new(tree: RuleTreeId, why: NoCandidate, program: &Program) -> Self {
        let rule_tree_name = program.tree(tree).map(|tree| tree.name.clone()).unwrap_or_default();
        Self { rule_tree_id: tree.to_string(), rule_tree_name, reason: why.as_str() }
    }
}

impl LostPoints {
    fn new(award: &Award, kind: Option<CutKind>) -> Self {
        Self {
            rule_tree_id: award.tree.to_string(),
            outcome_id: award.outcome.to_string(),
            point_account_id: award.account.to_string(),
            points: award.points,
            reason: kind.map(CutKind::as_str),
        }
    }
}
