//! Deleting tier levels and whole systems that may have had members (incentives.md 7.5).
//!
//! A level goes only when nobody is in it, and a customer may enter at the very moment at which that is looked up. So:
//!
//! 1. What stands against it anyway (trees that name it, members that are there) refuses it; nothing has changed.
//! 2. It is closed: paused, or its system disabled, by an edit like any other. From the moment that is in force, no
//!    decision lets anybody in, for every way into a level asks whether level and system are live.
//! 3. A message passes through every shard. A decision takes the program in force and queues its record without a
//!    break, so what was decided before by the program with the open level has been queued by then. A mark in the
//!    journal behind that is waited for: then it is durable, and in the index.
//! 4. Now the index of members tells the truth, and it stays true. Nobody: the level is deleted, provided that its
//!    system is still as it was when it was closed; an edit that came between (that published the level again, say)
//!    makes all of it begin anew. Somebody: the level is opened again, and the deletion is refused.
//!
//! A crash on the way leaves the level as it was, or closed with nobody lost: it can be deleted again, or published.

use domain::{
    configuration::{Command, Configuration, Edit, Json, Object, ObjectKind, Operation, Refusal, Reply},
    id::TierLevelId,
};
use store::Direction;
use uuid::Uuid;

use super::{EditError, Engine, unbroken};
use crate::{
    error::{AskError, EngineError},
    index,
    programs::CONFIGURATION,
    shard::Passed,
};

/// How often a deletion begins anew because the system was edited meanwhile.
const ATTEMPTS: usize = 8;
const PAUSED: i64 = 1;
const LIVE: i64 = 2;

/// What is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doomed {
    /// A level.
    Level(Uuid),
    /// A system with all of its levels.
    System(Uuid),
}

impl Engine {
    /// Deletes a level or a system that has no members; answers when it is on disk and in force.
    pub async fn delete_tier(&self, doomed: Doomed) -> Result<(), EditError> {
        let engine = self.clone();
        // A caller who hangs up must not leave the level closed.
        unbroken(async move {
            let mut closed = false;
            let mut done = Err(EditError::Refused(Refusal::VersionConflict));
            for _ in 0..ATTEMPTS {
                done = engine.try_to_delete(doomed, &mut closed).await;
                if !matches!(done, Err(EditError::Refused(Refusal::VersionConflict))) {
                    break;
                }
            }
            if done.is_err()
                && closed
                && let Err(error) = engine.open_again(doomed).await
            {
                tracing::error!(?doomed, %error, "what was not deleted stays closed");
            }
            done
        })
        .await
    }

    /// `closed`: it was, for the sake of this deletion.
    async fn try_to_delete(&self, doomed: Doomed, closed: &mut bool) -> Result<(), EditError> {
        self.edit(doomed.deletion(None, true)).await?;
        let mut system = self.doomed_system(doomed).await?;
        let levels = doomed.levels(&system.json());
        self.refuse_with_members(&levels)?;
        if doomed.is_open(&system.json()) {
            *closed = true;
            system = self.edit(doomed.closing(true)).await?.ok_or(EngineError::Crashed)?;
        }
        self.wait_for_decisions().await?;
        self.refuse_with_members(&levels)?;
        self.edit(doomed.deletion(Some(system.version), false)).await.map(|_| ())
    }

    /// Unless somebody else has changed it meanwhile.
    async fn open_again(&self, doomed: Doomed) -> Result<(), EditError> {
        let system = self.doomed_system(doomed).await?;
        if doomed.is_closed(&system.json()) {
            self.edit(doomed.closing(false)).await?;
        }
        Ok(())
    }

    /// Everything that was decided before is durable.
    async fn wait_for_decisions(&self) -> Result<(), EngineError> {
        for shard in &self.inner.shards {
            shard.send(Passed).await.map_err(|_| EngineError::Draining)?;
        }
        match self.ask::<Configuration>(CONFIGURATION, Command::Mark).await {
            Ok(Reply::Version(_) | Reply::Edited { .. }) => Ok(()),
            Err(AskError::Engine(error)) => Err(error),
            Err(AskError::Refused(error)) => {
                tracing::error!(%error, "a mark was refused");
                Err(EngineError::Crashed)
            }
        }
    }

    fn refuse_with_members(&self, levels: &[TierLevelId]) -> Result<(), EditError> {
        for level in levels {
            let members = index::members::of(*level);
            if !self.scan(index::MEMBERS, members, Direction::Forward, 1)?.is_empty() {
                return Err(EditError::Refused(Refusal::LevelInUse));
            }
        }
        Ok(())
    }

    async fn doomed_system(&self, doomed: Doomed) -> Result<Object, EditError> {
        let found = self.read_configuration(move |configuration, _, _| {
            let systems = configuration.objects().list(ObjectKind::TierSystem);
            systems.iter().find(|system| doomed.is_in(system)).cloned()
        });
        let missing = match doomed {
            Doomed::Level(_) => Refusal::TierLevelNotFound,
            Doomed::System(_) => Refusal::NotFound(ObjectKind::TierSystem),
        };
        found.await?.ok_or(EditError::Refused(missing))
    }
}

impl Doomed {
    const fn id(self) -> Uuid {
        match self {
            Self::Level(id) | Self::System(id) => id,
        }
    }

    fn is_in(self, system: &Object) -> bool {
        match self {
            Self::System(id) => system.id == id,
            Self::Level(id) => levels(&system.json()).any(|level| level.get_id("id") == Some(id)),
        }
    }

    /// The level, or those of the system.
    fn levels(self, system: &Json) -> Vec<TierLevelId> {
        match self {
            Self::Level(id) => vec![TierLevelId(id)],
            Self::System(_) => {
                levels(system).filter_map(|level| level.get_id("id")).map(TierLevelId).collect()
            }
        }
    }

    /// Somebody may be let in.
    fn is_open(self, system: &Json) -> bool {
        match self {
            Self::System(_) => system.get_flag("disabled") != Some(true),
            Self::Level(id) => status_of(system, id) == Some(LIVE),
        }
    }

    /// It is as it was left when it was closed.
    fn is_closed(self, system: &Json) -> bool {
        match self {
            Self::System(_) => system.get_flag("disabled") == Some(true),
            Self::Level(id) => status_of(system, id) == Some(PAUSED),
        }
    }

    fn closing(self, closed: bool) -> Edit {
        let id = ("id", Some(Json::text(self.id())));
        let (operation, body) = match self {
            Self::Level(_) => {
                let status = if closed { PAUSED } else { LIVE };
                (Operation::SetTierLevelStatus, Json::object([id, ("status", Some(Json::whole(status)))]))
            }
            Self::System(_) => {
                (Operation::UpdateTierSystem, Json::object([id, ("disabled", Some(Json::Flag(closed)))]))
            }
        };
        Edit { operation, body, check_only: false }
    }

    fn deletion(self, seen: Option<u32>, check_only: bool) -> Edit {
        let id = ("id", Some(Json::text(self.id())));
        let body = Json::object([id, ("version", seen.map(Json::whole))]);
        let operation = match self {
            Self::Level(_) => Operation::DeleteTierLevel,
            Self::System(_) => Operation::DeleteTierSystem,
        };
        Edit { operation, body, check_only }
    }
}

fn levels(system: &Json) -> impl Iterator<Item = &Json> {
    system.elements("tier_levels").iter()
}

fn status_of(system: &Json, level: Uuid) -> Option<i64> {
    levels(system).find(|known| known.get_id("id") == Some(level))?.get_whole("status")
}
