//! A row: what caused it, the lots it drew from, the limits that cut it.

use actors::{ExplainedRecord, ExplainedRow, OtherSide};
use domain::{
    Points,
    customer::{AuditRow, Event, LotTouched, RowPlace},
    id::CustomerId,
    ledger::{Draw, Movement},
    time::TimeForm,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    cause::CauseObject,
    decision::Decision,
    limit::LimitObject,
    tree::{ExplainedTree, Looked},
};
use crate::{
    incentives::{
        IncentivesCode, IncentivesError,
        objects::{PointAuditLog, RowContext},
    },
    state::HttpState,
};

/// Why a row is as it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowAnswer {
    /// The row as the audit log shows it now.
    audit_log: PointAuditLog,
    /// How it came about.
    #[serde(flatten)]
    explained: RowObject,
    decision: Decision,
    /// The tree that gave or took the points, as it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_tree: Option<ExplainedTree>,
}

/// How a row came about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowObject {
    point_audit_log_id: String,
    point_account_id: String,
    account_name: String,
    /// 1 issuance, 2 redemption, 4 expiration, 8 transfer, 16 overdraft, 32 return, 64 rollover, 128 migration.
    audit_type: u8,
    /// Signed change; above zero earned, below zero deducted.
    #[schema(value_type = f64)]
    modification: Points,
    cause: CauseObject,
    /// The limits that cut it, in the order in which they were checked.
    limits: Vec<LimitObject>,
    /// The lots it drew from, or gave back to, in order. A row that gives points is a lot itself.
    lots: Vec<LotObject>,
    /// Points of it that repaid an overdraft at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    repaid_overdraft: Option<Points>,
    /// Points of an overdraft that it undid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    undone_overdraft: Option<Points>,
    /// Where its points came from, or went to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_side: Vec<OtherSideObject>,
}

/// A lot that a row drew from, or gave back to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LotObject {
    /// The row of the lot.
    point_audit_log_id: String,
    /// Points that left it; below zero: came back.
    #[schema(value_type = f64)]
    points: Points,
    #[serde(skip_serializing_if = "Option::is_none")]
    point_source_id: Option<String>,
    /// When its points were issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_of_occurrence: Option<String>,
    /// When they would have run out.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<String>,
    /// What was left of it afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    remaining: Option<Points>,
}

/// The row on the other side of a transfer or rollover.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OtherSideObject {
    user_id: String,
    point_audit_log_id: String,
    /// How it changed the balance there; absent when the other customer was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    modification: Option<Points>,
}

impl RowAnswer {
    /// Of a row as it is now, and its record.
    pub fn new(
        row: &AuditRow,
        record: &ExplainedRecord,
        retailer_id: &str,
        customer: CustomerId,
        state: &HttpState,
    ) -> Result<Self, IncentivesError> {
        let found = record.rows.iter().find(|known| known.row.id == row.id);
        let no_such = || IncentivesError::new(IncentivesCode::AuditLogNotFound, "No such row of the ledger.");
        let found = found.ok_or_else(no_such)?;
        let program = state.program();
        let user_id = customer.to_string();
        let context = RowContext { retailer_id, user_id: &user_id, form: state.incentives_times() };
        let cause = found.place.cause();
        let tree = cause.and_then(|cause| {
            let looked = Looked::at(record, trigger_of(&found.place, record));
            looked.filter_map(|looked| looked.tree_of(cause.tree)).last()
        });
        Ok(Self {
            audit_log: PointAuditLog::new(row, context, &program),
            explained: RowObject::new(found, record)?,
            decision: Decision::new(record, found.place.event),
            rule_tree: tree,
        })
    }

    /// Of a row that stays of somebody who was erased: there is nothing but the row.
    pub fn of_erased(
        row: &AuditRow,
        retailer_id: &str,
        tombstone: CustomerId,
        state: &HttpState,
    ) -> Result<Self, IncentivesError> {
        let program = state.program();
        let user_id = tombstone.to_string();
        let form = state.incentives_times();
        let audit_log =
            PointAuditLog::new(row, RowContext { retailer_id, user_id: &user_id, form }, &program);
        let explained = RowObject {
            point_audit_log_id: row.id.to_string(),
            point_account_id: row.account.to_string(),
            account_name: audit_log.account_name.clone(),
            audit_type: row.kind.number(),
            modification: row.change,
            cause: CauseObject::erased(row.caused_by.tree.map(|tree| tree.to_string())),
            limits: Vec::new(),
            lots: row.lots.iter().map(LotObject::of_draw).collect(),
            repaid_overdraft: None,
            undone_overdraft: None,
            other_side: Vec::new(),
        };
        Ok(Self { audit_log, explained, decision: Decision::of_erased(row.created), rule_tree: None })
    }
}

/// The event whose trees were looked at: what rules did besides giving points stands in front of it.
pub fn trigger_of(place: &RowPlace, record: &ExplainedRecord) -> usize {
    match record.events.get(place.event) {
        Some(Event::RulesActed(_)) => place.event + 1,
        _ => place.event,
    }
}

impl RowObject {
    /// Of a row of a record.
    pub fn new(row: &ExplainedRow, record: &ExplainedRecord) -> Result<Self, IncentivesError> {
        let gone = || IncentivesError::new(IncentivesCode::SystemError, "a row is not in its record");
        let (place, movement) = RowPlace::of(row.row.id, &record.events).ok_or_else(gone)?;
        let limits = record.explained.limits_of(&place, &record.events)?;
        let program = &record.program;
        let (repaid, undone) = match movement {
            Movement::Earned { repaid, .. } | Movement::Received { repaid, .. } => (Some(*repaid), None),
            Movement::Restored { overdraft, .. } => (None, Some(*overdraft)),
            Movement::Taken { .. } | Movement::Overdrawn { .. } | Movement::Expired { .. } => (None, None),
        };
        let limit = |limited| LimitObject::new(limited, place.cause(), program);
        Ok(Self {
            point_audit_log_id: row.row.id.to_string(),
            point_account_id: row.row.account.to_string(),
            account_name: program
                .account(row.row.account)
                .map(|known| known.name.clone())
                .unwrap_or_default(),
            audit_type: row.row.kind.number(),
            modification: row.row.change,
            cause: CauseObject::new(row, movement, record),
            limits: limits.iter().map(limit).collect(),
            lots: row.lots.iter().map(LotObject::new).collect(),
            repaid_overdraft: repaid.filter(|points| points.is_positive()),
            undone_overdraft: undone.filter(|points| points.is_positive()),
            other_side: row.other_side.iter().map(OtherSideObject::new).collect(),
        })
    }
}

impl LotObject {
    fn new(touched: &LotTouched) -> Self {
        Self {
            point_audit_log_id: touched.lot.to_string(),
            points: touched.points,
            point_source_id: touched.source.map(|source| source.to_string()),
            time_of_occurrence: touched.occurred.map(|at| at.write(TimeForm::Iso)),
            expiration_date: touched.expires.map(|at| at.write(TimeForm::Iso)),
            remaining: touched.remaining,
        }
    }

    fn of_draw(draw: &Draw) -> Self {
        Self {
            point_audit_log_id: draw.lot.to_string(),
            points: draw.points,
            point_source_id: None,
            time_of_occurrence: None,
            expiration_date: None,
            remaining: None,
        }
    }
}

impl OtherSideObject {
    fn new(side: &OtherSide) -> Self {
        Self {
            user_id: side.customer.to_string(),
            point_audit_log_id: side.row.to_string(),
            modification: side.change,
        }
    }
}
