//! The choices of a seed. Owns randomness: nothing else in a run is left to chance.

use std::time::Duration;

/// A line of choices that follows from a seed.
#[derive(Debug, Clone)]
pub struct Choices(fastrand::Rng);

impl Choices {
    /// The line of a seed.
    pub fn of(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed ^ 0x6c61_7572_656c))
    }

    /// Another line, so that what one part chooses does not depend on how often another does.
    pub fn branch(&mut self) -> Self {
        Self(fastrand::Rng::with_seed(self.0.u64(..)))
    }

    /// A number.
    pub fn number(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// Yes, so often of a hundred times.
    pub fn percent(&mut self, yes: u32) -> bool {
        self.0.u32(0..100) < yes
    }

    /// A number below the bound, which is above zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.usize(0..bound)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.i64(low..=high)
    }

    /// One of them; there is at least one.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A while of at most so many milliseconds.
    pub fn millis(&mut self, at_most: u64) -> Duration {
        Duration::from_millis(self.0.u64(0..=at_most))
    }

    /// Lets others on: for some turns of the scheduler, or for a while.
    pub async fn pause(&mut self, turns: usize, millis: u64) {
        if self.percent(60) {
            for _ in 0..self.below(turns + 1) {
                tokio::task::yield_now().await;
            }
        } else {
            tokio::time::sleep(self.millis(millis)).await;
        }
    }
}
