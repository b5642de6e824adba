//! Durable records that no checkpoint has folded yet, by entity. In memory only.
//!
//! Must not read tables: whoever reads joins tail and tables, tail first (`docs/storage-format.md`, section 4).

use crate::journal::frame_bytes::FrameBytes;
use crate::journal::record::RecordView;
use crate::key::{EntityKey, Lsn};
use crate::record_bytes::RecordBytes;
use crate::shared::lock;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Many small locks, so that neither a checkpoint nor a reader holds up the committer.
const SHARDS: usize = 64;

/// What a record costs in memory beside its own bytes: its place here and its part of the frame's form.
const RECORD_OVERHEAD: usize = 96;

type Shard = HashMap<EntityKey, Records>;

/// A record in the frame it came in.
#[derive(Clone)]
pub(crate) struct TailRecord {
    pub(crate) lsn: Lsn,
    frame: Arc<FrameBytes>,
    at: u32,
}

impl TailRecord {
    /// The record that begins at `at` of a frame that has been written or checked.
    pub(crate) fn new(lsn: Lsn, frame: Arc<FrameBytes>, at: u32) -> Self {
        Self { lsn, frame, at }
    }

    pub(crate) fn view(&self) -> RecordView {
        let at = usize::try_from(self.at).expect("a frame fits into memory");
        RecordView::read(&self.frame, at).expect("a frame in the tail was written or checked by this process")
    }

    pub(crate) fn bytes(&self) -> RecordBytes {
        RecordBytes::slice(Arc::clone(&self.frame), self.view().record)
    }

    fn cost(&self) -> usize {
        RECORD_OVERHEAD + self.view().record.len()
    }
}

/// The records of one entity, in order. Most entities, sales above all, have one between two checkpoints.
enum Records {
    One(TailRecord),
    Many(Vec<TailRecord>),
}

impl Records {
    fn as_slice(&self) -> &[TailRecord] {
        match self {
            Self::One(record) => std::slice::from_ref(record),
            Self::Many(records) => records,
        }
    }

    fn push(&mut self, record: TailRecord) {
        match self {
            Self::One(first) => *self = Self::Many(vec![first.clone(), record]),
            Self::Many(records) => records.push(record),
        }
    }

    /// Moves the records up to a position into `dropped`; answers whether any are left.
    fn drop_through(&mut self, cut: Lsn, dropped: &mut Vec<TailRecord>) -> bool {
        match self {
            Self::One(record) if record.lsn <= cut => {
                dropped.push(record.clone());
                false
            }
            Self::One(_) => true,
            Self::Many(records) => {
                let count = records.partition_point(|record| record.lsn <= cut);
                dropped.extend(records.drain(..count));
                !records.is_empty()
            }
        }
    }
}

/// All records above the low-water mark.
pub(crate) struct Tail {
    shards: Box<[Mutex<Shard>]>,
    bytes: AtomicUsize,
    records: AtomicU64,
}

impl Tail {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard::new())).collect();
        Self { shards, bytes: AtomicUsize::new(0), records: AtomicU64::new(0) }
    }

    fn shard(&self, entity: EntityKey) -> &Mutex<Shard> {
        let hash = xxhash_rust::xxh3::xxh3_64(&entity.encode()).to_le_bytes();
        &self.shards[usize::from(hash[0]) % SHARDS]
    }

    /// Adds a record. Those of one entity must come in order.
    pub(crate) fn push(&self, entity: EntityKey, record: TailRecord) {
        self.bytes.fetch_add(record.cost(), Ordering::Relaxed);
        self.records.fetch_add(1, Ordering::Relaxed);
        match lock(self.shard(entity)).entry(entity) {
            Entry::Occupied(mut known) => known.get_mut().push(record),
            Entry::Vacant(place) => {
                place.insert(Records::One(record));
            }
        }
    }

    /// The records of an entity above a position.
    pub(crate) fn records(&self, entity: EntityKey, after: Lsn) -> Vec<TailRecord> {
        let shard = lock(self.shard(entity));
        let Some(records) = shard.get(&entity).map(Records::as_slice) else { return Vec::new() };
        records[records.partition_point(|record| record.lsn <= after)..].to_vec()
    }

    /// Every record, in order.
    pub(crate) fn all(&self) -> Vec<(EntityKey, TailRecord)> {
        let mut all = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            let records = shard.iter().flat_map(|(entity, records)| {
                records.as_slice().iter().map(|record| (*entity, record.clone()))
            });
            all.extend(records);
        }
        all.sort_unstable_by_key(|(_, record)| record.lsn);
        all
    }

    /// The entities with records up to a position, in key order.
    pub(crate) fn entities_through(&self, cut: Lsn) -> Vec<EntityKey> {
        let mut entities = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            let is_touched =
                |records: &Records| records.as_slice().first().is_some_and(|first| first.lsn <= cut);
            let touched = shard.iter().filter(|(_, records)| is_touched(records));
            entities.extend(touched.map(|(entity, _)| *entity));
        }
        entities.sort_unstable();
        entities
    }

    /// Forgets the records up to a position.
    pub(crate) fn drop_through(&self, cut: Lsn) {
        for shard in &self.shards {
            let mut dropped: Vec<TailRecord> = Vec::new();
            lock(shard).retain(|_, records| records.drop_through(cut, &mut dropped));
            // Counted outside the lock: it takes a look into each record.
            let bytes: usize = dropped.iter().map(TailRecord::cost).sum();
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.records.fetch_sub(u64::try_from(dropped.len()).unwrap_or(0), Ordering::Relaxed);
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn len(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }
}
