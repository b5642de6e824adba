//! Commits that fail while the process lives on.

use crate::support::{open_on, open_with, options, put, record, state};
use laurel_store::{
    AppendError, CommitFailure, Epoch, IndexId, Lsn, MemoryDisk, NotAppended, Options, Store,
};
use std::time::Duration;

#[test]
fn a_frame_whose_sync_failed_never_counts_though_its_bytes_are_there() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    assert!(opened.write(record(1, b"kept", 1)));
    disk.fail_sync(disk.syncs() + 1);
    let mut doomed = record(1, b"doomed", 2);
    doomed.index = vec![put(1, b"row", b"doomed")];
    assert!(!opened.write(doomed));
    let second = opened.store.epoch();
    assert_ne!(second, Epoch::FIRST);
    assert_eq!(opened.recorder.seen.lock().unwrap().failures[0].0, second);
    assert_eq!(
        opened.store.append(Epoch::FIRST, record(1, b"stale", 3)).map_err(|refused| refused.error),
        Err(AppendError::StaleEpoch)
    );
    assert_eq!((state(&*opened.store, 1).unwrap(), opened.store.durable()), (b"kept,".to_vec(), Lsn::new(1)));

    // The bytes of the lost frame are in the old segment for good.
    let old = disk.contents("journal-0000000000000001.log").unwrap();
    assert!(old.windows(6).any(|window| window == b"doomed"), "the test must leave the frame readable");

    let killed_before_next = disk.copy();
    assert!(opened.write(record(1, b"next", 4)));
    assert_eq!(opened.store.get(IndexId(1), b"row").unwrap(), None);
    opened.store.close().unwrap();
    for (disk, expected) in
        [(killed_before_next, &b"kept,"[..]), (disk.copy(), b"kept,next,"), (disk.crash(), b"kept,next,")]
    {
        let after = open_on(&disk);
        assert_eq!(state(&*after.store, 1).unwrap(), expected);
        assert_eq!(after.store.get(IndexId(1), b"row").unwrap(), None);
    }
}

#[test]
fn failures_one_after_the_other_leave_every_cut_in_force() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    assert!(opened.write(record(1, b"a", 0)));
    for round in 1..4u64 {
        disk.fail_sync(disk.syncs() + 1);
        assert!(!opened.write(record(1, b"lost", round)));
    }
    assert!(opened.write(record(1, b"b", 9)));
    assert_eq!(opened.store.epoch().get(), 4);
    opened.store.checkpoint().unwrap();
    assert!(opened.write(record(1, b"c", 10)));
    drop(opened);
    assert_eq!(state(&*open_on(&disk.crash()).store, 1).unwrap(), b"a,b,c,");
}

#[test]
fn everything_queued_behind_a_failed_frame_is_lost_with_it() {
    let disk = MemoryDisk::new();
    let opened = open_with(Options { frame_records: 2, ..options() }, &disk).unwrap();
    assert!(opened.write(record(1, b"kept", 0)));
    disk.fail_sync(disk.syncs() + 1);
    let mut queued = Vec::new();
    for i in 1..200 {
        if opened.store.append(Epoch::FIRST, record(1, format!("r{i}").as_bytes(), i)).is_ok() {
            queued.push(i);
        }
    }
    for i in &queued {
        assert!(!opened.recorder.settled(*i));
    }
    assert_eq!(opened.recorder.seen.lock().unwrap().lost, queued, "each once, in order");
    assert_eq!(opened.store.stats().queue_bytes, 0);
    let lsn = opened.store.append(opened.store.epoch(), record(1, b"next", 1000)).unwrap();
    assert_eq!(lsn, Lsn::new(2), "positions stay dense");
}

#[test]
fn a_full_disk_refuses_appends_and_is_left_when_there_is_room() {
    let disk = MemoryDisk::new();
    // Without a cache, reads have to come from the file whose writes fail.
    let opened = open_with(Options { state_cache_bytes: 0, ..options() }, &disk).unwrap();
    assert!(opened.write(record(1, b"kept", 1)));
    opened.store.checkpoint().unwrap();
    assert!(opened.write(record(2, b"more", 0)));
    disk.set_full(true);
    assert!(!opened.write(record(1, b"lost", 2)));
    let epoch = opened.store.epoch();
    assert_eq!(opened.recorder.seen.lock().unwrap().failures, [(epoch, CommitFailure::DiskFull)]);
    assert_eq!(
        opened.store.append(epoch, record(1, b"refused", 3)).map_err(|refused| refused.error),
        Err(AppendError::Unavailable)
    );
    assert_eq!(state(&*opened.store, 1).unwrap(), b"kept,", "reads go on");
    assert!(opened.store.checkpoint().is_err(), "a checkpoint needs room too");
    assert_eq!(state(&*opened.store, 1).unwrap(), b"kept,", "and takes nothing with it");
    disk.set_full(false);
    let written = (0..400).any(|i| {
        std::thread::sleep(Duration::from_millis(10));
        opened.store.append(epoch, record(1, b"after", 100 + i)).is_ok() && opened.recorder.settled(100 + i)
    });
    assert!(written, "the store comes back by itself");
    opened.store.checkpoint().unwrap();
    opened.store.close().unwrap();
    assert_eq!(state(&*open_on(&disk.crash()).store, 1).unwrap(), b"kept,after,");
}

#[test]
fn bounds_refuse_instead_of_growing() {
    let disk = MemoryDisk::new();
    let opened = open_with(Options { tail_bytes: 4000, ..options() }, &disk).unwrap();
    let mut refused = None;
    for i in 0..100 {
        match opened.store.append(Epoch::FIRST, record(1, &[7; 100], i)) {
            Ok(_) => assert!(opened.recorder.settled(i)),
            Err(NotAppended { error, companion }) => {
                assert_eq!(companion, i, "what was handed along comes back");
                refused = Some((i, error));
                break;
            }
        }
    }
    let (at, error) = refused.expect("the bound must show");
    assert_eq!(error, AppendError::Full);
    assert!((10..60).contains(&at), "4000 bytes hold about 20 such records, refused at {at}");
    opened.store.checkpoint().unwrap();
    assert!(opened.write(record(1, b"room again", 1000)));
    let large = record(1, &vec![0; (64 << 20) + 1], 1001);
    assert_eq!(
        opened.store.append(Epoch::FIRST, large).map_err(|refused| refused.error),
        Err(AppendError::TooLarge)
    );
}

#[test]
fn the_queue_is_bounded() {
    let disk = MemoryDisk::new();
    let opened = open_with(Options { queue_bytes: 2000, ..options() }, &disk).unwrap();
    let results: Vec<_> =
        (0..2000).map(|i| opened.store.append(Epoch::FIRST, record(1, &[1; 500], i))).collect();
    assert!(
        results.iter().any(|result| result.as_ref().is_err_and(|refused| refused.error == AppendError::Full))
    );
    let taken = results.iter().filter(|result| result.is_ok()).count();
    opened.recorder.wait(|seen| seen.committed.len() == taken);
    assert_eq!((opened.store.stats().queue_bytes, opened.store.stats().queue_records), (0, 0));
    opened.store.close().unwrap();
    assert_eq!(opened.recorder.committed().len(), taken, "what was not refused is written");
}

/// Creating a segment fails at each of its steps in turn, also after the file already bears its name.
#[test]
fn a_half_successful_rotation_loses_nothing_that_was_reported() {
    for step in 1..60 {
        let disk = MemoryDisk::new();
        let opened = open_with(Options { segment_bytes: 1, ..options() }, &disk).unwrap();
        assert!(opened.write(record(1, b"a", 1)));
        disk.fail_operation(disk.operations() + step);
        let expected: &[u8] = if opened.write(record(1, b"b", 2)) { b"a,b," } else { b"a," };
        let after = open_on(&disk.copy());
        assert_eq!(state(&*after.store, 1).unwrap(), expected, "step {step}");
    }
}
