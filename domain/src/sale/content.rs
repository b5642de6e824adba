//! What a till reports of a sale: header, items, payments, discounts (pos-offers.md B.4, B.5).

use serde::{Deserialize, Serialize};

use crate::{
    amount::{Money, Quantity},
    id::StoreId,
    identifier::Identifier,
    time::Timestamp,
};

/// One version of a sale as the till sent it. JSON members that the platform does not interpret are kept as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The till's own id of the sale; unique within the store.
    pub transaction_id: Box<str>,
    /// Where.
    pub store: StoreId,
    /// The sale this one derives from.
    pub from_transaction_id: Option<Box<str>>,
    /// Cashier id at the till.
    pub pos_employee_id: Option<Box<str>>,
    /// Cashier id on the platform.
    pub sm_employee_id: Option<Box<str>>,
    /// Table or tab.
    pub table_id: Option<Box<str>>,
    /// Covers; none: not sent.
    pub guest_count: Option<u32>,
    /// Finalised and paid: evaluated.
    pub is_closed: bool,
    /// Cancelled as a whole.
    pub is_voided: bool,
    /// Goods before tax.
    pub subtotal: Money,
    /// Tax added on top.
    pub tax_total: Money,
    /// When the sale began.
    pub open_time: Timestamp,
    /// Last change: the order of versions.
    pub modified_time: Timestamp,
    /// Claim code of the whole sale.
    pub guest_receipt_code: Option<Box<str>>,
    /// Tenant-defined.
    pub channel: Box<str>,
    /// Order state; tenant-defined.
    pub status: Option<Box<str>>,
    /// Tenant-defined JSON object.
    pub custom_data: Option<Box<str>>,
    /// Tenant-defined JSON array.
    pub business_def_collection: Option<Box<str>>,
    /// What was sold.
    pub items: Vec<SoldItem>,
    /// How it was paid.
    pub payments: Vec<SalePayment>,
    /// What was taken off.
    pub discounts: Vec<SaleDiscount>,
    /// A member named at the envelope, used when no payment names one (catalog-transactions.md D.1).
    pub envelope_user_id: Option<Box<str>>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldItem {
    /// Unique in the sale.
    pub line_id: Box<str>,
    /// The till's product key.
    pub item_id: Box<str>,
    /// May be fractional, zero, or negative (returned).
    pub quantity: Quantity,
    /// Price of one before discounts.
    pub unit_price: Money,
    /// Line total before discounts; wins over `unit_price` times `quantity`.
    pub subtotal: Money,
    /// Tax inside `subtotal`.
    pub tax_included: Money,
    /// The line this one modifies.
    pub modifies_line_id: Option<Box<str>>,
    /// Tenant vocabulary.
    pub status: Option<Box<str>>,
    /// Tenant-defined JSON object.
    pub custom_data: Option<Box<str>>,
}

/// A payment. The member is named here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalePayment {
    /// Unique in the sale.
    pub payment_id: Box<str>,
    /// How much.
    pub amount: Money,
    /// Free text such as `Credit`.
    pub kind: Box<str>,
    /// When.
    pub time: Timestamp,
    /// The payer.
    pub user: Option<NamedUser>,
    /// Second identity of the same payer, tried when the first does not resolve.
    pub additional_user: Option<NamedUser>,
    /// Claim code of this payer.
    pub receipt_code: Option<Box<str>>,
    /// Tenant-defined JSON object.
    pub custom_data: Option<Box<str>>,
}

/// A member as a till names one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedUser {
    /// The id as sent.
    pub id: Box<str>,
    /// What kind of id it is.
    pub kind: UserIdKind,
}

impl NamedUser {
    /// By which one registers; none: it names no member, or not one for certain. Phone numbers are not unique, and
    /// proxy ids are not kept.
    pub fn identifier(&self) -> Option<Identifier> {
        match self.kind {
            UserIdKind::External | UserIdKind::LoyaltyCard => Some(Identifier::external(&self.id)),
            UserIdKind::Email => Some(Identifier::email(&self.id)),
            UserIdKind::Platform | UserIdKind::Phone | UserIdKind::Proxy => None,
        }
    }
}

/// `user_id_type`; letter case is ignored on input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserIdKind {
    /// `SessionM_ID`: the platform's GUID. The default.
    Platform,
    /// `External_ID`.
    External,
    /// `Email`.
    Email,
    /// `Phone`.
    Phone,
    /// `Loyalty_Card`, also written `Loyalty_Number`.
    LoyaltyCard,
    /// `Proxy_ID`.
    Proxy,
}

impl UserIdKind {
    /// The kind behind its wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, UserIdKind); 7] = [
            ("sessionm_id", UserIdKind::Platform),
            ("external_id", UserIdKind::External),
            ("email", UserIdKind::Email),
            ("phone", UserIdKind::Phone),
            ("loyalty_card", UserIdKind::LoyaltyCard),
            ("loyalty_number", UserIdKind::LoyaltyCard),
            ("proxy_id", UserIdKind::Proxy),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
    }

    /// Its wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Platform => "SessionM_ID",
            Self::External => "External_ID",
            Self::Email => "Email",
            Self::Phone => "Phone",
            Self::LoyaltyCard => "Loyalty_Card",
            Self::Proxy => "Proxy_ID",
        }
    }
}

/// A discount, listed back by the till.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleDiscount {
    /// What granted it.
    pub reference_id: Option<Box<str>>,
    /// What kind of reference that is.
    pub reference_id_type: Option<Box<str>>,
    /// The till's own button.
    pub pos_discount_id: Option<Box<str>>,
    /// State as sent.
    pub status: Option<Box<str>>,
    /// Shown name.
    pub display_name: Option<Box<str>>,
    /// Picture.
    pub image_url: Option<Box<str>>,
    /// The lines the money comes off, in allocation order; empty: all lines.
    pub discounted_line_ids: Vec<Box<str>>,
    /// How many units of each.
    pub discounted_line_id_quantities: Vec<Quantity>,
    /// Who grants it.
    pub discount_source: Option<Box<str>>,
    /// Money taken off; positive.
    pub amount: Money,
    /// 1-based order of application.
    pub stack_order: Option<i32>,
    /// When.
    pub applied_time: Option<Timestamp>,
    /// Owner of the offer.
    pub user_id: Option<Box<str>>,
}
