//! A million records of 300 bytes: opening with none of them in the tables, the checkpoint, opening after it.

use laurel_store::{
    Append, AppendError, CommitFailure, Committed, EntityKey, Epoch, Fold, FoldError, Folded, FolderDisk,
    Haste, Listener, Options, RedbStore, Store, open,
};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const RECORDS: u64 = 1_000_000;

struct Quiet;

impl Listener<()> for Quiet {
    fn committed(&self, _: Committed<()>) {}

    fn failed(&self, _: Epoch, lost: Vec<()>, cause: CommitFailure) {
        panic!("{} records lost: {cause}", lost.len());
    }
}

struct Last;

impl Fold for Last {
    fn fold(&self, _: EntityKey, _: Option<&[u8]>, records: &[&[u8]]) -> Result<Folded, FoldError> {
        Ok(records.last().map_or(Folded::Gone, |record| Folded::Kept(record.to_vec())))
    }
}

fn open_timed(folder: &Path, what: &str) -> Result<Arc<RedbStore<()>>, Box<dyn Error>> {
    let options = Options { background_checkpoints: false, tail_bytes: usize::MAX, ..Options::default() };
    let begun = Instant::now();
    let (store, recovered) =
        open(options, Arc::new(FolderDisk::new(folder)?), Arc::new(Last), Arc::new(Quiet))?;
    println!("{what}: {:?}, {} records replayed", begun.elapsed(), recovered.records_replayed);
    Ok(store)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = open_timed(folder.path(), "opening an empty folder")?;
    let mut i = 0u64;
    while i < RECORDS {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(i % 50_000).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        let entity = EntityKey { kind: 1, id };
        let record = vec![7; 300];
        let append = Append {
            entity,
            record,
            effects: 0,
            consumes: None,
            index: Vec::new(),
            haste: Haste::Now,
            companion: (),
        };
        match store.append(Epoch::FIRST, append) {
            Ok(_) => i += 1,
            Err(refused) if refused.error == AppendError::Full => thread::sleep(Duration::from_micros(200)),
            Err(refused) => return Err(refused.error.into()),
        }
    }
    store.close()?;
    let store = open_timed(folder.path(), "opening with all in the journal")?;
    let begun = Instant::now();
    let report = store.checkpoint()?;
    println!("checkpoint: {:?}, {} snapshots, {} records", begun.elapsed(), report.snapshots, report.records);
    store.close()?;
    open_timed(folder.path(), "opening with all in the tables")?.close()?;
    Ok(())
}
