//! Records of 300 bytes through append to committed; and a commit of 64 KiB by the journal and by redb, which is why
//! the journal is a file of its own.

use laurel_store::{
    Append, AppendError, CommitFailure, Committed, EntityKey, Epoch, Fold, FoldError, Folded, FolderDisk,
    Haste, Listener, Options, Store, open,
};
use redb::{Database, Durability, TableDefinition};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const RECORDS: u64 = 1_000_000;
const RECORD_BYTES: usize = 300;
const FRAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("frames");

#[derive(Default)]
struct Counter(AtomicU64);

impl Listener<u64> for Counter {
    fn committed(&self, batch: Committed<u64>) {
        self.0.store(batch.through.get(), Ordering::Release);
    }

    fn failed(&self, _: Epoch, lost: Vec<u64>, cause: CommitFailure) {
        panic!("{} records lost: {cause}", lost.len());
    }
}

/// State is the last record.
struct Last;

impl Fold for Last {
    fn fold(&self, _: EntityKey, _: Option<&[u8]>, records: &[&[u8]]) -> Result<Folded, FoldError> {
        Ok(records.last().map_or(Folded::Gone, |record| Folded::Kept(record.to_vec())))
    }
}

fn append(i: u64) -> Append<u64> {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(i % 50_000).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    Append {
        entity: EntityKey { kind: 1, id },
        record: vec![7; RECORD_BYTES],
        effects: 0,
        consumes: None,
        index: Vec::new(),
        haste: Haste::Now,
        companion: i,
    }
}

/// Appends all records from this thread and waits for the last.
fn fill(folder: &Path) -> Result<(Duration, u64), Box<dyn Error>> {
    let counter = Arc::new(Counter::default());
    let options = Options { background_checkpoints: false, tail_bytes: usize::MAX, ..Options::default() };
    let listener: Arc<dyn Listener<u64>> = counter.clone();
    let (store, _) = open(options, Arc::new(FolderDisk::new(folder)?), Arc::new(Last), listener)?;
    let begun = Instant::now();
    let mut i = 0;
    while i < RECORDS {
        match store.append(Epoch::FIRST, append(i)) {
            Ok(_) => i += 1,
            Err(refused) if refused.error == AppendError::Full => thread::sleep(Duration::from_micros(200)),
            Err(refused) => return Err(refused.error.into()),
        }
    }
    while counter.0.load(Ordering::Acquire) < RECORDS {
        thread::sleep(Duration::from_micros(200));
    }
    let took = begun.elapsed();
    let frames = store.stats().frames;
    store.close()?;
    Ok((took, frames))
}

const COMMITS: u32 = 1000;
const COMMIT_BYTES: usize = 65_536;

/// Time of a commit of 64 KiB, one after the other.
fn journal_commits(folder: &Path) -> Result<Duration, Box<dyn Error>> {
    let counter = Arc::new(Counter::default());
    let options = Options { background_checkpoints: false, ..Options::default() };
    let listener: Arc<dyn Listener<u64>> = counter.clone();
    let (store, _) = open(options, Arc::new(FolderDisk::new(folder)?), Arc::new(Last), listener)?;
    let begun = Instant::now();
    for number in 0..u64::from(COMMITS) {
        let record = Append { record: vec![7; COMMIT_BYTES], ..append(number) };
        store.append(Epoch::FIRST, record).map_err(|refused| refused.error)?;
        while counter.0.load(Ordering::Acquire) <= number {
            thread::yield_now();
        }
    }
    let each = begun.elapsed() / COMMITS;
    store.close()?;
    Ok(each)
}

/// The same as one row of a redb table each: one-phase commit, one sync.
fn redb_commits(folder: &Path) -> Result<Duration, Box<dyn Error>> {
    let database = Database::create(folder.join("commits.redb"))?;
    let begun = Instant::now();
    for number in 0..u64::from(COMMITS) {
        let mut transaction = database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.open_table(FRAMES)?.insert(number, &[7u8; COMMIT_BYTES][..])?;
        transaction.commit()?;
    }
    Ok(begun.elapsed() / COMMITS)
}

fn main() -> Result<(), Box<dyn Error>> {
    for _ in 0..3 {
        let folder = tempfile::tempdir()?;
        let (took, frames) = fill(folder.path())?;
        let rate = u128::from(RECORDS) * 1_000_000 / took.as_micros();
        println!("{rate} records/s of {RECORD_BYTES} bytes, {} records a frame", RECORDS / frames);
    }
    for _ in 0..3 {
        let folder = tempfile::tempdir()?;
        let (journal, redb) = (journal_commits(folder.path())?, redb_commits(folder.path())?);
        println!("64 KiB commit: journal {journal:?}, redb {redb:?}");
    }
    Ok(())
}
