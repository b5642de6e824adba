//! Who may enter a tier level, and how far a customer is (incentives.md 2.8, 8.2).

use super::{Standing, TreeProgress};
use crate::{
    amount::Points,
    id::TierLevelId,
    program::{
        Program, RuleTree,
        tree::{NodeTest, TreeKind, Triggers},
    },
    time::Timestamp,
};

impl Program {
    /// Whether some entrance tree of the level passes: live, looked at after what has `happened`, within its dates at
    /// `at`, its conditions met by what the customer has. A level without one cannot be entered by qualification.
    pub fn entrance_passes(
        &self,
        level: TierLevelId,
        happened: Triggers,
        standing: &Standing<'_>,
        at: Timestamp,
    ) -> bool {
        self.looked_at(level, happened, at).any(|tree| self.progress(tree, standing, at).passed)
    }

    /// The entrance trees of the level that pass, as in [`Program::entrance_passes`], in the order in which they run.
    pub fn passing_entrances(
        &self,
        level: TierLevelId,
        happened: Triggers,
        standing: &Standing<'_>,
        at: Timestamp,
    ) -> Vec<&RuleTree> {
        self.looked_at(level, happened, at).filter(|tree| self.progress(tree, standing, at).passed).collect()
    }

    /// The entrance trees of the level that are in force at `at`, passed or not, in the order in which they run.
    pub fn entrances_in_force(&self, level: TierLevelId, at: Timestamp) -> impl Iterator<Item = &RuleTree> {
        self.tree_index().entrances(level).filter(move |tree| tree.holds_at(at))
    }

    fn looked_at(
        &self,
        level: TierLevelId,
        happened: Triggers,
        at: Timestamp,
    ) -> impl Iterator<Item = &RuleTree> {
        self.entrances_in_force(level, at).filter(move |tree| match &tree.kind {
            TreeKind::Enter(triggers, _) => triggers.meet(happened),
            TreeKind::Purchase(_) | TreeKind::Event(..) | TreeKind::Stay(_) => false,
        })
    }

    /// How far a customer is with each entrance tree of the level that is in force at `at`.
    pub fn entrance_progress(
        &self,
        level: TierLevelId,
        standing: &Standing<'_>,
        at: Timestamp,
    ) -> Vec<TreeProgress<'_>> {
        self.entrances_in_force(level, at).map(|tree| self.progress(tree, standing, at)).collect()
    }

    /// The target of the level's entrance rule: that of the first balance node of its first live tree that has one
    /// (`tier_ends_value`, incentives.md 2.9).
    pub fn entrance_threshold(&self, level: TierLevelId) -> Option<Points> {
        threshold(self.tree_index().entrances(level))
    }
}

/// The target of the first balance node.
pub(super) fn threshold<'a>(trees: impl Iterator<Item = &'a RuleTree>) -> Option<Points> {
    trees.flat_map(|tree| &tree.nodes).find_map(|node| match &node.test {
        NodeTest::Balance(test) => Some(test.target),
        _ => None,
    })
}
