//! The versions of the configuration, so that an earlier one is found without its whole history. Key: the version. An
//! edit's row holds its changes; every so many versions, and after every replaced part, the row holds all objects.

use domain::{
    configuration::{Change, Configuration, Event, Objects},
    entity::Entity,
    program::PlacesVersion,
};
use serde::{Deserialize, Serialize};
use store::{IndexChange, RowKey, codec};

use super::{CONFIGURATIONS, VALUE_VERSION};
use crate::error::EngineError;

/// At most so many rows are read for a version.
const WHOLE_EVERY: u32 = 64;

/// A version as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// The version before, with these changes.
    Changes(Vec<Change>),
    /// All of it but the texts of stores and catalog.
    Whole {
        /// The objects.
        objects: Objects,
        /// Which stores and which catalog go with them.
        places: PlacesVersion,
    },
}

/// The key of a version.
pub fn key(version: u32) -> RowKey {
    version.to_be_bytes().into()
}

/// The rows of what has happened to a configuration.
pub fn put(before: &Configuration, events: &[Event]) -> Vec<IndexChange> {
    let row = |event: &Event| {
        let kept = match event {
            Event::Edited { version, changes } if version % WHOLE_EVERY != 0 => {
                Kept::Changes(changes.clone())
            }
            Event::Edited { changes, .. } => {
                let mut objects = before.objects().clone();
                changes.iter().for_each(|change| objects.apply(change));
                Kept::Whole { objects, places: before.places() }
            }
            Event::Replaced { .. } => {
                let mut after = before.clone();
                after.apply(event);
                Kept::Whole { objects: after.objects().clone(), places: after.places() }
            }
        };
        let value = codec::encode(VALUE_VERSION, &kept).into();
        IndexChange::Put { index: CONFIGURATIONS, key: key(event.version()), value }
    };
    assert!(events.len() <= 1, "a decision of the configuration makes one version");
    events.iter().map(row).collect()
}

/// The version of a row.
pub fn read(value: &[u8]) -> Result<Kept, EngineError> {
    codec::decode(value).map(|(_, kept)| kept).map_err(|error| {
        tracing::error!(%error, "a version of the configuration does not decode");
        EngineError::Damaged
    })
}
