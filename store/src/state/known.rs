//! Which keys may be in the tables: one that is not known here is in none of them.
//!
//! Most of what is looked up is not there, for most sales and most request ids are new. In a large file each of those
//! look-ups would walk its trees down to a leaf. This is a Bloom filter in blocks (each key sets one bit in each of
//! the eight words of one block), beside the tables and written with them, so it never knows less than they hold. A
//! key that was removed stays known, which costs a look-up and nothing else.
//!
//! Bits cannot be spread over more blocks later, so the filter grows by whole generations, each four times as large as
//! the one before. Layout: `docs/storage-format.md`, section 3.3.

use super::layout::{Bytes, KNOWN, SHAPE_KEY, known_key};
use crate::checksum::{seal, unseal};
use crate::disk::guarded;
use crate::error::{OpenError, StorageFault, Table};
use crate::journal::fields::Fields;
use crate::key::IndexId;
use crate::state::STATE_FILE;
use redb::ReadTransaction;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const WORDS_A_BLOCK: usize = 8;
/// A chunk is a row of the file; with its key and checksum it fits on a page.
const WORDS_A_CHUNK: usize = 120 * WORDS_A_BLOCK;
/// At twelve bits a key about one look-up in fifty of what is not there is not spared, over all generations.
const KEYS_A_CHUNK: u64 = 2560;
/// It stops growing here, at about sixty million keys. It still takes keys in then, and spares fewer look-ups.
const BYTES_MAX: usize = 192 << 20;
const CHUNKS_FIRST: u32 = 2;
const GROWTH: u32 = 4;
/// Odd numbers that spread a hash over the words of a block, as in the split-block filters of Parquet files.
const SALTS: [u32; WORDS_A_BLOCK] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// Where a key belongs: the same bytes are different keys in different places.
#[derive(Clone, Copy)]
pub(crate) enum Space {
    Snapshots,
    Rows(IndexId),
}

impl Space {
    fn seed(self) -> u64 {
        match self {
            Self::Snapshots => 0x100,
            Self::Rows(index) => u64::from(index.0),
        }
    }

    fn hash(self, key: &[u8]) -> KeyHash {
        let [a, b, c, d, e, f, g, h] = xxh3_64_with_seed(key, self.seed()).to_be_bytes();
        KeyHash { block: u32::from_be_bytes([a, b, c, d]), bits: u32::from_be_bytes([e, f, g, h]) }
    }
}

#[derive(Clone, Copy)]
struct KeyHash {
    block: u32,
    bits: u32,
}

/// A part of the filter that was made at one time.
struct Generation {
    words: Box<[AtomicU32]>,
    chunks: u32,
}

impl Generation {
    fn empty(chunks: u32) -> Self {
        let words = WORDS_A_CHUNK * usize::try_from(chunks).expect("a filter fits into memory");
        Self { words: (0..words).map(|_| AtomicU32::new(0)).collect(), chunks }
    }

    /// The first word of the key's block.
    fn block(&self, hash: KeyHash) -> usize {
        let blocks = u64::try_from(self.words.len() / WORDS_A_BLOCK).expect("a filter is small");
        let place = (u64::from(hash.block) * blocks) >> 32;
        usize::try_from(place).expect("a filter fits into memory") * WORDS_A_BLOCK
    }

    fn masks(hash: KeyHash) -> impl Iterator<Item = u32> {
        SALTS.into_iter().map(move |salt| 1 << (hash.bits.wrapping_mul(salt) >> 27))
    }

    fn holds(&self, hash: KeyHash) -> bool {
        let first = self.block(hash);
        let words = &self.words[first..first + WORDS_A_BLOCK];
        words.iter().zip(Self::masks(hash)).all(|(word, mask)| word.load(Ordering::Relaxed) & mask != 0)
    }

    /// Takes a key in; answers in which chunk.
    fn add(&self, hash: KeyHash) -> u32 {
        let first = self.block(hash);
        for (word, mask) in self.words[first..first + WORDS_A_BLOCK].iter().zip(Self::masks(hash)) {
            word.fetch_or(mask, Ordering::Relaxed);
        }
        u32::try_from(first / WORDS_A_CHUNK).expect("chunks are counted in 32 bits")
    }

    fn chunk(&self, chunk: u32) -> &[AtomicU32] {
        let first = WORDS_A_CHUNK * usize::try_from(chunk).expect("a filter fits into memory");
        &self.words[first..first + WORDS_A_CHUNK]
    }

    fn chunk_bytes(&self, chunk: u32) -> Vec<u8> {
        self.chunk(chunk).iter().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes()).collect()
    }

    fn keys_max(&self) -> u64 {
        u64::from(self.chunks) * KEYS_A_CHUNK
    }
}

/// What readers ask. It may know more than the tables they look into hold, never less.
#[derive(Clone)]
pub(crate) struct Known(Arc<[Arc<Generation>]>);

impl Known {
    /// Whether the key may be in the tables.
    pub(crate) fn may_hold(&self, space: Space, key: &[u8]) -> bool {
        let hash = space.hash(key);
        // The newest is the largest.
        self.0.iter().rev().any(|generation| generation.holds(hash))
    }
}

/// A generation with what its writer keeps of it.
struct Counted {
    generation: Arc<Generation>,
    keys: u64,
}

/// The filter of an open state file, and what of it is not in the file yet.
pub(crate) struct KnownKeys {
    generations: Vec<Counted>,
    /// Generation and chunk of what has changed since the last transaction that was committed.
    changed: BTreeSet<(u8, u32)>,
}

impl KnownKeys {
    /// Knows nothing.
    pub(crate) fn new() -> Self {
        Self { generations: Vec::new(), changed: BTreeSet::new() }
    }

    /// The filter as it is in the file.
    pub(crate) fn load(transaction: &ReadTransaction) -> Result<Self, OpenError> {
        let mut known = Self::new();
        let loaded = guarded::<_, StorageFault>(|| {
            let rows = transaction.open_table(KNOWN)?;
            let Some(shape) = rows.get(SHAPE_KEY)? else { return Ok(None) };
            let shape = unseal(Table::Known, SHAPE_KEY, shape.value()).and_then(read_shape);
            for (number, (chunks, keys)) in (0_u8..).zip(shape.into_iter().flatten()) {
                let generation = Arc::new(Generation::empty(chunks));
                for chunk in 0..chunks {
                    let key = known_key(number, chunk);
                    let row = rows.get(&key[..])?;
                    let bytes = row.as_ref().and_then(|row| unseal(Table::Known, &key, row.value()));
                    if !bytes.is_some_and(|bytes| fill(generation.chunk(chunk), bytes)) {
                        return Ok(None);
                    }
                }
                known.generations.push(Counted { generation, keys });
            }
            Ok(Some(known))
        });
        loaded.map_err(|fault| OpenError::fault(STATE_FILE, fault))?.ok_or_else(|| {
            OpenError::damaged(STATE_FILE, None, "the filter of known keys is not as it was written")
        })
    }

    /// For readers of tables that hold nothing that was not added.
    pub(crate) fn reader(&self) -> Known {
        Known(self.generations.iter().map(|counted| Arc::clone(&counted.generation)).collect())
    }

    /// Takes in a key that the tables will hold.
    pub(crate) fn add(&mut self, space: Space, key: &[u8]) {
        let hash = space.hash(key);
        if self.generations.iter().rev().any(|counted| counted.generation.holds(hash)) {
            return;
        }
        self.grow_if_full();
        let number = u8::try_from(self.generations.len() - 1).expect("generations are few");
        let last = self.generations.last_mut().expect("there is a generation to add to");
        last.keys += 1;
        self.changed.insert((number, last.generation.add(hash)));
    }

    fn grow_if_full(&mut self) {
        let chunks = match self.generations.last() {
            None => CHUNKS_FIRST,
            Some(last) if last.keys < last.generation.keys_max() => return,
            Some(last) => last.generation.chunks.saturating_mul(GROWTH),
        };
        let total: u32 = self.generations.iter().map(|counted| counted.generation.chunks).sum();
        let bytes = usize::try_from(total.saturating_add(chunks)).unwrap_or(usize::MAX);
        if !self.generations.is_empty() && bytes.saturating_mul(4 * WORDS_A_CHUNK) > BYTES_MAX {
            return;
        }
        let number = u8::try_from(self.generations.len()).expect("generations are few");
        self.changed.extend((0..chunks).map(|chunk| (number, chunk)));
        self.generations.push(Counted { generation: Arc::new(Generation::empty(chunks)), keys: 0 });
    }

    /// Writes what has changed; it counts as changed until [`KnownKeys::is_written`].
    pub(crate) fn write(&self, rows: &mut redb::Table<'_, Bytes, Bytes>) -> Result<(), redb::StorageError> {
        let mut value = Vec::new();
        for (number, chunk) in &self.changed {
            let bytes = self.generations[usize::from(*number)].generation.chunk_bytes(*chunk);
            let key = known_key(*number, *chunk);
            seal(&mut value, Table::Known, &key, &[&bytes]);
            rows.insert(&key[..], &value[..])?;
        }
        let mut shape = Vec::new();
        for counted in &self.generations {
            shape.extend_from_slice(&counted.generation.chunks.to_le_bytes());
            shape.extend_from_slice(&counted.keys.to_le_bytes());
        }
        seal(&mut value, Table::Known, SHAPE_KEY, &[&shape]);
        rows.insert(SHAPE_KEY, &value[..])?;
        Ok(())
    }

    /// Everything written so far is in the file.
    pub(crate) fn is_written(&mut self) {
        self.changed.clear();
    }
}

/// Chunks and keys of each generation.
fn read_shape(bytes: &[u8]) -> Option<Vec<(u32, u64)>> {
    let mut fields = Fields::new(bytes, 0);
    let mut shape = Vec::new();
    while fields.at() < bytes.len() {
        shape.push((fields.u32()?, fields.u64()?));
    }
    Some(shape)
}

/// Fills words from stored bytes; answers whether they are as many as they should be.
fn fill(words: &[AtomicU32], bytes: &[u8]) -> bool {
    let (stored, rest) = bytes.as_chunks::<4>();
    if stored.len() != words.len() || !rest.is_empty() {
        return false;
    }
    for (word, stored) in words.iter().zip(stored) {
        word.store(u32::from_le_bytes(*stored), Ordering::Relaxed);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::{Database, ReadableDatabase, backends::InMemoryBackend};

    fn key(number: u64) -> [u8; 16] {
        u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_le_bytes()
    }

    fn filled(keys: u64) -> KnownKeys {
        let mut known = KnownKeys::new();
        (0..keys).for_each(|number| known.add(Space::Snapshots, &key(number)));
        known
    }

    fn wrongly_held(known: &Known, keys: std::ops::Range<u64>) -> usize {
        keys.filter(|number| known.may_hold(Space::Snapshots, &key(*number))).count()
    }

    #[test]
    fn what_was_added_is_known_through_all_growth_and_little_else() {
        let known = filled(200_000);
        assert!(known.generations.len() >= 4, "it has grown: {}", known.generations.len());
        let reader = known.reader();
        assert_eq!(wrongly_held(&reader, 0..200_000), 200_000);
        let wrong = wrongly_held(&reader, 1_000_000..1_100_000);
        assert!(wrong < 2500, "{wrong} of 100,000 look-ups are not spared");
    }

    #[test]
    fn the_same_bytes_are_another_key_elsewhere() {
        let mut known = KnownKeys::new();
        known.add(Space::Rows(IndexId(1)), b"a");
        let reader = known.reader();
        assert!(reader.may_hold(Space::Rows(IndexId(1)), b"a"));
        assert!(!reader.may_hold(Space::Rows(IndexId(2)), b"a"));
        assert!(!reader.may_hold(Space::Snapshots, b"a"));
    }

    #[test]
    fn a_key_added_twice_takes_no_more_room() {
        let mut known = filled(100);
        known.is_written();
        (0..100).for_each(|number| known.add(Space::Snapshots, &key(number)));
        assert_eq!((known.generations[0].keys, known.changed.len()), (100, 0));
    }

    #[test]
    fn what_was_written_is_read_and_what_was_not_is_written_next_time() {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let mut known = filled(10_000);
        write(&database, &known);
        // Not said to be written, as after a transaction that failed: written once more.
        (10_000..10_010).for_each(|number| known.add(Space::Snapshots, &key(number)));
        write(&database, &known);
        known.is_written();
        assert!(known.changed.is_empty());
        let loaded = KnownKeys::load(&database.begin_read().unwrap()).unwrap();
        assert_eq!(wrongly_held(&loaded.reader(), 0..10_010), 10_010);
        let shape = |known: &KnownKeys| {
            known
                .generations
                .iter()
                .map(|counted| (counted.generation.chunks, counted.keys))
                .collect::<Vec<_>>()
        };
        assert_eq!(shape(&loaded), shape(&known));
    }

    #[test]
    fn a_chunk_that_is_gone_is_damage() {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        write(&database, &filled(10));
        let transaction = database.begin_write().unwrap();
        transaction.open_table(KNOWN).unwrap().remove(&known_key(0, 1)[..]).unwrap();
        transaction.commit().unwrap();
        let loaded = KnownKeys::load(&database.begin_read().unwrap());
        assert!(matches!(loaded, Err(OpenError::Damaged { .. })));
    }

    /// The hash and the bits are stored: they never change.
    #[test]
    fn the_bits_of_a_key_are_these() {
        let known = filled(3);
        let bytes: Vec<u8> =
            (0..2).flat_map(|chunk| known.generations[0].generation.chunk_bytes(chunk)).collect();
        assert_eq!(xxhash_rust::xxh3::xxh3_64(&bytes), 3_711_285_409_796_438_472);
    }

    fn write(database: &Database, known: &KnownKeys) {
        let transaction = database.begin_write().unwrap();
        known.write(&mut transaction.open_table(KNOWN).unwrap()).unwrap();
        transaction.commit().unwrap();
    }
}
