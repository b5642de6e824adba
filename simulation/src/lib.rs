//! Deterministic simulation of everything below HTTP: the real entities, actors, effects, journal and tables, over a
//! disk in memory that fails, with clients that give up, repeat themselves and get in each other's way. One seed
//! decides all of it, so that what went wrong once goes wrong again.
//!
//! Everything is on one thread: the actors share a runtime whose timers move when nobody has anything to do, and
//! commits and checkpoints are steps that the run takes when its seed says so. A crash drops the runtime with
//! everything on it; the next process starts on what is left of the disk. While nobody asks anything, the whole state
//! is held against a model that knows what was asked and answered.

mod alarm;
mod faults;
mod model;
pub mod program;
mod report;
mod schedule;
mod tamper;
mod trace;
mod workload;
mod world;
mod writer;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

pub use report::{Failure, Totals};
pub use tamper::Tamper;
pub use world::{Outcome, run, run_tampered};

/// Runs seeds from `first` on, a thread for each processor. Gives the totals of those that went well, and the failures.
pub fn run_many(first: u64, count: u64) -> (Totals, Vec<Failure>) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(first);
    let end = first.saturating_add(count);
    let work = || {
        let (mut totals, mut failures) = (Totals::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return (totals, failures);
            }
            match run(seed, false) {
                Ok(outcome) => totals = totals.plus(outcome.totals),
                Err(failure) => failures.push(failure),
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = (Totals::default(), Vec::new());
        for worker in workers {
            let (totals, failures) = worker.join().expect("a run reports what goes wrong in it");
            all.0 = all.0.plus(totals);
            all.1.extend(failures);
        }
        all
    })
}
