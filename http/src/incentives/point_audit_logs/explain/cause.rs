//! What caused a row.

use actors::{ExplainedRecord, ExplainedRow};
use domain::{
    Points, Rate, Timestamp,
    customer::{About, BenefitKind, Cause, Event, EventTriggered, PostedAs, RowPart, SaleCredited},
    ledger::{Movement, ReceivedBy},
    program::{
        ExpirationPolicy, Program,
        tree::{Effect, RuleTree},
    },
    time::TimeForm,
};
use serde::Serialize;
use utoipa::ToSchema;

/// What caused a row. Which members are there depends on `type`.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct CauseObject {
    /// `sale` and `sale_taken_back` (a version of a sale), `event` (reported, or raised by the platform), `deposit`,
    /// `spend`, `return`, `transfer`, `transfer_to_customer`, `transfer_from_customer`, `transfer_returned`, `modify`,
    /// `reversal`, `expire`, `migration` (all on request), `expiration` and `rollover` (their time was over),
    /// `tier_joining` and `tier_staying` (what a level gives); `merge` (of two customers); `erased`: only the row is
    /// kept.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: &'static str,
    /// The sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_id: Option<String>,
    /// Its version, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_version: Option<u32>,
    /// The till's id of the sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    /// The business time of the sale, or of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    business_time: Option<String>,
    /// The event.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_lookup: Option<String>,
    /// How many events led to it, itself included; 0: somebody reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_depth: Option<u8>,
    /// The context of the event, as JSON text. What the platform raises names the row or the levels it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_context: Option<String>,
    /// The request's own id of what was asked; all rows of it have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_id: Option<String>,
    /// As the caller sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_id: Option<String>,
    /// As the caller sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_type: Option<String>,
    /// Points that were asked for and were not there, or found no room.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    shortfall: Option<Points>,
    /// The row that is corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<String>,
    /// The rows that are undone, and how much of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undoes: Vec<UndoneRow>,
    /// When the time of the points was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    /// The expiration policy of the account they were in: 1 by age, 2 after inactivity.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_type: Option<u8>,
    /// How much of a lot runs out by that policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    point_expiration_percentage: Option<Rate>,
    /// The level that gives something.
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_level_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_level_name: Option<String>,
    /// The rule tree that gave or took the points.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_tree_id: Option<String>,
    /// Its outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome_id: Option<String>,
    /// The outcome of another tree that this one multiplies: the row is what it adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    multiplied_outcome_id: Option<String>,
}

/// How much of a row is undone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UndoneRow {
    point_audit_log_id: String,
    #[schema(value_type = f64)]
    points: Points,
}

impl CauseObject {
    /// What caused a row of a record.
    pub fn new(row: &ExplainedRow, movement: &Movement, record: &ExplainedRecord) -> Self {
        let event = record.events.get(row.place.event);
        let cause = match (event, row.place.part) {
            (Some(Event::SaleCredited(credited)), _) => Self::of_sale(credited, movement),
            (Some(Event::EventTriggered(triggered)), _) => Self::of_event(triggered),
            (Some(Event::RulesActed(_)), _) => Self::of_trigger_after(row.place.event, movement, record),
            (Some(Event::PointsPosted(_)), RowPart::Detail(detail)) => {
                Self::of_posting(row.place.event, detail, movement, record)
            }
            (Some(Event::TierBenefitsGiven { benefits, .. }), RowPart::Benefit(place, _)) => {
                let benefit = benefits.get(place);
                let level = benefit.map(|benefit| benefit.level);
                let systems = record.program.tier_systems().iter();
                let known = level.and_then(|level| systems.filter_map(|system| system.level(level)).next());
                Self {
                    kind: match benefit.map(|benefit| benefit.kind) {
                        Some(BenefitKind::Staying) => "tier_staying",
                        Some(BenefitKind::Joining) | None => "tier_joining",
                    },
                    tier_level_id: level.map(|level| level.to_string()),
                    tier_level_name: known.map(|level| level.name.clone()),
                    ..Self::default()
                }
            }
            (Some(Event::MergedAway(merged)), _) => Self::of_merge(merged.merge),
            (Some(Event::MergedIn(merged)), _) => Self::of_merge(merged.merge.id),
            _ => Self::of_time(row, movement, &record.program),
        };
        cause.by_rule(row.place.cause(), record)
    }

    fn of_merge(merge: uuid::Uuid) -> Self {
        Self { kind: "merge", tracking_id: Some(merge.to_string()), ..Self::default() }
    }

    /// Of a row of somebody who was erased.
    pub fn erased(tree: Option<String>) -> Self {
        Self { kind: "erased", rule_tree_id: tree, ..Self::default() }
    }

    fn of_sale(credited: &SaleCredited, movement: &Movement) -> Self {
        let taken_back = !matches!(movement, Movement::Earned { .. }) || credited.entries.is_empty();
        Self {
            kind: if taken_back { "sale_taken_back" } else { "sale" },
            sale_id: Some(credited.sale.to_string()),
            sale_version: Some(credited.revision),
            transaction_id: text(&credited.transaction_id),
            business_time: Some(credited.business_time.write(TimeForm::Iso)),
            ..Self::default()
        }
    }

    fn of_event(triggered: &EventTriggered) -> Self {
        Self {
            kind: "event",
            event_id: Some(triggered.answer.id.to_string()),
            event_lookup: text(&triggered.answer.lookup),
            event_depth: Some(triggered.depth),
            event_context: triggered.context.as_deref().and_then(text),
            transaction_id: text(&triggered.transaction_id),
            business_time: Some(triggered.answer.occurred.write(TimeForm::Iso)),
            ..Self::default()
        }
    }

    /// What rules did besides giving points stands in front of the trigger that they ran for.
    fn of_trigger_after(place: usize, movement: &Movement, record: &ExplainedRecord) -> Self {
        match record.events.get(place + 1) {
            Some(Event::SaleCredited(credited)) => Self { kind: "sale", ..Self::of_sale(credited, movement) },
            Some(Event::EventTriggered(triggered)) => Self::of_event(triggered),
            _ => Self { kind: "event", ..Self::default() },
        }
    }

    fn of_posting(place: usize, detail: usize, movement: &Movement, record: &ExplainedRecord) -> Self {
        let Some(Event::PointsPosted(posted)) = record.events.get(place) else { return Self::default() };
        let kind = PostedAs::of(posted, movement).as_str();
        let (corrects, undone) = match &posted.about {
            About::Correction(row) => (Some(row.to_string()), &[][..]),
            About::Reversal(undone) => (None, undone.as_slice()),
            About::Nothing | About::Received { .. } => (None, &[][..]),
        };
        let undoes = undone
            .iter()
            .map(|undone| UndoneRow { point_audit_log_id: undone.row.to_string(), points: undone.points });
        let detail = posted.details.get(detail);
        Self {
            kind,
            corrects,
            undoes: undoes.collect(),
            tracking_id: detail.map(|detail| detail.tracking_id.to_string()),
            reference_id: detail.and_then(|detail| text(&detail.reference_id)),
            reference_type: detail.and_then(|detail| text(&detail.reference_type)),
            transaction_id: detail.and_then(|detail| text(&detail.transaction_id)),
            shortfall: detail.map(|detail| detail.shortfall).filter(|points| points.is_positive()),
            ..Self::default()
        }
    }

    /// The policy is that of the account in which the time of the points was over.
    fn of_time(row: &ExplainedRow, movement: &Movement, program: &Program) -> Self {
        let rolls = matches!(
            movement,
            Movement::Received { by: ReceivedBy::Rollover, .. } | Movement::Expired { into: Some(_), .. }
        );
        let came = matches!(movement, Movement::Received { .. });
        let from = |account: &&domain::program::PointAccount| {
            if came {
                account.expiration.rollover() == Some(row.row.account)
            } else {
                account.id == row.row.account
            }
        };
        let policy = program.accounts().iter().find(from).map(|account| &account.expiration);
        let due: Timestamp = movement.occurred();
        Self {
            kind: if rolls { "rollover" } else { "expiration" },
            due_at: Some(due.write(TimeForm::Iso)),
            policy_type: policy.map(|policy| match policy {
                ExpirationPolicy::Never => 0,
                ExpirationPolicy::Aged { .. } => 1,
                ExpirationPolicy::Inactive { .. } => 2,
            }),
            point_expiration_percentage: policy
                .and_then(|policy| policy.loss())
                .map(|loss| loss.share.percentage()),
            ..Self::default()
        }
    }

    fn by_rule(self, cause: Option<Cause>, record: &ExplainedRecord) -> Self {
        let Some(Cause { tree: id, outcome }) = cause else { return self };
        let tree = record.programs.get(self.judged_by(record)).ok().and_then(|program| program.tree(id));
        let tree = tree.or_else(|| record.program.tree(id));
        let own = tree.is_none_or(|tree| tree.outcomes().iter().any(|known| known.id == outcome));
        let multiplier = tree.filter(|_| !own).and_then(multiplier);
        Self {
            rule_tree_id: Some(id.to_string()),
            outcome_id: if own { Some(outcome.to_string()) } else { multiplier },
            multiplied_outcome_id: (!own).then(|| outcome.to_string()),
            ..self
        }
    }

    /// Later versions of a sale are judged by the program of the first.
    fn judged_by(&self, record: &ExplainedRecord) -> u32 {
        let credited = record.events.iter().find_map(|event| match event {
            Event::SaleCredited(credited) => Some(credited.program_version),
            _ => None,
        });
        credited.filter(|_| self.sale_id.is_some()).unwrap_or(record.program.version())
    }
}

/// The multiplier of a tree, if it has only one.
fn multiplier(tree: &RuleTree) -> Option<String> {
    let mut all = tree.outcomes().iter().filter(|known| matches!(known.effect, Effect::Multiplier { .. }));
    let first = all.next()?;
    all.next().is_none().then(|| first.id.to_string())
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
