//! Stores and the product catalog, as far as rules and sales need them.

use std::collections::HashMap;

use crate::{id::StoreId, time::Zone};

/// A store, or a location above stores.
#[derive(Debug, Clone)]
pub struct Store {
    /// Its id.
    pub id: StoreId,
    /// The retailer's own number of it.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Times without a zone are in this one.
    pub zone: Zone,
    /// The location above it: a region, a franchisee. What holds there holds here (incentives.md 6.3, type 2).
    pub parent: Option<StoreId>,
    /// Its own tags, in lower case.
    pub tags: Vec<Box<str>>,
    /// Its own brand, in lower case.
    pub brand: Option<Box<str>>,
}

impl Store {
    /// The store of an id, of some that are in order of their ids.
    pub(super) fn find(stores: &[Self], id: StoreId) -> Option<&Self> {
        stores.binary_search_by_key(&id, |store| store.id).ok().map(|place| &stores[place])
    }

    /// A store and the locations above it, the nearest first. Of a circle as much as there are stores.
    pub(super) fn lineage(stores: &[Self], id: StoreId) -> impl Iterator<Item = &Self> {
        let above = |store: &&Self| store.parent.and_then(|parent| Self::find(stores, parent));
        std::iter::successors(Self::find(stores, id), above).take(stores.len() + 1)
    }
}

/// Where an item stands in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Its category's symbol; see [`Catalog::symbol`].
    pub category: Option<u32>,
    /// Its department's symbol.
    pub department: Option<u32>,
    /// Its brand's symbol.
    pub brand: Option<u32>,
}

/// Item id to category, department and brand. Names are interned: rules compare symbols, not text.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub(super) items: HashMap<Box<str>, Item>,
    pub(super) symbols: HashMap<Box<str>, u32>,
}

impl Catalog {
    /// The item of a till's product key. An unknown item belongs to no category, department or brand.
    pub fn item(&self, item_id: &str) -> Option<&Item> {
        self.items.get(item_id)
    }

    /// The symbol of a category, department or brand name; nothing when no item has it.
    pub fn symbol(&self, name: &str) -> Option<u32> {
        self.symbols.get(name).copied()
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
