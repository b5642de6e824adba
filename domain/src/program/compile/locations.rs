//! Constraints on the place of a purchase (incentives.md 6.3, type 2): the store, or any location above it.
//!
//! Names of locations, tags and brands become the stores they stand for when the program is loaded; with new stores it
//! is loaded anew.

use super::{
    super::{
        Store,
        document::{self, Items},
        tree::StoreTest,
    },
    Path, ProblemCode, Report,
    constraints::includes,
    places::folded,
    trees::Known,
};
use crate::id::StoreId;

/// Sold in one of the stores that are named, or that are below a location that is.
pub(super) fn stores(
    document: document::Constraint,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> StoreTest {
    let include = includes(document.mode, at, report);
    let named = named_stores(document.store_ids, known, at, report);
    let tags = names(document.location_tags, ("location_tags", "tag"), known, at, report, |store, tag| {
        store.tags.iter().any(|own| &**own == tag)
    });
    let brands = names(document.brands, ("brands", "brand"), known, at, report, |store, brand| {
        store.brand.as_deref() == Some(brand)
    });
    if named.is_empty() && tags.is_empty() && brands.is_empty() {
        let message = "names no store, tag or brand";
        report.add(&at.member("store_ids"), ProblemCode::ConstraintInvalid, message);
    }
    let is_meant = |store: &Store| {
        named.contains(&store.id)
            || store.tags.iter().any(|tag| tags.contains(tag))
            || store.brand.as_ref().is_some_and(|brand| brands.contains(brand))
    };
    let below = known.stores.iter().filter(|store| Store::lineage(known.stores, store.id).any(is_meant));
    let mut stores: Vec<_> = below.map(|store| store.id).chain(named.iter().copied()).collect();
    stores.sort_unstable();
    stores.dedup();
    StoreTest { include, stores }
}

fn named_stores(field: Items<StoreId>, known: Known<'_>, at: &Path<'_>, report: &mut Report) -> Vec<StoreId> {
    let array = at.member("store_ids");
    let named = report.items(at, "store_ids", field);
    for (place, id) in &named {
        // Without a list of stores there is nothing to hold the id against.
        if !known.stores.is_empty() && Store::find(known.stores, *id).is_none() {
            report.add(&array.element(*place), ProblemCode::StoreNotFound, format!("there is no store {id}"));
        }
    }
    named.into_iter().map(|(_, id)| id).collect()
}

/// Names that some location has, as they are compared.
fn names(
    field: Items<String>,
    (member, what): (&'static str, &str),
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
    has: impl Fn(&Store, &str) -> bool,
) -> Vec<Box<str>> {
    let array = at.member(member);
    let named = report.items(at, member, field);
    let mut all = Vec::with_capacity(named.len());
    for (place, name) in named {
        let name = folded(&name);
        if !known.stores.iter().any(|store| has(store, &name)) {
            let message = format!("no store has the {what} {name}");
            report.add(&array.element(place), ProblemCode::StoreNotFound, message);
        }
        all.push(name);
    }
    all
}
