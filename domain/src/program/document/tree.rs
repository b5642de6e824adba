//! Rule trees: nodes, constraints, outcomes, limits (incentives.md section 6).

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use super::{Field, Items, Scalar, SpanDocument, Worded};
use crate::{
    amount::{Money, Points, Quantity, Rate},
    id::{
        ConstraintId, OutcomeId, PointAccountId, PointSourceId, RetailerId, RuleNodeId, RuleTreeId, StoreId,
        TierLevelId, TierSystemId,
    },
};

/// A rule tree.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct RuleTree {
    pub(in crate::program) id: Field<RuleTreeId>,
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) name: Field<String>,
    pub(in crate::program) status: Field<i64>,
    pub(in crate::program) tree_type: Field<i64>,
    pub(in crate::program) trigger_events: Items<String>,
    pub(in crate::program) start_date: Field<String>,
    pub(in crate::program) end_date: Field<String>,
    pub(in crate::program) time_zone: Field<String>,
    pub(in crate::program) priority: Field<i64>,
    pub(in crate::program) exclusivity_group: Field<String>,
    pub(in crate::program) exclusivity_mode: Field<i64>,
    pub(in crate::program) tier_assignments: Items<Assignment>,
    pub(in crate::program) rules: Items<Node>,
    pub(in crate::program) outcomes: Items<Outcome>,
    pub(in crate::program) limits: Items<Limit>,
    pub(in crate::program) budget: Field<Budget>,
}

/// A total cap over all customers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Budget {
    pub(in crate::program) max_points: Field<Points>,
    pub(in crate::program) max_awards: Field<Points>,
    pub(in crate::program) max_awards_per_day: Field<Points>,
    pub(in crate::program) on_exhausted: Field<i64>,
}

/// A level a tree belongs to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Assignment {
    pub(in crate::program) tier_system_id: Field<TierSystemId>,
    pub(in crate::program) tier_level_id: Field<TierLevelId>,
}

/// A node. The parent is named, or the node stands in its parent's `children`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Node {
    pub(in crate::program) id: Field<RuleNodeId>,
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) parent_id: Field<RuleNodeId>,
    pub(in crate::program) rank: Field<i64>,
    pub(in crate::program) discriminator: Field<i64>,
    pub(in crate::program) comparison: Field<i64>,
    pub(in crate::program) negate: Field<bool>,
    pub(in crate::program) target_balance: Field<Points>,
    pub(in crate::program) lookback: Field<SpanDocument>,
    pub(in crate::program) target_count: Field<i64>,
    pub(in crate::program) target_points: Field<Points>,
    pub(in crate::program) target_amount: Field<Money>,
    pub(in crate::program) target_quantity: Field<Quantity>,
    pub(in crate::program) target_value: Field<Quantity>,
    pub(in crate::program) amount_basis: Field<i64>,
    pub(in crate::program) distinct: Field<bool>,
    pub(in crate::program) event_lookup: Field<String>,
    pub(in crate::program) tier_system_id: Field<TierSystemId>,
    pub(in crate::program) tier_level_ids: Items<TierLevelId>,
    pub(in crate::program) min_days_in_level: Field<i64>,
    pub(in crate::program) tags: Items<String>,
    pub(in crate::program) audience_ids: Items<IgnoredAny>,
    #[serde(rename = "match")]
    pub(in crate::program) matched: Field<String>,
    pub(in crate::program) attribute: Field<String>,
    pub(in crate::program) counter_name: Field<String>,
    pub(in crate::program) data_path: Field<String>,
    pub(in crate::program) data_type: Field<String>,
    pub(in crate::program) aggregate: Field<String>,
    pub(in crate::program) values: Items<Scalar>,
    pub(in crate::program) constraints: Items<Worded<Constraint>>,
    pub(in crate::program) children: Items<Node>,
}

/// A constraint: the members of every supported type together.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Constraint {
    pub(in crate::program) id: Field<ConstraintId>,
    pub(in crate::program) discriminator: Field<i64>,
    pub(in crate::program) rank: Field<i64>,
    pub(in crate::program) version: Field<i64>,
    pub(in crate::program) mode: Field<String>,
    pub(in crate::program) point_accounts: Field<BTreeMap<PointAccountId, IgnoredAny>>,
    pub(in crate::program) store_ids: Items<StoreId>,
    pub(in crate::program) location_tags: Items<String>,
    pub(in crate::program) brands: Items<String>,
    pub(in crate::program) channels: Items<String>,
    pub(in crate::program) min: Field<Money>,
    pub(in crate::program) max: Field<Money>,
    pub(in crate::program) basis: Field<String>,
    pub(in crate::program) items: Items<ItemReference>,
    pub(in crate::program) min_quantity: Field<Quantity>,
    pub(in crate::program) min_item_value: Field<Money>,
    pub(in crate::program) require_all: Field<bool>,
    pub(in crate::program) include_fully_discounted: Field<bool>,
    pub(in crate::program) start_date: Field<String>,
    pub(in crate::program) end_date: Field<String>,
    pub(in crate::program) last: Field<SpanDocument>,
    pub(in crate::program) payment_types: Items<String>,
    pub(in crate::program) minimum_share: Field<Rate>,
    pub(in crate::program) days: Items<i64>,
    pub(in crate::program) from: Field<String>,
    pub(in crate::program) to: Field<String>,
    pub(in crate::program) tier_level_ids: Items<TierLevelId>,
    pub(in crate::program) tags: Items<String>,
    pub(in crate::program) audience_ids: Items<IgnoredAny>,
    pub(in crate::program) key: Field<String>,
    pub(in crate::program) comparison: Field<i64>,
    pub(in crate::program) data_type: Field<String>,
    pub(in crate::program) values: Items<Scalar>,
    pub(in crate::program) offer_ids: Items<String>,
    pub(in crate::program) point_source_ids: Items<PointSourceId>,
    pub(in crate::program) codes: Items<String>,
    pub(in crate::program) code_list_id: Field<IgnoredAny>,
    pub(in crate::program) within: Field<SpanDocument>,
}

/// A member of an item set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct ItemReference {
    #[serde(rename = "type")]
    pub(in crate::program) kind: Field<String>,
    pub(in crate::program) id: Field<String>,
}

/// An outcome: the members of every supported type together.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Outcome {
    pub(in crate::program) id: Field<OutcomeId>,
    pub(in crate::program) discriminator: Field<i64>,
    pub(in crate::program) rank: Field<i64>,
    pub(in crate::program) limits: Items<Limit>,
    pub(in crate::program) delay: Field<IgnoredAny>,
    pub(in crate::program) quantity_field: Field<String>,
    pub(in crate::program) point_source_id: Field<PointSourceId>,
    pub(in crate::program) point_account_ids: Items<PointAccountId>,
    pub(in crate::program) amount: Field<Points>,
    pub(in crate::program) rate: Field<Rate>,
    pub(in crate::program) per_amount: Field<Money>,
    pub(in crate::program) basis: Field<i64>,
    /// An amount of money or a quantity, by the type of the outcome; [`Quantity`] holds both exactly.
    pub(in crate::program) hurdle: Field<Quantity>,
    pub(in crate::program) max_points: Field<Points>,
    pub(in crate::program) rounding_mode: Field<i64>,
    pub(in crate::program) rounding_precision: Field<i64>,
    pub(in crate::program) points: Field<Points>,
    pub(in crate::program) quantity_per_award: Field<Quantity>,
    pub(in crate::program) decimal_precision: Field<i64>,
    pub(in crate::program) factor: Field<Rate>,
    pub(in crate::program) combine: Field<String>,
    pub(in crate::program) applies_to: Field<AppliesTo>,
    pub(in crate::program) force_spend: Field<bool>,
    pub(in crate::program) percentage: Field<Rate>,
    pub(in crate::program) tags: Items<String>,
    pub(in crate::program) action: Field<String>,
    pub(in crate::program) tier_system_id: Field<TierSystemId>,
    pub(in crate::program) tier_level_id: Field<TierLevelId>,
    pub(in crate::program) direction: Field<String>,
    pub(in crate::program) process_joining_outcomes: Field<bool>,
    pub(in crate::program) event_lookup: Field<String>,
    pub(in crate::program) context: Field<BTreeMap<String, Field<Scalar>>>,
}

/// What a multiplier multiplies: one name or several.
#[derive(Debug)]
pub(in crate::program) struct AppliesTo(pub(in crate::program) Vec<String>);

impl<'de> Deserialize<'de> for AppliesTo {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> serde::de::Visitor<'de> for Names {
            type Value = AppliesTo;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter
                    .write_str("\"all\", the id of a rule tree, an exclusivity group, or an array of these")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<AppliesTo, E> {
                Ok(AppliesTo(vec![name.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut names: A) -> Result<AppliesTo, A::Error> {
                let mut all = Vec::new();
                while let Some(name) = names.next_element()? {
                    all.push(name);
                }
                Ok(AppliesTo(all))
            }
        }
        deserializer.deserialize_any(Names)
    }
}

/// A frequency cap.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Limit {
    pub(in crate::program) scope: Field<i64>,
    /// A number of times or of points; [`Points`] holds both exactly.
    pub(in crate::program) max: Field<Points>,
    pub(in crate::program) value: Field<i64>,
    pub(in crate::program) uom: Field<i64>,
    pub(in crate::program) window: Field<i64>,
}
