//! Filing trees and nodes by what they cannot hold without.

use std::collections::HashMap;

use super::tree::{CircumstanceTest, ItemKey, Node, NodeTest, PurchaseTest, RuleTree};
use crate::{
    id::{StoreId, TierLevelId, TierSystemId},
    rules::Ticket,
};

/// What something cannot hold without: one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Requirement {
    /// Nothing is known that it needs.
    Nothing,
    /// A line of one of these.
    Items(Vec<ItemKey>),
    /// One of these stores.
    Stores(Vec<StoreId>),
    /// One of these channels, lower case.
    Channels(Vec<Box<str>>),
    /// One of these levels.
    Levels(Vec<TierLevelId>),
}

impl Requirement {
    /// What a tree needs: the rarest of what the nodes need that must hold.
    pub(super) fn of_tree(tree: &RuleTree) -> Self {
        let mut best = if tree.levels.is_empty() { Self::Nothing } else { Self::Levels(tree.levels.clone()) };
        if let Some(root) = tree.nodes.last() {
            best.improve(tree, root);
        }
        best
    }

    fn improve(&mut self, tree: &RuleTree, node: &Node) {
        if node.negate {
            return;
        }
        match &node.test {
            NodeTest::All(children) => {
                for &child in children {
                    self.improve(tree, &tree.nodes[child]);
                }
            }
            NodeTest::CurrentPurchase(test) => self.take(Self::of_purchase(test)),
            _ => {}
        }
    }

    /// What the constraints on a purchase need.
    pub(super) fn of_purchase(test: &PurchaseTest) -> Self {
        let mut best = Self::Nothing;
        for set in test.items.iter().filter(|set| set.include) {
            best.take(Self::Items(set.keys.clone()));
        }
        for known in test.stores.iter().filter(|known| known.include) {
            best.take(Self::Stores(known.stores.clone()));
        }
        for known in test.channels.iter().filter(|known| known.include) {
            best.take(Self::Channels(
                known.channels.iter().map(|channel| channel.to_ascii_lowercase().into()).collect(),
            ));
        }
        for circumstance in test.circumstances.iter().filter(|known| known.include) {
            if let CircumstanceTest::Levels(levels) = &circumstance.test {
                best.take(Self::Levels(levels.clone()));
            }
        }
        best
    }

    fn take(&mut self, other: Self) {
        if other.commonness() < self.commonness() {
            *self = other;
        }
    }

    /// How many purchases meet it, as far as one can guess: single items are rarer than stores, stores rarer than
    /// brands and departments, then come levels and channels.
    fn commonness(&self) -> u8 {
        match self {
            Self::Items(keys) if keys.iter().all(|key| matches!(key, ItemKey::Sku(_))) => 0,
            Self::Stores(_) => 1,
            Self::Items(_) => 2,
            Self::Levels(_) => 3,
            Self::Channels(_) => 4,
            Self::Nothing => 5,
        }
    }
}

/// Places, filed by what they need.
#[derive(Debug, Clone, Default)]
pub(super) struct Filing {
    always: Vec<usize>,
    /// By symbol, one list for each kind of key.
    items: [Vec<Vec<usize>>; 4],
    stores: HashMap<StoreId, Vec<usize>>,
    channels: Vec<(Box<str>, Vec<usize>)>,
    levels: Vec<(TierLevelId, Vec<usize>)>,
    filed_by_item: bool,
}

impl Filing {
    pub(super) fn file(&mut self, place: usize, requirement: &Requirement) {
        match requirement {
            Requirement::Nothing => self.always.push(place),
            Requirement::Items(keys) => {
                self.filed_by_item = true;
                for key in keys {
                    let (kind, symbol) = shelf(*key);
                    let shelf = &mut self.items[kind];
                    if shelf.len() <= symbol {
                        shelf.resize(symbol + 1, Vec::new());
                    }
                    shelf[symbol].push(place);
                }
            }
            Requirement::Stores(stores) => {
                for store in stores {
                    self.stores.entry(*store).or_default().push(place);
                }
            }
            Requirement::Channels(channels) => {
                for channel in channels {
                    match self.channels.iter_mut().find(|(known, _)| known == channel) {
                        Some((_, places)) => places.push(place),
                        None => self.channels.push((channel.clone(), vec![place])),
                    }
                }
            }
            Requirement::Levels(levels) => {
                for level in levels {
                    match self.levels.iter_mut().find(|(known, _)| known == level) {
                        Some((_, places)) => places.push(place),
                        None => self.levels.push((*level, vec![place])),
                    }
                }
            }
        }
    }

    /// What may hold, ascending and without repetition.
    pub(super) fn find(&self, ticket: &Ticket<'_>, tiers: &[(TierSystemId, TierLevelId)]) -> Vec<usize> {
        let mut found = Vec::with_capacity(self.always.len() + 4);
        found.extend_from_slice(&self.always);
        if self.filed_by_item {
            for key in ticket.keys() {
                let (kind, symbol) = shelf(key);
                found.extend(self.items[kind].get(symbol).into_iter().flatten());
            }
        }
        if !self.stores.is_empty() {
            found.extend(self.stores.get(&ticket.purchase().store).into_iter().flatten());
        }
        for (channel, places) in &self.channels {
            if channel.eq_ignore_ascii_case(ticket.purchase().channel) {
                found.extend_from_slice(places);
            }
        }
        for (level, places) in &self.levels {
            if tiers.iter().any(|(_, held)| held == level) {
                found.extend_from_slice(places);
            }
        }
        if found.len() > self.always.len() {
            found.sort_unstable();
            found.dedup();
        }
        found
    }
}

fn shelf(key: ItemKey) -> (usize, usize) {
    let (kind, symbol) = match key {
        ItemKey::Sku(symbol) => (0, symbol),
        ItemKey::Category(symbol) => (1, symbol),
        ItemKey::Brand(symbol) => (2, symbol),
        ItemKey::Department(symbol) => (3, symbol),
    };
    (kind, usize::try_from(symbol).expect("a symbol counts things in memory"))
}
