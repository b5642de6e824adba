//! Whether a tree holds, and for which lines (incentives.md 6.2 to 6.4).

use std::borrow::Cow;

use super::{
    Scene,
    leaf::{Leaf, leaf},
    lines::{LineSet, Selected},
    selection::select,
};
use crate::{
    amount::AmountError,
    program::tree::{Node, NodeTest, PurchaseTest, RuleTree},
};

/// The qualifying lines, if the tree holds; no lines where there is no purchase.
pub(super) fn qualifying_lines<'t>(
    tree: &RuleTree,
    scene: &Scene<'t>,
) -> Result<Option<Cow<'t, LineSet>>, AmountError> {
    let Some(root) = tree.nodes.last() else { return Ok(None) };
    let mut selected = Selected::default();
    if !(Matching { tree, scene }).holds(root, &mut selected)? {
        return Ok(None);
    }
    if let (None, Some(ticket)) = (selected.lines(), scene.current_ticket())
        && !select(&PurchaseTest::default(), ticket, scene, &mut selected)?
    {
        return Ok(None);
    }
    Ok(Some(selected.into_lines().unwrap_or(Cow::Borrowed(LineSet::NONE))))
}

struct Matching<'a, 't> {
    tree: &'a RuleTree,
    scene: &'a Scene<'t>,
}

impl<'t> Matching<'_, 't> {
    /// Whether a node holds. If so, what it selects is narrowed to its own lines; else that has no meaning any more.
    /// At most as deep as a tree has nodes.
    fn holds(&self, node: &Node, selected: &mut Selected<'t>) -> Result<bool, AmountError> {
        if !node.negate {
            return self.narrow(node, selected);
        }
        // What holds because something else does not, selects no lines.
        let mut unused = Selected::default();
        match &node.test {
            NodeTest::All(_) | NodeTest::Any(_) | NodeTest::CurrentPurchase(_) => {
                Ok(!self.narrow(node, &mut unused)?)
            }
            _ => {
                let Leaf { passed, missing, .. } = leaf(self.tree, node, self.scene)?;
                Ok(!missing && !passed)
            }
        }
    }

    /// Whether a node holds before it is negated.
    fn narrow(&self, node: &Node, selected: &mut Selected<'t>) -> Result<bool, AmountError> {
        match &node.test {
            NodeTest::All(children) => {
                for &child in children {
                    if !self.holds(&self.tree.nodes[child], selected)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            NodeTest::Any(children) => self.any(children, selected),
            NodeTest::CurrentPurchase(test) => {
                let Some(ticket) = self.scene.current_ticket() else { return Ok(false) };
                select(test, ticket, self.scene, selected)
            }
            _ => {
                let Leaf { passed, missing, .. } = leaf(self.tree, node, self.scene)?;
                Ok(passed && !missing)
            }
        }
    }

    fn any(&self, children: &[usize], selected: &mut Selected<'t>) -> Result<bool, AmountError> {
        let mut passed = children.is_empty();
        let mut united = Selected::default();
        for &child in children {
            let mut own = Selected::default();
            if self.holds(&self.tree.nodes[child], &mut own)? {
                passed = true;
                united.widen(own);
            }
        }
        if let Some(united) = united.into_lines() {
            selected.narrow(united);
        }
        Ok(passed)
    }
}
