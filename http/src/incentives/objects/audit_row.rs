//! The point audit log row (incentives.md 2.4).

use domain::{Points, customer::AuditRow, program::Program, time::TimeForm};
use serde::Serialize;
use utoipa::ToSchema;

/// A row of the ledger. Members that one strict client wants are there even when they are unknown, as `""` (7.3).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PointAuditLog {
    /// The row.
    pub id: String,
    /// The tenant.
    pub retailer_id: String,
    /// The customer.
    pub user_id: String,
    /// The account's name.
    pub account_name: String,
    /// The account.
    pub point_account_id: String,
    /// The customer's use of it.
    pub user_point_account_id: String,
    /// Signed change; above zero earned, below zero deducted.
    #[schema(value_type = f64)]
    pub modification: Points,
    /// How much of this lot has been spent since.
    #[schema(value_type = f64)]
    pub amount_spent: Points,
    /// How much of this lot has run out.
    #[schema(value_type = f64)]
    pub amount_expired: Points,
    /// 1 issuance, 2 redemption, 4 expiration, 8 transfer, 16 overdraft, 32 return, 64 rollover.
    pub audit_type: u8,
    /// The caller's `reference_type`, or a platform word.
    pub modification_type: String,
    /// The caller's `reference_id`, or the id of the causing entity.
    pub modification_entity_id: String,
    /// Consumption priority, lower first.
    pub spend_weight: i32,
    /// Where the points came from.
    pub point_source_id: String,
    /// Its name.
    pub point_source_name: String,
    /// Business time.
    pub time_of_occurrence: String,
    /// When it was written.
    pub create_date: String,
    /// The request or engine run.
    pub request_id: String,
    /// The key under which a repeat is recognised.
    pub idempotency_id: String,
    /// The purchase.
    pub transaction_id: String,
    /// When what remains of this lot runs out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<String>,
}

/// Whose rows they are and how times are written.
#[derive(Debug, Clone, Copy)]
pub struct RowContext<'a> {
    /// The tenant, as it is to be shown.
    pub retailer_id: &'a str,
    /// The customer, as it is to be shown.
    pub user_id: &'a str,
    /// How persisted times are written.
    pub form: TimeForm,
}

impl PointAuditLog {
    /// The object of a row.
    pub fn new(row: &AuditRow, context: RowContext<'_>, program: &Program) -> Self {
        let account = program.account(row.account);
        let source = row.source.and_then(|source| program.source(source));
        Self {
            id: row.id.to_string(),
            retailer_id: context.retailer_id.to_owned(),
            user_id: context.user_id.to_owned(),
            account_name: account.map(|account| account.name.clone()).unwrap_or_default(),
            point_account_id: row.account.to_string(),
            user_point_account_id: row.user_account.to_string(),
            modification: row.change,
            amount_spent: row.amount_spent,
            amount_expired: row.amount_expired,
            audit_type: row.kind.number(),
            modification_type: row.caused_by.modification_type.to_string(),
            modification_entity_id: row.caused_by.modification_entity_id.to_string(),
            spend_weight: row.weight,
            point_source_id: row.source.map(|source| source.to_string()).unwrap_or_default(),
            point_source_name: source.map(|source| source.name.clone()).unwrap_or_default(),
            time_of_occurrence: row.occurred.write(TimeForm::Iso),
            create_date: row.created.write(context.form),
            request_id: row.caused_by.request_id.to_string(),
            idempotency_id: row.caused_by.idempotency_id.to_string(),
            transaction_id: row.caused_by.transaction_id.to_string(),
            expiration_date: row.expires.map(|expires| expires.write(context.form)),
        }
    }
}
