//! The stores that faults are made in, with everything that can be read in them, and older copies of their files.

use super::sight::Sight;
use crate::support::{Concat, GONE, Recorder, options};
use laurel_store::{
    Append, EffectId, EntityKey, Haste, IndexChange, IndexId, Listener, Lsn, MemoryDisk, Options, Store,
    open_stepped,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const ENTITIES: u64 = 260;
const FOLDED: u64 = 1200;
const ABOVE: u64 = 60;

/// A sound disk.
pub struct Ground {
    pub name: &'static str,
    pub disk: MemoryDisk,
    /// The last frame that the tables have.
    pub mark: u64,
    /// What it shows, by the last durable record: at its end, and before that at the end of each frame above the mark.
    pub sights: BTreeMap<Lsn, Sight>,
    /// Older copies of its files.
    pub older: Vec<(String, Vec<u8>)>,
    /// Files of another store with the same content.
    pub foreign: Vec<(String, Vec<u8>)>,
    pub probes: Probes,
}

/// What is looked up.
#[derive(Clone, Default)]
pub struct Probes {
    pub entities: Vec<EntityKey>,
    pub rows: Vec<(IndexId, Vec<u8>)>,
}

impl Ground {
    /// What it shows.
    pub fn sight(&self) -> &Sight {
        self.sights.last_key_value().expect("it shows something").1
    }
}

pub fn small() -> Options {
    Options { segment_bytes: 40_000, identity: Some([7; 16]), ..options() }
}

fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn entity(number: u64) -> EntityKey {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&mix(number).to_be_bytes());
    EntityKey { kind: u8::try_from(number % 3).unwrap() + 1, id }
}

fn row_key(number: u64) -> Vec<u8> {
    [&mix(number % 400).to_be_bytes()[..], b"/a row of the first index"].concat()
}

fn late_key(number: u64) -> Vec<u8> {
    [&number.to_be_bytes()[..], &mix(number).to_be_bytes()].concat()
}

/// The record at position `i + 1`.
fn append(i: u64) -> Append<u64> {
    let chance = mix(i.wrapping_add(1_000_000));
    let record = if chance.is_multiple_of(61) {
        GONE.to_vec()
    } else {
        format!("{i}:{}", "x".repeat(usize::try_from(chance % 90).unwrap())).into_bytes()
    };
    let put = |index, key: Vec<u8>, value: String| IndexChange::Put {
        index: IndexId(index),
        key: key.as_slice().into(),
        value: value.into_bytes().into(),
    };
    let mut index = vec![put(1, row_key(chance), format!("value {i}"))];
    if i.is_multiple_of(2) {
        index.push(put(2, late_key(i), String::new()));
    }
    if i % 6 == 5 {
        index.push(IndexChange::Delete {
            index: IndexId(2),
            key: late_key(i.saturating_sub(41)).as_slice().into(),
        });
    }
    Append {
        entity: entity(chance % ENTITIES),
        record,
        effects: if i.is_multiple_of(5) { 2 } else { 0 },
        consumes: (i % 5 == 3 && i > 60)
            .then(|| EffectId { lsn: Lsn::new((i - 53) / 5 * 5 + 1), index: u16::from(i % 10 == 3) }),
        index,
        haste: Haste::Now,
        companion: i,
    }
}

fn probes() -> Probes {
    let mut rows: Vec<_> = (0..400).map(|number| (IndexId(1), row_key(number))).collect();
    rows.extend((0..FOLDED + ABOVE).step_by(3).map(|number| (IndexId(2), late_key(number))));
    Probes { entities: (0..ENTITIES + 5).map(entity).collect(), rows }
}

/// A life of the store: records in frames of one to three, checkpoints in between.
struct Life {
    disk: MemoryDisk,
    mark: u64,
    sights: BTreeMap<Lsn, Sight>,
    older: Vec<(String, Vec<u8>)>,
    /// The segments that were there before the last checkpoint.
    segments: Vec<(String, Vec<u8>)>,
}

fn live(options: &Options, is_closed: bool, probes: &Probes) -> Life {
    let disk = MemoryDisk::new();
    let listener: Arc<dyn Listener<u64>> = Arc::new(Recorder::default());
    let (store, _, steps) =
        open_stepped(options.clone(), Arc::new(disk.clone()), Arc::new(Concat), listener).unwrap();
    let (mut older, mut segments, mut sights, mut mark) = (Vec::new(), Vec::new(), BTreeMap::new(), 0);
    let files = |disk: &MemoryDisk| -> Vec<(String, Vec<u8>)> {
        disk.names().into_iter().map(|name| (name.clone(), disk.contents(&name).unwrap())).collect()
    };
    for i in 0..FOLDED + ABOVE {
        store.append(store.epoch(), append(i)).unwrap();
        let is_end = mix(i).is_multiple_of(3) || i + 1 == FOLDED || i + 1 == FOLDED + ABOVE;
        if is_end {
            steps.commit();
        }
        match i + 1 {
            500 | 900 => drop(store.checkpoint().unwrap()),
            1100 => older = files(&disk.copy()),
            FOLDED => {
                segments = files(&disk.copy());
                store.checkpoint().unwrap();
                mark = store.stats().frames;
            }
            _ => {}
        }
        if i + 1 >= FOLDED && is_end {
            sights.insert(store.durable(), Sight::of(&*store, probes).expect("a sound store can be read"));
        }
        if i + 1 == FOLDED + ABOVE / 2 {
            let now = files(&disk.copy());
            older.extend(now.into_iter().filter(|(name, _)| name.starts_with("journal")));
        }
    }
    if is_closed {
        store.close().unwrap();
        return Life { disk: disk.copy(), mark, sights, older, segments };
    }
    // A frame that was being written when the power went.
    store.append(store.epoch(), Append { record: vec![b'y'; 1500], ..append(FOLDED + ABOVE) }).unwrap();
    let killed = (0..2000).find_map(|seed| {
        disk.power_off_at(disk.operations() + 2);
        steps.commit();
        let torn = disk.crash_torn(seed);
        let grown = |disk: &MemoryDisk| {
            disk.names().iter().map(|name| disk.contents(name).unwrap().len()).sum::<usize>()
        };
        (grown(&torn) > grown(&disk.crash())).then_some(torn)
    });
    Life { disk: killed.expect("some sectors of a torn frame arrive"), mark, sights, older, segments }
}

/// All grounds: closed in order; crashed; with segments that the tables have overtaken; with the journal from its first
/// frame.
pub fn grounds() -> Vec<Ground> {
    let probes = probes();
    let foreign = live(&Options { identity: Some([8; 16]), ..small() }, true, &Probes::default());
    let foreign: Vec<_> = foreign
        .disk
        .names()
        .into_iter()
        .map(|name| (name.clone(), foreign.disk.contents(&name).unwrap()))
        .collect();
    let closed = live(&small(), true, &probes);
    let crashed = live(&small(), false, &probes);
    let overtaken = live(&small(), true, &probes);
    let gone = |(name, _): &&(String, Vec<u8>)| {
        name.starts_with("journal") && overtaken.disk.contents(name).is_none()
    };
    for (name, bytes) in overtaken.segments.iter().rev().filter(gone).take(2) {
        overtaken.disk.put(name, bytes.clone());
    }
    let whole = live(&Options { segment_bytes: 1 << 30, ..small() }, true, &probes);
    [("closed", closed), ("crashed", crashed), ("overtaken", overtaken), ("whole journal", whole)]
        .map(|(name, Life { disk, mark, sights, older, segments: _ })| {
            let (foreign, probes) = (foreign.clone(), probes.clone());
            Ground { name, disk, mark, sights, older, foreign, probes }
        })
        .into()
}
