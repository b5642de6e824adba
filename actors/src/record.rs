//! The stored form of a decision: what happened, when, under which program, and what it asks of others.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use store::{FoldError, codec};

use crate::{delivery::Delivery, kinds::Durable};

/// Version of the record form. A new form gets the next number; old numbers stay readable for ever.
const RECORD_VERSION: u8 = 2;
/// The form before it: effects of sales were credits and nothing else.
const FIRST_VERSION: u8 = 1;
/// Version of the snapshot form.
const SNAPSHOT_VERSION: u8 = 1;

/// One decision as it is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Record<E: Durable> {
    /// When it was decided.
    pub at: Timestamp,
    /// The version of the program it was decided under.
    pub program_version: u32,
    /// What happened.
    pub events: Vec<E::Event>,
    /// What it asks of others.
    pub effects: Vec<E::Effect>,
}

impl<E: Durable> Record<E> {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(RECORD_VERSION, self)
    }

    /// The record of these bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, FoldError> {
        let decoded = match codec::version_of(bytes) {
            Some(FIRST_VERSION) => E::first_record(bytes).map(|record| (RECORD_VERSION, record)),
            Some(_) | None => codec::decode(bytes),
        };
        match decoded.map_err(|error| unreadable::<E>(&error))? {
            (RECORD_VERSION, record) => Ok(record),
            (other, _) => Err(unknown_version::<E>(other)),
        }
    }

    /// What its effects ask, one for each.
    pub fn deliveries(&self) -> Vec<Delivery> {
        E::deliveries(&self.events, &self.effects)
    }
}

/// The bytes of an entity's state.
pub fn encode_snapshot<E: Durable>(state: &E) -> Vec<u8> {
    codec::encode(SNAPSHOT_VERSION, state)
}

/// The state from its bytes.
pub fn decode_snapshot<E: Durable>(bytes: &[u8]) -> Result<E, FoldError> {
    match codec::decode(bytes).map_err(|error| unreadable::<E>(&error))? {
        (SNAPSHOT_VERSION, state) => Ok(state),
        (other, _) => Err(unknown_version::<E>(other)),
    }
}

/// The state after a snapshot and the records behind it.
pub fn recover<'a, E: Durable>(
    snapshot: Option<&[u8]>,
    records: impl IntoIterator<Item = &'a [u8]>,
) -> Result<E, FoldError> {
    let mut state = snapshot.map(decode_snapshot).transpose()?.unwrap_or_default();
    for bytes in records {
        for event in &Record::<E>::decode(bytes)?.events {
            E::apply(&mut state, event);
        }
    }
    Ok(state)
}

fn unreadable<E: Durable>(error: &codec::CodecError) -> FoldError {
    FoldError { what: format!("a {} does not decode: {error}", E::KIND.name()) }
}

fn unknown_version<E: Durable>(version: u8) -> FoldError {
    FoldError {
        what: format!("a {} is stored in form {version}, which this program does not know", E::KIND.name()),
    }
}
