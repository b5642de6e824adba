//! Rule trees through the public face: programs as JSON text, purchases in, points out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod awards;
mod conditions;
mod entrance;
mod exclusivity;
mod grocery;
mod limits;
mod multipliers;
mod shares;
mod shop;
