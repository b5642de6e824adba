//! What a current-purchase node asks of a purchase and of its lines (incentives.md 6.3).

use crate::{
    amount::{Money, Quantity},
    id::StoreId,
};

/// All constraints of a current-purchase node. The default asks for nothing.
#[derive(Debug, Clone, Default)]
pub struct PurchaseTest {
    /// Type 2: each must hold.
    pub stores: Vec<StoreTest>,
    /// Type 64: each must hold.
    pub channels: Vec<ChannelTest>,
    /// Type 16: each must hold.
    pub check_sizes: Vec<CheckSize>,
    /// Type 32: a line qualifies when all of them select it.
    pub items: Vec<ItemSet>,
    /// Type 16384: lines of net value 0 qualify too.
    pub include_fully_discounted: bool,
}

/// A type-2 constraint: sold in one of these stores, or in none of them.
#[derive(Debug, Clone)]
pub struct StoreTest {
    /// The listed stores hold (`mode` include) or fail (exclude).
    pub include: bool,
    /// The stores, sorted.
    pub stores: Vec<StoreId>,
}

/// A type-64 constraint: sold through one of these channels, or through none of them.
#[derive(Debug, Clone)]
pub struct ChannelTest {
    /// The listed channels hold (`mode` include) or fail (exclude).
    pub include: bool,
    /// The channels, compared without regard to letter case.
    pub channels: Vec<String>,
}

/// A type-16 constraint. Both bounds are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckSize {
    /// At least this.
    pub min: Option<Money>,
    /// At most this.
    pub max: Option<Money>,
    /// What is measured.
    pub basis: CheckSizeBasis,
}

/// What a check size measures. Both are of the whole ticket, whoever paid it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckSizeBasis {
    /// The subtotal as the till sent it.
    Subtotal,
    /// The eligible amount (incentives.md 6.6) of the lines that the node selects.
    Eligible,
}

/// A type-32 constraint.
#[derive(Debug, Clone)]
pub struct ItemSet {
    /// Lines in the set qualify (`mode` include), or lines outside it (exclude).
    pub include: bool,
    /// The set, sorted and without repetition.
    pub keys: Vec<ItemKey>,
    /// The qualifying lines together have at least so many units.
    pub min_quantity: Option<Quantity>,
    /// A line qualifies only when its amount after discounts is at least this.
    pub min_item_value: Option<Money>,
    /// Each member of the set is matched by a qualifying line (pairing).
    pub require_all: bool,
}

/// A member of an item set. Names are symbols of the catalog, item ids symbols of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKey {
    /// `sku`: the till's product key.
    Sku(u32),
    /// `category`
    Category(u32),
    /// `brand`
    Brand(u32),
    /// `department`
    Department(u32),
}
