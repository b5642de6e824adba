//! Numbers for the names that rules use.

use std::collections::HashMap;

use super::super::Catalog;

/// Gives every category, department and brand the catalog's number, and names that no item has a number of their own.
#[derive(Debug)]
pub(super) struct Symbols<'a> {
    catalog: &'a Catalog,
    elsewhere: HashMap<Box<str>, u32>,
    skus: HashMap<Box<str>, u32>,
}

impl<'a> Symbols<'a> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, elsewhere: HashMap::new(), skus: HashMap::new() }
    }

    pub(super) fn name(&mut self, name: &str) -> u32 {
        if let Some(symbol) = self.catalog.symbol(name) {
            return symbol;
        }
        let next = count(self.catalog.symbols.len() + self.elsewhere.len());
        *self.elsewhere.entry(name.into()).or_insert(next)
    }

    pub(super) fn sku(&mut self, item_id: &str) -> u32 {
        let next = count(self.skus.len());
        *self.skus.entry(item_id.into()).or_insert(next)
    }

    pub(super) fn into_skus(self) -> HashMap<Box<str>, u32> {
        self.skus
    }
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).expect("a document in memory names fewer than 2^32 things")
}
