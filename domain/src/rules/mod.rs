//! The rule engine: what a purchase or an event earns under the retailer's rule trees (incentives.md section 6), and
//! which tier levels a customer may enter (8.2).
//!
//! Pure: it looks at a trigger and at what a customer has, and says what the trees give. Writing it down is the
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
//! * A net return does nothing else either: no tags, no movements, no events. Events that a purchase leads to, and
//!   units, cannot be split between payers and are the largest payer's.
//! * What a purchase led to by way of events is part of its evaluation: a return that no longer leads there takes it
//!   back. Trees of such an event see the balances and the limits as the trees before them leave them.
//! * A point source that is for other tier levels gives nothing (incentives.md 7.7); the tree still holds, with its
//!   other outcomes.
//! * A node on data that is missing or blank fails, negated or not.
//! * Limits cap base awards before multipliers apply; what a multiplier adds counts against the limits of its own tree.
//!   The same holds for budgets, which come after the limits: a tree whose budget has run out gives less, and competes
//!   with that.

mod award;
mod benefit;
mod budget;
mod counters;
mod data;
mod entrance;
mod evaluate;
mod leaf;
mod limits;
mod lines;
mod matching;
mod meter;
mod progress;
mod purchase;
mod run;
mod scene;
mod selection;
mod settle;
mod share;
mod stay;
mod tally;
mod ticket;
mod trace;

pub use crate::program::tree::Act;
pub use award::Inputs;
pub use budget::{BudgetRoom, BudgetUse};
pub use counters::{CountChange, CountKey, Counters, NAMED_MAX, NamedCounter, NodeCounter, Part};
pub use data::scalar_text;
pub use limits::{LimitKey, LimitUsage, LimitUse};
pub use progress::{NodeProgress, TreeProgress};
pub use purchase::{Action, Award, Evaluation, Figure, Line, Payment, Purchase, RefusalReason, Refused};
pub use run::NoCandidate;
pub(crate) use run::{DEPTH_MAX, EVENTS_MAX};
use scene::Scene;
pub use scene::{Happening, Nobody, Person, Standing};
pub use share::Share;
pub use stay::Stay;
pub use tally::PointsMoved;
pub(crate) use ticket::Ticket;
pub use trace::{Cut, Round, TracedNode, TracedOutcome, TracedTree};
