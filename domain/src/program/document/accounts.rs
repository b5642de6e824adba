//! Point accounts and point sources (incentives.md 2.1 to 2.3).

use serde::Deserialize;

use super::{Field, Items};
use crate::{
    amount::{Points, Rate},
    id::{PointAccountId, PointSourceId, RestrictionId, RetailerId},
};

/// A point account.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct PointAccount {
    pub(in crate::program) id: Field<PointAccountId>,
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) name: Field<String>,
    pub(in crate::program) grouping_label: Field<String>,
    pub(in crate::program) include_in_default_points: Field<bool>,
    pub(in crate::program) active: Field<bool>,
    pub(in crate::program) allow_negative_balance: Field<bool>,
    pub(in crate::program) max_allowed_balance: Field<Points>,
    pub(in crate::program) expiration_policy: Field<ExpirationPolicy>,
}

/// When points expire.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct ExpirationPolicy {
    pub(in crate::program) point_account_id: Field<PointAccountId>,
    pub(in crate::program) policy_type: Field<i64>,
    pub(in crate::program) next_evaluation_date: Field<String>,
    pub(in crate::program) frequency_value: Field<i64>,
    pub(in crate::program) frequency_unit_type: Field<i64>,
    pub(in crate::program) expiration_age_value: Field<i64>,
    pub(in crate::program) expiration_age_unit_type: Field<i64>,
    pub(in crate::program) point_expiration_percentage: Field<Rate>,
    pub(in crate::program) specific_activity_event_types: Items<String>,
    pub(in crate::program) rollover_point_account_id: Field<PointAccountId>,
}

/// A point source. Its accounts are listed as ids, or as objects the way the platform answers them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct PointSource {
    pub(in crate::program) id: Field<PointSourceId>,
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) name: Field<String>,
    pub(in crate::program) status: Field<i64>,
    pub(in crate::program) restrictions: Items<Restriction>,
    pub(in crate::program) point_account_ids: Items<PointAccountId>,
    pub(in crate::program) point_accounts: Items<LinkedAccount>,
}

/// An account inside a source.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct LinkedAccount {
    pub(in crate::program) id: Field<PointAccountId>,
}

/// A restriction of a source.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Restriction {
    pub(in crate::program) id: Field<RestrictionId>,
    pub(in crate::program) start_date: Field<String>,
    pub(in crate::program) end_date: Field<String>,
    pub(in crate::program) discriminator: Field<i64>,
    pub(in crate::program) personal: Field<bool>,
    pub(in crate::program) max_points: Field<Points>,
    pub(in crate::program) time: Field<i64>,
    pub(in crate::program) unit_of_time: Field<String>,
}
