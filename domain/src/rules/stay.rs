//! Who stays in a tier level (incentives.md 8.3).

use super::{Standing, TreeProgress, entrance::threshold};
use crate::{
    amount::Points,
    id::TierLevelId,
    program::{Program, RuleTree},
    time::Timestamp,
};

/// What the stay trees of a level say of a customer.
#[derive(Debug, Clone)]
pub struct Stay<'a> {
    /// Some stay tree is in force.
    pub in_force: bool,
    /// Those that pass, in the order in which they run.
    pub passed: Vec<&'a RuleTree>,
}

impl Stay<'_> {
    /// The customer stays: some tree passes, or none is in force.
    pub fn holds(&self) -> bool {
        !self.in_force || !self.passed.is_empty()
    }
}

impl Program {
    /// What the stay trees of the level that are in force at `at` say of a customer.
    pub fn stay(&self, level: TierLevelId, standing: &Standing<'_>, at: Timestamp) -> Stay<'_> {
        let mut stay = Stay { in_force: false, passed: Vec::new() };
        for tree in self.stays_in_force(level, at) {
            stay.in_force = true;
            if self.progress(tree, standing, at).passed {
                stay.passed.push(tree);
            }
        }
        stay
    }

    /// The stay trees of a level that are in force at `at`, in the order in which they run.
    pub(crate) fn stays_in_force(
        &self,
        level: TierLevelId,
        at: Timestamp,
    ) -> impl Iterator<Item = &RuleTree> {
        self.tree_index().stays(level).filter(move |tree| tree.holds_at(at))
    }

    /// How far a customer is with each stay tree of the level that is in force at `at`.
    pub fn stay_progress(
        &self,
        level: TierLevelId,
        standing: &Standing<'_>,
        at: Timestamp,
    ) -> Vec<TreeProgress<'_>> {
        self.stays_in_force(level, at).map(|tree| self.progress(tree, standing, at)).collect()
    }

    /// The target of the level's stay rule: that of the first balance node of its first live tree that has one
    /// (`maintenance_points`, incentives.md 2.9).
    pub fn stay_threshold(&self, level: TierLevelId) -> Option<Points> {
        threshold(self.tree_index().stays(level))
    }
}
