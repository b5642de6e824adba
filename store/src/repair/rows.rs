//! Where missing rows of history, indexes and pending effects can be had from: frames of the journal up to the
//! low-water mark that are still on the disk, and rows of damaged pages.
//!
//! A row of a damaged page was written once, for its own checksum is right; but the page may be an older one, so
//! nothing says that the row still holds. A row of the history holds for ever. Rows of indexes and pending effects do
//! not, so these are proven by frames alone.

use super::damage::Damage;
use crate::error::{Hex, OpenError, Table};
use crate::journal::frame::Frame;
use crate::key::{EffectId, EntityKey, IndexChange, Lsn};
use crate::state::{decode_pending, history_key, index_key, pending_key};
use std::collections::{BTreeMap, BTreeSet};

/// Rows by key, without their checksums.
pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// What becomes of the missing rows of one table.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Rows to be written.
    pub(super) rows: Rows,
    /// Whether they are all that is missing, and certainly so.
    pub(super) is_whole: bool,
    /// How many of them nothing but a damaged page vouches for.
    pub(super) unproven: usize,
}

/// What the frames up to the mark say about the keys that are missing.
#[derive(Default)]
pub(super) struct FromFrames {
    pub(super) history: Rows,
    /// The last change of each row: what it is since, if it is there at all.
    indexes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    pending: Rows,
    /// Every effect that was consumed.
    consumed: BTreeSet<Vec<u8>>,
}

/// What is missing of the tables that frames know something about.
pub(super) struct Missing<'a> {
    pub(super) history: &'a Damage,
    pub(super) indexes: &'a Damage,
    pub(super) pending: &'a Damage,
}

impl FromFrames {
    /// Goes through the frames, which must come in order and without a gap.
    pub(super) fn gather(
        missing: &Missing<'_>,
        frames: impl Iterator<Item = Result<Frame, OpenError>>,
    ) -> Result<Self, OpenError> {
        let mut gathered = Self::default();
        if missing.history.is_none() && missing.indexes.is_none() && missing.pending.is_none() {
            return Ok(gathered);
        }
        for frame in frames {
            gathered.add(missing, frame?);
        }
        Ok(gathered)
    }

    fn add(&mut self, missing: &Missing<'_>, frame: Frame) {
        for record in frame.records {
            let bytes = &frame.bytes[record.view.record.clone()];
            let (entity, lsn) = (record.view.entity, record.lsn);
            let key = history_key(entity, lsn);
            if missing.history.misses(&key) {
                self.history.insert(key.to_vec(), bytes.to_vec());
            }
            if let Some(consumed) = record.view.consumes {
                let key = pending_key(consumed);
                self.pending.remove(&key[..]);
                self.consumed.insert(key.to_vec());
            }
            for index in 0..record.view.effects {
                let key = pending_key(EffectId { lsn, index });
                if missing.pending.misses(&key) {
                    self.pending.insert(key.to_vec(), pending_body(entity, bytes));
                }
            }
            for change in record.index {
                let (key, value) = match change {
                    IndexChange::Put { index, key, value } => {
                        (index_key(index, &key), Some(value.into_vec()))
                    }
                    IndexChange::Delete { index, key } => (index_key(index, &key), None),
                };
                if missing.indexes.misses(&key) {
                    self.indexes.insert(key, value);
                }
            }
        }
    }

    /// Missing rows of indexes: those the frames have are certain. If they are not all, rows of damaged pages that no
    /// frame has changed are taken too, which proves nothing.
    pub(super) fn indexes(&self, damage: &Damage) -> Made {
        let is_changed = |key: &Vec<u8>| self.indexes.contains_key(key);
        let loose = loose_rows(damage, |key| !is_changed(key));
        let proven =
            self.indexes.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect();
        Made::of(damage, proven, loose)
    }

    /// Missing pending effects. The record of one whose key is there is found in the history as well.
    pub(super) fn pending(&mut self, damage: &Damage, records: &BTreeMap<Lsn, (EntityKey, Vec<u8>)>) -> Made {
        let mut proven = std::mem::take(&mut self.pending);
        for key in &damage.bad {
            let found = effect_position(key).and_then(|lsn| records.get(&lsn));
            if let Some((entity, record)) = found {
                proven.insert(key.clone(), pending_body(*entity, record));
            }
        }
        let loose = loose_rows(damage, |key| !self.consumed.contains(key));
        let loose = loose.into_iter().filter(|(key, body)| decode_pending(key, body).is_some()).collect();
        Made::of(damage, proven, loose)
    }
}

impl Made {
    fn of(damage: &Damage, proven: Rows, loose: Rows) -> Self {
        if damage.is_made_good_by(&proven) {
            return Self { rows: proven, is_whole: true, unproven: 0 };
        }
        let mut rows = loose;
        let before = rows.len();
        let certain = proven.len();
        rows.extend(proven);
        let unproven = before.min(rows.len() - certain);
        Self { rows, is_whole: false, unproven }
    }
}

/// Rows of damaged pages that are not known to be outdated.
pub(super) fn loose_rows(damage: &Damage, holds: impl Fn(&Vec<u8>) -> bool) -> Rows {
    let loose = damage.gaps.iter().flat_map(|gap| &gap.loose);
    loose.filter(|(key, _)| holds(key)).map(|(key, body)| (key.clone(), body.clone())).collect()
}

/// The positions of the records that pending effects with damaged rows belong to.
pub(super) fn wanted_records(damage: &Damage) -> BTreeSet<Lsn> {
    damage.bad.iter().filter_map(|key| effect_position(key)).collect()
}

fn effect_position(key: &[u8]) -> Option<Lsn> {
    (key.len() == 10).then(|| key.first_chunk().map(|lsn| Lsn::new(u64::from_be_bytes(*lsn)))).flatten()
}

fn pending_body(entity: EntityKey, record: &[u8]) -> Vec<u8> {
    [&entity.encode()[..], record].concat()
}

/// The place of a row in words.
pub(super) fn row_place(table: Table, key: &[u8]) -> String {
    match (table, key) {
        (Table::Indexes, [index, row @ ..]) => format!("index {index}, key {}", Hex(row)),
        (Table::Pending, _) => match effect_position(key) {
            Some(lsn) => format!("pending, an effect of the record at position {lsn}"),
            None => format!("pending, key {}", Hex(key)),
        },
        _ => format!("{table}, key {}", Hex(key)),
    }
}
