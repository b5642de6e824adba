//! What the tests share: a fold that can be checked by eye, a listener that remembers, and a scripted run with its
//! model.

use laurel_store::{
    Append, CommitFailure, Committed, Direction, Disk, EffectId, EntityKey, Epoch, Fold, FoldError, Folded,
    Haste, IndexChange, IndexId, Listener, Lsn, OpenError, Options, Recovered, RedbStore, ScanRange, Store,
    open,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// The record after which an entity is gone.
pub const GONE: &[u8] = b"gone";
/// The record after which nothing of an entity may remain.
pub const ERASED: &[u8] = b"erased";
/// What a record begins with after which nothing older of an entity may remain.
pub const ONLY: &[u8] = b"only:";
/// The record that does not fold.
pub const POISON: &[u8] = b"poison";

pub fn entity(number: u8) -> EntityKey {
    EntityKey { kind: 7, id: [number; 16] }
}

/// State is the list of all records, each ended by a comma.
pub struct Concat;

impl Fold for Concat {
    fn fold(&self, _: EntityKey, snapshot: Option<&[u8]>, records: &[&[u8]]) -> Result<Folded, FoldError> {
        let mut state = snapshot.map(<[u8]>::to_vec);
        let mut forgotten = None;
        for (place, record) in records.iter().enumerate() {
            match *record {
                GONE => state = None,
                ERASED => (state, forgotten) = (None, Some(place)),
                POISON => return Err(FoldError { what: "poison".to_owned() }),
                other => {
                    let only = other.strip_prefix(ONLY);
                    if only.is_some() {
                        (state, forgotten) = (None, Some(place));
                    }
                    let state = state.get_or_insert_default();
                    state.extend_from_slice(only.unwrap_or(other));
                    state.push(b',');
                }
            }
        }
        Ok(match (state, forgotten) {
            (Some(snapshot), None) => Folded::Kept(snapshot),
            (Some(snapshot), Some(from)) => Folded::Restated { snapshot, from },
            (None, None) => Folded::Gone,
            (None, Some(_)) => Folded::Erased,
        })
    }
}

/// The snapshot, if there is one.
pub fn snapshot(folded: Folded) -> Option<Vec<u8>> {
    match folded {
        Folded::Kept(snapshot) | Folded::Restated { snapshot, .. } => Some(snapshot),
        Folded::Gone | Folded::Erased => None,
    }
}

#[derive(Default)]
pub struct Seen {
    /// Position and companion of every record reported durable.
    pub committed: Vec<(Lsn, u64)>,
    pub frames: u64,
    pub lost: Vec<u64>,
    pub failures: Vec<(Epoch, CommitFailure)>,
}

/// A listener that remembers everything and can be waited for.
#[derive(Default)]
pub struct Recorder {
    pub seen: Mutex<Seen>,
    changed: Condvar,
}

impl Recorder {
    pub fn wait(&self, what: impl Fn(&Seen) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut seen = self.seen.lock().unwrap();
        while !what(&seen) {
            assert!(Instant::now() < deadline, "what was waited for did not come");
            seen = self.changed.wait_timeout(seen, Duration::from_millis(100)).unwrap().0;
        }
    }

    /// Waits until the record is durable or lost; answers whether it is durable.
    pub fn settled(&self, companion: u64) -> bool {
        let is_in = |seen: &Seen| seen.committed.iter().any(|(_, found)| *found == companion);
        self.wait(|seen| is_in(seen) || seen.lost.contains(&companion));
        is_in(&self.seen.lock().unwrap())
    }

    pub fn committed(&self) -> Vec<(Lsn, u64)> {
        self.seen.lock().unwrap().committed.clone()
    }
}

impl Listener<u64> for Recorder {
    fn committed(&self, batch: Committed<u64>) {
        let mut seen = self.seen.lock().unwrap();
        assert_eq!(batch.records.last().unwrap().lsn, batch.through);
        seen.frames += 1;
        seen.committed.extend(batch.records.iter().map(|record| (record.lsn, record.companion)));
        self.changed.notify_all();
    }

    fn failed(&self, epoch: Epoch, lost: Vec<u64>, cause: CommitFailure) {
        let mut seen = self.seen.lock().unwrap();
        seen.lost.extend(lost);
        seen.failures.push((epoch, cause));
        self.changed.notify_all();
    }
}

/// An open store with its listener.
pub struct Opened {
    pub store: Arc<RedbStore<u64>>,
    pub recorder: Arc<Recorder>,
    pub recovered: Recovered,
}

/// Small bounds, and checkpoints only when asked for.
pub fn options() -> Options {
    Options {
        segment_bytes: 10_000,
        state_cache_bytes: 1 << 20,
        background_checkpoints: false,
        ..Options::default()
    }
}

pub fn open_with(options: Options, disk: &(impl Disk + Clone + 'static)) -> Result<Opened, OpenError> {
    let recorder = Arc::new(Recorder::default());
    let listener: Arc<dyn Listener<u64>> = recorder.clone();
    let (store, recovered) = open(options, Arc::new(disk.clone()), Arc::new(Concat), listener)?;
    Ok(Opened { store, recorder, recovered })
}

pub fn open_on(disk: &(impl Disk + Clone + 'static)) -> Opened {
    open_with(options(), disk).unwrap()
}

pub fn record(number: u8, bytes: &[u8], companion: u64) -> Append<u64> {
    Append {
        entity: entity(number),
        record: bytes.to_vec(),
        effects: 0,
        consumes: None,
        index: Vec::new(),
        haste: Haste::Now,
        companion,
    }
}

pub fn put(index: u8, key: &[u8], value: &[u8]) -> IndexChange {
    IndexChange::Put { index: IndexId(index), key: key.into(), value: value.into() }
}

pub fn delete(index: u8, key: &[u8]) -> IndexChange {
    IndexChange::Delete { index: IndexId(index), key: key.into() }
}

/// Snapshot and tail folded together: what an actor would start from.
pub fn state(store: &dyn Store<u64>, number: u8) -> Option<Vec<u8>> {
    let loaded = store.load(entity(number)).unwrap();
    let records: Vec<&[u8]> = loaded.records.iter().map(AsRef::as_ref).collect();
    snapshot(Concat.fold(entity(number), loaded.snapshot.as_deref(), &records).unwrap())
}

impl Opened {
    /// Appends and waits; answers whether it became durable.
    pub fn write(&self, append: Append<u64>) -> bool {
        let companion = append.companion;
        self.store.append(self.store.epoch(), append).is_ok() && self.recorder.settled(companion)
    }
}

pub const ENTITIES: u8 = 5;

/// The `i`-th append of the scripted run, at position `i + 1`: all kinds of changes, in a fixed mixture.
pub fn scripted(i: u64) -> Append<u64> {
    let small = u8::try_from(i % 251).unwrap();
    let bytes = match (i % 13, i % 26) {
        (12, 12) => GONE.to_vec(),
        (12, _) => ERASED.to_vec(),
        (5, _) => format!("only:r{i}").into_bytes(),
        _ => format!("r{i}").into_bytes(),
    };
    let mut index = vec![put(1, &[small % 7], format!("v{i}").as_bytes())];
    if i % 5 == 4 {
        index.push(delete(1, &[small % 3]));
        index.push(put(2, format!("only-{i}").as_bytes(), b""));
    }
    Append {
        entity: entity(small % ENTITIES),
        record: bytes,
        effects: if i.is_multiple_of(3) { 2 } else { 0 },
        // Effects are at positions 1, 4, 7, ...; some are answered soon, some late, some never.
        consumes: (i % 4 == 3)
            .then(|| EffectId { lsn: Lsn::new((i / 6) * 3 + 1), index: u16::from(i % 8 == 7) }),
        index,
        haste: Haste::Now,
        companion: i,
    }
}

/// What the first `count` scripted appends amount to.
#[derive(Default, Debug, PartialEq)]
pub struct Model {
    pub states: BTreeMap<u8, Vec<u8>>,
    pub rows: BTreeMap<(u8, Vec<u8>), Vec<u8>>,
    pub pending: Vec<EffectId>,
}

impl Model {
    pub fn of(count: u64) -> Self {
        let mut model = Self::default();
        for i in 0..count {
            let append = scripted(i);
            let number = append.entity.id[0];
            let old = model.states.remove(&number);
            let new = Concat.fold(append.entity, old.as_deref(), &[&append.record]).unwrap();
            if let Some(new) = snapshot(new) {
                model.states.insert(number, new);
            }
            if let Some(consumed) = append.consumes {
                model.pending.retain(|effect| *effect != consumed);
            }
            let lsn = Lsn::new(i + 1);
            model.pending.extend((0..append.effects).map(|index| EffectId { lsn, index }));
            for change in append.index {
                match change {
                    IndexChange::Put { index, key, value } => {
                        model.rows.insert((index.0, key.to_vec()), value.into());
                    }
                    IndexChange::Delete { index, key } => {
                        model.rows.remove(&(index.0, key.to_vec()));
                    }
                }
            }
        }
        model
    }

    /// What a store shows.
    pub fn shown(store: &dyn Store<u64>, pending: Vec<EffectId>) -> Self {
        let states = (0..ENTITIES).filter_map(|number| Some((number, state(store, number)?))).collect();
        let mut rows = BTreeMap::new();
        for index in [1, 2] {
            let found = store.scan(IndexId(index), ScanRange::all(), Direction::Forward, 10_000).unwrap();
            rows.extend(found.into_iter().map(|(key, value)| ((index, key), value)));
        }
        Self { states, rows, pending }
    }
}

pub fn pending(recovered: &Recovered) -> Vec<EffectId> {
    recovered.pending_effects.iter().map(|effect| effect.id).collect()
}
