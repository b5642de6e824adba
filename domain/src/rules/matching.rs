//! Whether a purchase tree holds, and for which lines (incentives.md 6.2 to 6.4).

use super::{Purchase, Standing, lines::LineSet, ticket::Ticket};
use crate::{
    amount::{AmountError, Points},
    id::PointAccountId,
    program::tree::{
        AmountBasis, ChannelTest, CheckSizeBasis, ItemSet, Node, NodeTest, PurchaseTest, RuleTree, StoreTest,
    },
};

/// What a node came to.
struct Verdict {
    passed: bool,
    /// The lines that current-purchase nodes selected; none: no such node had a say.
    lines: Option<LineSet>,
}

/// The qualifying lines, if the tree holds.
pub(super) fn qualifying_lines(
    tree: &RuleTree,
    ticket: &Ticket<'_>,
    standing: &Standing<'_>,
) -> Result<Option<LineSet>, AmountError> {
    let Some(root) = tree.nodes.last() else { return Ok(None) };
    let verdict = Matching { tree, ticket, standing }.node(root)?;
    if !verdict.passed {
        return Ok(None);
    }
    match verdict.lines {
        Some(lines) => Ok(Some(lines)),
        None => purchase_lines(&PurchaseTest::default(), ticket),
    }
}

struct Matching<'a> {
    tree: &'a RuleTree,
    ticket: &'a Ticket<'a>,
    standing: &'a Standing<'a>,
}

impl Matching<'_> {
    /// At most as deep as a tree has nodes.
    fn node(&self, node: &Node) -> Result<Verdict, AmountError> {
        let verdict = match &node.test {
            NodeTest::All(children) => self.all(children)?,
            NodeTest::Any(children) => self.any(children)?,
            NodeTest::Balance(test) => {
                let sum = sum_of(&test.accounts, self.standing.balance)?;
                Verdict { passed: test.comparison.holds(sum, test.target), lines: None }
            }
            // The compiler keeps these out of purchase trees.
            NodeTest::Lifetime(_) => Verdict { passed: false, lines: None },
            NodeTest::CurrentPurchase(test) => {
                let lines = purchase_lines(test, self.ticket)?;
                Verdict { passed: lines.is_some(), lines }
            }
        };
        // What holds because something else does not, selects no lines.
        Ok(if node.negate { Verdict { passed: !verdict.passed, lines: None } } else { verdict })
    }

    fn all(&self, children: &[usize]) -> Result<Verdict, AmountError> {
        let mut lines: Option<LineSet> = None;
        for &child in children {
            let verdict = self.node(&self.tree.nodes[child])?;
            if !verdict.passed {
                return Ok(Verdict { passed: false, lines: None });
            }
            lines = match (lines, verdict.lines) {
                (Some(mut known), Some(more)) => {
                    known.intersect(&more);
                    Some(known)
                }
                (known, more) => known.or(more),
            };
        }
        Ok(Verdict { passed: true, lines })
    }

    fn any(&self, children: &[usize]) -> Result<Verdict, AmountError> {
        let mut passed = children.is_empty();
        let mut lines: Option<LineSet> = None;
        for &child in children {
            let verdict = self.node(&self.tree.nodes[child])?;
            if !verdict.passed {
                continue;
            }
            passed = true;
            lines = match (lines, verdict.lines) {
                (Some(mut known), Some(more)) => {
                    known.unite(&more);
                    Some(known)
                }
                (known, more) => known.or(more),
            };
        }
        Ok(Verdict { passed, lines })
    }
}

/// The sum of some accounts' values.
pub(super) fn sum_of(
    accounts: &[PointAccountId],
    value: &dyn Fn(PointAccountId) -> Points,
) -> Result<Points, AmountError> {
    Points::sum(accounts.iter().map(|account| value(*account)))
}

/// The lines that satisfy a current-purchase node; none when the purchase does not.
fn purchase_lines(test: &PurchaseTest, ticket: &Ticket<'_>) -> Result<Option<LineSet>, AmountError> {
    if !sold_where(test, ticket.purchase) {
        return Ok(None);
    }
    let counts = |place: usize| test.include_fully_discounted || ticket.has_value(place);
    let count = ticket.line_count();
    let mut lines = match test.items.as_slice() {
        [] => LineSet::of(count, counts),
        [first, ..] => LineSet::of(count, |place| counts(place) && ticket.selects(first, place)),
    };
    if let Some((first, others)) = test.items.split_first() {
        if !holds(first, &lines, ticket)? {
            return Ok(None);
        }
        for set in others {
            let selected = LineSet::of(count, |place| counts(place) && ticket.selects(set, place));
            if !holds(set, &selected, ticket)? {
                return Ok(None);
            }
            lines.intersect(&selected);
        }
        if lines.is_empty() {
            return Ok(None);
        }
    }
    for size in &test.check_sizes {
        let measured = match size.basis {
            CheckSizeBasis::Subtotal => ticket.purchase.subtotal,
            CheckSizeBasis::Eligible => ticket.eligible(AmountBasis::Qualifying, &lines)?,
        };
        if size.min.is_some_and(|min| measured < min) || size.max.is_some_and(|max| measured > max) {
            return Ok(None);
        }
    }
    Ok(Some(lines))
}

/// What a node asks of store and channel.
fn sold_where(test: &PurchaseTest, purchase: &Purchase<'_>) -> bool {
    let in_store = |known: &StoreTest| known.stores.binary_search(&purchase.store).is_ok() == known.include;
    let through = |known: &ChannelTest| {
        known.channels.iter().any(|channel| channel.eq_ignore_ascii_case(purchase.channel)) == known.include
    };
    test.stores.iter().all(in_store) && test.channels.iter().all(through)
}

/// What an item constraint asks of the lines it selects.
fn holds(set: &ItemSet, selected: &LineSet, ticket: &Ticket<'_>) -> Result<bool, AmountError> {
    if selected.is_empty() {
        return Ok(false);
    }
    if set.require_all && !set.keys.iter().all(|key| ticket.matches_key(selected, *key)) {
        return Ok(false);
    }
    match set.min_quantity {
        None => Ok(true),
        Some(min) => Ok(ticket.quantity(selected)? >= min),
    }
}
