//! Faults that are made on purpose, one at a time, to prove that the simulation notices them. Only built with the
//! feature `mutants`, which no program that serves has.

use std::cell::Cell;

use crate::pending::Held;

/// A fault of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// An answer is given when its record is queued, not when it is durable.
    AnswersEarly,
    /// Now and then an effect is not handed over.
    DropsEffects,
    /// What an effect leads to is applied twice to the state in memory.
    AppliesTwice,
    /// A checkpoint leaves the last of several records out of a snapshot.
    StaleSnapshots,
}

/// One of so many effects is dropped.
const DROPPED_OF: u64 = 40;

thread_local! {
    static CHOSEN: Cell<Option<Mutant>> = const { Cell::new(None) };
    static EFFECTS: Cell<u64> = const { Cell::new(0) };
}

/// From now on, engines on this thread have this fault; none: no fault.
pub fn choose(mutant: Option<Mutant>) {
    CHOSEN.set(mutant);
    EFFECTS.set(0);
}

pub(crate) fn is(mutant: Mutant) -> bool {
    CHOSEN.get() == Some(mutant)
}

/// The answer, unless it has been given.
pub(crate) fn unless_early(answer: Option<Held>) -> Option<Held> {
    if !is(Mutant::AnswersEarly) {
        return answer;
    }
    if let Some(answer) = answer {
        answer(Ok(()));
    }
    None
}

/// Whether the next effect is dropped.
pub(crate) fn drops_effect() -> bool {
    EFFECTS.set(EFFECTS.get() + 1);
    is(Mutant::DropsEffects) && EFFECTS.get().is_multiple_of(DROPPED_OF)
}
