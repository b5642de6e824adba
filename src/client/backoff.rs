//! How long to wait before the next try.

use std::time::Duration;

const FIRST_MS: u64 = 50;
const LONGEST_MS: u64 = 5_000;

/// Waiting times that double from 50 ms to 5 s. Half of each is random, so that callers that failed together do not
/// come back together.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How long to wait after one more failure; at least as long as the server asked for.
    pub fn after_failure(&mut self, asked_for: Option<Duration>) -> Duration {
        let whole = FIRST_MS.saturating_mul(2_u64.saturating_pow(self.failures)).min(LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        let own = Duration::from_millis(whole / 2 + fastrand::u64(0..=whole / 2));
        own.max(asked_for.unwrap_or_default())
    }

    /// Begins anew after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest_and_start_again_after_a_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..200).map(|_| backoff.after_failure(None)).collect();
        assert!(waits[0] >= Duration::from_millis(25) && waits[0] <= Duration::from_millis(50));
        assert!(waits[3] >= Duration::from_millis(200) && waits[3] <= Duration::from_millis(400));
        assert!(waits.iter().skip(8).all(|wait| (2500..=5000).contains(&wait.as_millis())));
        backoff.reset();
        assert!(backoff.after_failure(None) <= Duration::from_millis(50));
    }

    #[test]
    fn the_server_may_ask_for_longer_but_not_for_shorter() {
        assert_eq!(Backoff::default().after_failure(Some(Duration::from_secs(60))), Duration::from_secs(60));
        assert!(Backoff::default().after_failure(Some(Duration::ZERO)) >= Duration::from_millis(25));
    }
}
