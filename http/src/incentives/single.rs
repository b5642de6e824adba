//! Writes of one thing: transfer, modify, expire, reverse (incentives.md 7.1, 7.2).

use domain::{
    Points,
    customer::{Naming, PostedDetail, PostedRow, Posting, Purpose, Reply},
    id::CustomerId,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError,
    deposit::{read_idempotency_id, read_reference},
    objects::{PointAuditLog, RowContext, difference},
    request::Named,
};
use crate::{
    json::{Member, Reader},
    state::HttpState,
};

/// What was done: the detail, and its new rows.
pub struct Done {
    pub detail: PostedDetail,
    pub audits: Vec<PointAuditLog>,
}

/// Has it done; answers when it is durable.
pub async fn post(
    state: &HttpState,
    named: &Named,
    customer: CustomerId,
    purpose: Purpose,
) -> Result<Done, IncentivesError> {
    let posting = Posting { purpose, allow_partial_success: false, disable_event_publishing: false };
    let posted = state.engine().post_points(customer, posting).await;
    let fault = || IncentivesError::new(IncentivesCode::SystemError, "The posting got another's answer.");
    match posted.map_err(IncentivesError::of_single)? {
        Reply::Posted { mut details, rows, .. } => {
            let detail = details.pop().ok_or_else(fault)?;
            let user_id = customer.to_string();
            let form = state.incentives_times();
            let context = RowContext { retailer_id: &named.retailer_id, user_id: &user_id, form };
            let program = state.program();
            let audits = rows.iter().map(|row| PointAuditLog::new(row, context, &program)).collect();
            Ok(Done { detail, audits })
        }
        Reply::Done
        | Reply::Credited
        | Reply::Tiers(_)
        | Reply::Settled
        | Reply::Stepped(_)
        | Reply::Merged(_)
        | Reply::Forgotten(_)
        | Reply::Triggered(_) => Err(fault()),
    }
}

/// How the caller names what it asks for.
pub fn read_naming(
    reader: &mut Reader<'_>,
    reference_id: Member<'_>,
    (type_name, reference_type): (&str, Member<'_>),
    idempotency_id: Member<'_>,
) -> Naming {
    Naming {
        reference_id: read_reference(reader, "reference_id", reference_id),
        reference_type: read_reference(reader, type_name, reference_type),
        idempotency_id: read_idempotency_id(reader, idempotency_id),
    }
}

/// What happened to one account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountChange {
    /// The account.
    pub point_account_id: String,
    /// The change of its balance.
    #[schema(value_type = f64)]
    pub modification: Points,
    /// The balance after it.
    #[schema(value_type = f64)]
    pub remaining_balance: Points,
    /// The lifetime value after it.
    #[schema(value_type = f64)]
    pub life_time_value: Points,
}

impl AccountChange {
    /// Of a row; `taken` says that its amount is what was taken.
    pub fn new(row: &PostedRow, taken: bool) -> Self {
        Self {
            point_account_id: row.account.to_string(),
            modification: if taken { difference(Points::ZERO, row.amount) } else { row.amount },
            remaining_balance: row.remaining_balance,
            life_time_value: row.life_time_value,
        }
    }
}
