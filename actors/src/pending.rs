//! Answers that wait for durability. A plain state machine: no actor, no clock, no thread.
//!
//! One per shard, since a shard's records are appended in the order in which their answers come here: what waits
//! longest is what may be released first.

use std::collections::VecDeque;

use store::Lsn;

use crate::error::EngineError;

/// An answer on hold. Called once: with `Ok` when what it depends on is durable, with the failure when that is lost.
pub type Held = Box<dyn FnOnce(Result<(), EngineError>) + Send>;

/// The answers of one shard that wait.
#[derive(Default)]
pub struct Pending {
    durable: Lsn,
    waiting: VecDeque<(Lsn, Held)>,
}

impl Pending {
    /// Nothing waits; everything up to `durable` is on disk.
    pub fn new(durable: Lsn) -> Self {
        Self { durable, waiting: VecDeque::new() }
    }

    /// Everything up to here is on disk.
    pub fn durable(&self) -> Lsn {
        self.durable
    }

    /// How many answers wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Holds an answer until `lsn` is durable, or gives it out at once if it is. An answer that depends on less than
    /// what the last one depends on waits as long as that one: order costs it at most one commit.
    pub fn hold(&mut self, lsn: Lsn, answer: Held) {
        if lsn <= self.durable {
            return answer(Ok(()));
        }
        let last = self.waiting.back().map_or(lsn, |(last, _)| lsn.max(*last));
        self.waiting.push_back((last, answer));
    }

    /// Takes note that everything up to `through` is durable, and gives out what waited for it.
    pub fn release(&mut self, through: Lsn) {
        assert!(through >= self.durable, "what is durable does not become less");
        self.durable = through;
        while let Some((lsn, answer)) = self.waiting.pop_front() {
            if lsn > through {
                self.waiting.push_front((lsn, answer));
                break;
            }
            answer(Ok(()));
        }
    }

    /// Everything not yet durable is lost: so are the answers that depend on it.
    pub fn fail(&mut self, error: EngineError) {
        for (_, answer) in self.waiting.drain(..) {
            answer(Err(error));
        }
    }
}
