//! Wire objects of the incentives domain that several endpoints show (incentives.md 2).

mod audit_row;
mod balance;
mod tier_movement;
mod tier_outcome;
mod tier_progress;
mod total;
mod user_tier;

pub use audit_row::{PointAuditLog, RowContext};
pub use balance::BalanceObject;
pub use tier_movement::TierMovementObject;
pub use tier_outcome::TierOutcome;
pub use tier_progress::{FigureNumber, ProgressNode, TreeProgressObject};
pub use total::{difference, total};
pub use user_tier::{TierOverview, UserTierObject, next_level, user_tiers_of};
