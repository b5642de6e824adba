//! What a customer has used of the limits of trees and outcomes (incentives.md 6.8).

use serde::{Deserialize, Serialize};

use crate::{
    amount::{AmountError, Points},
    id::{OutcomeId, RuleTreeId},
    time::Timestamp,
};

/// Names one limit: the tree, the outcome when it is the outcome's own, and its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LimitKey {
    /// The tree it stands in.
    pub tree: RuleTreeId,
    /// The outcome it stands on; none: on the tree.
    pub outcome: Option<OutcomeId>,
    /// Its place in the list.
    pub place: u8,
}

/// One use of a limit. Negative amounts give back (`restore_on_return`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUse {
    /// Which limit.
    pub key: LimitKey,
    /// Calendar limits: the start of the window. Rolling limits: the business time of the use.
    pub at: Timestamp,
    /// When the use no longer matters to any later purchase; none: never.
    pub until: Option<Timestamp>,
    /// How many times.
    pub times: i32,
    /// How many points.
    pub points: Points,
}

/// A customer's uses, summed per limit and window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUsage {
    uses: Vec<LimitUse>,
}

impl LimitUsage {
    /// Adds a use to what is there.
    pub fn record(&mut self, used: &LimitUse) -> Result<(), AmountError> {
        let known = self.uses.iter_mut().find(|known| known.key == used.key && known.at == used.at);
        match known {
            Some(known) => {
                known.times = known.times.checked_add(used.times).ok_or(AmountError::OutOfRange)?;
                known.points = known.points.plus(used.points)?;
            }
            None => self.uses.push(used.clone()),
        }
        self.uses.retain(|known| known.times != 0 || !known.points.is_zero());
        Ok(())
    }

    /// Forgets uses that no purchase at or after `horizon` can be affected by, so that state stays bounded.
    pub fn forget_before(&mut self, horizon: Timestamp) {
        self.uses.retain(|known| known.until.is_none_or(|until| until > horizon));
    }

    /// Forgets the uses of these trees; of all when none is named.
    pub fn reset(&mut self, trees: &[RuleTreeId]) {
        self.uses.retain(|known| !trees.is_empty() && !trees.contains(&known.key.tree));
    }

    /// All uses.
    pub fn all(&self) -> &[LimitUse] {
        &self.uses
    }

    /// The uses of one limit.
    pub fn of(&self, key: LimitKey) -> impl Iterator<Item = &LimitUse> {
        self.uses.iter().filter(move |known| known.key == key)
    }
}
