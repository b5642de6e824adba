//! Opening what cannot be opened: each with its own answer, which names the file.

use crate::state_file;
use crate::support::{Concat, open_on, open_with, options, record, state};
use laurel_store::{
    CloseError, CommitFailure, Committed, Epoch, FolderDisk, Listener, MemoryDisk, OpenError, RedbStore,
    Store, open,
};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

#[test]
fn a_second_owner_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FolderDisk::new(folder.path()).unwrap();
    let first = open_on(&disk);
    let error = open_with(options(), &FolderDisk::new(folder.path()).unwrap()).err().unwrap();
    assert!(matches!(&error, OpenError::Locked { place } if place.contains(folder.path().to_str().unwrap())));
    drop(first);
    open_on(&disk);
    let memory = MemoryDisk::new();
    let first = open_on(&memory);
    assert!(matches!(open_with(options(), &memory), Err(OpenError::Locked { .. })));
    drop(first);
    open_on(&memory);
}

/// A listener that owns the store it listens to, and closes it from the inside.
struct Closer(Mutex<Option<Arc<RedbStore<u64>>>>, mpsc::Sender<Result<(), CloseError>>);

impl Listener<u64> for Closer {
    fn committed(&self, _: Committed<u64>) {
        if let Some(store) = self.0.lock().unwrap().take() {
            self.1.send(store.close()).unwrap();
        }
    }

    fn failed(&self, _: Epoch, _: Vec<u64>, cause: CommitFailure) {
        panic!("{cause}");
    }
}

#[test]
fn closing_from_the_listener_is_refused_and_locks_nobody_out() {
    let disk = MemoryDisk::new();
    let (send, receive) = mpsc::channel();
    let listener = Arc::new(Closer(Mutex::new(None), send));
    let (store, _) = open(options(), Arc::new(disk.clone()), Arc::new(Concat), listener.clone()).unwrap();
    *listener.0.lock().unwrap() = Some(store.clone());
    store.append(Epoch::FIRST, record(1, b"x", 1)).unwrap();
    // The listener may hold the last handle by then; the files must be let go all the same.
    drop(store);
    let answer = receive.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(answer, Err(CloseError::FromListener));
    let deadline = Instant::now() + Duration::from_secs(10);
    let opened = loop {
        match open_with(options(), &disk) {
            Ok(opened) => break opened,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(state(&*opened.store, 1).unwrap(), b"x,");
}

#[test]
fn a_read_only_disk_and_a_full_one_say_so() {
    let disk = MemoryDisk::new();
    disk.set_read_only(true);
    assert!(matches!(open_with(options(), &disk), Err(OpenError::ReadOnly { .. })));
    let disk = MemoryDisk::new();
    disk.set_full(true);
    assert!(matches!(open_with(options(), &disk), Err(OpenError::DiskFull { .. })));
    disk.set_full(false);
    open_on(&disk);
}

#[test]
fn missing_files_are_noticed() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    for i in 0..100 {
        assert!(opened.write(record(1, &[1; 100], i)));
    }
    opened.store.close().unwrap();
    let names = disk.names();
    assert!(names.len() > 4, "{names:?}");
    for missing in &names {
        let without = MemoryDisk::new();
        names.iter().filter(|name| *name != missing).for_each(|name| {
            without.put(name, disk.contents(name).unwrap());
        });
        let is_note = missing == "journal-reached";
        match open_with(options(), &without) {
            Err(OpenError::Damaged { .. }) if !is_note => {}
            // Without it, losing the last segment would not be seen before a checkpoint.
            Ok(_) if is_note => {}
            Ok(_) => panic!("opened without {missing}"),
            Err(other) => panic!("{missing}: {other}"),
        }
    }
    let without_journal = MemoryDisk::new();
    without_journal.put("state.redb", disk.contents("state.redb").unwrap());
    assert!(matches!(open_with(options(), &without_journal), Err(OpenError::Damaged { .. })));
}

#[test]
fn files_that_are_no_database_or_empty_are_damaged_and_named() {
    for content in [Vec::new(), b"not a database".to_vec(), vec![0; 100_000]] {
        for name in ["state.redb", "journal-0000000000000001.log"] {
            let disk = MemoryDisk::new();
            open_on(&disk).store.close().unwrap();
            disk.put(name, content.clone());
            let error = open_with(options(), &disk).err().unwrap();
            assert!(
                matches!(&error, OpenError::Damaged { file, .. } | OpenError::Unreadable { file, .. } if file == name),
                "{error}"
            );
        }
    }
}

#[test]
fn a_bare_database_is_of_the_format_before_and_not_damaged() {
    let disk = MemoryDisk::new();
    open_on(&disk).store.close().unwrap();
    let file = disk.contents("state.redb").unwrap();
    let found = |bytes: Vec<u8>| open_with(options(), &disk.copy_with("state.redb", bytes)).err().unwrap();
    let bare = found(state_file::database(&file));
    assert!(
        matches!(&bare, OpenError::Version { file, found: 2, supported: 3 } if file == "state.redb"),
        "{bare}"
    );
    // Nor is a file of this format one of that, when its first two pages are exchanged.
    let mut exchanged = file;
    let (first, second) = exchanged.split_at_mut(state_file::PAGE);
    first.swap_with_slice(&mut second[..state_file::PAGE]);
    assert!(matches!(found(exchanged), OpenError::Damaged { .. }));
}

#[test]
fn files_of_two_stores_do_not_mix() {
    let (one, other) = (MemoryDisk::new(), MemoryDisk::new());
    open_on(&one).store.close().unwrap();
    open_on(&other).store.close().unwrap();
    one.put("state.redb", other.contents("state.redb").unwrap());
    assert!(
        matches!(open_with(options(), &one), Err(OpenError::Damaged { what, .. }) if what.contains("another store"))
    );
}

#[test]
fn an_older_copy_of_a_file_is_noticed() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    assert!(opened.write(record(1, b"a", 1)));
    opened.store.close().unwrap();
    let name = "journal-0000000000000001.log";
    let old = disk.contents(name).unwrap();
    let opened = open_on(&disk);
    assert!(opened.write(record(1, b"b", 2)));
    opened.store.checkpoint().unwrap();
    opened.store.close().unwrap();
    disk.put(name, old);
    let error = open_with(options(), &disk).err().unwrap();
    assert!(matches!(&error, OpenError::Damaged { file, frame: Some(2), .. } if file == name), "{error}");
}
