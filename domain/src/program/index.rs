//! Which rule trees may run for whom, so that the work follows the trees that can match.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use super::tree::{RuleTree, TreeKind};
use crate::id::{RuleTreeId, TierLevelId};

/// All rule trees in the order in which they run, with ways to find those that matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct TreeIndex {
    trees: Vec<RuleTree>,
    by_id: HashMap<RuleTreeId, usize>,
    /// Live purchase trees for everybody, ascending.
    for_everybody: Vec<usize>,
    /// Live purchase trees for holders of a level, ascending.
    for_level: HashMap<TierLevelId, Vec<usize>>,
    /// Live enter trees of a level, ascending.
    entrances: HashMap<TierLevelId, Vec<usize>>,
    /// Live stay trees of a level, ascending.
    stays: HashMap<TierLevelId, Vec<usize>>,
}

impl TreeIndex {
    /// Only the levels in `live` count: a paused one gives its members nothing (incentives.md 8.5).
    pub(super) fn new(mut trees: Vec<RuleTree>, live: &HashSet<TierLevelId>) -> Self {
        trees.sort_by_key(|tree| (Reverse(tree.priority), tree.id));
        let mut index = Self::default();
        for (place, tree) in trees.iter().enumerate() {
            index.by_id.insert(tree.id, place);
            if !tree.live {
                continue;
            }
            let by_level = match &tree.kind {
                TreeKind::Purchase(_) if tree.levels.is_empty() => {
                    index.for_everybody.push(place);
                    continue;
                }
                TreeKind::Purchase(_) => &mut index.for_level,
                TreeKind::Enter(..) => &mut index.entrances,
                TreeKind::Stay(_) => &mut index.stays,
            };
            for level in tree.levels.iter().filter(|level| live.contains(level)) {
                by_level.entry(*level).or_default().push(place);
            }
        }
        index.trees = trees;
        index
    }

    pub(crate) fn all(&self) -> &[RuleTree] {
        &self.trees
    }

    pub(crate) fn get(&self, id: RuleTreeId) -> Option<&RuleTree> {
        self.by_id.get(&id).map(|&place| &self.trees[place])
    }

    /// The live purchase trees for holders of these levels, in the order in which they run.
    pub(crate) fn purchase_trees(&self, levels: impl Iterator<Item = TierLevelId>) -> Vec<&RuleTree> {
        let mut places = Vec::with_capacity(self.for_everybody.len() + 4);
        places.extend_from_slice(&self.for_everybody);
        for level in levels {
            if let Some(more) = self.for_level.get(&level) {
                places.extend_from_slice(more);
            }
        }
        if places.len() > self.for_everybody.len() {
            places.sort_unstable();
            places.dedup();
        }
        places.into_iter().map(|place| &self.trees[place]).collect()
    }

    /// The purchase trees among these, live or not, in the order in which they run.
    pub(crate) fn named_purchase_trees(&self, ids: &[RuleTreeId]) -> Vec<&RuleTree> {
        let mut places: Vec<_> = ids.iter().filter_map(|id| self.by_id.get(id).copied()).collect();
        places.sort_unstable();
        places.dedup();
        let trees = places.into_iter().map(|place| &self.trees[place]);
        trees.filter(|tree| matches!(tree.kind, TreeKind::Purchase(_))).collect()
    }

    /// The live enter trees of a level, in the order in which they run.
    pub(crate) fn entrances(&self, level: TierLevelId) -> impl Iterator<Item = &RuleTree> {
        self.entrances.get(&level).into_iter().flatten().map(|&place| &self.trees[place])
    }

    /// The live stay trees of a level, in the order in which they run.
    pub(crate) fn stays(&self, level: TierLevelId) -> impl Iterator<Item = &RuleTree> {
        self.stays.get(&level).into_iter().flatten().map(|&place| &self.trees[place])
    }
}
