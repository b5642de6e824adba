//! `.../progress/...`: how far a customer is (incentives.md 7.11).

mod rule_tree;
mod tier_system;

pub(crate) use rule_tree::{__path_user_progress, user_progress};
pub(crate) use tier_system::{
    __path_tier_progress, __path_tier_progress_by_query, tier_progress, tier_progress_by_query,
};
