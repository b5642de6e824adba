//! Counts what happens to the lines. Owns the outcome of a delivery.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use super::{lane::Settled, verdict::Code, work::Job};

/// Refusals that are kept word for word.
const EXAMPLES: usize = 10;

/// Longest latency that is told apart, in microseconds: an hour.
const LATENCY_MICROS_MAX: u64 = 3_600_000_000;

/// An empty set of latencies, in microseconds, exact to three digits.
pub(super) fn latencies() -> Histogram<u64> {
    Histogram::new_with_max(LATENCY_MICROS_MAX, 3).expect("an hour to three digits is a valid range")
}

/// Running counts, shared by the lanes and the progress bar.
pub(super) struct Tally {
    started: Instant,
    taken: AtomicU64,
    already_there: AtomicU64,
    refused: AtomicU64,
    retries: AtomicU64,
    source_bytes: AtomicU64,
    last_success_micros: AtomicU64,
    details: Mutex<Details>,
}

struct Details {
    refusals: BTreeMap<Code, u64>,
    examples: Vec<Refusal>,
    latency: Histogram<u64>,
}

/// A line that was refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Its number in the source, from 1.
    pub line: u64,
    /// Why.
    pub code: Code,
    /// Why, in words; may be empty.
    pub message: String,
}

/// What a delivery came to.
#[derive(Debug)]
pub struct Outcome {
    /// Lines the server has taken.
    pub taken: u64,
    /// Lines whose object was there before.
    pub already_there: u64,
    /// Refused lines by code.
    pub refusals: BTreeMap<Code, u64>,
    /// The first refusals word for word.
    pub examples: Vec<Refusal>,
    /// Tries that came to nothing and were repeated.
    pub retries: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Microseconds from the first try of a line to its final answer.
    pub latency: Histogram<u64>,
    /// Whether lines were left over because nothing succeeded for too long.
    pub given_up: bool,
}

impl Outcome {
    /// Lines refused, whatever for.
    pub fn refused(&self) -> u64 {
        self.refusals.values().sum()
    }
}

impl Tally {
    pub(super) fn start() -> Self {
        let details = Details { refusals: BTreeMap::new(), examples: Vec::new(), latency: latencies() };
        Self {
            started: Instant::now(),
            taken: AtomicU64::new(0),
            already_there: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            source_bytes: AtomicU64::new(0),
            last_success_micros: AtomicU64::new(0),
            details: Mutex::new(details),
        }
    }

    /// Counts a line's final answer. A refusal is a success of the delivery: the server is at work.
    pub(super) fn settle(&self, job: &Job, settled: Settled) {
        match settled {
            Settled::Taken => self.taken.fetch_add(1, Relaxed),
            Settled::AlreadyThere => self.already_there.fetch_add(1, Relaxed),
            Settled::Refused { code, message } => {
                let mut details = self.details();
                *details.refusals.entry(code.clone()).or_default() += 1;
                if details.examples.len() < EXAMPLES {
                    details.examples.push(Refusal { line: job.line, code, message });
                }
                self.refused.fetch_add(1, Relaxed)
            }
        };
        self.source_bytes.fetch_add(job.source_bytes, Relaxed);
        self.last_success_micros.store(self.now_micros(), Relaxed);
    }

    pub(super) fn count_retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    /// Time since the last line got its final answer, or since the start.
    pub(super) fn since_success(&self) -> Duration {
        let last = self.last_success_micros.load(Relaxed);
        Duration::from_micros(self.now_micros().saturating_sub(last))
    }

    /// Lines that have their final answer, and how much of the source they are.
    pub(super) fn finished(&self) -> (u64, u64) {
        let lines = [&self.taken, &self.already_there, &self.refused];
        (lines.iter().map(|count| count.load(Relaxed)).sum(), self.source_bytes.load(Relaxed))
    }

    pub(super) fn add_latencies(&self, latency: &Histogram<u64>) {
        self.details().latency.add(latency).expect("all latencies have the same range");
    }

    /// The counts as they are now.
    pub(super) fn outcome(&self, given_up: bool) -> Outcome {
        let details = self.details();
        Outcome {
            taken: self.taken.load(Relaxed),
            already_there: self.already_there.load(Relaxed),
            refusals: details.refusals.clone(),
            examples: details.examples.clone(),
            retries: self.retries.load(Relaxed),
            elapsed: self.started.elapsed(),
            latency: details.latency.clone(),
            given_up,
        }
    }

    fn now_micros(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A lane that panicked while counting leaves counts that are still counts.
    fn details(&self) -> MutexGuard<'_, Details> {
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
