//! The answer to deposits and spends (incentives.md 7.1).

use domain::{
    Points, Timestamp,
    customer::{AuditRow, OutcomeResult, PostedDetail, PostedRow, PostedStatus},
    id::PointAccountId,
    program::Program,
    time::TimeForm,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    error::{REPLAYED, detail_code, detail_message},
    objects::{PointAuditLog, RowContext, total},
    request::Named,
    trigger_user_event::OutcomeObject,
};

/// What was done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PostingPayload {
    retailer_id: String,
    user_id: String,
    details: Vec<PostingDetail>,
    summary: PostingSummary,
    audits: Vec<PointAuditLog>,
    time_of_occurrence: String,
    /// What came of the events that it led to; absent when there was nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outcomes: Vec<OutcomeObject>,
    /// Version 2.0 of deposit only.
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    /// Version 2.0 of deposit only.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl PostingPayload {
    /// With what came of the events that it led to (incentives.md 7.2).
    pub fn with_outcomes(self, outcomes: &[OutcomeResult], program: &Program) -> Self {
        let outcomes = outcomes.iter().map(|outcome| OutcomeObject::new(outcome, program)).collect();
        Self { outcomes, ..self }
    }

    /// As version 2.0 answers deposits: one typed client looks for these members (incentives.md 7.2).
    pub fn in_version_2(self) -> Self {
        Self { success: Some(true), message: Some("Done.".to_owned()), ..self }
    }
}

/// One account's part of a detail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PostingDetail {
    account_name: String,
    /// `""` until the account is first used.
    user_point_account_id: String,
    point_account_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    point_source_id: Option<String>,
    /// Deposits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    amount_deposited: Option<Points>,
    /// Spends only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    amount_spent: Option<Points>,
    #[schema(value_type = f64)]
    remaining_balance: Points,
    /// Deposits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    life_time_value: Option<Points>,
    reference_id: String,
    reference_type: String,
    tracking_id: String,
    idempotency_id: String,
    /// `new` or `replayed`.
    #[schema(value_type = String)]
    idempotency_summary: &'static str,
    /// 0 done, 4 replayed, otherwise why not (incentives.md 3.10).
    error_status: u8,
    retailer_id: String,
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_response: Option<DetailError>,
}

/// Sums over the details.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PostingSummary {
    /// Deposits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    amount_deposited: Option<Points>,
    /// Spends only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    amount_spent: Option<Points>,
    /// Over the accounts named in the call.
    #[schema(value_type = f64)]
    remaining_balance: Points,
}

/// Why a detail failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DetailError {
    #[schema(value_type = String)]
    code: &'static str,
    message: String,
}

/// Which way the points go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the customer.
    Deposit,
    /// From the customer.
    Spend,
}

impl Direction {
    /// What was deposited and what was spent: one of them.
    const fn amounts(self, points: Points) -> (Option<Points>, Option<Points>) {
        match self {
            Self::Deposit => (Some(points), None),
            Self::Spend => (None, Some(points)),
        }
    }
}

/// A posting, as its answer is written.
#[derive(Debug)]
pub struct Posted<'a> {
    /// Which way.
    pub direction: Direction,
    /// The tenant and the customer, as named by the caller.
    pub named: &'a Named,
    /// Account ids as the caller wrote them: answers keep the letter case.
    pub written_accounts: &'a [(PointAccountId, String)],
    /// The program in force.
    pub program: &'a Program,
    /// How persisted times are written.
    pub form: TimeForm,
}

impl Posted<'_> {
    /// The payload over details and new rows.
    pub fn payload(
        &self,
        details: &[PostedDetail],
        rows: &[AuditRow],
        at: Timestamp,
        customer_id: &str,
    ) -> PostingPayload {
        let moved = details.iter().filter(|detail| !detail.replayed).flat_map(|detail| &detail.rows);
        let (amount_deposited, amount_spent) = self.direction.amounts(total(moved.map(|row| row.amount)));
        let context =
            RowContext { retailer_id: &self.named.retailer_id, user_id: customer_id, form: self.form };
        PostingPayload {
            retailer_id: self.named.retailer_id.clone(),
            user_id: self.named.user_id.clone(),
            details: details.iter().flat_map(|detail| self.details_of(detail)).collect(),
            summary: PostingSummary { amount_deposited, amount_spent, remaining_balance: remaining(details) },
            audits: rows.iter().map(|row| PointAuditLog::new(row, context, self.program)).collect(),
            time_of_occurrence: at.write(TimeForm::Iso),
            outcomes: Vec::new(),
            success: None,
            message: None,
        }
    }

    /// One object per account touched; a detail that touched none has one all the same.
    fn details_of(&self, detail: &PostedDetail) -> Vec<PostingDetail> {
        if detail.rows.is_empty() {
            return vec![self.detail(detail, None)];
        }
        detail.rows.iter().map(|row| self.detail(detail, Some(row))).collect()
    }

    fn detail(&self, detail: &PostedDetail, row: Option<&PostedRow>) -> PostingDetail {
        let account = row.and_then(|row| self.program.account(row.account));
        let failed = detail.status != PostedStatus::Ok;
        let (code, number) = detail_code(detail.status);
        let message = message_of(detail);
        let zero = Points::ZERO;
        let (amount_deposited, amount_spent) = self.direction.amounts(row.map_or(zero, |row| row.amount));
        PostingDetail {
            account_name: account.map(|account| account.name.clone()).unwrap_or_default(),
            user_point_account_id: row
                .and_then(|row| row.user_account)
                .map(|id| id.to_string())
                .unwrap_or_default(),
            point_account_id: row.map(|row| self.written(row.account)).unwrap_or_default(),
            point_source_id: row.and_then(|row| row.source).map(|source| source.to_string()),
            amount_deposited,
            amount_spent,
            remaining_balance: row.map_or(zero, |row| row.remaining_balance),
            life_time_value: match self.direction {
                Direction::Deposit => Some(row.map_or(zero, |row| row.life_time_value)),
                Direction::Spend => None,
            },
            reference_id: detail.reference_id.to_string(),
            reference_type: detail.reference_type.to_string(),
            tracking_id: detail.tracking_id.to_string(),
            idempotency_id: detail.idempotency_id.to_string(),
            idempotency_summary: if detail.replayed { "replayed" } else { "new" },
            error_status: if detail.replayed { REPLAYED } else { number },
            retailer_id: self.named.retailer_id.clone(),
            user_id: self.named.user_id.clone(),
            error_response: failed
                .then(|| DetailError { code, message: message.clone().unwrap_or_default() }),
            message,
        }
    }

    /// An account id as the caller wrote it, or in lower case when the caller did not name it.
    fn written(&self, account: PointAccountId) -> String {
        let written = self.written_accounts.iter().find(|(known, _)| *known == account);
        written.map_or_else(|| account.to_string(), |(_, written)| written.clone())
    }
}

fn message_of(detail: &PostedDetail) -> Option<String> {
    if detail.status != PostedStatus::Ok {
        return Some(detail_message(detail.status).to_owned());
    }
    let short = detail.shortfall;
    short
        .is_positive()
        .then(|| format!("{short} points fewer than asked for: a limit or the balance was reached."))
}

/// The sum over accounts of the last balance each has in the answer.
fn remaining(details: &[PostedDetail]) -> Points {
    let mut last: Vec<(PointAccountId, Points)> = Vec::new();
    for row in details.iter().flat_map(|detail| &detail.rows) {
        match last.iter_mut().find(|(account, _)| *account == row.account) {
            Some((_, balance)) => *balance = row.remaining_balance,
            None => last.push((row.account, row.remaining_balance)),
        }
    }
    total(last.into_iter().map(|(_, balance)| balance))
}
