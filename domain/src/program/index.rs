//! Which rule trees may run for what, so that the work follows the trees that can match and not those there are.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use super::{
    event::{Followed, PlatformEvent},
    filing::{Filing, Requirement},
    tree::{Counted, Node, NodeTest, RuleTree, TreeKind},
};
use crate::{
    id::{RuleTreeId, TierLevelId, TierSystemId},
    rules::{CountKey, Ticket},
};

/// All rule trees in the order in which they run, with ways to find those that matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct TreeIndex {
    trees: Vec<RuleTree>,
    by_id: HashMap<RuleTreeId, usize>,
    /// Live purchase trees, ascending.
    purchase: Vec<usize>,
    /// The same by what they require of a purchase or of its payer.
    purchase_by: Filing,
    /// Live event trees of an event, ascending.
    events: HashMap<Box<str>, Vec<usize>>,
    /// Live enter trees of a level, ascending.
    entrances: HashMap<TierLevelId, Vec<usize>>,
    /// Live stay trees of a level, ascending.
    stays: HashMap<TierLevelId, Vec<usize>>,
    /// Counting nodes of live trees: tree and node.
    counting: Vec<(usize, usize)>,
    /// Those that count purchases, as places in `counting`.
    counting_purchases: Filing,
    counts_purchases: bool,
    asks_days_in_level: bool,
    counting_events: Vec<(usize, usize)>,
    counting_points: Vec<(usize, usize)>,
    followed: Followed,
}

impl TreeIndex {
    /// Only the levels in `live` count: a paused one gives its members nothing (incentives.md 8.5).
    pub(super) fn new(mut trees: Vec<RuleTree>, live: &HashSet<TierLevelId>) -> Self {
        trees.sort_by_key(|tree| (Reverse(tree.priority), tree.id));
        trees.iter_mut().for_each(|tree| keep_live_levels(tree, live));
        let mut index = Self::default();
        for (place, tree) in trees.iter().enumerate() {
            index.by_id.insert(tree.id, place);
            if !tree.live {
                continue;
            }
            index.file_counting(place, tree);
            let membership = |node: &Node| matches!(node.test, NodeTest::Membership(_));
            index.asks_days_in_level |= tree.nodes.iter().any(membership);
            if matches!(tree.kind, TreeKind::Enter(..) | TreeKind::Stay(_)) && tree.publishes() {
                index.followed.add_published();
            }
            match &tree.kind {
                TreeKind::Purchase(_) => {
                    index.purchase.push(place);
                    index.purchase_by.file(place, &Requirement::of_tree(tree));
                }
                TreeKind::Event(lookups, _) => {
                    for lookup in lookups {
                        index.follow(lookup);
                        index.events.entry(lookup.clone()).or_default().push(place);
                    }
                }
                TreeKind::Enter(..) => file_by_level(&mut index.entrances, place, tree, live),
                TreeKind::Stay(_) => file_by_level(&mut index.stays, place, tree, live),
            }
        }
        index.trees = trees;
        index
    }

    fn file_counting(&mut self, place: usize, tree: &RuleTree) {
        for (node, known) in tree.nodes.iter().enumerate() {
            let NodeTest::Count(test) = &known.test else { continue };
            match &test.what {
                Counted::Events(asked) => {
                    asked.lookup.iter().for_each(|lookup| self.follow(lookup));
                    self.counting_events.push((place, node));
                }
                Counted::Earned(_) | Counted::Spent(_) => self.counting_points.push((place, node)),
                Counted::Transactions(asked)
                | Counted::Money(asked, _)
                | Counted::Items(asked)
                | Counted::DistinctItems(asked) => {
                    self.counts_purchases = true;
                    self.counting_purchases.file(self.counting.len(), &Requirement::of_purchase(asked));
                }
            }
            self.counting.push((place, node));
        }
    }

    fn follow(&mut self, lookup: &str) {
        PlatformEvent::of_lookup(lookup).into_iter().for_each(|event| self.followed.add(event));
    }

    /// The platform's events that some live tree runs for or counts.
    pub(crate) fn followed(&self) -> Followed {
        self.followed
    }

    pub(crate) fn all(&self) -> &[RuleTree] {
        &self.trees
    }

    pub(crate) fn get(&self, id: RuleTreeId) -> Option<&RuleTree> {
        self.by_id.get(&id).map(|&place| &self.trees[place])
    }

    /// The live purchase trees that may hold for a purchase by a holder of these levels, in the order in which they
    /// run. Those that are left out cannot hold.
    pub(crate) fn purchase_trees(
        &self,
        ticket: &Ticket<'_>,
        tiers: &[(TierSystemId, TierLevelId)],
    ) -> Vec<&RuleTree> {
        let places = self.purchase_by.find(ticket, tiers);
        places.into_iter().map(|place| &self.trees[place]).collect()
    }

    /// All live purchase trees, in the order in which they run.
    pub(crate) fn all_purchase_trees(&self) -> Vec<&RuleTree> {
        self.purchase.iter().map(|&place| &self.trees[place]).collect()
    }

    /// The purchase trees among these, live or not, in the order in which they run.
    pub(crate) fn named_purchase_trees(&self, ids: &[RuleTreeId]) -> Vec<&RuleTree> {
        let mut places: Vec<_> = ids.iter().filter_map(|id| self.by_id.get(id).copied()).collect();
        places.sort_unstable();
        places.dedup();
        let trees = places.into_iter().map(|place| &self.trees[place]);
        trees.filter(|tree| matches!(tree.kind, TreeKind::Purchase(_))).collect()
    }

    /// The live trees of an event, in the order in which they run.
    pub(crate) fn event_trees(&self, lookup: &str) -> impl Iterator<Item = &RuleTree> {
        self.events.get(lookup).into_iter().flatten().map(|&place| &self.trees[place])
    }

    /// Some tree runs for events, or some node counts them.
    pub(crate) fn listens(&self) -> bool {
        !self.events.is_empty() || !self.counting_events.is_empty()
    }

    /// The live enter trees of a level, in the order in which they run.
    pub(crate) fn entrances(&self, level: TierLevelId) -> impl Iterator<Item = &RuleTree> {
        self.entrances.get(&level).into_iter().flatten().map(|&place| &self.trees[place])
    }

    /// The live stay trees of a level, in the order in which they run.
    pub(crate) fn stays(&self, level: TierLevelId) -> impl Iterator<Item = &RuleTree> {
        self.stays.get(&level).into_iter().flatten().map(|&place| &self.trees[place])
    }

    /// Whether the program has a node that counts under this key.
    pub(crate) fn has_count(&self, key: CountKey) -> bool {
        self.get(key.tree).is_some_and(|tree| {
            tree.nodes.iter().any(|node| match &node.test {
                NodeTest::Count(test) => node.id == key.node && test.fingerprint == key.fingerprint,
                _ => false,
            })
        })
    }

    /// Some node asks for how long a level is held.
    pub(crate) fn asks_days_in_level(&self) -> bool {
        self.asks_days_in_level
    }

    /// Some node counts something.
    pub(crate) fn counts(&self) -> bool {
        !self.counting.is_empty()
    }

    /// Some node counts purchases.
    pub(crate) fn counts_purchases(&self) -> bool {
        self.counts_purchases
    }

    /// The nodes that may count a purchase: tree and node.
    pub(crate) fn counting_purchases(
        &self,
        ticket: &Ticket<'_>,
        tiers: &[(TierSystemId, TierLevelId)],
    ) -> Vec<(usize, usize)> {
        let places = self.counting_purchases.find(ticket, tiers);
        places.into_iter().map(|place| self.counting[place]).collect()
    }

    /// The nodes that count events: tree and node.
    pub(crate) fn counting_events(&self) -> &[(usize, usize)] {
        &self.counting_events
    }

    /// The nodes that count points: tree and node.
    pub(crate) fn counting_points(&self) -> &[(usize, usize)] {
        &self.counting_points
    }
}

fn file_by_level(
    by_level: &mut HashMap<TierLevelId, Vec<usize>>,
    place: usize,
    tree: &RuleTree,
    live: &HashSet<TierLevelId>,
) {
    for level in tree.levels.iter().filter(|level| live.contains(level)) {
        by_level.entry(*level).or_default().push(place);
    }
}

/// Of the levels that a tree gives something to, only live ones count; a tree without any gives nothing.
fn keep_live_levels(tree: &mut RuleTree, live: &HashSet<TierLevelId>) {
    match &tree.kind {
        TreeKind::Purchase(_) | TreeKind::Event(..) if !tree.levels.is_empty() => {
            tree.levels.retain(|level| live.contains(level));
            tree.live &= !tree.levels.is_empty();
        }
        TreeKind::Purchase(_) | TreeKind::Event(..) | TreeKind::Enter(..) | TreeKind::Stay(_) => {}
    }
}
