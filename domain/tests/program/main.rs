//! Program documents: what compiles, and what is refused where.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accepted;
mod documents;
mod refused;
mod refused_accounts;
mod refused_rules;
