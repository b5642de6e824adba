//! Appends on their way to the committer. Gives each its position, and decides which are refused.
//!
//! Must not know the journal: it counts positions on from the durable one and is told what became of them.

use crate::error::AppendError;
use crate::journal::record::RecordParts;
use crate::key::{Epoch, Lsn};
use crate::shared::lock;
use crate::store::{Append, Haste, NotAppended};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// No single append may be larger, with its index changes.
const APPEND_BYTES_MAX: usize = 64 << 20;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Status {
    Open,
    /// A commit failed and the next segment does not stand yet.
    Unavailable,
    Closed,
}

struct State<T> {
    status: Status,
    epoch: Epoch,
    next: Lsn,
    waiting: VecDeque<Append<T>>,
    /// Bytes and records waiting or in the committer's hands.
    bytes: usize,
    records: u64,
    /// Somebody waits for what is queued.
    hasty: bool,
    /// The committer has something to do besides what is queued.
    nudged: bool,
    committer: Committer,
}

impl<T> State<T> {
    /// Moves everything that waits into `taken`, which is empty; answers whether the committer has anything to do.
    fn hand_over(&mut self, taken: &mut VecDeque<Append<T>>) -> bool {
        self.hasty = false;
        let nudged = std::mem::take(&mut self.nudged);
        std::mem::swap(&mut self.waiting, taken);
        nudged || !taken.is_empty()
    }
}

/// What the committer is doing. Spares a system call for each append while it is busy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Committer {
    /// At work: it looks into the queue by itself.
    Awake,
    /// Waits for an append that somebody waits for, and looks into the queue after [`Haste::SOON_MAX`] at the latest.
    Dozes,
    /// Waits for any append.
    Sleeps,
}

/// The queue in front of the committer.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
    bytes_max: usize,
}

/// What an append counts for in the bound of the queue.
pub(crate) fn cost<T>(append: &Append<T>) -> usize {
    RecordParts::written_len(&append.record, &append.index)
}

impl<T> Queue<T> {
    pub(crate) fn new(durable: Lsn, bytes_max: usize) -> Self {
        let state = State {
            status: Status::Open,
            epoch: Epoch::FIRST,
            next: durable.next(),
            waiting: VecDeque::new(),
            bytes: 0,
            records: 0,
            hasty: false,
            nudged: false,
            committer: Committer::Awake,
        };
        Self { state: Mutex::new(state), wake: Condvar::new(), bytes_max }
    }

    /// Queues an append; `memory_is_full` says whether durable state has reached its bound.
    pub(crate) fn push(
        &self,
        epoch: Epoch,
        append: Append<T>,
        memory_is_full: bool,
    ) -> Result<Lsn, NotAppended<T>> {
        let cost = cost(&append);
        let mut state = lock(&self.state);
        if let Some(error) = self.refusal(&state, epoch, cost, memory_is_full) {
            return Err(NotAppended { error, companion: append.companion });
        }
        let lsn = state.next;
        state.next = lsn.next();
        state.bytes += cost;
        state.records += 1;
        let now = append.haste == Haste::Now;
        state.hasty |= now;
        state.waiting.push_back(append);
        self.wake_for(&mut state, now);
        Ok(lsn)
    }

    /// Why an append of this cost cannot be taken, if it cannot.
    fn refusal(
        &self,
        state: &State<T>,
        epoch: Epoch,
        cost: usize,
        memory_is_full: bool,
    ) -> Option<AppendError> {
        if cost > APPEND_BYTES_MAX {
            Some(AppendError::TooLarge)
        } else if state.status == Status::Closed {
            Some(AppendError::Closed)
        } else if state.epoch != epoch {
            Some(AppendError::StaleEpoch)
        } else if state.status == Status::Unavailable {
            Some(AppendError::Unavailable)
        } else if memory_is_full || (state.bytes > 0 && state.bytes + cost > self.bytes_max) {
            Some(AppendError::Full)
        } else {
            None
        }
    }

    /// Somebody waits for what is queued.
    pub(crate) fn hurry(&self) {
        let mut state = lock(&self.state);
        if !state.waiting.is_empty() {
            state.hasty = true;
            self.wake_for(&mut state, true);
        }
    }

    /// The committer has something to do besides what is queued.
    pub(crate) fn nudge(&self) {
        let mut state = lock(&self.state);
        state.nudged = true;
        self.wake_for(&mut state, true);
    }

    fn wake_for(&self, state: &mut State<T>, now: bool) {
        let wakes = match state.committer {
            Committer::Awake => false,
            Committer::Dozes => now,
            Committer::Sleeps => true,
        };
        if wakes {
            state.committer = Committer::Awake;
            self.wake.notify_one();
        }
    }

    /// Waits for appends that somebody waits for, or for a while for others, and moves all of them into `taken`,
    /// which must be empty; it stays so after a nudge. `false` if the queue is closed and nothing is left.
    pub(crate) fn take(&self, taken: &mut VecDeque<Append<T>>) -> bool {
        debug_assert!(taken.is_empty());
        let mut state = lock(&self.state);
        let mut dozed = false;
        while !state.hasty && !state.nudged && (state.waiting.is_empty() || !dozed) {
            if state.status == Status::Closed {
                break;
            }
            if dozed {
                state.committer = Committer::Sleeps;
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                dozed = false;
            } else {
                state.committer = Committer::Dozes;
                let waited = self.wake.wait_timeout(state, Haste::SOON_MAX);
                let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                state = woken;
                dozed = timeout.timed_out();
            }
        }
        state.committer = Committer::Awake;
        state.hand_over(taken)
    }

    /// The same without waiting: `false` if there is nothing to do.
    pub(crate) fn take_now(&self, taken: &mut VecDeque<Append<T>>) -> bool {
        debug_assert!(taken.is_empty());
        lock(&self.state).hand_over(taken)
    }

    /// Appends of this size in all are durable and count no longer.
    pub(crate) fn done(&self, bytes: usize, records: u64) {
        let mut state = lock(&self.state);
        state.bytes -= bytes;
        state.records -= records;
    }

    /// A commit failed: begins a new epoch after `durable` and gives back what was waiting.
    pub(crate) fn lose(&self, durable: Lsn) -> (Epoch, VecDeque<Append<T>>) {
        let mut state = lock(&self.state);
        state.epoch = state.epoch.next();
        state.next = durable.next();
        state.bytes = 0;
        state.records = 0;
        state.hasty = false;
        if state.status == Status::Open {
            state.status = Status::Unavailable;
        }
        (state.epoch, std::mem::take(&mut state.waiting))
    }

    /// The next segment stands: appends of the new epoch are taken.
    pub(crate) fn resume(&self) {
        let mut state = lock(&self.state);
        if state.status == Status::Unavailable {
            state.status = Status::Open;
        }
    }

    /// Waits for a while, or until closed; answers whether it is closed.
    pub(crate) fn wait_closed(&self, at_most: Duration) -> bool {
        let state = lock(&self.state);
        let (state, _) = self
            .wake
            .wait_timeout_while(state, at_most, |state| state.status != Status::Closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.status == Status::Closed
    }

    /// Refuses appends from now on.
    pub(crate) fn close(&self) {
        lock(&self.state).status = Status::Closed;
        self.wake.notify_all();
    }

    pub(crate) fn epoch(&self) -> Epoch {
        lock(&self.state).epoch
    }

    /// Bytes and records that are not durable yet.
    pub(crate) fn load(&self) -> (usize, u64) {
        let state = lock(&self.state);
        (state.bytes, state.records)
    }
}
