//! Request ids whose first request is still running (pos-offers.md B.3).

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Stripes, so that requests do not wait for each other's lock.
const STRIPES: usize = 64;

/// How often a request that waits looks whether the one before it has been answered.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// The registry.
pub struct Inflight {
    stripes: [Mutex<HashSet<Box<[u8]>>>; STRIPES],
}

impl Default for Inflight {
    fn default() -> Self {
        Self { stripes: std::array::from_fn(|_| Mutex::default()) }
    }
}

/// A request that is running; dropped when it is answered or given up.
pub struct Running<'a> {
    registry: &'a Inflight,
    key: Box<[u8]>,
}

impl Inflight {
    /// Enters a request; nothing when one of that id is running already.
    pub fn enter(&self, key: &[u8]) -> Option<Running<'_>> {
        let key: Box<[u8]> = key.into();
        let entered = self.stripe(&key).lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        // Made only when it was entered: a guard that is dropped takes the entry away.
        entered.then(|| Running { registry: self, key })
    }

    /// Enters a request when none of that id is running any more.
    pub async fn wait_to_enter(&self, key: &[u8]) -> Running<'_> {
        loop {
            match self.enter(key) {
                Some(running) => return running,
                None => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    /// A request of that id is running.
    pub fn is_running(&self, key: &[u8]) -> bool {
        self.stripe(key).lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    fn stripe(&self, key: &[u8]) -> &Mutex<HashSet<Box<[u8]>>> {
        let stripes = u64::try_from(STRIPES).expect("the number of stripes is small");
        let stripe = xxhash_rust::xxh3::xxh3_64(key) % stripes;
        &self.stripes[usize::try_from(stripe).expect("the number of stripes is small")]
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.registry.stripe(&self.key).lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
