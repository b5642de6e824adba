//! Stores and catalog.

use std::collections::HashMap;

use super::{
    super::{
        Catalog, Item, ProblemCode, Store,
        document::{self, Field},
    },
    Path, Report, Unique,
    symbols::count,
};
use crate::time::Zone;

const STORES: Path<'static> = Path::Member(&Path::Root, "stores");

/// The stores, by id.
pub(super) fn stores(text: &str, report: &mut Report) -> Vec<Store> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let documents: Vec<Field<document::Store>> = match serde_json::from_str(text) {
        Ok(documents) => documents,
        Err(error) => {
            report.add(&STORES, ProblemCode::SyntaxError, error.to_string());
            return Vec::new();
        }
    };
    let mut ids = Unique::ids();
    let (mut stores, mut parents) = (Vec::with_capacity(documents.len()), Vec::new());
    for (place, document) in report.items(&Path::Root, "stores", Field::Present(documents)) {
        let at = STORES.element(place);
        let id = report.required(&at, "store_id", document.store_id);
        let number = report.optional(&at, "number", document.number).unwrap_or_default();
        let name = report.optional(&at, "name", document.name).unwrap_or_default();
        let zone = zone(&at, document.time_zone, &Zone::UTC, report);
        let parent = report.optional(&at, "parent_location_id", document.parent_location_id);
        let tags =
            report.items(&at, "tags", document.tags).into_iter().map(|(_, tag)| folded(&tag)).collect();
        let brand = report.optional(&at, "brand", document.brand).map(|brand| folded(&brand));
        if let Some(id) = id {
            ids.check(id, &at.member("store_id"), report);
            parents.extend(parent.map(|parent| (place, id, parent)));
            stores.push(Store { id, number, name, zone, parent, tags, brand });
        }
    }
    stores.sort_by_key(|store| store.id);
    for (place, id, parent) in parents {
        let at = STORES.element(place);
        let at = at.member("parent_location_id");
        if Store::find(&stores, parent).is_none() {
            report.add(&at, ProblemCode::StoreNotFound, format!("there is no location {parent}"));
        } else if Store::lineage(&stores, id).skip(1).any(|above| above.id == id) {
            report.add(&at, ProblemCode::InvalidValue, "the location is above itself");
        }
    }
    stores
}

/// As names of tags and brands are compared.
pub(super) fn folded(name: &str) -> Box<str> {
    name.trim().to_lowercase().into()
}

/// The zone that a `time_zone` member names.
pub(super) fn zone(at: &Path<'_>, field: Field<String>, default: &Zone, report: &mut Report) -> Zone {
    let Some(name) = report.optional(at, "time_zone", field) else { return default.clone() };
    Zone::named(&name).unwrap_or_else(|| {
        report.add(
            &at.member("time_zone"),
            ProblemCode::TimeZoneUnknown,
            format!("no time zone is called {name}"),
        );
        default.clone()
    })
}

/// The catalog, one item a line; empty lines are skipped.
pub(super) fn catalog(text: &str, report: &mut Report) -> Catalog {
    let mut catalog = Catalog::default();
    for (place, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let at = Path::CatalogLine(place + 1);
        let document: document::CatalogLine = match serde_json::from_str(line) {
            Ok(document) => document,
            Err(error) => {
                report.add(&at, ProblemCode::SyntaxError, error.to_string());
                continue;
            }
        };
        let item_id = report.required(&at, "item_id", document.item_id);
        let mut symbol =
            |name, field| report.optional(&at, name, field).map(|text| intern(&mut catalog.symbols, text));
        let item = Item {
            category: symbol("category", document.category),
            department: symbol("department", document.department),
            brand: symbol("brand", document.brand),
        };
        if let Some(item_id) = item_id
            && catalog.items.insert(item_id.into_boxed_str(), item).is_some()
        {
            report.add(&at.member("item_id"), ProblemCode::DuplicateId, "the item is there twice");
        }
    }
    catalog
}

fn intern(symbols: &mut HashMap<Box<str>, u32>, name: String) -> u32 {
    let next = count(symbols.len());
    *symbols.entry(name.into_boxed_str()).or_insert(next)
}
