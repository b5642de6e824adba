//! Everything that can be read in a store.

use super::ground::Probes;
use crate::support::{Concat, snapshot};
use laurel_store::{Direction, EffectId, EntityKey, Fold as _, IndexId, Lsn, ReadError, ScanRange, Store};
use std::collections::BTreeMap;

/// A read: what it answered, or that it was refused.
pub type Read<T> = Result<T, String>;

/// State of an entity.
type Load = Option<Vec<u8>>;
type Value = Option<Vec<u8>>;
type History = Vec<(Lsn, Vec<u8>)>;
type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// What a store shows. Two that are equal cannot be told apart by reading.
#[derive(Clone, PartialEq, Debug)]
pub struct Sight {
    pub durable: Lsn,
    pub loads: BTreeMap<EntityKey, Read<Load>>,
    pub histories: BTreeMap<EntityKey, Read<History>>,
    pub records: BTreeMap<(EntityKey, Lsn), Read<Value>>,
    pub rows: BTreeMap<(IndexId, Vec<u8>), Read<Value>>,
    /// Forwards and backwards.
    pub scans: BTreeMap<(IndexId, bool), Read<Rows>>,
    /// Some parts of an index.
    pub parts: BTreeMap<(IndexId, Vec<u8>), Read<Rows>>,
    pub pending: Read<Vec<(EffectId, Vec<u8>)>>,
}

fn told<T>(read: Result<T, ReadError>) -> Read<T> {
    read.map_err(|error| error.to_string())
}

impl Sight {
    /// Reads everything; refused reads are part of the answer.
    pub fn with_refusals(store: &dyn Store<u64>, probes: &Probes) -> Self {
        let mut sight = Self {
            durable: store.durable(),
            loads: BTreeMap::new(),
            histories: BTreeMap::new(),
            records: BTreeMap::new(),
            rows: BTreeMap::new(),
            scans: BTreeMap::new(),
            parts: BTreeMap::new(),
            pending: told(store.pending_effects()).map(|effects| {
                effects.into_iter().map(|effect| (effect.id, effect.record.to_vec())).collect()
            }),
        };
        for entity in &probes.entities {
            let load = told(store.load(*entity)).map(|loaded| {
                let records: Vec<&[u8]> = loaded.records.iter().map(AsRef::as_ref).collect();
                snapshot(Concat.fold(*entity, loaded.snapshot.as_deref(), &records).unwrap())
            });
            sight.loads.insert(*entity, load);
            let history = told(store.history(*entity, Lsn::ZERO, 1000)).map(|records| {
                records.into_iter().map(|(lsn, record)| (lsn, record.to_vec())).collect::<Vec<_>>()
            });
            for (lsn, _) in history.iter().flatten().step_by(3) {
                let record =
                    told(store.record(*entity, *lsn)).map(|record| record.map(|record| record.to_vec()));
                sight.records.insert((*entity, *lsn), record);
            }
            sight.histories.insert(*entity, history);
        }
        for (index, key) in &probes.rows {
            sight.rows.insert((*index, key.clone()), told(store.get(*index, key)));
        }
        for index in [IndexId(1), IndexId(2)] {
            for (direction, is_forward) in [(Direction::Forward, true), (Direction::Backward, false)] {
                let rows = told(store.scan(index, ScanRange::all(), direction, 100_000));
                sight.scans.insert((index, is_forward), rows);
            }
        }
        for (index, key) in probes.rows.iter().step_by(11) {
            let range = ScanRange::prefix(&key[..if *index == IndexId(1) { 1 } else { 7 }]);
            sight
                .parts
                .insert((*index, key.clone()), told(store.scan(*index, range, Direction::Forward, 40)));
        }
        sight
    }

    /// Everything, if nothing is refused.
    pub fn of(store: &dyn Store<u64>, probes: &Probes) -> Option<Self> {
        Some(Self::with_refusals(store, probes)).filter(|sight| sight.refusals() == 0)
    }

    /// How many reads were refused.
    pub fn refusals(&self) -> usize {
        fn count<K, T>(reads: &BTreeMap<K, Read<T>>) -> usize {
            reads.values().filter(|read| read.is_err()).count()
        }
        count(&self.loads)
            + count(&self.histories)
            + count(&self.records)
            + count(&self.rows)
            + count(&self.scans)
            + count(&self.parts)
            + usize::from(self.pending.is_err())
    }

    /// How many reads answer, and answer other than in `sound`.
    pub fn wrong(&self, sound: &Self) -> Vec<String> {
        fn differ<K: Ord + std::fmt::Debug, T: PartialEq>(
            what: &str,
            seen: &BTreeMap<K, Read<T>>,
            sound: &BTreeMap<K, Read<T>>,
        ) -> Vec<String> {
            let is_wrong = |(key, read): &(&K, &Read<T>)| {
                read.is_ok() && sound.get(key).is_some_and(|sound| sound.as_ref().ok() != read.as_ref().ok())
            };
            seen.iter().filter(is_wrong).map(|(key, _)| format!("{what} {key:?}")).collect()
        }
        let mut wrong = differ("load", &self.loads, &sound.loads);
        wrong.extend(differ("history", &self.histories, &sound.histories));
        wrong.extend(differ("record", &self.records, &sound.records));
        wrong.extend(differ("row", &self.rows, &sound.rows));
        wrong.extend(differ("scan", &self.scans, &sound.scans));
        wrong.extend(differ("part", &self.parts, &sound.parts));
        if self.pending.is_ok() && self.pending != sound.pending {
            wrong.push("pending".to_owned());
        }
        if self.durable != sound.durable {
            wrong.push("durable".to_owned());
        }
        wrong
    }
}
