//! Changing the program: check, keep, publish.

use domain::{
    configuration::{Command, Configuration, Error, Reply, Section},
    id::RetailerId,
    program::Problem,
};

use super::Engine;
use crate::{
    error::{AskError, EngineError},
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

impl Engine {
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
            Ok(Reply::Version(version)) => version,
            Err(AskError::Refused(Error::Problems(problems))) => {
                return Err(ConfigureError::Problems(problems));
            }
            Err(AskError::Refused(Error::OtherRetailer { sent, served })) => {
                return Err(ConfigureError::OtherRetailer { sent, served });
            }
            Err(AskError::Engine(error)) => return Err(error.into()),
        };
        if !check_only {
            self.publish().await?;
        }
        Ok(version)
    }

    /// Puts the configuration as it is on disk in force. Compiled on the configuration's own shard, which serialises
    /// publishing: an older program never replaces a newer one.
    async fn publish(&self) -> Result<(), EngineError> {
        let programs = std::sync::Arc::clone(&self.inner.shared.programs);
        self.look::<Configuration, _>(CONFIGURATION, move |configuration, _, _| {
            if configuration.version() <= programs.current().version() {
                return;
            }
            match configuration.compile() {
                Some(Ok(program)) => programs.publish(program),
                Some(Err(problems)) => {
                    tracing::error!(?problems, "a program that was checked does not compile")
                }
                None => {}
            }
        })
        .await
    }
}
