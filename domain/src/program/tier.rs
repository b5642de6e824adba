//! Tier systems and their levels (incentives.md 2.6).

use crate::id::{TierLevelId, TierSystemId};

/// A ladder of levels. A customer holds at most one level of it.
#[derive(Debug, Clone)]
pub struct TierSystem {
    /// Its id.
    pub id: TierSystemId,
    /// Its name.
    pub name: String,
    /// Status 2 and not disabled: members join and move.
    pub live: bool,
    /// The levels by ascending rank; the first has rank 0.
    pub levels: Vec<TierLevel>,
}

impl TierSystem {
    /// The level of this id.
    pub fn level(&self, id: TierLevelId) -> Option<&TierLevel> {
        self.levels.iter().find(|level| level.id == id)
    }

    /// The live levels above a rank, lowest first.
    pub fn live_levels_above(&self, rank: u32) -> impl Iterator<Item = &TierLevel> {
        self.levels.iter().filter(move |level| level.rank > rank && level.is_live())
    }
}

/// One level of a tier system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierLevel {
    /// Its id.
    pub id: TierLevelId,
    /// Its name, shown as the customer's `tier`.
    pub name: String,
    /// 0 is the default level; higher is better.
    pub rank: u32,
    /// 2 is live (incentives.md 3.2).
    pub status: u8,
}

impl TierLevel {
    /// Members may enter it.
    pub const fn is_live(&self) -> bool {
        self.status == 2
    }
}
