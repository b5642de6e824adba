//! What the store asks of the layer above: how records change a snapshot, for every kind; and what they say, for
//! people.

use domain::{
    allotment::Allotment, configuration::Configuration, customer::Customer, identifier::Claim, job::Job,
    sale::Sale, standup::Standup, tombstone::Tombstone,
};
use store::{EntityKey, Fold, FoldError, Folded};

use crate::{
    kinds::{Durable, Kind},
    record::{Record, decode_snapshot, encode_snapshot},
};

/// Folds the records of every kind of entity.
#[derive(Debug, Clone, Copy, Default)]
pub struct EntityFold;

impl Fold for EntityFold {
    fn fold(
        &self,
        entity: EntityKey,
        snapshot: Option<&[u8]>,
        records: &[&[u8]],
    ) -> Result<Folded, FoldError> {
        match kind_of(entity)? {
            Kind::Customer => fold::<Customer>(snapshot, records),
            Kind::Sale => fold::<Sale>(snapshot, records),
            Kind::Claim => fold::<Claim>(snapshot, records),
            Kind::Configuration => fold::<Configuration>(snapshot, records),
            Kind::Job => fold::<Job>(snapshot, records),
            Kind::Tombstone => fold::<Tombstone>(snapshot, records),
            Kind::Allotment => fold::<Allotment>(snapshot, records),
            Kind::Standup => fold::<Standup>(snapshot, records),
        }
    }
}

fn fold<E: Durable>(snapshot: Option<&[u8]>, records: &[&[u8]]) -> Result<Folded, FoldError> {
    #[cfg(feature = "mutants")]
    let records = match records {
        [all @ .., _] if !all.is_empty() && crate::mutants::is(crate::mutants::Mutant::StaleSnapshots) => all,
        all => all,
    };
    let mut state: E = snapshot.map(decode_snapshot).transpose()?.unwrap_or_default();
    let mut forgets_before = None;
    for (place, bytes) in records.iter().enumerate() {
        for event in &Record::<E>::decode(bytes)?.events {
            state.apply(event);
            if E::forgets_past(event) {
                forgets_before = Some(place);
            }
        }
    }
    Ok(match (state.is_gone(), forgets_before) {
        (false, None) => Folded::Kept(encode_snapshot(&state)),
        (false, Some(from)) => Folded::Restated { snapshot: encode_snapshot(&state), from },
        (true, None) => Folded::Gone,
        (true, Some(_)) => Folded::Erased,
    })
}

fn kind_of(entity: EntityKey) -> Result<Kind, FoldError> {
    Kind::from_number(entity.kind)
        .ok_or_else(|| FoldError { what: format!("{entity} is of a kind that this program does not know") })
}

/// A record in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// When it was decided.
    pub at: domain::Timestamp,
    /// Under which version of the program.
    pub program_version: u32,
    /// Its events and effects, each on a line of its own.
    pub lines: Vec<String>,
}

/// Puts a stored record in words.
pub fn inspect_record(entity: EntityKey, bytes: &[u8]) -> Result<Inspected, FoldError> {
    match kind_of(entity)? {
        Kind::Customer => inspect::<Customer>(bytes),
        Kind::Sale => inspect::<Sale>(bytes),
        Kind::Claim => inspect::<Claim>(bytes),
        Kind::Configuration => inspect::<Configuration>(bytes),
        Kind::Job => inspect::<Job>(bytes),
        Kind::Tombstone => inspect::<Tombstone>(bytes),
        Kind::Allotment => inspect::<Allotment>(bytes),
        Kind::Standup => inspect::<Standup>(bytes),
    }
}

fn inspect<E: Durable>(bytes: &[u8]) -> Result<Inspected, FoldError> {
    let record = Record::<E>::decode(bytes)?;
    let events = record.events.iter().map(|event| format!("{event:?}"));
    let effects = record.effects.iter().map(|effect| format!("effect {effect:?}"));
    Ok(Inspected {
        at: record.at,
        program_version: record.program_version,
        lines: events.chain(effects).collect(),
    })
}
