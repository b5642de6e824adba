//! What a node asks of a purchase and of its lines (incentives.md 6.3).

use super::Circumstance;
use crate::{
    amount::{Money, Quantity, Rate},
    id::StoreId,
};

/// All constraints of a node on purchases. The default asks for nothing.
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
    /// Type 4: each must hold.
    pub payments: Vec<PaymentTest>,
    /// Types 2048 and 8192: each must hold.
    pub references: Vec<ReferenceTest>,
    /// Types 1, 128, 256, 512, 1024, 32768: each must hold.
    pub circumstances: Vec<Circumstance>,
}

/// A type-4 constraint: paid with one of these types of payment.
#[derive(Debug, Clone)]
pub struct PaymentTest {
    /// The listed types hold (`mode` include) or fail (exclude).
    pub include: bool,
    /// The types, compared without regard to letter case.
    pub kinds: Vec<Box<str>>,
    /// The part of all payments that they must make at least, 0 to 1; none: something.
    pub minimum_share: Option<Rate>,
}

/// A type-2048 or type-8192 constraint: an offer or a promo code was applied on the ticket.
#[derive(Debug, Clone)]
pub struct ReferenceTest {
    /// One of them was applied (`mode` include), or none (exclude).
    pub include: bool,
    /// What is looked for.
    pub kind: ReferenceKind,
    /// The references, compared without regard to letter case.
    pub references: Vec<Box<str>>,
}

/// What a discount of the ticket refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceKind {
    /// An offer: a discount that is not of a promo code.
    Offer,
    /// A promo code (`reference_id_type` `PromoCode`).
    PromoCode,
}

/// A type-2 constraint: sold in one of these places, or in none of them.
#[derive(Debug, Clone)]
pub struct StoreTest {
    /// The listed stores hold (`mode` include) or fail (exclude).
    pub include: bool,
    /// The stores, sorted: those listed by id, and those with a listed tag or brand.
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
    /// Sizes within the bounds hold (`mode` include) or fail (exclude).
    pub include: bool,
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
