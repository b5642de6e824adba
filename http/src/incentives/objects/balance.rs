//! The balance object (incentives.md 2.5).

use domain::{
    Points,
    customer::{AccountBalance, Balances, Expiration},
    program::Program,
    time::TimeForm,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::total;

/// Balances of a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Balance)]
pub struct BalanceObject {
    /// The tenant, in the caller's letter case.
    pub retailer_id: String,
    /// The customer, as named by the caller.
    pub user_id: String,
    /// Sums over the accounts listed, whatever their label.
    pub summary: BalanceSummary,
    /// One per account.
    pub details: Vec<BalanceDetail>,
}

/// Sums over accounts. One beyond the range of an amount is shown as the end of the range.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct BalanceSummary {
    /// What can be spent.
    #[schema(value_type = f64)]
    pub total_points: Points,
    /// Everything ever issued.
    #[schema(value_type = f64)]
    pub life_time_points: Points,
}

/// The balance of one account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BalanceDetail {
    /// The account's name.
    pub account_name: String,
    /// The customer's use of it; `""` until its first movement.
    pub user_point_account_id: String,
    /// The account.
    pub point_account_id: String,
    /// `Spend`, `Tier` or the retailer's own word.
    pub grouping_label: String,
    /// What can be spent; negative when overdrawn.
    #[schema(value_type = f64)]
    pub available_balance: Points,
    /// Everything ever issued into it.
    #[schema(value_type = f64)]
    pub life_time_value: Points,
    /// What will run out by itself, ascending; with `include_expirations`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expirations: Option<Vec<ExpirationObject>>,
}

/// Points that will run out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExpirationObject {
    /// How many.
    #[schema(value_type = f64)]
    pub amount: Points,
    /// When.
    pub expiration_date: String,
}

impl BalanceObject {
    /// The object over these balances.
    pub fn new(
        retailer_id: impl Into<String>,
        user_id: impl Into<String>,
        balances: &Balances,
        program: &Program,
    ) -> Self {
        let accounts = balances.accounts.iter();
        Self {
            retailer_id: retailer_id.into(),
            user_id: user_id.into(),
            summary: BalanceSummary {
                total_points: total(accounts.clone().map(|balance| balance.available)),
                life_time_points: total(accounts.clone().map(|balance| balance.lifetime)),
            },
            details: accounts.map(|balance| BalanceDetail::new(balance, program)).collect(),
        }
    }

    /// With what will run out of each account.
    pub fn with_expirations(mut self, expirations: &[Expiration], form: TimeForm) -> Self {
        for detail in &mut self.details {
            let own = expirations.iter().filter(|known| known.account.to_string() == detail.point_account_id);
            let own = own.map(|known| ExpirationObject {
                amount: known.points,
                expiration_date: known.at.write(form),
            });
            detail.expirations = Some(own.collect());
        }
        self
    }

    /// The sum of what can be spent of the accounts with a label (incentives.md 2.9).
    pub fn available_of(&self, label: &str) -> Points {
        let labelled = self.details.iter().filter(|detail| detail.grouping_label.eq_ignore_ascii_case(label));
        total(labelled.map(|detail| detail.available_balance))
    }
}

impl BalanceDetail {
    fn new(balance: &AccountBalance, program: &Program) -> Self {
        let account = program.account(balance.account);
        Self {
            account_name: account.map(|account| account.name.clone()).unwrap_or_default(),
            user_point_account_id: balance.user_account.map(|id| id.to_string()).unwrap_or_default(),
            point_account_id: balance.account.to_string(),
            grouping_label: account.map(|account| account.grouping_label.clone()).unwrap_or_default(),
            available_balance: balance.available,
            life_time_value: balance.lifetime,
            expirations: None,
        }
    }
}
