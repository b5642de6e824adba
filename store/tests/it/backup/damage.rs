//! The store's own files cannot be read, or are not what was written: then there is no backup.

use super::watched::{Operation, Watched};
use super::{back_up, check_restored, check_unharmed, filled};
use crate::state_file;
use crate::support::{open_on, open_with, options, scripted};
use laurel_store::backup::BackupError;
use laurel_store::{MemoryDisk, ReadError, Store};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn segments(disk: &MemoryDisk) -> Vec<String> {
    disk.names().into_iter().filter(|name| name.starts_with("journal-")).collect()
}

#[test]
fn a_damaged_frame_is_not_copied() {
    let disk = MemoryDisk::new();
    let opened = filled(&disk, 120);
    let names = segments(&disk);
    assert!(names.len() > 2, "{names:?}");
    for name in &names[..names.len() - 1] {
        let whole = disk.contents(name).unwrap();
        for at in [30, 600, whole.len() - 20] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            disk.put(name, bytes);
            let target = MemoryDisk::new();
            let error = back_up(&opened, &target).unwrap_err();
            assert!(matches!(error, BackupError::Journal(_)), "{name}, byte {at}: {error}");
            assert!(error.to_string().contains(name.as_str()), "{error}");
            assert_eq!(target.names(), [] as [&str; 0]);
        }
        disk.put(name, whole);
    }
    back_up(&opened, &MemoryDisk::new()).unwrap();
    // The segment in use was put back as another file than the committer writes; the rest of the run would be lost.
    drop(opened);
}

#[test]
fn a_segment_without_its_last_frames_is_not_copied() {
    let disk = MemoryDisk::new();
    let opened = filled(&disk, 120);
    let name = segments(&disk).remove(0);
    let whole = disk.contents(&name).unwrap();
    let mut bytes = whole.clone();
    let half = (whole.len() / 2).next_multiple_of(512);
    bytes[half..].fill(0);
    disk.put(&name, bytes);
    let error = back_up(&opened, &MemoryDisk::new()).unwrap_err();
    assert!(matches!(error, BackupError::Journal(_)), "{error}");
    laurel_store::Disk::remove(&disk, &name).unwrap();
    let error = back_up(&opened, &MemoryDisk::new()).unwrap_err();
    assert!(matches!(error, BackupError::Journal(_)), "{error}");
}

#[test]
fn a_damaged_row_is_not_copied() {
    let disk = MemoryDisk::new();
    let opened = filled(&disk, 30);
    opened.store.checkpoint().unwrap();
    opened.store.close().unwrap();
    let whole = state_file::database(&disk.contents("state.redb").unwrap());
    // The value of a row that is nobody's snapshot: nothing but the backup looks at it. Its page has the sum of what is
    // there.
    let value = b"v27";
    let places: Vec<usize> =
        whole.windows(value.len()).enumerate().filter(|(_, part)| part == value).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    let mut bytes = whole;
    places.iter().for_each(|at| bytes[*at] ^= 1);
    let damaged = disk.copy_with("state.redb", state_file::file(&bytes));
    let opened = open_on(&damaged);
    let target = MemoryDisk::new();
    let error = back_up(&opened, &target).unwrap_err();
    assert!(matches!(error, BackupError::Read(ReadError::Damaged { .. })), "{error}");
    assert_eq!(target.names(), [] as [&str; 0]);
    assert!(opened.write(scripted(30)), "the store goes on");
}

#[test]
fn reads_that_fail_end_the_backup_and_not_the_store() {
    let disk = MemoryDisk::new();
    filled(&disk, 120).store.close().unwrap();
    for wanted in ["journal-", "state.redb"] {
        let failing = Arc::new(AtomicBool::new(false));
        let fails = Arc::clone(&failing);
        let disk = disk.copy();
        let watched = Watched::new(&disk, move |_, operation| match operation {
            Operation::Read(name) if name.starts_with(wanted) && fails.load(Ordering::SeqCst) => {
                Err(io::Error::other("a bad sector"))
            }
            Operation::Read(_) | Operation::Change(_) => Ok(()),
        });
        // Without a cache, or what is read would be there already.
        let opened =
            open_with(laurel_store::Options { state_cache_bytes: 0, ..options() }, &watched).unwrap();
        failing.store(true, Ordering::SeqCst);
        let target = MemoryDisk::new();
        let error = back_up(&opened, &target).unwrap_err();
        assert!(matches!(error, BackupError::Journal(_) | BackupError::Read(_)), "{wanted}: {error}");
        assert_eq!(target.names(), [] as [&str; 0]);
        failing.store(false, Ordering::SeqCst);
        opened.store.checkpoint().unwrap();
        back_up(&opened, &target).unwrap();
        check_restored(&target, 120);
        check_unharmed(&opened, &disk, 120);
    }
}
