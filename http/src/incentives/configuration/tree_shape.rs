//! How rule trees are answered (incentives.md 2.8, 6.1 to 6.3): nodes flat, leaves before their parents, root last.

use std::collections::BTreeMap;

use domain::configuration::{Json, Object, ObjectKind, Objects};
use uuid::Uuid;

/// The constraint that names point accounts.
const POINT_ACCOUNTS: i64 = 8;

/// A rule tree.
pub fn tree(objects: &Objects, object: &Object) -> Json {
    let mut tree = object.json().without_nulls();
    let retailer = tree.get("retailer_id").cloned().unwrap_or(Json::Null);
    let mut flat = Vec::new();
    if let Some(Json::Array(rules)) = tree.take("rules") {
        rules.into_iter().for_each(|node| flatten(node, None, &mut flat));
    }
    for node in &mut flat {
        node.set("retailer_id", retailer.clone());
        finish_node(objects, node);
    }
    tree.set("rules", Json::Array(leaves_first(flat)));
    for outcome in tree.elements_mut("outcomes") {
        finish(outcome);
    }
    for list in ["outcomes", "limits", "tier_assignments"] {
        if tree.get(list).is_none() {
            tree.set(list, Json::Array(Vec::new()));
        }
    }
    tree.set("id", Json::text(object.id));
    tree.set("version", Json::whole(object.version));
    for (name, default) in [("status", 0), ("priority", 100), ("exclusivity_mode", 0)] {
        if tree.get(name).is_none() {
            tree.set(name, Json::whole(default));
        }
    }
    tree
}

fn flatten(mut node: Json, parent: Option<&Json>, flat: &mut Vec<Json>) {
    let children = node.take("children");
    if let Some(parent) = parent {
        node.set("parent_id", parent.clone());
    }
    let id = node.get("id").cloned();
    flat.push(node);
    if let Some(Json::Array(children)) = children {
        children.into_iter().for_each(|child| flatten(child, id.as_ref(), flat));
    }
}

fn finish(part: &mut Json) {
    part.set("is_new", Json::Flag(false));
    if part.get("rank").is_none() {
        part.set("rank", Json::whole(0));
    }
}

fn finish_node(objects: &Objects, node: &mut Json) {
    finish(node);
    if node.get("constraints").is_none() {
        node.set("constraints", Json::Array(Vec::new()));
    }
    let id = node.get("id").cloned().unwrap_or(Json::Null);
    for constraint in node.elements_mut("constraints") {
        finish(constraint);
        constraint.set("rule_id", id.clone());
        if constraint.get("version").is_none() {
            constraint.set("version", Json::whole(0));
        }
        if constraint.get_whole("discriminator") == Some(POINT_ACCOUNTS)
            && let Some(Json::Object(accounts)) = constraint.get("point_accounts")
        {
            let named = accounts.iter().map(|(id, sent)| (id.clone(), account_name(objects, id, sent)));
            let named = Json::Object(named.collect());
            constraint.set("point_accounts", named);
        }
    }
}

/// The names that callers send beside ids are informative; ours are those of today.
fn account_name(objects: &Objects, id: &str, sent: &Json) -> Json {
    let account = Uuid::parse_str(id).ok().and_then(|id| objects.get(ObjectKind::PointAccount, id));
    account.and_then(|account| account.json().get("name").cloned()).unwrap_or_else(|| sent.clone())
}

/// Depth first, siblings by rank. Nodes of a draft that hang on nothing are in front, as they were sent.
fn leaves_first(nodes: Vec<Json>) -> Vec<Json> {
    let count = nodes.len();
    let mut below: BTreeMap<Option<Uuid>, Vec<Json>> = BTreeMap::new();
    let ids: Vec<_> = nodes.iter().map(|node| node.get_id("id")).collect();
    for node in nodes {
        let parent = node.get_id("parent_id").filter(|parent| ids.contains(&Some(*parent)));
        below.entry(parent).or_default().push(node);
    }
    for siblings in below.values_mut() {
        siblings.sort_by_key(|node| node.get_whole("rank").unwrap_or(0));
    }
    let mut ordered = Vec::with_capacity(count);
    for root in below.remove(&None).unwrap_or_default() {
        place(root, &mut below, &mut ordered);
    }
    let mut loose: Vec<Json> = below.into_values().flatten().collect();
    loose.append(&mut ordered);
    loose
}

fn place(node: Json, below: &mut BTreeMap<Option<Uuid>, Vec<Json>>, ordered: &mut Vec<Json>) {
    if let Some(id) = node.get_id("id") {
        for child in below.remove(&Some(id)).unwrap_or_default() {
            place(child, below, ordered);
        }
    }
    ordered.push(node);
}
