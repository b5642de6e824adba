//! What becomes of each entity: whether its snapshot is the fold of its history, and what to do if not.
//!
//! Must not write.

use super::damage::Damage;
use super::rows::Rows;
use crate::checksum::unseal;
use crate::error::{OpenError, Table};
use crate::key::{EntityKey, Lsn};
use crate::state::{Pages, Piece, STATE_FILE, history_key, parse_history_key};
use crate::store::{Fold, Folded};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The records of an entity, in order.
pub(super) type History = Vec<(Lsn, Vec<u8>)>;

/// What is done to an entity whose snapshot cannot stay as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Treatment {
    /// Its snapshot becomes the fold of its history.
    Fold,
    /// The same, and what is older than this record goes.
    ForgetBefore(Lsn),
    /// Snapshot and history go.
    Remove,
}

/// A treatment, why, and whether anything is lost by it.
pub(super) struct Judgement {
    pub(super) treatment: Treatment,
    pub(super) why: String,
    pub(super) loses: bool,
}

/// The histories of all entities: the rows of the tables that are there, and those that were recovered.
pub(super) struct Histories<'a> {
    pub(super) pages: &'a Pages,
    pub(super) recovered: &'a Rows,
}

/// A stored snapshot, as far as it can be had.
enum Stored {
    Whole { lsn: Lsn, bytes: Vec<u8> },
    Damaged,
    Absent,
}

impl Histories<'_> {
    /// The records of one entity.
    pub(super) fn of(&self, entity: EntityKey) -> io::Result<History> {
        let (first, last) = (history_key(entity, Lsn::ZERO), history_key(entity, Lsn::new(u64::MAX)));
        let mut found: BTreeMap<Lsn, Vec<u8>> = BTreeMap::new();
        let recovered = self.recovered.range(first.to_vec()..=last.to_vec());
        found.extend(recovered.filter_map(|(key, body)| Some((parse_history_key(key)?.1, body.clone()))));
        self.pages.walk(Table::History, &first, Some(&last), &mut |piece| {
            if let Piece::Row(key, sealed) = piece
                && let Some((of, lsn)) = parse_history_key(key)
                && of == entity
                && let Some(body) = unseal(Table::History, key, sealed)
            {
                found.insert(lsn, body.to_vec());
            }
            Ok::<(), io::Error>(())
        })?;
        Ok(found.into_iter().collect())
    }

    /// Hands over the records of every entity that has any, in order.
    fn each(&self, mut visit: impl FnMut(EntityKey, History) -> io::Result<()>) -> io::Result<()> {
        let mut recovered = self.recovered.iter().peekable();
        let mut current: Option<(EntityKey, History)> = None;
        let mut take = |key: &[u8], body: &[u8]| {
            let Some((entity, lsn)) = parse_history_key(key) else { return Ok(()) };
            if current.as_ref().is_some_and(|(of, _)| *of != entity)
                && let Some((of, records)) = current.take()
            {
                visit(of, records)?;
            }
            current.get_or_insert_with(|| (entity, Vec::new())).1.push((lsn, body.to_vec()));
            Ok::<(), io::Error>(())
        };
        self.pages.walk(Table::History, &[], None, &mut |piece| {
            let Piece::Row(key, sealed) = piece else { return Ok(()) };
            while let Some((before, body)) = recovered.next_if(|(before, _)| before.as_slice() < key) {
                take(before, body)?;
            }
            unseal(Table::History, key, sealed).map_or(Ok(()), |body| take(key, body))
        })?;
        for (key, body) in recovered {
            take(key, body)?;
        }
        current.map_or(Ok(()), |(entity, records)| visit(entity, records))
    }

    fn stored(&self, entity: EntityKey) -> io::Result<Stored> {
        let key = entity.encode();
        let mut stored = Stored::Absent;
        self.pages.walk(Table::Snapshots, &key, Some(&key), &mut |piece| {
            match piece {
                Piece::Row(of, sealed) if of == key => {
                    let body = unseal(Table::Snapshots, of, sealed).and_then(<[u8]>::split_first_chunk);
                    stored = body.map_or(Stored::Damaged, |(lsn, bytes)| Stored::Whole {
                        lsn: Lsn::new(u64::from_le_bytes(*lsn)),
                        bytes: bytes.to_vec(),
                    });
                }
                Piece::Hole(_) if matches!(stored, Stored::Absent) => stored = Stored::Damaged,
                Piece::Row(..) | Piece::Hole(_) => {}
            }
            Ok::<(), io::Error>(())
        })?;
        Ok(stored)
    }
}

/// What every entity needs whose snapshot is not simply right. `lost` is what is missing of the history for good.
pub(super) fn judge(
    histories: &Histories<'_>,
    lost: &Damage,
    fold: &dyn Fold,
) -> Result<BTreeMap<EntityKey, Judgement>, OpenError> {
    let mut judgements = BTreeMap::new();
    let judged = histories.each(|entity, records| {
        let stored = histories.stored(entity)?;
        let judgement = judge_one(fold, entity, &records, &stored, is_uncertain(entity, lost));
        judgements.extend(judgement.map(|judgement| (entity, judgement)));
        Ok(())
    });
    let failed = |source| OpenError::io(STATE_FILE, source);
    judged.map_err(failed)?;
    for entity in without_history(histories).map_err(failed)? {
        let why = "nothing of its history can be had: the entity is lost".to_owned();
        judgements.insert(entity, Judgement { treatment: Treatment::Remove, why, loses: true });
    }
    Ok(judgements)
}

fn is_uncertain(entity: EntityKey, lost: &Damage) -> bool {
    let (first, last) = (history_key(entity, Lsn::ZERO), history_key(entity, Lsn::new(u64::MAX)));
    lost.gaps.iter().any(|gap| gap.meets(&first, &last))
        || lost.bad.range(first.to_vec()..=last.to_vec()).next().is_some()
}

fn judge_one(
    fold: &dyn Fold,
    entity: EntityKey,
    records: &History,
    stored: &Stored,
    is_uncertain: bool,
) -> Option<Judgement> {
    let slices: Vec<&[u8]> = records.iter().map(|(_, record)| record.as_slice()).collect();
    let last = records.last().map_or(Lsn::ZERO, |(lsn, _)| *lsn);
    let judged = |treatment, why: &str, loses| Some(Judgement { treatment, why: why.to_owned(), loses });
    match fold.fold(entity, None, &slices) {
        Ok(Folded::Kept(folded) | Folded::Restated { snapshot: folded, from: 0 }) => match stored {
            Stored::Whole { lsn, bytes } if *lsn == last && *bytes == folded => None,
            _ if is_uncertain => judged(
                Treatment::Fold,
                "records of it may be lost; its state becomes what those that are there come to",
                true,
            ),
            Stored::Whole { lsn, .. } if *lsn > last => {
                let why = format!(
                    "its records after position {last}, up to {lsn}, are lost, and what they changed"
                );
                judged(Treatment::Fold, &why, true)
            }
            Stored::Whole { .. } | Stored::Damaged | Stored::Absent => {
                judged(Treatment::Fold, "its snapshot is made anew from its whole history", false)
            }
        },
        Ok(Folded::Restated { from, .. }) => {
            let from = records.get(from).map_or(last, |(lsn, _)| *lsn);
            let why = "what is older than the record that restates it is forgotten, as it should have been";
            judged(Treatment::ForgetBefore(from), why, is_uncertain)
        }
        Ok(Folded::Gone | Folded::Erased) => {
            judged(Treatment::Remove, "by its history it is gone: its rows are removed", is_uncertain)
        }
        Err(error) => {
            let why = format!("its history does not fold ({error}): the entity is lost");
            judged(Treatment::Remove, &why, true)
        }
    }
}

/// Entities with a snapshot and no record at all.
fn without_history(histories: &Histories<'_>) -> io::Result<BTreeSet<EntityKey>> {
    let mut found = BTreeSet::new();
    histories.pages.walk(Table::Snapshots, &[], None, &mut |piece| {
        if let Piece::Row(key, _) = piece
            && let Ok(key) = key.try_into()
        {
            let entity = EntityKey::decode(key);
            if histories.of(entity)?.is_empty() {
                found.insert(entity);
            }
        }
        Ok::<(), io::Error>(())
    })?;
    Ok(found)
}
