//! What was erased is in no file after the next checkpoint, also when the process or the disk failed in between.

use crate::support::{
    Concat, ERASED, Opened, delete, entity, open_on, open_with, options, put, record, state,
};
use laurel_store::{CheckpointError, Disk, FolderDisk, IndexId, Lsn, MemoryDisk, Store, verify};
use std::sync::Arc;

const SECRET: &[u8] = b"her-name-is-Anna-Karenina";

fn holders(disk: &MemoryDisk) -> Vec<String> {
    let holds =
        |name: &String| disk.contents(name).unwrap().windows(SECRET.len()).any(|window| window == SECRET);
    disk.names().into_iter().filter(holds).collect()
}

/// Two entities, one of which is told a secret; in the tables, their free pages and the journal.
fn told(disk: &MemoryDisk) -> Opened {
    let opened = open_with(options(), disk).unwrap();
    for i in 0..30 {
        assert!(opened.write(record(2, format!("plain-{i}").as_bytes(), i)));
    }
    for i in 30..40 {
        let mut told = record(1, SECRET, i);
        told.index = vec![put(1, b"by-name", SECRET)];
        assert!(opened.write(told));
        if i % 4 == 0 {
            opened.store.checkpoint().unwrap();
        }
    }
    assert!(holders(disk).len() > 1, "tables and journal hold it");
    opened
}

fn erase(opened: &Opened) {
    let mut erased = record(1, ERASED, 40);
    erased.index = vec![delete(1, b"by-name")];
    assert!(opened.write(erased));
}

fn check_rest(opened: &Opened) {
    assert_eq!(state(&*opened.store, 1), None);
    assert_eq!(opened.store.get(IndexId(1), b"by-name").unwrap(), None);
    let plain: String = (0..30).map(|i| format!("plain-{i},")).collect();
    assert_eq!(state(&*opened.store, 2).unwrap(), plain.as_bytes());
    assert_eq!(opened.store.history(entity(2), Lsn::ZERO, 100).unwrap().len(), 30);
}

fn check_verifies(disk: &MemoryDisk) {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    assert_eq!(verify(&options(), &disk, &Concat).unwrap().findings, []);
}

#[test]
fn an_erased_entity_is_in_no_file_after_a_checkpoint() {
    let disk = MemoryDisk::new();
    let opened = told(&disk);
    erase(&opened);
    let report = opened.store.checkpoint().unwrap();
    assert_eq!((report.erased, report.removed), (1, 1));
    assert_eq!(holders(&disk), [] as [String; 0]);
    check_rest(&opened);
    // Nothing is owed: the next one is an ordinary one, and appends go on.
    assert!(opened.write(record(2, b"after", 41)));
    assert_eq!(opened.store.checkpoint().unwrap().erased, 0);
    opened.store.close().unwrap();
    check_verifies(&disk);
    assert_eq!(holders(&disk), [] as [String; 0]);
}

#[test]
fn what_was_before_a_restatement_is_in_no_file_after_a_checkpoint() {
    let disk = MemoryDisk::new();
    let opened = told(&disk);
    let mut restated = record(1, b"only:a member", 40);
    restated.index = vec![delete(1, b"by-name")];
    assert!(opened.write(restated));
    assert!(opened.write(record(1, b"later", 41)));
    assert_eq!(opened.store.checkpoint().unwrap().erased, 1);
    assert_eq!(holders(&disk), [] as [String; 0]);
    assert_eq!(state(&*opened.store, 1).unwrap(), b"a member,later,");
    assert_eq!(opened.store.history(entity(1), Lsn::ZERO, 100).unwrap().len(), 2);
    opened.store.close().unwrap();
    check_verifies(&disk);
}

#[test]
fn it_is_gone_also_after_a_power_cut_at_any_step_between() {
    let probe = MemoryDisk::new();
    let opened = told(&probe);
    let before = probe.operations();
    erase(&opened);
    opened.store.checkpoint().unwrap();
    let after = probe.operations();
    opened.store.close().unwrap();
    for number in before + 1..=after + 2 {
        let disk = MemoryDisk::new();
        let opened = told(&disk);
        disk.power_off_at(number);
        let mut erased = record(1, ERASED, 40);
        erased.index = vec![delete(1, b"by-name")];
        let is_durable = opened.write(erased);
        drop(opened.store.checkpoint());
        opened.store.close().unwrap();
        drop(opened);
        let disk = disk.crash();
        let again = open_on(&disk);
        assert!(!is_durable || state(&*again.store, 1).is_none(), "operation {number}");
        if state(&*again.store, 1).is_some() {
            erase(&again);
        }
        again.store.checkpoint().unwrap();
        assert_eq!(holders(&disk), [] as [String; 0], "operation {number}");
        check_rest(&again);
        again.store.close().unwrap();
        check_verifies(&disk);
    }
}

#[test]
fn it_is_gone_also_when_a_step_failed_and_the_store_went_on() {
    let probe = MemoryDisk::new();
    let opened = told(&probe);
    erase(&opened);
    let before = probe.operations();
    opened.store.checkpoint().unwrap();
    let after = probe.operations();
    opened.store.close().unwrap();
    let mut failed = 0;
    for number in before + 1..=after {
        let disk = MemoryDisk::new();
        let opened = told(&disk);
        erase(&opened);
        disk.fail_operation(number);
        failed += u32::from(opened.store.checkpoint().is_err());
        opened.store.checkpoint().unwrap();
        assert_eq!(holders(&disk), [] as [String; 0], "operation {number}");
        check_rest(&opened);
        opened.store.close().unwrap();
        check_verifies(&disk);
    }
    assert!(failed > 5, "the steps must reach those of the erasure, {failed} did");
}

#[test]
fn a_full_disk_leaves_it_owed() {
    let disk = MemoryDisk::new();
    let opened = told(&disk);
    erase(&opened);
    disk.set_full(true);
    let error = opened.store.checkpoint().unwrap_err();
    assert!(!matches!(error, CheckpointError::Closed), "{error}");
    disk.set_full(false);
    opened.store.checkpoint().unwrap();
    assert_eq!(holders(&disk), [] as [String; 0]);
    check_rest(&opened);
}

#[test]
fn readers_go_on_while_the_tables_are_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open_on(&FolderDisk::new(folder.path()).unwrap());
    for i in 0..200 {
        assert!(opened.write(record(2, format!("plain-{i}").as_bytes(), i)));
    }
    let store = &*opened.store;
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            for _ in 0..2000 {
                assert!(state(store, 2).is_some_and(|seen| seen.starts_with(b"plain-0,plain-1,")));
            }
        });
        for i in 0..5 {
            assert!(opened.write(record(1, SECRET, 200 + 2 * i)));
            assert!(opened.write(record(1, ERASED, 201 + 2 * i)));
            assert_eq!(store.checkpoint().unwrap().erased, 1);
        }
        reader.join().unwrap();
    });
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET));
    }
}
