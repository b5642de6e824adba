//! The ledger, row by row: why each is as it is (incentives.md 7.3).

mod explain;

pub use explain::{__path_explain, explain};
