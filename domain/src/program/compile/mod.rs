//! From the documents of a retailer to a checked [`Program`].
//!
//! Goes on after a problem with a stand-in value, so that one run finds as many problems as possible; a program with
//! a problem never leaves this module.

mod accounts;
mod actions;
mod budget;
mod circumstances;
mod constraints;
mod events;
mod expiration;
mod fingerprint;
mod leaves;
mod level_constraints;
mod limits;
mod locations;
mod nodes;
mod outcomes;
mod places;
mod report;
mod retailer;
mod symbols;
mod tiers;
mod trees;
mod values;

use std::{collections::HashSet, hash::Hash, sync::Arc};

use serde::{Deserialize, Serialize};

pub(crate) use leaves::DISTINCT_MAX;
use report::{Path, Report};

use super::{
    Catalog, ExpirationPolicy, Problem, ProblemCode, Program, RuleTree, Store, TierSystem,
    document::Document, index::TreeIndex,
};

/// The deepest nesting of a document. Nodes may be nested, and reading them takes stack.
pub(crate) const NESTING_MAX: usize = 120;

/// What a retailer has written.
#[derive(Debug, Clone, Copy)]
pub struct ProgramText<'a> {
    /// JSON object: retailer, point accounts and sources, tier systems, rule trees.
    pub program: &'a str,
    /// JSON array of stores. Empty: none.
    pub stores: &'a str,
    /// One JSON object of an item a line. Empty: none.
    pub catalog: &'a str,
}

/// The versions of the program that brought the stores and the catalog of today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacesVersion {
    /// Version that brought the stores.
    pub stores: u32,
    /// Version that brought the catalog.
    pub catalog: u32,
}

pub(super) fn compile(
    version: u32,
    text: ProgramText<'_>,
    places: Option<PlacesVersion>,
    known: Option<&Program>,
) -> Result<Program, Vec<Problem>> {
    let mut report = Report::default();
    let (stores, catalog) = stores_and_catalog(text, places, known, &mut report);
    let Some(document) = read_document(text.program, &mut report) else {
        return Err(report.into_problems());
    };
    let retailer = retailer::retailer(document.retailer, &mut report);
    let events = events::events(document.events, retailer.id, &mut report);
    let accounts = accounts::accounts(document.point_accounts, (&retailer, &events), &mut report);
    let mut sources = accounts::sources(document.point_sources, &accounts, &retailer, &mut report);
    let mut tier_systems = tiers::tier_systems(document.tier_systems, retailer.id, &mut report);
    let mut symbols = symbols::Symbols::new(&catalog);
    let known = trees::Known {
        retailer: &retailer,
        accounts: &accounts,
        sources: &sources,
        tier_systems: &tier_systems,
        stores: &stores,
        events: &events,
        zone: &retailer.zone,
    };
    let named = level_constraints::NamedTrees::of(&document.rule_trees);
    let mut trees = trees::trees(document.rule_trees, known, &mut symbols, &mut report);
    let constraints = document.tier_level_constraints;
    let level_constraints = level_constraints::level_constraints(constraints, known, &named, &mut report);
    let skus = symbols.into_skus();
    let problems = report.into_problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    level_constraints::attach(&level_constraints, &mut trees, &mut sources);
    let trees = index(trees, &mut tier_systems);
    let watches_activity =
        accounts.iter().any(|account| matches!(account.expiration, ExpirationPolicy::Inactive { .. }));
    Ok(Program {
        version,
        retailer,
        accounts,
        watches_activity,
        sources,
        tier_systems,
        events,
        stores,
        catalog,
        places,
        skus,
        trees,
        level_constraints,
    })
}

/// The stores and the catalog: those of `known` where they are of the same version.
fn stores_and_catalog(
    text: ProgramText<'_>,
    places: Option<PlacesVersion>,
    known: Option<&Program>,
    report: &mut Report,
) -> (Arc<Vec<Store>>, Arc<Catalog>) {
    let same = |of: fn(PlacesVersion) -> u32| {
        known.filter(|known| known.places.map(of).is_some_and(|known| Some(known) == places.map(of)))
    };
    let stores = match same(|places| places.stores) {
        Some(known) => Arc::clone(&known.stores),
        None => Arc::new(places::stores(text.stores, report)),
    };
    let catalog = match same(|places| places.catalog) {
        Some(known) => Arc::clone(&known.catalog),
        None => Arc::new(places::catalog(text.catalog, report)),
    };
    (stores, catalog)
}

/// Files the trees by what they look at, and tells levels whether some tree says who stays in them.
fn index(trees: Vec<RuleTree>, tier_systems: &mut [TierSystem]) -> TreeIndex {
    let live = tier_systems.iter().filter(|system| system.live).flat_map(|system| &system.levels);
    let live = live.filter(|level| level.is_live()).map(|level| level.id).collect();
    let trees = TreeIndex::new(trees, &live);
    for level in tier_systems.iter_mut().flat_map(|system| &mut system.levels) {
        level.has_stay_rules = trees.stays(level.id).next().is_some();
    }
    trees
}

fn read_document(text: &str, report: &mut Report) -> Option<Document> {
    if nesting(text) > NESTING_MAX {
        let message = format!("nested deeper than {NESTING_MAX} levels");
        report.add(&Path::Root, ProblemCode::SyntaxError, message);
        return None;
    }
    match serde_json::from_str(text) {
        Ok(document) => Some(document),
        Err(error) => {
            report.add(&Path::Root, ProblemCode::SyntaxError, error.to_string());
            None
        }
    }
}

/// How deep arrays and objects are nested.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Reports ids and names that come twice.
#[derive(Debug)]
struct Unique<K> {
    seen: HashSet<K>,
    code: ProblemCode,
}

impl<K: Eq + Hash> Unique<K> {
    fn ids() -> Self {
        Self { seen: HashSet::new(), code: ProblemCode::DuplicateId }
    }

    fn names() -> Self {
        Self { seen: HashSet::new(), code: ProblemCode::DuplicateName }
    }

    fn check(&mut self, key: K, at: &Path<'_>, report: &mut Report) {
        if !self.seen.insert(key) {
            report.add(at, self.code, "is there twice");
        }
    }
}
