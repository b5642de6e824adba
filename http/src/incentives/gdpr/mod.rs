//! Privacy: erasing a customer, showing what is kept of one, and what became of a request (incentives.md 7.17).

mod export_user;
mod forget_user;
mod status;

pub(crate) use export_user::{__path_export_user, export_user};
pub(crate) use forget_user::{__path_forget_user, forget_user};
pub(crate) use status::{__path_erasure_status, erasure_status};

use actors::Erasure;

/// The state of an erasure, on the wire.
fn state_of(erasure: &Erasure) -> &'static str {
    if erasure.completed { "completed" } else { "pending" }
}
