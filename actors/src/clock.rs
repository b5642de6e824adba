//! The engine's clock: the machine's, or one that only moves when told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use domain::Timestamp;

/// Where time comes from. Everything below the engine is handed the time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    Machine,
    /// A clock for tests and rehearsals; moves only by [`Clock::move_to`].
    Test(Arc<AtomicI64>),
}

/// Why a clock does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The engine follows the machine's clock.
    #[error("the clock is the machine's; start with a test clock to move it")]
    NotATestClock,
    /// Time does not run backwards.
    #[error("the clock cannot be moved backwards")]
    Backwards,
}

impl Clock {
    /// A clock that stands at a time until it is moved.
    pub fn test(at: Timestamp) -> Self {
        Self::Test(Arc::new(AtomicI64::new(at.millis())))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Machine => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Test(millis) => Timestamp::from_millis(millis.load(Ordering::Acquire)),
        }
    }

    /// Moves a test clock forward.
    pub fn move_to(&self, to: Timestamp) -> Result<(), ClockError> {
        let Self::Test(millis) = self else { return Err(ClockError::NotATestClock) };
        let moved = millis.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            (to.millis() >= now).then_some(to.millis())
        });
        moved.map(|_| ()).map_err(|_| ClockError::Backwards)
    }
}
