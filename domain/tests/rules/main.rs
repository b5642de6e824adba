//! Rule trees through the public face: programs as JSON text, purchases in, points out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod actions;
mod awards;
mod circumstances;
mod conditions;
mod counting;
mod entrance;
mod events;
mod exclusivity;
mod grocery;
mod level_constraints;
mod limits;
mod multipliers;
mod nodes;
mod shares;
mod shop;
