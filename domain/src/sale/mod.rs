//! The sale: one till transaction with its versions (pos-offers.md B.10, catalog-transactions.md F.2, F.3).
//!
//! Owns which version of a sale is in force, when it counts as sold, and who has been credited for it. What it earns
//! is the customer's business: a sale only tells each payer about each revision.

mod command;
mod content;
mod discount;
mod entity;
mod event;
mod forgetting;
mod payers;
mod registration;

pub use command::{Command, Endpoint, Error, Outcome, Receipt, Reply, SalesWarning};
pub use content::{Content, NamedUser, SaleDiscount, SalePayment, SoldItem, UserIdKind};
pub use discount::line_discounts;
pub use entity::{Payer, Revision, Sale};
pub use event::{Credit, Effect, Event};
pub use forgetting::ForgetMember;
pub use registration::LATE_REGISTRATION_MS;
