//! Request ids whose first request is still running (pos-offers.md B.3).

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::runtime::Handle;

use super::Answer;
use crate::{error::AskError, kinds::Durable};

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

/// A request that is running; dropped when it is answered, or given up before anything was asked of an entity.
pub struct Running {
    registry: Arc<Inflight>,
    key: Box<[u8]>,
}

impl Inflight {
    /// Enters a request; nothing when one of that id is running already.
    pub fn enter(self: &Arc<Self>, key: &[u8]) -> Option<Running> {
        let key: Box<[u8]> = key.into();
        let entered = self.stripe(&key).lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        // Made only when it was entered: a guard that is dropped takes the entry away.
        entered.then(|| Running { registry: Arc::clone(self), key })
    }

    /// Enters a request when none of that id is running any more.
    pub async fn wait_to_enter(self: &Arc<Self>, key: &[u8]) -> Running {
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

impl Running {
    /// What it was entered under.
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.registry.stripe(&self.key).lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// What was asked of an entity for a request that is running. It runs until the answer is there, also when nobody waits
/// for that any more: let in before, the same request would find nothing of itself on disk, and happen twice.
///
/// Nothing is left in it once the answer is there.
pub struct Asked<E: Durable>(Option<(Answer<E>, Running)>);

impl<E: Durable> Asked<E> {
    /// The answer to come, and the request it is for.
    pub fn new(answer: Answer<E>, running: Running) -> Self {
        Self(Some((answer, running)))
    }

    /// Waits for the answer.
    pub async fn wait(mut self) -> Result<E::Reply, AskError<E::Error>> {
        let (answer, _) = self.0.as_mut().expect("it is waited for once");
        let answered = answer.arrived().await;
        self.0 = None;
        answered
    }
}

impl<E: Durable> Drop for Asked<E> {
    fn drop(&mut self) {
        // Without a runtime the process is at its end.
        if let (Some((mut answer, running)), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move {
                let _nobody_waits = answer.arrived().await;
                drop(running);
            });
        }
    }
}
