//! Damaged and malicious input against everything that reads bytes from outside: stored records and snapshots, program
//! texts, the bodies of every operation, streamed lines, credentials, query strings, and HTTP itself.
//!
//! Runs with the stable toolchain and knows nothing of coverage: it begins with what is sound (records of a run, the
//! demo's program, bodies built from the OpenAPI document) and damages that, so that most of it gets far. What is
//! looked for: panics anywhere, answers that say "fault of ours", input that takes too long or too much memory, and
//! nonsense that is accepted. An input is named by its target and a number, and nothing else decides what it is.

mod alarm;
mod mutation;
mod report;
mod target;

pub use report::{Finding, Report};
pub use target::Target;

/// Tries the inputs of these numbers on a target.
///
/// # Errors
/// The first finding.
pub fn run(target: Target, inputs: std::ops::Range<u64>) -> Result<Report, Finding> {
    alarm::install();
    target.run(inputs)
}
