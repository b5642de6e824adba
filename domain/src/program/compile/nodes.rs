//! The nodes of a tree: from a list or nested objects to children before parents.

use std::collections::HashMap;

use super::{
    super::{
        document::{self, Items},
        tree::{Node, NodeTest},
    },
    Path, ProblemCode, Report, Unique, constraints,
    leaves::Leaf,
    symbols::Symbols,
    trees::{Known, TreeType},
};
use crate::id::RuleNodeId;

/// incentives.md 1.7
const NODES_MAX: usize = 200;

/// A node without the places of its children.
struct Loose {
    node: Node,
    path: String,
    parent_path: String,
}

/// The nodes, children before their parents, siblings by rank. Without problems the last one is the root of all others.
pub(super) fn nodes(
    field: Items<document::Node>,
    tree_type: TreeType,
    known: Known<'_>,
    symbols: &mut Symbols<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<Node> {
    let array = at.member("rules");
    let documents = report.items(at, "rules", field);
    let mut reader = Reader { tree_type, known, symbols, loose: Vec::new() };
    for (place, document) in documents {
        reader.read(document, None, &array.element(place), report);
    }
    let loose = reader.loose;
    if loose.len() > NODES_MAX {
        report.add(&array, ProblemCode::TooManyNodes, format!("{} nodes, at most {NODES_MAX}", loose.len()));
        return Vec::new();
    }
    let mut ids = Unique::ids();
    for known in &loose {
        ids.check(known.node.id, &Path::Text(&known.path).member("id"), report);
    }
    check_shape(&loose, &array, report);
    in_order(loose)
}

/// Whether some node selects lines by item: then an outcome earns on those lines unless it says otherwise
/// (incentives.md 6.6).
pub(super) fn select_items(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| matches!(&node.test, NodeTest::CurrentPurchase(test) if !test.items.is_empty()))
}

struct Reader<'a, 'b> {
    tree_type: TreeType,
    known: Known<'a>,
    symbols: &'a mut Symbols<'b>,
    loose: Vec<Loose>,
}

impl Reader<'_, '_> {
    fn read(
        &mut self,
        mut document: document::Node,
        inside: Option<RuleNodeId>,
        at: &Path<'_>,
        report: &mut Report,
    ) {
        let id = report.required(at, "id", std::mem::take(&mut document.id));
        report.retailer(at, std::mem::take(&mut document.retailer_id), self.known.retailer.id);
        let named = report.optional(at, "parent_id", std::mem::take(&mut document.parent_id));
        if inside.is_some() && named.is_some() && named != inside {
            let message = "names another parent than the node it stands in";
            report.add(&at.member("parent_id"), ProblemCode::RuleParentUnknown, message);
        }
        let rank = report.optional(at, "rank", std::mem::take(&mut document.rank)).unwrap_or(0);
        let negate = report.optional(at, "negate", std::mem::take(&mut document.negate)).unwrap_or(false);
        let children = report.items(at, "children", std::mem::take(&mut document.children));
        let test = self.test(document, at, report);
        self.check_place(&test, at, report);
        if let Some(id) = id {
            let node = Node { id, parent: inside.or(named), rank, negate, test };
            let parent_path =
                if inside.is_some() { at.to_string() } else { at.member("parent_id").to_string() };
            self.loose.push(Loose { node, path: at.to_string(), parent_path });
        }
        let array = at.member("children");
        for (place, child) in children {
            self.read(child, id.or(inside), &array.element(place), report);
        }
    }

    /// What a node asks. An empty group stands in for what could not be read, which has been reported.
    fn test(&mut self, mut document: document::Node, at: &Path<'_>, report: &mut Report) -> NodeTest {
        let number = report.required(at, "discriminator", std::mem::take(&mut document.discriminator));
        let constraints = report.items(at, "constraints", std::mem::take(&mut document.constraints));
        let counts = matches!(number, Some(4 | 8 | 16 | 32 | 64 | 128 | 256));
        if document.lookback.is_there() && !counts {
            let message = "only nodes that count look back";
            report.add(&at.member("lookback"), ProblemCode::RuleNotAllowed, message);
        }
        match number {
            Some(1 | 2) => {
                constraints::none(constraints, at, report);
                if number == Some(1) { NodeTest::All(Vec::new()) } else { NodeTest::Any(Vec::new()) }
            }
            None => NodeTest::All(Vec::new()),
            Some(number) => {
                let leaf = Leaf { document, constraints, known: self.known, symbols: &mut *self.symbols };
                leaf.test(number, at, report).unwrap_or(NodeTest::All(Vec::new()))
            }
        }
    }

    /// A node belongs where the thing it looks at is: there is no purchase where a level is entered.
    fn check_place(&self, test: &NodeTest, at: &Path<'_>, report: &mut Report) {
        let message = match (self.tree_type, test) {
            (TreeType::Enter | TreeType::Stay, NodeTest::CurrentPurchase(_)) => {
                "a tree that enters or keeps a tier level has no current purchase"
            }
            (TreeType::Enter | TreeType::Stay, NodeTest::CurrentEvent(_) | NodeTest::Field(_)) => {
                "a tree that enters or keeps a tier level looks at the customer alone"
            }
            (TreeType::Event, NodeTest::CurrentPurchase(_)) => "an event tree has no current purchase",
            (TreeType::Purchase, NodeTest::CurrentEvent(_)) => "a purchase tree has no current event",
            (TreeType::Enter | TreeType::Stay | TreeType::Event | TreeType::Purchase, _) => return,
        };
        report.add(&at.member("discriminator"), ProblemCode::RuleNotAllowed, message);
    }
}

fn check_shape(loose: &[Loose], array: &Path<'_>, report: &mut Report) {
    let by_id: HashMap<_, _> = loose.iter().map(|known| (known.node.id, &known.node)).collect();
    let mut roots = 0;
    for known in loose {
        let parent_path = Path::Text(&known.parent_path);
        let Some(parent) = known.node.parent else {
            roots += 1;
            if roots == 2 {
                let message = "a second node without a parent; a tree has one root";
                report.add(&Path::Text(&known.path), ProblemCode::RuleRootMissing, message);
            }
            continue;
        };
        match by_id.get(&parent).map(|parent| &parent.test) {
            Some(NodeTest::All(_) | NodeTest::Any(_)) => {}
            Some(_) => {
                report.add(&parent_path, ProblemCode::RuleParentUnknown, "the parent is no group");
            }
            None => {
                report.add(
                    &parent_path,
                    ProblemCode::RuleParentUnknown,
                    format!("the tree has no node {parent}"),
                );
            }
        }
        if is_own_ancestor(&known.node, &by_id) {
            report.add(&parent_path, ProblemCode::RuleCycle, "the node is its own ancestor");
        }
    }
    if roots == 0 {
        report.add(array, ProblemCode::RuleRootMissing, "no node is without a parent");
    }
}

fn is_own_ancestor(node: &Node, by_id: &HashMap<RuleNodeId, &Node>) -> bool {
    let mut above = node.parent;
    for _ in 0..by_id.len() {
        let Some(id) = above else { return false };
        if id == node.id {
            return true;
        }
        above = by_id.get(&id).and_then(|node| node.parent);
    }
    false
}

/// Lays the nodes out children before parents and notes the places of the children. Nodes that hang on no root stay
/// away: they have been reported.
fn in_order(loose: Vec<Loose>) -> Vec<Node> {
    let mut below: HashMap<Option<RuleNodeId>, Vec<Node>> = HashMap::new();
    for Loose { node, .. } in loose {
        below.entry(node.parent).or_default().push(node);
    }
    for siblings in below.values_mut() {
        siblings.sort_by_key(|node| node.rank);
    }
    let mut ordered = Vec::new();
    let Some(root) = below.remove(&None).and_then(|roots| roots.into_iter().next()) else { return ordered };
    place(root, &mut below, &mut ordered);
    ordered
}

/// Puts a node behind all nodes below it and answers its place. At most [`NODES_MAX`] deep.
fn place(
    mut node: Node,
    below: &mut HashMap<Option<RuleNodeId>, Vec<Node>>,
    ordered: &mut Vec<Node>,
) -> usize {
    let siblings = below.remove(&Some(node.id)).unwrap_or_default();
    let places = siblings.into_iter().map(|child| place(child, below, ordered)).collect();
    match &mut node.test {
        NodeTest::All(children) | NodeTest::Any(children) => *children = places,
        _ => {}
    }
    ordered.push(node);
    ordered.len() - 1
}
