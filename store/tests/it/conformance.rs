//! What every backend must do, written against the trait alone. Run here on memory and on real files.

use crate::support::{
    Concat, GONE, Opened, Recorder, delete, entity, open_with, options, put, record, state,
};
use laurel_store::{
    AppendError, Direction, Epoch, FolderDisk, Haste, IndexId, Lsn, MemoryDisk, Recovered, ScanRange, Store,
    verify,
};
use std::ops::Bound;
use std::sync::Arc;

/// A backend that can be closed and opened again on what it has kept.
trait Backend {
    fn open(&self) -> (Arc<dyn Store<u64>>, Arc<Recorder>, Recovered);
}

struct OnDisk<D>(D);

impl<D: laurel_store::Disk + Clone + 'static> Backend for OnDisk<D> {
    fn open(&self) -> (Arc<dyn Store<u64>>, Arc<Recorder>, Recovered) {
        let Opened { store, recorder, recovered } = open_with(options(), &self.0).unwrap();
        (store, recorder, recovered)
    }
}

fn write(store: &dyn Store<u64>, recorder: &Recorder, append: laurel_store::Append<u64>) -> Lsn {
    let companion = append.companion;
    let lsn = store.append(store.epoch(), append).unwrap();
    assert!(recorder.settled(companion));
    lsn
}

fn positions_are_dense_and_ordered(backend: &dyn Backend) {
    let (store, recorder, recovered) = backend.open();
    assert_eq!((recovered.durable, store.durable(), store.epoch()), (Lsn::ZERO, Lsn::ZERO, Epoch::FIRST));
    for i in 0..500 {
        let lsn = store.append(Epoch::FIRST, record(u8::try_from(i % 5).unwrap(), b"x", i)).unwrap();
        assert_eq!(lsn, Lsn::new(i + 1));
    }
    assert!(recorder.settled(499));
    let expected: Vec<(Lsn, u64)> = (0..500).map(|i| (Lsn::new(i + 1), i)).collect();
    assert_eq!(recorder.committed(), expected);
    assert_eq!(store.durable(), Lsn::new(500));
    store.close().unwrap();
}

/// Runs the checks before a checkpoint, after it, and after opening again.
fn in_every_phase(
    backend: &dyn Backend,
    fill: impl Fn(&dyn Store<u64>, &Recorder),
    check: impl Fn(&dyn Store<u64>),
) {
    let (store, recorder, _) = backend.open();
    fill(&*store, &recorder);
    check(&*store);
    store.close().unwrap();
    let (store, _, _) = backend.open();
    check(&*store);
    store.checkpoint().unwrap();
    check(&*store);
    store.close().unwrap();
    let (store, _, _) = backend.open();
    check(&*store);
    store.close().unwrap();
}

fn load_history_and_record_agree(backend: &dyn Backend) {
    let fill = |store: &dyn Store<u64>, recorder: &Recorder| {
        for i in 0..6 {
            write(store, recorder, record(u8::try_from(i % 2).unwrap(), format!("r{i}").as_bytes(), i));
            if i == 2 {
                store.checkpoint().unwrap();
            }
        }
    };
    in_every_phase(backend, fill, |store| {
        assert_eq!(state(store, 0).unwrap(), b"r0,r2,r4,");
        assert_eq!(state(store, 1).unwrap(), b"r1,r3,r5,");
        assert_eq!(state(store, 2), None);
        assert_eq!(store.load(entity(1)).unwrap().through, Lsn::new(6));
        let all: Vec<(u64, Vec<u8>)> = store
            .history(entity(0), Lsn::ZERO, 10)
            .unwrap()
            .into_iter()
            .map(|(lsn, bytes)| (lsn.get(), bytes.to_vec()))
            .collect();
        assert_eq!(all, [(1, b"r0".to_vec()), (3, b"r2".to_vec()), (5, b"r4".to_vec())]);
        assert_eq!(store.history(entity(0), Lsn::new(1), 1).unwrap()[0].0, Lsn::new(3));
        assert!(store.history(entity(0), Lsn::new(5), 10).unwrap().is_empty());
        assert!(store.history(entity(0), Lsn::ZERO, 0).unwrap().is_empty());
        for position in 1..=6 {
            let owner = u8::try_from((position - 1) % 2).unwrap();
            let found = store.record(entity(owner), Lsn::new(position)).unwrap().unwrap();
            assert_eq!(&*found, format!("r{}", position - 1).as_bytes());
            assert_eq!(store.record(entity(1 - owner), Lsn::new(position)).unwrap(), None);
        }
        assert_eq!(store.record(entity(0), Lsn::new(7)).unwrap(), None);
    });
}

fn a_gone_entity_leaves_nothing(backend: &dyn Backend) {
    let (store, recorder, _) = backend.open();
    write(&*store, &recorder, record(1, b"secret", 1));
    store.checkpoint().unwrap();
    write(&*store, &recorder, record(1, GONE, 2));
    let report = store.checkpoint().unwrap();
    assert_eq!((report.removed, report.snapshots), (1, 0));
    let loaded = store.load(entity(1)).unwrap();
    assert_eq!((loaded.snapshot, loaded.records.len()), (None, 0));
    assert!(store.history(entity(1), Lsn::ZERO, 10).unwrap().is_empty());
    write(&*store, &recorder, record(1, b"again", 3));
    assert_eq!(state(&*store, 1).unwrap(), b"again,");
    store.close().unwrap();
}

fn rows_merge_memory_and_tables(backend: &dyn Backend) {
    let fill = |store: &dyn Store<u64>, recorder: &Recorder| {
        let mut first = record(1, b"a", 1);
        first.index = vec![put(1, b"a", b"1"), put(1, b"b", b"1"), put(1, b"c", b"1"), put(1, b"e", b"1")];
        write(store, recorder, first);
        store.checkpoint().unwrap();
        let mut second = record(1, b"b", 2);
        second.index = vec![
            put(1, b"b", b"2"),
            delete(1, b"c"),
            put(1, b"d", b"2"),
            put(1, b"", b"empty key"),
            put(0, b"z", b"other"),
            put(2, b"", b"other"),
            put(1, b"gone again", b"x"),
            delete(1, b"gone again"),
        ];
        write(store, recorder, second);
    };
    in_every_phase(backend, fill, |store| {
        let scan = |range, direction, limit| -> Vec<(String, String)> {
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            let rows = store.scan(IndexId(1), range, direction, limit).unwrap();
            rows.into_iter().map(|(key, value)| (text(key), text(value))).collect()
        };
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let mut all =
            vec![pair("", "empty key"), pair("a", "1"), pair("b", "2"), pair("d", "2"), pair("e", "1")];
        assert_eq!(scan(ScanRange::all(), Direction::Forward, 100), all);
        assert_eq!(scan(ScanRange::all(), Direction::Forward, 2), all[..2]);
        all.reverse();
        assert_eq!(scan(ScanRange::all(), Direction::Backward, 100), all);
        assert_eq!(scan(ScanRange::all(), Direction::Backward, 3), all[..3]);
        let inner = ScanRange { start: Bound::Excluded(b"a".to_vec()), end: Bound::Excluded(b"e".to_vec()) };
        assert_eq!(scan(inner, Direction::Forward, 9), [pair("b", "2"), pair("d", "2")]);
        let upside_down =
            ScanRange { start: Bound::Included(b"e".to_vec()), end: Bound::Included(b"a".to_vec()) };
        assert!(scan(upside_down, Direction::Forward, 9).is_empty());
        let nothing =
            ScanRange { start: Bound::Excluded(b"a".to_vec()), end: Bound::Excluded(b"a".to_vec()) };
        assert!(scan(nothing, Direction::Backward, 9).is_empty());
        assert!(scan(ScanRange::all(), Direction::Forward, 0).is_empty());
        assert_eq!(store.get(IndexId(1), b"b").unwrap().unwrap(), b"2");
        assert_eq!(store.get(IndexId(1), b"c").unwrap(), None);
        assert_eq!(store.get(IndexId(2), b"b").unwrap(), None);
    });
}

fn long_scans_take_every_row_once(backend: &dyn Backend) {
    let fill = |store: &dyn Store<u64>, recorder: &Recorder| {
        let mut even = record(1, b"even", 1);
        even.index = (0..2000u32).map(|i| put(1, &(i * 2).to_be_bytes(), b"t")).collect();
        write(store, recorder, even);
        store.checkpoint().unwrap();
        let mut odd = record(1, b"odd", 2);
        odd.index = (0..2000u32).map(|i| put(1, &(i * 2 + 1).to_be_bytes(), b"o")).collect();
        // A long run of deleted rows must not end the scan early.
        odd.index.extend((500..1000u32).map(|i| delete(1, &(i * 2).to_be_bytes())));
        write(store, recorder, odd);
    };
    in_every_phase(backend, fill, |store| {
        let expected: Vec<u32> = (0..4000).filter(|i| i % 2 == 1 || !(1000..2000).contains(i)).collect();
        let number = |row: (Vec<u8>, Vec<u8>)| u32::from_be_bytes(row.0.try_into().unwrap());
        for (direction, limit) in
            [(Direction::Forward, 9999), (Direction::Forward, 700), (Direction::Backward, 900)]
        {
            let rows = store.scan(IndexId(1), ScanRange::all(), direction, limit).unwrap();
            let mut expected = expected.clone();
            if direction == Direction::Backward {
                expected.reverse();
            }
            expected.truncate(limit);
            assert_eq!(rows.into_iter().map(number).collect::<Vec<_>>(), expected);
        }
    });
}

fn effects_survive_until_consumed(backend: &dyn Backend) {
    let (store, recorder, _) = backend.open();
    let mut cause = record(1, b"cause", 1);
    cause.effects = 3;
    let lsn = write(&*store, &recorder, cause);
    store.checkpoint().unwrap();
    let mut answer = record(2, b"answer", 2);
    answer.consumes = Some(laurel_store::EffectId { lsn, index: 1 });
    write(&*store, &recorder, answer);
    store.close().unwrap();
    for checkpoint in [true, false] {
        let (store, _, recovered) = backend.open();
        let left: Vec<u16> = recovered.pending_effects.iter().map(|effect| effect.id.index).collect();
        assert_eq!(left, [0, 2]);
        assert!(
            recovered
                .pending_effects
                .iter()
                .all(|effect| effect.entity == entity(1) && *effect.record == *b"cause")
        );
        if checkpoint {
            assert_eq!(store.checkpoint().unwrap().pending_effects, 2);
        }
        store.close().unwrap();
    }
}

/// What nobody waits for becomes durable all the same: after a while, with what is waited for, or when somebody asks.
fn nobody_has_to_wait_for_a_record(backend: &dyn Backend) {
    let (store, recorder, _) = backend.open();
    let soon = |number| laurel_store::Append { haste: Haste::Soon, ..record(1, b"x", number) };
    store.append(Epoch::FIRST, soon(1)).unwrap();
    assert!(recorder.settled(1), "after a while");
    for number in (2..400).step_by(2) {
        store.append(Epoch::FIRST, soon(number)).unwrap();
        write(store.as_ref(), &recorder, record(2, b"y", number + 1));
        assert_eq!(store.durable(), Lsn::new(number + 1), "in order, with what is waited for");
    }
    store.append(Epoch::FIRST, soon(400)).unwrap();
    store.hurry();
    assert!(recorder.settled(400));
    store.append(Epoch::FIRST, soon(401)).unwrap();
    store.close().unwrap();
    assert_eq!(recorder.committed().len(), 401, "what was queued is written");
}

fn a_closed_store_refuses(backend: &dyn Backend) {
    let (store, recorder, _) = backend.open();
    for i in 0..50 {
        store.append(Epoch::FIRST, record(1, b"x", i)).unwrap();
    }
    store.close().unwrap();
    assert_eq!(recorder.committed().len(), 50, "what was queued is written");
    store.close().unwrap();
    assert_eq!(
        store.append(Epoch::FIRST, record(1, b"x", 9)).map_err(|refused| refused.error),
        Err(AppendError::Closed)
    );
    assert!(matches!(store.load(entity(1)), Err(laurel_store::ReadError::Closed)));
    assert!(matches!(store.checkpoint(), Err(laurel_store::CheckpointError::Closed)));
}

fn suite(name: &str, check: fn(&dyn Backend)) {
    check(&OnDisk(MemoryDisk::new()));
    let folder = tempfile::tempdir().unwrap();
    let disk = FolderDisk::new(folder.path()).unwrap();
    check(&OnDisk(disk.clone()));
    let disk: Arc<dyn laurel_store::Disk> = Arc::new(disk);
    let report = verify(&options(), &disk, &Concat).unwrap();
    assert_eq!(report.findings, [], "{name} leaves a sound store");
}

macro_rules! conformance {
    ($($check:ident),* $(,)?) => {
        mod on_memory_and_folder {
            $(#[test]
            fn $check() {
                super::suite(stringify!($check), super::$check);
            })*
        }
    };
}

conformance!(
    positions_are_dense_and_ordered,
    load_history_and_record_agree,
    a_gone_entity_leaves_nothing,
    rows_merge_memory_and_tables,
    long_scans_take_every_row_once,
    effects_survive_until_consumed,
    nobody_has_to_wait_for_a_record,
    a_closed_store_refuses,
);
