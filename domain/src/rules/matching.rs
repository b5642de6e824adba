//! Whether a tree holds, and for which lines (incentives.md 6.2 to 6.4).

use super::{
    Scene,
    leaf::{Leaf, leaf},
    lines::LineSet,
    selection::purchase_lines,
};
use crate::{
    amount::AmountError,
    program::tree::{Node, NodeTest, PurchaseTest, RuleTree},
};

/// What a node came to.
struct Verdict {
    passed: bool,
    /// The lines that current-purchase nodes selected; none: no such node had a say.
    lines: Option<LineSet>,
}

impl Verdict {
    const FAILED: Self = Self { passed: false, lines: None };
}

/// The qualifying lines, if the tree holds; no lines where there is no purchase.
pub(super) fn qualifying_lines(tree: &RuleTree, scene: &Scene<'_>) -> Result<Option<LineSet>, AmountError> {
    let Some(root) = tree.nodes.last() else { return Ok(None) };
    let verdict = Matching { tree, scene }.node(root)?;
    if !verdict.passed {
        return Ok(None);
    }
    match (verdict.lines, scene.ticket.filter(|_| scene.event.is_none())) {
        (Some(lines), _) => Ok(Some(lines)),
        (None, Some(ticket)) => purchase_lines(&PurchaseTest::default(), ticket, scene),
        (None, None) => Ok(Some(LineSet::NONE)),
    }
}

struct Matching<'a> {
    tree: &'a RuleTree,
    scene: &'a Scene<'a>,
}

impl Matching<'_> {
    /// At most as deep as a tree has nodes.
    fn node(&self, node: &Node) -> Result<Verdict, AmountError> {
        let verdict = match &node.test {
            NodeTest::All(children) => self.all(children)?,
            NodeTest::Any(children) => self.any(children)?,
            _ => {
                let Leaf { passed, missing, lines, .. } = leaf(self.tree, node, self.scene)?;
                if missing {
                    return Ok(Verdict::FAILED);
                }
                Verdict { passed, lines }
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
                return Ok(Verdict::FAILED);
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
