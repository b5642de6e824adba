//! What came of runs: totals, and what a failing one prints.

use std::{fmt, time::Duration};

/// What a run did, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Runs.
    pub seeds: u64,
    /// Time that passed on the engine's clock, in milliseconds.
    pub clock_ms: u64,
    /// Time that passed on the timers, in milliseconds.
    pub timers_ms: u64,
    /// How often everything was gone at once.
    pub crashes: u64,
    /// Of these, while the disk was opened.
    pub crashes_at_start: u64,
    /// Syncs and other operations that failed, and times in which the disk was full.
    pub faults: u64,
    /// Commits that failed.
    pub failed_commits: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Backups, each restored and compared.
    pub backups: u64,
    /// Requests, with every repetition.
    pub requests: u64,
    /// Requests that were not answered, or with a failure of the engine.
    pub unanswered: u64,
    /// Repetitions of what had been answered.
    pub repeats: u64,
    /// Records that became durable.
    pub records: u64,
}

impl Totals {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            seeds: self.seeds + other.seeds,
            clock_ms: self.clock_ms + other.clock_ms,
            timers_ms: self.timers_ms + other.timers_ms,
            crashes: self.crashes + other.crashes,
            crashes_at_start: self.crashes_at_start + other.crashes_at_start,
            faults: self.faults + other.faults,
            failed_commits: self.failed_commits + other.failed_commits,
            checkpoints: self.checkpoints + other.checkpoints,
            backups: self.backups + other.backups,
            requests: self.requests + other.requests,
            unanswered: self.unanswered + other.unanswered,
            repeats: self.repeats + other.repeats,
            records: self.records + other.records,
        }
    }

    /// In words, with what it took.
    pub fn summary(&self, took: Duration) -> String {
        const HOUR_MS: u64 = 3_600_000;
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
        format!(
            "{} seeds in {}.{:03} s ({} a minute): {} simulated hours, {} crashes ({} of them at a start), {} disk \
             faults, {} failed commits, {} checkpoints, {} backups, {} requests ({} unanswered, {} repeated), {} \
             records",
            self.seeds,
            millis / 1000,
            millis % 1000,
            self.seeds * 60_000 / millis,
            self.clock_ms / HOUR_MS,
            self.crashes,
            self.crashes_at_start,
            self.faults,
            self.failed_commits,
            self.checkpoints,
            self.backups,
            self.requests,
            self.unanswered,
            self.repeats,
            self.records,
        )
    }
}

/// A run in which something was not as promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What was wrong.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, what } = self;
        write!(
            formatter,
            "seed {seed}: {what}\nreplay it: cargo run -p laurel-simulation -- --seed {seed} --trace"
        )
    }
}

/// Something that is not as promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What.
    pub what: String,
    /// The engine gives no answer. With the power off it need not.
    pub is_silence: bool,
}

impl Violation {
    /// Something is wrong.
    pub fn of(what: String) -> Self {
        Self { what, is_silence: false }
    }

    /// Something does not come.
    pub fn silence(what: String) -> Self {
        Self { what, is_silence: true }
    }
}

/// Holds, or is a violation that says what is wrong.
macro_rules! hold {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::report::Violation::of(format!($($what)+)));
        }
    };
}

pub(crate) use hold;
