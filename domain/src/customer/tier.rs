//! Which levels a customer holds and how they rise (incentives.md section 8).

use serde::{Deserialize, Serialize};

use super::{TierMove, TierMoveCause};
use crate::{
    id::{TierLevelId, TierSystemId, UserTierId},
    ledger::Draft,
    program::{Program, tree::Triggers},
    time::Timestamp,
};

/// A customer's level in one tier system (incentives.md 2.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTier {
    /// Names the membership; the same for all levels of the system.
    pub id: UserTierId,
    /// Which system.
    pub system: TierSystemId,
    /// The level held.
    pub level: TierLevelId,
    /// When the present level was joined.
    pub joined: Timestamp,
}

/// Joins the level of rank 0 of every live system the customer is not in (incentives.md 8.1).
pub(super) fn enrol(held: &[UserTier], program: &Program, draft: &mut Draft<'_>) -> Vec<TierMove> {
    let unknown = program
        .tier_systems()
        .iter()
        .filter(|system| system.live && held.iter().all(|tier| tier.system != system.id));
    let mut moves = Vec::new();
    for system in unknown {
        if let Some(lowest) = system.levels.first().filter(|level| level.rank == 0) {
            moves.push(TierMove {
                id: UserTierId(draft.next_id()),
                system: system.id,
                from: None,
                to: lowest.id,
                cause: TierMoveCause::Enrolled,
            });
        }
    }
    moves
}

/// Enrols, then rises to the highest level whose entrance rules pass with the balances of the draft (incentives.md
/// 8.2). Levels may be skipped.
pub(super) fn qualify(
    held: &[UserTier],
    program: &Program,
    happened: Triggers,
    draft: &mut Draft<'_>,
    at: Timestamp,
) -> Vec<TierMove> {
    let mut moves = enrol(held, program, draft);
    let mut present: Vec<_> = held.iter().map(|tier| (tier.id, tier.system, tier.level)).collect();
    present.extend(moves.iter().map(|joined| (joined.id, joined.system, joined.to)));
    for (id, system, level) in present {
        let Some(system) = program.tier_system(system).filter(|system| system.live) else { continue };
        let Some(rank) = system.level(level).map(|level| level.rank) else { continue };
        let passes = |level: TierLevelId| {
            program.entrance_passes(
                level,
                happened,
                &|account| draft.available(account),
                &|account| draft.lifetime(account),
                at,
            )
        };
        let highest = system.live_levels_above(rank).filter(|above| passes(above.id)).last();
        if let Some(highest) = highest {
            moves.push(TierMove {
                id,
                system: system.id,
                from: Some(level),
                to: highest.id,
                cause: TierMoveCause::Qualifying,
            });
        }
    }
    moves
}

/// Folds moves into the levels held.
pub(super) fn apply(tiers: &mut Vec<UserTier>, moves: &[TierMove], at: Timestamp) {
    for step in moves {
        match tiers.iter_mut().find(|tier| tier.system == step.system) {
            Some(tier) => {
                tier.level = step.to;
                tier.joined = at;
            }
            None => tiers.push(UserTier { id: step.id, system: step.system, level: step.to, joined: at }),
        }
    }
}
