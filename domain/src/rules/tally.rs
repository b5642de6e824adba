//! Counting: what a trigger adds to the nodes that count, and what they have come to (incentives.md 6.2, 6.4 step 3).

use std::collections::BTreeMap;

use super::{
    CountChange, CountKey, Figure, Part, Scene, Standing,
    leaf::{circumstances_hold, event_holds},
    selection::purchase_lines,
    ticket::Ticket,
};
use crate::{
    amount::{AmountError, Money, Points, Quantity},
    id::{PointAccountId, PointSourceId},
    program::{
        DISTINCT_MAX, Program, RuleTree,
        event::PlatformEvent,
        tree::{CountTest, Counted, Node, NodeTest, PointsTest},
    },
    time::Timestamp,
};

/// Points that came or went, for nodes that count points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointsMoved {
    /// When.
    pub time: Timestamp,
    /// Which account.
    pub account: PointAccountId,
    /// From which source.
    pub source: PointSourceId,
    /// How many; below zero: what was counted before is taken back.
    pub points: Points,
    /// They were spent; else they were issued.
    pub spent: bool,
}

/// The key of a counting node.
pub(super) fn key(tree: &RuleTree, node: &Node, test: &CountTest) -> CountKey {
    CountKey { tree: tree.id, node: node.id, fingerprint: test.fingerprint }
}

/// What was counted before this trigger.
pub(super) fn before(
    tree: &RuleTree,
    node: &Node,
    test: &CountTest,
    standing: &Standing<'_>,
    time: Timestamp,
) -> Result<i64, AmountError> {
    let key = key(tree, node, test);
    if let Some((_, known)) = standing.counts_before.iter().find(|(known, _)| *known == key) {
        return Ok(*known);
    }
    let since = test.lookback.and_then(|span| tree.zone.earlier(time, span));
    let stored = standing.counters.node(key).map_or(Ok(0), |counter| counter.sum(since, time))?;
    let own = sum(standing.counted, key, since, time)?;
    stored.checked_sub(own).ok_or(AmountError::OutOfRange)
}

/// What a node has counted, the trigger included.
pub(super) fn value(
    tree: &RuleTree,
    node: &Node,
    test: &CountTest,
    scene: &Scene<'_>,
) -> Result<i64, AmountError> {
    let (key, time) = (key(tree, node, test), scene.time);
    let since = test.lookback.and_then(|span| tree.zone.earlier(time, span));
    if let Counted::DistinctItems(_) = test.what {
        return Ok(distinct(key, since, scene));
    }
    let before = before(tree, node, test, scene.standing, time)?;
    before.checked_add(sum(scene.counted, key, since, time)?).ok_or(AmountError::OutOfRange)
}

fn sum(
    changes: &[CountChange],
    key: CountKey,
    since: Option<Timestamp>,
    to: Timestamp,
) -> Result<i64, AmountError> {
    let mine = changes.iter().filter(|change| change.key == key && change.part.is_within(since, to));
    mine.map(|change| change.part.amount).try_fold(0_i64, i64::checked_add).ok_or(AmountError::OutOfRange)
}

/// How many different items there are of which more was bought than brought back.
fn distinct(key: CountKey, since: Option<Timestamp>, scene: &Scene<'_>) -> i64 {
    let (standing, time) = (scene.standing, scene.time);
    let mut items: BTreeMap<u64, i64> = BTreeMap::new();
    let mut add = |part: &Part, sign: i64| {
        let units = items.entry(part.item).or_default();
        *units = units.saturating_add(part.amount.saturating_mul(sign));
    };
    if let Some(counter) = standing.counters.node(key) {
        counter.within(since, time).for_each(|part| add(part, 1));
    }
    let mine = |change: &&CountChange| change.key == key && change.part.is_within(since, time);
    standing.counted.iter().filter(mine).for_each(|change| add(&change.part, -1));
    scene.counted.iter().filter(mine).for_each(|change| add(&change.part, 1));
    let bought = items.values().filter(|units| **units > 0).count();
    i64::try_from(bought).unwrap_or(DISTINCT_MAX)
}

/// A count as it is shown.
pub(super) fn figure(what: &Counted, units: i64) -> Figure {
    match what {
        Counted::Transactions(_) | Counted::DistinctItems(_) => Figure::Whole(units),
        Counted::Events(_) | Counted::Items(_) => Figure::Quantity(Quantity::from_units(units)),
        Counted::Earned(_) | Counted::Spent(_) => Figure::Points(Points::from_units(units)),
        Counted::Money(..) => Figure::Money(Money::from_units(units)),
    }
}

/// Whether the tree counts for the customer at this time: live, in force, and for the levels held.
fn counts_for(tree: &RuleTree, standing: &Standing<'_>, time: Timestamp) -> bool {
    tree.live && tree.holds_at(time) && standing.may_use(tree, time)
}

fn part(tree: &RuleTree, test: &CountTest, at: Timestamp, item: u64, amount: i64) -> Part {
    match test.lookback {
        None => Part { at: Timestamp::MIN, until: None, item, amount },
        Some(span) => Part { at, until: tree.zone.later(at, span), item, amount },
    }
}

/// The counting nodes at these places, with what they ask.
fn tests(
    program: &Program,
    places: impl Iterator<Item = (usize, usize)>,
) -> impl Iterator<Item = (&RuleTree, &Node, &CountTest)> {
    places.filter_map(|(tree, node)| {
        let tree = &program.trees()[tree];
        let node = &tree.nodes[node];
        match &node.test {
            NodeTest::Count(test) => Some((tree, node, &**test)),
            _ => None,
        }
    })
}

/// What a purchase adds. A node whose arithmetic fails counts nothing.
pub(super) fn of_purchase(ticket: &Ticket<'_>, scene: &Scene<'_>) -> Vec<CountChange> {
    let index = scene.program.tree_index();
    if !index.counts_purchases() {
        return Vec::new();
    }
    let mut changes = Vec::new();
    for (tree, node, test) in
        tests(scene.program, index.counting_purchases(ticket, scene.standing.tiers).into_iter())
    {
        if counts_for(tree, scene.standing, scene.time) {
            let key = key(tree, node, test);
            let parts = purchase_parts(tree, test, ticket, scene).unwrap_or_default();
            changes.extend(parts.into_iter().map(|part| CountChange { key, part }));
        }
    }
    changes
}

fn purchase_parts(
    tree: &RuleTree,
    test: &CountTest,
    ticket: &Ticket<'_>,
    scene: &Scene<'_>,
) -> Result<Vec<Part>, AmountError> {
    let Some(asked) = test.what.purchase_test() else { return Ok(Vec::new()) };
    let Some(lines) = purchase_lines(asked, ticket, scene)? else { return Ok(Vec::new()) };
    let (share, part) = (ticket.purchase.share, |item, amount| part(tree, test, scene.time, item, amount));
    let amount = match &test.what {
        // A ticket that only brings things back is no purchase.
        Counted::Transactions(_) => i64::from(!ticket.is_net_return()?),
        Counted::Money(_, basis) => share.part(ticket.eligible(*basis, &lines)?)?.units(),
        // Units cannot be split: they are the largest payer's.
        Counted::Items(_) if share.is_largest() => ticket.quantity(&lines)?.units(),
        Counted::DistinctItems(_) if share.is_largest() => {
            let mut parts: Vec<Part> = Vec::new();
            for place in lines.places() {
                let line = &ticket.purchase.lines[place];
                let item = item_number(line.item_id);
                match parts.iter_mut().find(|known| known.item == item) {
                    Some(known) => {
                        let units = known.amount.checked_add(line.quantity.units());
                        known.amount = units.ok_or(AmountError::OutOfRange)?;
                    }
                    None => parts.push(part(item, line.quantity.units())),
                }
            }
            return Ok(parts);
        }
        Counted::Items(_) | Counted::DistinctItems(_) => 0,
        Counted::Events(_) | Counted::Earned(_) | Counted::Spent(_) => 0,
    };
    Ok(if amount == 0 { Vec::new() } else { vec![part(0, amount)] })
}

/// An item's number: FNV-1a over its id, never 0. Stored: it never changes.
fn item_number(item_id: &str) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    item_id.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME)).max(1)
}

/// What an event adds.
pub(super) fn of_event(scene: &Scene<'_>) -> Vec<CountChange> {
    let (index, Some(event)) = (scene.program.tree_index(), scene.event) else { return Vec::new() };
    let counting = tests(scene.program, index.counting_events().iter().copied());
    let mut changes = Vec::new();
    for (tree, node, test) in counting {
        let Counted::Events(asked) = &test.what else { continue };
        let named = asked.lookup.is_some() || PlatformEvent::of_lookup(event.lookup).is_none();
        if named && event_holds(asked, scene) && counts_for(tree, scene.standing, scene.time) {
            let part = part(tree, test, scene.time, 0, event.quantity.units());
            changes.push(CountChange { key: key(tree, node, test), part });
        }
    }
    changes
}

impl Program {
    /// What points that came or went add to the nodes that count points (16, 32).
    pub fn count_points(&self, moved: &[PointsMoved], standing: &Standing<'_>) -> Vec<CountChange> {
        let mut changes: Vec<CountChange> = Vec::new();
        if self.tree_index().counting_points().is_empty() {
            return changes;
        }
        for moved in moved {
            let scene =
                Scene { program: self, time: moved.time, ticket: None, event: None, standing, counted: &[] };
            for (tree, node, test) in tests(self, self.tree_index().counting_points().iter().copied()) {
                let asked = match &test.what {
                    Counted::Earned(asked) if !moved.spent => asked,
                    Counted::Spent(asked) if moved.spent => asked,
                    _ => continue,
                };
                if points_hold(asked, moved, &scene) && counts_for(tree, standing, moved.time) {
                    let part = part(tree, test, moved.time, 0, moved.points.units());
                    changes.push(CountChange { key: key(tree, node, test), part });
                }
            }
        }
        changes
    }
}

fn points_hold(test: &PointsTest, moved: &PointsMoved, scene: &Scene<'_>) -> bool {
    test.accounts.as_ref().is_none_or(|accounts| accounts.contains(&moved.account))
        && test.sources.as_ref().is_none_or(|sources| sources.contains(&moved.source))
        && circumstances_hold(&test.circumstances, scene)
}
