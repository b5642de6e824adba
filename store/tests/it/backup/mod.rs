//! Backups of a store that goes on being used, and what is restored from them.

mod damage;
mod faults;
mod restoring;
mod running;
mod watched;

use crate::support::{Concat, Model, Opened, open_on, options, pending, scripted};
use laurel_store::backup::{BackupError, BackupOrder, BackupReport, restore};
use laurel_store::{Disk, MemoryDisk, Store, verify};
use std::sync::Arc;

const ATTACHED: &[u8] = b"who is served";

fn order(target: &(impl Disk + Clone + 'static)) -> BackupOrder {
    BackupOrder {
        target: Arc::new(target.clone()),
        made_by: "the tests".to_owned(),
        attachments: vec![("tenant.json".to_owned(), ATTACHED.to_vec())],
        progress: Arc::default(),
    }
}

fn back_up(opened: &Opened, target: &(impl Disk + Clone + 'static)) -> Result<BackupReport, BackupError> {
    opened.store.backup(&order(target))
}

/// A store after so many scripted appends, with a checkpoint in the middle and some segments since.
fn filled(disk: &MemoryDisk, appends: u64) -> Opened {
    let opened = open_on(disk);
    for i in 0..appends {
        assert!(opened.write(scripted(i)));
        if i == appends / 2 {
            opened.store.checkpoint().unwrap();
        }
    }
    opened
}

/// Restores a backup and compares the copy with what so many scripted appends come to; it also verifies, and goes on.
#[track_caller]
fn check_restored(backup: &MemoryDisk, appends: u64) {
    let disk = MemoryDisk::new();
    let manifest = restore(backup, &disk).unwrap();
    assert_eq!(manifest.lsn, appends);
    assert_eq!(disk.contents("tenant.json").unwrap(), ATTACHED);
    let copy: Arc<dyn Disk> = Arc::new(disk.clone());
    assert_eq!(verify(&options(), &copy, &Concat).unwrap().findings, []);
    let opened = open_on(&disk);
    assert_eq!(opened.recovered.durable.get(), appends);
    assert_eq!(Model::shown(&*opened.store, pending(&opened.recovered)), Model::of(appends));
    assert!(opened.write(scripted(appends)));
    opened.store.checkpoint().unwrap();
    opened.store.close().unwrap();
    let again = open_on(&disk);
    assert_eq!(Model::shown(&*again.store, pending(&again.recovered)), Model::of(appends + 1));
}

/// The store goes on as if there had been no backup.
#[track_caller]
fn check_unharmed(opened: &Opened, disk: &MemoryDisk, appends: u64) {
    let mut expected = Model::of(appends);
    expected.pending.clear();
    assert_eq!(Model::shown(&*opened.store, Vec::new()), expected);
    let killed = disk.copy();
    let again = open_on(&killed);
    assert_eq!(Model::shown(&*again.store, pending(&again.recovered)), Model::of(appends));
    assert!(opened.write(scripted(appends)));
    assert!(!opened.store.checkpoint().unwrap().owes_erasure);
}
