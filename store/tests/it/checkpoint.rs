//! Checkpoints beside appends and reads, and what they leave on disk.

use crate::support::{
    Concat, Model, Opened, POISON, Recorder, entity, open_on, open_with, options, pending, record, scripted,
    state,
};
use laurel_store::{
    CheckpointError, Direction, Disk, EntityKey, Fold, FoldError, Folded, IndexId, Lsn, MemoryDisk, Options,
    ScanRange, Store, open, verify,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// What was durable before a read is in what it shows; nothing is there twice or out of order.
fn read_everything(store: &dyn Store<u64>) {
    let before = store.durable().get();
    let seen = state(store, 1).unwrap_or_default();
    let expected: Vec<u8> =
        (0..).flat_map(|i: u64| [&i.to_be_bytes()[..], b","].concat()).take(seen.len()).collect();
    assert_eq!(seen, expected, "no record twice, none missing");
    assert!(u64::try_from(seen.len() / 9).unwrap() >= before);
    let before = store.durable().get();
    let history = store.history(entity(1), Lsn::ZERO, usize::MAX).unwrap();
    assert!(history.iter().map(|(lsn, _)| lsn.get()).eq(1..=u64::try_from(history.len()).unwrap()));
    assert!(u64::try_from(history.len()).unwrap() >= before);
    let before = store.durable().get();
    if before > 0 {
        assert!(store.get(IndexId(1), &(before - 1).to_be_bytes()).unwrap().is_some());
        assert!(store.record(entity(1), Lsn::new(before)).unwrap().is_some());
    }
    let rows = store.scan(IndexId(1), ScanRange::all(), Direction::Backward, 40).unwrap();
    assert!(rows.windows(2).all(|pair| pair[0].0 > pair[1].0));
    assert!(u64::try_from(rows.len()).unwrap() >= before.min(40));
}

#[test]
fn reads_are_right_at_every_moment_beside_checkpoints_and_appends() {
    const RECORDS: u64 = 3000;
    let disk = MemoryDisk::new();
    let opened = open_with(Options { segment_bytes: 20_000, ..options() }, &disk).unwrap();
    let done = AtomicBool::new(false);
    let (store, recorder, done) = (&*opened.store, &*opened.recorder, &done);
    thread::scope(|scope| {
        scope.spawn(move || {
            for i in 0..RECORDS {
                let mut append = record(1, &i.to_be_bytes(), i);
                append.index = vec![crate::support::put(1, &i.to_be_bytes(), b"")];
                store.append(store.epoch(), append).unwrap();
                if i % 50 == 0 {
                    recorder.settled(i);
                }
            }
            recorder.settled(RECORDS - 1);
            done.store(true, Ordering::Release);
        });
        scope.spawn(move || {
            while !done.load(Ordering::Acquire) {
                store.checkpoint().unwrap();
            }
        });
        for _ in 0..2 {
            scope.spawn(move || {
                // Also when all else is done before this thread has its first turn.
                loop {
                    read_everything(store);
                    if done.load(Ordering::Acquire) {
                        return;
                    }
                }
            });
        }
    });
    assert!(store.stats().checkpoints > 1);
}

#[test]
fn segments_go_once_the_tables_have_them() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    for i in 0..200 {
        assert!(opened.write(scripted(i)));
    }
    let before = opened.store.stats();
    assert!(before.segments > 3, "the run must rotate");
    let report = opened.store.checkpoint().unwrap();
    let after = opened.store.stats();
    assert_eq!(report.through, Lsn::new(200));
    assert_eq!((after.segments, after.tail_records, after.tail_bytes, after.overlay_rows), (1, 0, 0, 0));
    // Something was erased: the segment that was in use is left behind, too.
    assert_eq!(report.segments_removed, before.segments);
    assert_eq!(disk.names().iter().filter(|name| name.ends_with(".log")).count(), 1);
    assert_eq!(opened.store.checkpoint().unwrap().records, 0, "nothing is left to do");
    opened.store.close().unwrap();
    let again = open_on(&disk);
    assert_eq!(again.recovered.records_replayed, 0);
    assert_eq!(Model::shown(&*again.store, pending(&again.recovered)), Model::of(200));
}

#[test]
fn a_checkpoint_starts_by_itself_when_there_is_enough() {
    let disk = MemoryDisk::new();
    let options = Options { background_checkpoints: true, checkpoint_records: 20, ..options() };
    let opened = open_with(options, &disk).unwrap();
    for i in 0..400 {
        assert!(opened.write(scripted(i)));
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while opened.store.stats().checkpoints == 0 {
        assert!(Instant::now() < deadline, "no checkpoint has started");
        thread::sleep(Duration::from_millis(1));
    }
    opened.store.close().unwrap();
    let again = open_on(&disk);
    assert!(again.recovered.records_replayed < 400);
    assert_eq!(Model::shown(&*again.store, pending(&again.recovered)), Model::of(400));
}

/// A checkpoint that is larger than the cache reads back what it wrote, and has to do without what was held back.
#[test]
fn a_checkpoint_that_is_larger_than_the_cache_ends_wherever_it_fails() {
    let (told, ended) = mpsc::channel();
    let work = thread::spawn(move || {
        let mut failed = 0;
        for step in (1..600).step_by(23) {
            let disk = MemoryDisk::new();
            let options = Options { state_cache_bytes: 1 << 14, ..options() };
            let opened = open_with(options, &disk).unwrap();
            (0..300).for_each(|i| assert!(opened.write(scripted(i))));
            opened.store.checkpoint().unwrap();
            (300..900).for_each(|i| assert!(opened.write(scripted(i))));
            disk.power_off_at(disk.operations() + step);
            failed += u32::from(opened.store.checkpoint().is_err());
            let mut expected = Model::of(900);
            expected.pending.clear();
            assert_eq!(Model::shown(&*opened.store, Vec::new()), expected, "step {step}");
            told.send(step).unwrap();
        }
        assert!(failed > 5, "the steps must reach the checkpoint's writes, {failed} did");
    });
    loop {
        match ended.recv_timeout(Duration::from_secs(60)) {
            Ok(_step) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("a checkpoint goes on for ever"),
        }
    }
    work.join().unwrap();
}

#[test]
fn records_that_do_not_fold_stop_the_checkpoint_and_nothing_else() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    assert!(opened.write(record(1, b"good", 1)));
    assert!(opened.write(record(2, POISON, 2)));
    let error = opened.store.checkpoint().unwrap_err();
    assert!(
        matches!(&error, CheckpointError::Fold { entity: found, through, .. }
        if *found == entity(2) && *through == Lsn::new(2)),
        "{error}"
    );
    assert_eq!(state(&*opened.store, 1).unwrap(), b"good,");
    assert_eq!(opened.store.stats().checkpointed, Lsn::ZERO);
    assert!(opened.write(record(1, b"more", 3)));
    opened.store.close().unwrap();
    assert_eq!(state(&*open_on(&disk).store, 1).unwrap(), b"good,more,");
}

#[test]
fn a_checkpoint_that_fails_at_any_step_leaves_reads_alone_and_can_be_repeated() {
    let mut failed = 0;
    for step in 1..25 {
        let disk = MemoryDisk::new();
        // Without a cache, reads have to come from the file that just failed.
        let opened = open_with(Options { state_cache_bytes: 0, ..options() }, &disk).unwrap();
        (0..10).for_each(|i| assert!(opened.write(scripted(i))));
        opened.store.checkpoint().unwrap();
        (10..30).for_each(|i| assert!(opened.write(scripted(i))));
        let mut expected = Model::of(30);
        expected.pending.clear();
        disk.fail_operation(disk.operations() + step);
        failed += u32::from(opened.store.checkpoint().is_err());
        assert_eq!(Model::shown(&*opened.store, Vec::new()), expected, "step {step}");
        opened.store.checkpoint().unwrap();
        assert_eq!(opened.store.stats().tail_records, 0);
        opened.store.close().unwrap();
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        assert_eq!(verify(&options(), &shared, &Concat).unwrap().findings, []);
        let again = open_on(&disk);
        assert_eq!(Model::shown(&*again.store, pending(&again.recovered)), Model::of(30));
    }
    assert!(failed > 5, "the steps must reach the checkpoint's writes, {failed} did");
}

/// Folds only when let; tells when it waits.
struct Gate(Mutex<mpsc::Sender<()>>, Mutex<mpsc::Receiver<()>>);

impl Fold for Gate {
    fn fold(&self, of: EntityKey, old: Option<&[u8]>, records: &[&[u8]]) -> Result<Folded, FoldError> {
        self.0.lock().unwrap().send(()).unwrap();
        self.1.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap();
        Concat.fold(of, old, records)
    }
}

#[test]
fn commits_and_rotations_go_on_during_a_checkpoint_and_keep_their_segments() {
    let disk = MemoryDisk::new();
    let ((tell, told), (allow, allowed)) = (mpsc::channel(), mpsc::channel());
    let recorder = Arc::new(Recorder::default());
    let fold = Arc::new(Gate(Mutex::new(tell), Mutex::new(allowed)));
    let small = Options { segment_bytes: 1, ..options() };
    let (store, recovered) = open(small, Arc::new(disk.clone()), fold, recorder.clone()).unwrap();
    let opened = Opened { store, recorder, recovered };
    assert!(opened.write(record(1, b"a", 1)));
    thread::scope(|scope| {
        let running = scope.spawn(|| opened.store.checkpoint().unwrap());
        told.recv_timeout(Duration::from_secs(10)).unwrap();
        for (companion, bytes) in [(2, b"b"), (3, b"c"), (4, b"d")] {
            assert!(opened.write(record(1, bytes, companion)), "a commit does not wait for the fold");
        }
        assert_eq!(state(&*opened.store, 1).unwrap(), b"a,b,c,d,");
        allow.send(()).unwrap();
        let report = running.join().unwrap();
        assert_eq!((report.through, report.segments_removed), (Lsn::new(1), 1));
    });
    assert_eq!(state(&*opened.store, 1).unwrap(), b"a,b,c,d,");
    opened.store.close().unwrap();
    assert_eq!(state(&*open_on(&disk.crash()).store, 1).unwrap(), b"a,b,c,d,");
}

/// The tail is emptied shard by shard after readers have moved to the new tables; with many records that takes a while.
#[test]
fn no_read_sees_a_record_twice_while_a_large_tail_is_dropped() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 0..3 {
            let (store, done) = (&*opened.store, &done);
            scope.spawn(move || {
                let mut longest = 0;
                while !done.load(Ordering::Acquire) {
                    let seen = state(store, 240 + number).unwrap_or_default().len();
                    assert!(seen >= longest, "{seen} bytes after {longest}");
                    assert!(seen <= 6 * 2, "{seen} bytes are more than were ever written");
                    longest = seen;
                }
            });
        }
        let mut companion = 0;
        for _ in 0..6 {
            for i in 0..12_000u64 {
                companion += 1;
                let mut filler = record(0, b"f", companion);
                filler.entity.id[..8].copy_from_slice(&i.to_be_bytes());
                opened.store.append(opened.store.epoch(), filler).unwrap();
            }
            for number in 240..243 {
                companion += 1;
                assert!(opened.write(record(number, b"x", companion)));
            }
            opened.store.checkpoint().unwrap();
        }
        done.store(true, Ordering::Release);
    });
}
