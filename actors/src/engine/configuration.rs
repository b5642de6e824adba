//! Changing the program: check, keep, publish. Looking at what it is made of.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    configuration::{
        Command, Configuration, Edit, Error, Object, ObjectKind, Objects, Refusal, Reply, Section,
    },
    id::RetailerId,
    program::{Problem, Program},
};

use uuid::Uuid;

use super::{Engine, unbroken};
use crate::{
    error::{AskError, EngineError},
    history,
    programs::CONFIGURATION,
};

/// Why a section was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigureError {
    /// The texts are no program.
    #[error("the program has {} problems", .0.len())]
    Problems(Vec<Problem>),
    /// The program belongs to another retailer.
    #[error("the program is of retailer {sent}, this is {served}")]
    OtherRetailer {
        /// Whose it is.
        sent: RetailerId,
        /// Who is served.
        served: RetailerId,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Why single objects were not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The program would have these problems.
    #[error("the program would have {} problems", .0.len())]
    Problems(Vec<Problem>),
    /// The edit contradicts what is there.
    #[error(transparent)]
    Refused(Refusal),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Edits single objects of the program; unless it is only to be checked, answers when the edit is on disk and in
    /// force. Gives the object as it is then, or nothing when it is gone.
    pub async fn edit(&self, edit: Edit) -> Result<Option<Object>, EditError> {
        let engine = self.clone();
        // A caller who hangs up must not leave an edit that is on disk and not in force.
        unbroken(async move {
            let check_only = edit.check_only;
            let object = match engine.ask::<Configuration>(CONFIGURATION, Command::Edit(Box::new(edit))).await
            {
                Ok(Reply::Edited { object, .. }) => object,
                Ok(Reply::Version(_)) => None,
                Err(AskError::Refused(Error::Problems(problems))) => {
                    return Err(EditError::Problems(problems));
                }
                Err(AskError::Refused(Error::Refused(refusal))) => return Err(EditError::Refused(refusal)),
                Err(AskError::Refused(Error::OtherRetailer { .. })) => {
                    tracing::error!("an edit was refused for a reason that is not an edit's");
                    return Err(EngineError::Crashed.into());
                }
                Err(AskError::Engine(error)) => return Err(error.into()),
            };
            if !check_only {
                engine.publish().await?;
            }
            Ok(object)
        })
        .await
    }

    /// Every version of an object with the time it was made, oldest first; none when there never was one. Reads the
    /// whole history of the configuration.
    pub async fn object_versions(
        &self,
        kind: ObjectKind,
        id: Uuid,
    ) -> Result<Vec<(Timestamp, Object)>, EngineError> {
        let store = std::sync::Arc::clone(&self.inner.shared.store);
        let read = self.inner.shared.placement.aside(move || {
            let mut versions: Vec<(Timestamp, Object)> = Vec::new();
            let mut objects = Objects::default();
            history::walk::<Configuration>(store.as_ref(), CONFIGURATION, |record| {
                for event in &record.events {
                    event.apply_to(&mut objects);
                    let now = objects.get(kind, id);
                    if let Some(now) = now.filter(|now| versions.last().map(|(_, known)| known) != Some(*now))
                    {
                        versions.push((record.at, now.clone()));
                    }
                }
                ControlFlow::Continue(())
            })?;
            Ok(versions)
        });
        read.await?
    }

    /// Looks at what the program is made of. What is seen is durable by the time it is answered.
    pub async fn read_configuration<R: Send + 'static>(
        &self,
        look: impl FnOnce(&Configuration, &Program, Timestamp) -> R + Send + 'static,
    ) -> Result<R, EngineError> {
        self.look::<Configuration, _>(CONFIGURATION, look).await
    }

    /// Checks a section together with the others; unless it is only to be checked, keeps it and puts the new program in
    /// force. Gives the version.
    pub async fn configure(
        &self,
        section: Section,
        text: String,
        check_only: bool,
    ) -> Result<u32, ConfigureError> {
        let command = Command::Replace { section, text: text.into(), check_only };
        let version = match self.ask::<Configuration>(CONFIGURATION, command).await {
            Ok(Reply::Version(version) | Reply::Edited { version, .. }) => version,
            Err(AskError::Refused(Error::Problems(problems))) => {
                return Err(ConfigureError::Problems(problems));
            }
            Err(AskError::Refused(Error::OtherRetailer { sent, served })) => {
                return Err(ConfigureError::OtherRetailer { sent, served });
            }
            Err(AskError::Refused(Error::Refused(refusal))) => {
                tracing::error!(error = %refusal, "a section was refused for a reason that is an edit's");
                return Err(EngineError::Crashed.into());
            }
            Err(AskError::Engine(error)) => return Err(error.into()),
        };
        if !check_only {
            self.publish().await?;
        }
        Ok(version)
    }

    /// Puts the configuration as it is on disk in force. It may have gone on since the caller's change: what is seen of
    /// it is put in force when it is durable, and not before.
    async fn publish(&self) -> Result<(), EngineError> {
        let current = self.program();
        let compiled = self.look::<Configuration, _>(CONFIGURATION, move |configuration, _, _| {
            let is_newer = configuration.version() > current.version();
            is_newer.then(|| configuration.compile(Some(&current))).flatten()
        });
        match compiled.await? {
            Some(Ok(program)) => self.inner.shared.programs.publish(program),
            Some(Err(problems)) => {
                tracing::error!(?problems, "a program that was checked does not compile");
            }
            None => {}
        }
        Ok(())
    }
}
