//! Which threads carry an engine: its own, or the caller's alone.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use actix::{Arbiter, ArbiterHandle};
use store::{
    Disk,
    backup::{BackupError, BackupOrder, BackupProgress, BackupReport},
};

use crate::{cell::Companion, error::EngineError};

/// Which threads carry an engine.
pub enum Threads {
    /// One for each shard, one for each supervisor, and two for the store. What takes long goes to further ones.
    Own,
    /// Everything is on the thread that starts the engine, and nothing is committed but by the [`Steps`], which are
    /// handed over as soon as the store is open. With a test clock and [seeded ids](crate::Ids::seeded) a run is then
    /// decided by what its caller does, and can be had again.
    Callers(Box<dyn FnOnce(Steps)>),
}

/// The right to commit and to make checkpoints. When it is dropped nothing is written any more, as if the process had
/// been killed.
pub struct Steps(pub(crate) store::Steps<Companion>);

impl Steps {
    /// Makes everything queued durable, or loses it; whoever waits for it is told. Answers whether there was anything
    /// to do.
    pub fn commit(&self) -> bool {
        self.0.commit()
    }

    /// Makes a checkpoint if there is enough to do. Says whether one was made; a failed one stays due.
    pub fn checkpoint_if_due(&self) -> bool {
        match self.0.checkpoint_if_due() {
            None => false,
            Some(Ok(_)) => true,
            Some(Err(error)) => {
                tracing::error!(%error, "a checkpoint failed");
                false
            }
        }
    }

    /// Makes a backup on another disk, which is empty, at once.
    ///
    /// # Errors
    /// [`BackupError`]; the engine goes on as if nothing had been.
    pub fn backup(&self, target: Arc<dyn Disk>) -> Result<BackupReport, BackupError> {
        let progress = Arc::<BackupProgress>::default();
        self.0.backup(&BackupOrder { target, made_by: String::new(), attachments: Vec::new(), progress })
    }
}

/// Where the parts of a running engine are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Each on a thread of its own.
    Apart,
    /// On the caller's thread.
    Together,
}

impl Placement {
    /// Where the next of them goes.
    pub fn arbiter(self) -> ArbiterHandle {
        match self {
            Self::Apart => Arbiter::new().handle(),
            Self::Together => Arbiter::current(),
        }
    }

    /// Does what takes long without holding up a thread that serves requests.
    pub async fn aside<R: Send + 'static>(
        self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, EngineError> {
        let done = match self {
            Self::Apart => tokio::task::spawn_blocking(work).await.ok(),
            Self::Together => catch_unwind(AssertUnwindSafe(work)).ok(),
        };
        done.ok_or(EngineError::Crashed)
    }
}
