//! What a customer's state keeps for nodes that count, and the counters that callers keep (incentives.md 6.2, 7.9).
//!
//! A node without `lookback` needs one sum. A node with one needs to know what leaves the window when, so it keeps each
//! trigger's part with its time: exact at the window's edge wherever that lies, and forgotten once no trigger can look
//! back to it. Buckets of hours or days would be smaller, but wrong in the bucket that the edge cuts.

use serde::{Deserialize, Serialize};

use crate::{
    amount::{AmountError, Quantity},
    id::{RuleNodeId, RuleTreeId},
    time::Timestamp,
};

/// Parts that one node keeps at most. Above it the oldest are joined, so a window that holds more triggers than this
/// lets go of the oldest a little late.
const PARTS_MAX: usize = 1_000;
/// Nodes that a customer keeps at most. Above it the one that was not fed for longest goes.
const NODES_MAX: usize = 400;
/// Counters of callers that a customer has at most (incentives.md 7.9).
pub const NAMED_MAX: usize = 200;

/// Names what is counted: a node, and what it counted when it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CountKey {
    /// The tree.
    pub tree: RuleTreeId,
    /// Its node.
    pub node: RuleNodeId,
    /// [`crate::program::tree::CountTest::fingerprint`]
    pub fingerprint: u64,
}

/// A part of a count, or a correction of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// When it happened; [`Timestamp::MIN`] in a count without a window.
    pub at: Timestamp,
    /// When it no longer matters to any trigger; none: never.
    pub until: Option<Timestamp>,
    /// Which item, when different items are counted; else 0.
    pub item: u64,
    /// How many, in the smallest units of what is counted.
    pub amount: i64,
}

/// What a trigger adds to a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountChange {
    /// To which.
    pub key: CountKey,
    /// What.
    pub part: Part,
}

/// The count of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCounter {
    /// Of which.
    pub key: CountKey,
    /// When it was first fed.
    pub since: Timestamp,
    /// When it was last fed.
    pub fed: Timestamp,
    parts: Vec<Part>,
}

/// A counter that callers keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCounter {
    /// Its name.
    pub name: Box<str>,
    /// Its value.
    pub value: Quantity,
    /// When it was last set.
    pub updated: Timestamp,
}

/// All counts of a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// By tree and node.
    nodes: Vec<NodeCounter>,
    named: Vec<NamedCounter>,
}

impl NodeCounter {
    /// The sum of the parts after `since` and up to `to`; parts without a time always count.
    pub fn sum(&self, since: Option<Timestamp>, to: Timestamp) -> Result<i64, AmountError> {
        self.within(since, to)
            .try_fold(0_i64, |sum, part| sum.checked_add(part.amount))
            .ok_or(AmountError::OutOfRange)
    }

    /// The parts after `since` and up to `to`; parts without a time always count.
    pub fn within(&self, since: Option<Timestamp>, to: Timestamp) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.is_within(since, to))
    }
}

impl Part {
    /// It lies after `since` and no later than `to`, or has no time.
    pub fn is_within(&self, since: Option<Timestamp>, to: Timestamp) -> bool {
        self.at == Timestamp::MIN || (since.is_none_or(|since| self.at > since) && self.at <= to)
    }
}

impl Counters {
    /// Nothing counted.
    pub const NONE: Self = Self { nodes: Vec::new(), named: Vec::new() };

    /// The nodes' counts.
    pub fn nodes(&self) -> &[NodeCounter] {
        &self.nodes
    }

    /// The callers' counters, by name.
    pub fn named(&self) -> &[NamedCounter] {
        &self.named
    }

    /// The count of a node; nothing when it was not fed since it counts what it counts now.
    pub fn node(&self, key: CountKey) -> Option<&NodeCounter> {
        self.place(key).ok().map(|place| &self.nodes[place]).filter(|known| known.key == key)
    }

    /// The value of a caller's counter; 0 when it was never set.
    pub fn value(&self, name: &str) -> Quantity {
        self.named.iter().find(|known| *known.name == *name).map_or(Quantity::ZERO, |known| known.value)
    }

    fn place(&self, key: CountKey) -> Result<usize, usize> {
        self.nodes.binary_search_by_key(&(key.tree, key.node), |known| (known.key.tree, known.key.node))
    }

    /// Adds to a count. A node that counts something else now starts anew.
    pub fn record(&mut self, change: &CountChange, at: Timestamp) {
        let fresh = || NodeCounter { key: change.key, since: at, fed: at, parts: Vec::new() };
        let place = match self.place(change.key) {
            Ok(place) => {
                if self.nodes[place].key != change.key {
                    self.nodes[place] = fresh();
                }
                place
            }
            Err(place) => {
                self.nodes.insert(place, fresh());
                place
            }
        };
        let counter = &mut self.nodes[place];
        counter.fed = counter.fed.max(at);
        counter.add(&change.part);
        self.limit_nodes();
    }

    fn limit_nodes(&mut self) {
        if self.nodes.len() > NODES_MAX {
            let oldest = self.nodes.iter().enumerate().min_by_key(|(_, known)| known.fed);
            if let Some((place, _)) = oldest {
                self.nodes.remove(place);
            }
        }
    }

    /// Forgets parts that no trigger at or after `horizon` looks back to.
    pub fn forget_before(&mut self, horizon: Timestamp) {
        for counter in &mut self.nodes {
            counter.parts.retain(|part| part.until.is_none_or(|until| until > horizon));
        }
    }

    /// Sets a caller's counter.
    pub fn set(&mut self, name: &str, value: Quantity, at: Timestamp) {
        match self.named.binary_search_by(|known| (*known.name).cmp(name)) {
            Ok(place) => {
                self.named[place].value = value;
                self.named[place].updated = at;
            }
            Err(place) => self.named.insert(place, NamedCounter { name: name.into(), value, updated: at }),
        }
    }

    /// Adds the counts of another customer. Of a node that has counted something else, those of the one fed last stay.
    pub fn merge(&mut self, other: &Self) -> Result<(), AmountError> {
        for theirs in &other.nodes {
            match self.place(theirs.key) {
                Ok(place) if self.nodes[place].key == theirs.key => {
                    let mine = &mut self.nodes[place];
                    mine.since = mine.since.min(theirs.since);
                    mine.fed = mine.fed.max(theirs.fed);
                    theirs.parts.iter().for_each(|part| mine.add(part));
                }
                Ok(place) if self.nodes[place].fed < theirs.fed => self.nodes[place] = theirs.clone(),
                Ok(_) => {}
                Err(place) => self.nodes.insert(place, theirs.clone()),
            }
            self.limit_nodes();
        }
        for theirs in &other.named {
            let mine = self.named.iter().find(|known| known.name == theirs.name);
            let (value, updated) =
                mine.map_or((Quantity::ZERO, theirs.updated), |mine| (mine.value, mine.updated));
            self.set(&theirs.name, value.plus(theirs.value)?, updated.max(theirs.updated));
        }
        Ok(())
    }

    /// Nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.named.is_empty()
    }

    /// Forgets the counts of these trees; of all when none is named.
    pub fn reset(&mut self, trees: &[RuleTreeId]) {
        self.nodes.retain(|known| !trees.is_empty() && !trees.contains(&known.key.tree));
    }

    /// Forgets the callers' counters.
    pub fn clear_named(&mut self) {
        self.named.clear();
    }
}

impl NodeCounter {
    fn add(&mut self, part: &Part) {
        let same = |known: &Part| known.at == part.at && known.item == part.item;
        match self.parts.iter().position(same) {
            Some(place) => {
                let known = &mut self.parts[place];
                // A count that does not fit stays at its bound: no rule asks for as much.
                known.amount = known.amount.saturating_add(part.amount);
                if known.amount == 0 {
                    self.parts.remove(place);
                }
            }
            None if part.amount != 0 => self.parts.push(*part),
            None => {}
        }
        if self.parts.len() > PARTS_MAX {
            let oldest = self.parts.iter().enumerate().min_by_key(|(_, known)| known.at);
            if let Some((place, _)) = oldest {
                let gone = self.parts.swap_remove(place);
                let next = self.parts.iter_mut().filter(|known| known.item == 0).min_by_key(|known| known.at);
                if let Some(next) = next.filter(|_| gone.item == 0) {
                    next.amount = next.amount.saturating_add(gone.amount);
                }
            }
        }
    }
}
