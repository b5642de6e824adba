//! Events, and everything that was written together with one, or with a version of a sale.

use actors::ExplainedRecord;
use domain::customer::{Event, EventTriggered, OutcomeResult, TierMovement};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    decision::Decision,
    level::TierMovementExplanation,
    row::RowObject,
    tree::{ExplainedTree, Looked},
};
use crate::{
    incentives::{IncentivesError, trigger_user_event::OutcomeObject},
    state::HttpState,
};

/// Why an event gave what it gave.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventAnswer {
    #[serde(flatten)]
    event: EventExplanation,
    decision: Decision,
    #[serde(flatten)]
    together: Together,
}

/// What was written together.
#[derive(Debug, Serialize, ToSchema)]
pub struct Together {
    /// All rows that were written together, those of time and of later events included; each with its cause.
    rows: Vec<RowObject>,
    /// Changes of level that were decided together.
    tier_movements: Vec<TierMovementExplanation>,
    /// The events among it, and what came of them.
    events: Vec<EventExplanation>,
}

/// An event, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventExplanation {
    event_id: String,
    event_lookup: String,
    /// Its context, as JSON text: the row or the levels that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    /// How many events led to it, itself included.
    depth: u8,
    rule_trees: Vec<ExplainedTree>,
    outcomes: Vec<OutcomeObject>,
}

impl EventAnswer {
    /// Of the event at a place of a record; none: there is no event there.
    pub fn new(
        place: usize,
        record: &ExplainedRecord,
        state: &HttpState,
    ) -> Result<Option<Self>, IncentivesError> {
        let Some(Event::EventTriggered(triggered)) = record.events.get(place) else { return Ok(None) };
        let event = EventExplanation::new(triggered, place, record);
        Ok(Some(Self {
            event,
            decision: Decision::new(record, place),
            together: Together::new(record, state)?,
        }))
    }
}

impl Together {
    /// Everything in a record.
    pub fn new(record: &ExplainedRecord, state: &HttpState) -> Result<Self, IncentivesError> {
        let movements = TierMovement::all_in(&record.events);
        let movement = |(place, movement): &(usize, TierMovement)| {
            TierMovementExplanation::new(movement, *place, record, state)
        };
        let rows = record.rows.iter().map(|row| RowObject::new(row, record));
        Ok(Self {
            rows: rows.collect::<Result<_, _>>()?,
            tier_movements: movements.iter().map(movement).collect(),
            events: events_of(record),
        })
    }
}

fn events_of(record: &ExplainedRecord) -> Vec<EventExplanation> {
    let events = record.events.iter().enumerate();
    let of = |(place, event): (usize, &Event)| match event {
        Event::EventTriggered(triggered) => Some(EventExplanation::new(triggered, place, record)),
        _ => None,
    };
    events.filter_map(of).collect()
}

impl EventExplanation {
    pub fn new(triggered: &EventTriggered, place: usize, record: &ExplainedRecord) -> Self {
        let outcome = |result: &OutcomeResult| OutcomeObject::new(result, &record.program);
        Self {
            event_id: triggered.answer.id.to_string(),
            event_lookup: triggered.answer.lookup.to_string(),
            context: triggered.context.as_deref().map(Into::into),
            depth: triggered.depth,
            rule_trees: Looked::at(record, place).flat_map(Looked::trees).collect(),
            outcomes: triggered.answer.outcomes.iter().map(outcome).collect(),
        }
    }
}
