//! The power goes at every single write and sync of a scripted run. Whatever was reported durable is there afterwards,
//! once, in order, and tables and memory together are the fold of it all.

use crate::support::{Concat, Model, Opened, open_on, open_with, options, pending, scripted};
use laurel_store::{Disk, Epoch, MemoryDisk, Store, verify};
use std::sync::Arc;

const APPENDS: u64 = 80;

/// Appends in bursts, with checkpoints between, until the end or the first failure. Answers how many appends were made
/// and how many were reported durable.
fn run(disk: &MemoryDisk) -> (u64, u64) {
    let Ok(opened) = open_with(options(), disk) else { return (0, 0) };
    let Opened { store, recorder, .. } = &opened;
    let mut appended = 0;
    while appended < APPENDS {
        for _ in 0..1 + appended % 4 {
            if appended < APPENDS && store.append(Epoch::FIRST, scripted(appended)).is_ok() {
                appended += 1;
            }
        }
        if !recorder.settled(appended - 1) {
            break;
        }
        if appended % 20 > 15 && store.checkpoint().is_err() {
            break;
        }
    }
    store.close().unwrap();
    let committed = recorder.committed();
    for (place, (lsn, companion)) in (0..).zip(&committed) {
        assert_eq!((lsn.get(), *companion), (place + 1, place));
    }
    (appended, u64::try_from(committed.len()).unwrap())
}

fn check(disk: &MemoryDisk, appended: u64, reported: u64, what: &str) {
    let after = open_on(disk);
    let durable = after.recovered.durable.get();
    assert!((reported..=appended).contains(&durable), "{what}: {durable} of {appended}, {reported} reported");
    let expected = Model::of(durable);
    assert_eq!(Model::shown(&*after.store, pending(&after.recovered)), expected, "{what}");
    // It goes on from there, and a checkpoint changes nothing of what is seen.
    assert!(after.write(scripted(durable)), "{what}");
    after.store.checkpoint().unwrap();
    after.store.close().unwrap();
    let again = open_on(disk);
    assert_eq!(Model::shown(&*again.store, pending(&again.recovered)), Model::of(durable + 1), "{what}");
    again.store.close().unwrap();
}

#[test]
fn power_cut_at_every_operation() {
    let whole = MemoryDisk::new();
    assert_eq!(run(&whole), (APPENDS, APPENDS));
    let operations = whole.operations();
    assert!(operations > 150, "the run must reach every kind of write, it made {operations}");
    for number in 1..=operations + 40 {
        let disk = MemoryDisk::new();
        disk.power_off_at(number);
        let (appended, reported) = run(&disk);
        check(&disk.crash(), appended, reported, &format!("cut at {number}, nothing unsynced arrived"));
        check(&disk.crash_torn(number), appended, reported, &format!("cut at {number}, something arrived"));
        if number % 4 == 0 {
            check(&disk.copy(), appended, reported, &format!("killed at {number}"));
        }
    }
}

#[test]
fn one_failed_operation_at_every_place() {
    let whole = MemoryDisk::new();
    run(&whole);
    for number in 1..=whole.operations() {
        let disk = MemoryDisk::new();
        disk.fail_operation(number);
        let (appended, reported) = run(&disk);
        let what = format!("operation {number} failed");
        if appended == 0 {
            continue;
        }
        // The process went on, so the cut is on disk: exactly what was reported is there.
        let after = open_on(&disk.copy());
        assert_eq!(after.recovered.durable.get(), reported, "{what}");
        drop(after);
        check(&disk.copy(), appended, reported, &what);
        let disk: Arc<dyn Disk> = Arc::new(disk.copy());
        assert_eq!(verify(&options(), &disk, &Concat).unwrap().findings, [], "{what}");
    }
}
