//! The rule engine: what a purchase earns under the retailer's rule trees (incentives.md section 6), and which tier
//! levels a customer may enter (8.2).
//!
//! Pure: it looks at a purchase and at what a customer has, and says what the trees give. Writing it down is the
//! ledger's work.
//!
//! Where the API files leave room, this holds:
//! * A net return earns nothing: an eligible amount or quantity that is not above zero gives no points, and a ticket
//!   that is negative as a whole gives no fixed points.
//! * A purchase tree without a current-purchase node has one without constraints (incentives.md 6: "contains the
//!   current purchase by default").
//! * Constraints look at the whole ticket, whoever paid it; hurdles and awards look at the payer's share.
//! * Multipliers of one award are combined within each kind (add, multiply, max), then the three kinds are
//!   multiplied. Each gets what the award grows by when it joins, in the order in which trees run, so that the rows
//!   sum to the rounded whole.
//! * Limits cap base awards before multipliers apply; what a multiplier adds counts against the limits of its own tree.

mod award;
mod entrance;
mod evaluate;
mod limits;
mod lines;
mod matching;
mod meter;
mod purchase;
mod settle;
mod share;
mod stay;
mod ticket;

pub use entrance::{NodeProgress, TreeProgress};
pub use limits::{LimitKey, LimitUsage, LimitUse};
pub use purchase::{Award, Evaluation, Line, Payment, Purchase, RefusalReason, Refused, Standing};
pub use share::Share;
pub use stay::Stay;
