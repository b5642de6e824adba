//! How a checkpoint or a backup asks the committer, who alone writes the journal, to begin another segment, and waits
//! for it.

use crate::journal::Position;
use crate::shared::lock;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How long whoever asks waits. A committer that cannot write at all is trying to by then, and goes on for as long as
/// that lasts.
const PATIENCE: Duration = Duration::from_secs(10);

/// The next segment has been begun, or had no frame yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotated {
    /// The last frame before it.
    pub(crate) position: Position,
    /// How long the committer wrote nothing meanwhile.
    pub(crate) pause: Duration,
}

enum State {
    /// Nobody waits.
    Idle,
    Asked,
    Answered(Result<Rotated, String>),
    /// There is no committer any more.
    Ended,
}

/// How the committer is woken.
pub(crate) type Wake = Box<dyn Fn() + Send + Sync>;

/// One question at a time: only who has the turn at the state file may ask.
pub(crate) struct Rotation {
    state: Mutex<State>,
    answered: Condvar,
    wake: OnceLock<Wake>,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { state: Mutex::new(State::Idle), answered: Condvar::new(), wake: OnceLock::new() }
    }
}

impl Rotation {
    /// Says how the committer is woken.
    pub(crate) fn connect(&self, wake: Wake) {
        assert!(self.wake.set(wake).is_ok(), "a store has one committer");
    }

    /// Has the next segment begun; an error says why there is none.
    pub(crate) fn ask(&self) -> Result<Rotated, String> {
        let mut state = lock(&self.state);
        if matches!(*state, State::Ended) {
            return Err("the store is closing".to_owned());
        }
        *state = State::Asked;
        drop(state);
        if let Some(wake) = self.wake.get() {
            wake();
        }
        let waited = self
            .answered
            .wait_timeout_while(lock(&self.state), PATIENCE, |state| matches!(state, State::Asked));
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Ended) {
            return Err("the store is closing".to_owned());
        }
        match std::mem::replace(&mut *state, State::Idle) {
            State::Answered(answer) => answer,
            State::Idle | State::Asked | State::Ended => Err("the journal cannot be written".to_owned()),
        }
    }

    pub(crate) fn is_asked(&self) -> bool {
        matches!(*lock(&self.state), State::Asked)
    }

    /// The committer's answer; whoever asked may have given up.
    pub(crate) fn answer(&self, answer: Result<Rotated, String>) {
        let mut state = lock(&self.state);
        if matches!(*state, State::Asked) {
            *state = State::Answered(answer);
            self.answered.notify_all();
        }
    }

    /// There is no committer any more.
    pub(crate) fn end(&self) {
        *lock(&self.state) = State::Ended;
        self.answered.notify_all();
    }
}
