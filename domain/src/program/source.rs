//! Point sources: where points come from, and how many may (incentives.md 2.3).

use crate::{
    amount::Points,
    id::{PointAccountId, PointSourceId},
    time::Span,
};

/// Every point originates from a source; a source may fill only the accounts it is linked to.
#[derive(Debug, Clone)]
pub struct PointSource {
    /// Its id.
    pub id: PointSourceId,
    /// Shown in ledger rows.
    pub name: String,
    /// Status 1. An inactive source gives nothing.
    pub active: bool,
    /// The accounts it may fill.
    pub accounts: Vec<PointAccountId>,
    /// Restrictions of the frequency kind that count per customer (`discriminator` 2, `personal` true).
    pub personal_limits: Vec<PersonalLimit>,
}

/// At most so many points per customer from one source within a window that ends now (incentives.md 2.3, 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonalLimit {
    /// The most that may be issued within the window.
    pub max_points: Points,
    /// The length of the window.
    pub window: Span,
}
