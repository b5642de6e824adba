//! What is for members of certain tier levels only (incentives.md 7.7).

use uuid::Uuid;

use crate::{
    id::{LevelConstraintId, TierLevelId, TierSystemId},
    time::Timestamp,
};

const DAY_MS: i64 = 86_400_000;

/// The kinds of things that are constrained (`entity_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstrainedKind {
    /// A purchase or event tree: it is no candidate for others (incentives.md 6.4, step 2).
    RuleTree,
    /// A point source: others get nothing from it, by rules or on request.
    PointSource,
    /// An offer. There are none here: whoever hands them out asks.
    Offer,
    /// A store of rewards. There are none here: whoever keeps it asks.
    RewardStore,
}

impl ConstrainedKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::RuleTree, Self::PointSource, Self::Offer, Self::RewardStore];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RuleTree => "rule_tree",
            Self::PointSource => "point_source",
            Self::Offer => "offer",
            Self::RewardStore => "reward_store",
        }
    }

    /// The kind of a name, in any letter case.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }
}

/// Who may use something, by the level held in one tier system. Several on one thing must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelConstraint {
    /// Its id.
    pub id: LevelConstraintId,
    /// Of what kind the constrained thing is.
    pub kind: ConstrainedKind,
    /// Which one.
    pub entity: Uuid,
    /// The system whose level counts.
    pub system: TierSystemId,
    /// The live ones of its levels: membership in a paused level, or in a system that is not live, does not count
    /// (incentives.md 8.5).
    pub levels: Vec<TierLevelId>,
    /// The members of these levels may use it (`mode` `include`), or all but them (`exclude`).
    pub include: bool,
    /// Only whoever has been in the level for so many days counts as its member.
    pub min_days: u32,
}

impl LevelConstraint {
    /// Whether it lets somebody pass at a time who holds these levels; `joined` says since when. A level of which that
    /// is not known was joined just now.
    pub fn admits(
        &self,
        tiers: &[(TierSystemId, TierLevelId)],
        joined: &dyn Fn(TierSystemId) -> Option<Timestamp>,
        at: Timestamp,
    ) -> bool {
        let holds = tiers.iter().any(|(system, level)| *system == self.system && self.levels.contains(level));
        let counts = holds
            && (self.min_days == 0 || {
                let since = joined(self.system).unwrap_or(at);
                (at.millis() - since.millis()).max(0) / DAY_MS >= i64::from(self.min_days)
            });
        counts == self.include
    }
}
