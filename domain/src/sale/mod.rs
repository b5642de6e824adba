//! The sale: one till transaction with its versions (pos-offers.md B.10, catalog-transactions.md F.2, F.3).
//!
//! Owns which version of a sale is in force, when it counts as sold, and who has been credited for it. What it earns
//! is the customer's business: a sale only tells each payer about each revision.

mod content;
mod discount;
mod entity;
mod forgetting;
mod payers;

pub use content::{Content, NamedUser, SaleDiscount, SalePayment, SoldItem, UserIdKind};
pub use discount::line_discounts;
pub use entity::{
    Command, Effect, Endpoint, Error, Event, Outcome, Payer, Receipt, Reply, Revision, Sale, SalesWarning,
};
pub use forgetting::ForgetMember;
