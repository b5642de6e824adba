//! What happens to a store while a backup of it is being made.

use super::watched::{Operation, Watched};
use super::{back_up, check_restored, check_unharmed, filled, order};
use crate::support::{ERASED, Opened, open_on, open_with, options, record, scripted};
use laurel_store::backup::{BackupError, restore};
use laurel_store::{MemoryDisk, Options, RedbStore, Store};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_backup_is_the_store_as_of_its_position() {
    let disk = MemoryDisk::new();
    let opened = filled(&disk, 60);
    let target = MemoryDisk::new();
    let report = back_up(&opened, &target).unwrap();
    assert_eq!(report.manifest.lsn, 60);
    assert_eq!(report.manifest.made_by, "the tests");
    assert!(report.rows > 20, "{report:?}");
    let files: Vec<String> = report.manifest.files.iter().map(|file| file.name.clone()).collect();
    let mut names = target.names();
    names.retain(|name| name != "backup.json");
    let mut listed = files.clone();
    listed.sort();
    assert_eq!(listed, names);
    assert!(files.iter().filter(|name| name.starts_with("journal-")).count() > 1, "{files:?}");
    check_restored(&target, 60);
    check_unharmed(&opened, &disk, 60);
}

#[test]
fn a_backup_of_a_store_without_a_record_or_right_after_a_checkpoint_is_whole() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    let target = MemoryDisk::new();
    back_up(&opened, &target).unwrap();
    check_restored(&target, 0);
    assert!(opened.write(scripted(0)));
    opened.store.checkpoint().unwrap();
    for _ in 0..2 {
        let target = MemoryDisk::new();
        assert_eq!(back_up(&opened, &target).unwrap().manifest.files.len(), 3, "tenant, journal, tables");
        check_restored(&target, 1);
    }
}

/// The store as its users have it while the backup runs.
struct User {
    opened: Opened,
    disk: MemoryDisk,
    /// Scripted appends that are durable.
    done: AtomicU64,
    attempts: AtomicU64,
}

impl User {
    fn new(disk: &MemoryDisk, appends: u64) -> Arc<Self> {
        let opened = filled(disk, appends);
        Arc::new(Self {
            opened,
            disk: disk.clone(),
            done: AtomicU64::new(appends),
            attempts: AtomicU64::new(1_000_000),
        })
    }

    fn append(&self) {
        let done = self.done.load(Ordering::SeqCst);
        let mut append = scripted(done);
        append.companion = self.attempts.fetch_add(1, Ordering::SeqCst);
        if self.opened.write(append) {
            self.done.store(done + 1, Ordering::SeqCst);
        }
    }

    /// An append whose commit fails, or that is durable all the same if the failed sync was another one.
    fn fail(&self) {
        self.disk.fail_sync(self.disk.syncs() + 1);
        self.append();
    }

    fn act(&self, choice: u64) {
        match choice % 5 {
            0 | 1 => self.append(),
            2 => self.fail(),
            3 => drop(self.opened.store.checkpoint()),
            _ => (0..13).for_each(|_| self.append()),
        }
    }
}

#[test]
fn it_is_of_its_position_whatever_happens_at_any_step_of_it() {
    let mut made = 0;
    for seed in 0..12 {
        let disk = MemoryDisk::new();
        let user = User::new(&disk, 20 + seed);
        if seed % 2 == 0 {
            user.fail();
        }
        let before = user.done.load(Ordering::SeqCst);
        let (target, at_work) = (MemoryDisk::new(), Arc::clone(&user));
        let watched = Watched::new(&target, move |number, operation| {
            // The first file is written before the cut.
            if matches!(operation, Operation::Change(name) if name != "tenant.json") && number % 3 == seed % 3
            {
                at_work.act(number / 3 + seed);
            }
            Ok(())
        });
        match back_up(&user.opened, &watched) {
            Ok(report) => {
                assert!(report.manifest.lsn >= before, "{seed}");
                made += 1;
                check_restored(&target, report.manifest.lsn);
            }
            // A failed sync of the state file has it opened again: the backup is given up.
            Err(BackupError::Interrupted | BackupError::Begin(_)) => {
                assert_eq!(target.names(), [] as [&str; 0])
            }
            Err(error) => panic!("{seed}: {error}"),
        }
        assert!(user.done.load(Ordering::SeqCst) > before + 5, "{seed}: the store was used meanwhile");
        user.opened.store.checkpoint().unwrap();
        check_unharmed(&user.opened, &disk, user.done.load(Ordering::SeqCst));
    }
    assert!(made > 9, "{made} of 12");
}

/// A model shows ten thousand rows of an index at most.
const SHOWN_MAX: u64 = 10_000;

/// Ends what goes on beside the test, also when the test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn many_threads_and_one_backup_after_the_other() {
    let disk = MemoryDisk::new();
    let user = User::new(&disk, 30);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let (user, ended) = (&user, &ended);
        let _ends = Ends(ended);
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                if user.done.load(Ordering::SeqCst) < SHOWN_MAX {
                    user.append();
                } else {
                    thread::yield_now();
                }
            }
        });
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                user.opened.store.checkpoint().unwrap();
            }
        });
        for _ in 0..12 {
            let before = user.done.load(Ordering::SeqCst);
            let target = MemoryDisk::new();
            let report = back_up(&user.opened, &target).unwrap();
            assert!(report.manifest.lsn >= before, "{} and {before}", report.manifest.lsn);
            check_restored(&target, report.manifest.lsn);
        }
    });
    check_unharmed(&user.opened, &disk, user.done.load(Ordering::SeqCst));
}

const SECRET: &[u8] = b"her-name-is-Anna-Karenina";

fn holders(disk: &MemoryDisk) -> usize {
    let holds = |name: &String| disk.contents(name).unwrap().windows(SECRET.len()).any(|part| part == SECRET);
    disk.names().iter().filter(|name| holds(name)).count()
}

/// A backup during which somebody is erased and a checkpoint is made; answers what that checkpoint said.
fn erased_meanwhile(opened: &Arc<Opened>, target: &MemoryDisk) -> (u64, bool) {
    assert!(opened.write(record(9, SECRET, 1000)));
    opened.store.checkpoint().unwrap();
    let seen = Arc::new(Mutex::new(None));
    let (at_work, noted) = (Arc::clone(opened), Arc::clone(&seen));
    let watched = Watched::new(target, move |_, operation| {
        let mut noted = noted.lock().unwrap();
        if matches!(operation, Operation::Change(name) if name.starts_with("state.redb")) && noted.is_none() {
            assert!(at_work.write(record(9, ERASED, 1001)));
            for (bytes, companion) in [(SECRET, 1002), (ERASED, 1003)] {
                assert!(at_work.write(record(8, bytes, companion)));
            }
            let report = at_work.store.checkpoint().unwrap();
            assert!(at_work.write(record(8, b"somebody else", 1004)));
            *noted = Some((report.erased, report.owes_erasure));
        }
        Ok(())
    });
    back_up(opened, &watched).unwrap();
    let seen = seen.lock().unwrap().take();
    seen.unwrap()
}

#[test]
fn what_is_erased_meanwhile_is_in_no_file_when_the_backup_is_through() {
    let disk = MemoryDisk::new();
    let (opened, target) = (Arc::new(filled(&disk, 20)), MemoryDisk::new());
    let said = erased_meanwhile(&opened, &target);
    assert_eq!(said, (2, true), "the checkpoint does not wait, and says what it owes");
    assert!(holders(&disk) > 0, "the tables that the backup read are still there");
    assert!(!opened.store.checkpoint().unwrap().owes_erasure);
    assert_eq!(holders(&disk), 0);
    // The backup is of the moment before: whoever restores it has to erase again.
    assert!(holders(&target) > 0);
}

#[test]
fn the_end_of_a_backup_has_the_erasure_finished() {
    let disk = MemoryDisk::new();
    let background = Options { background_checkpoints: true, ..options() };
    let opened = Arc::new(open_with(background, &disk).unwrap());
    assert_eq!(erased_meanwhile(&opened, &MemoryDisk::new()), (2, true));
    let deadline = Instant::now() + Duration::from_secs(20);
    while holders(&disk) > 0 {
        assert!(Instant::now() < deadline, "nobody finishes it");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_erasure_that_is_owed_at_the_cut_is_finished_by_the_first_checkpoint_of_the_copy() {
    let disk = MemoryDisk::new();
    let opened = Arc::new(filled(&disk, 20));
    erased_meanwhile(&opened, &MemoryDisk::new());
    let (target, copy) = (MemoryDisk::new(), MemoryDisk::new());
    back_up(&opened, &target).unwrap();
    assert!(holders(&target) > 0, "the journal beside the tables holds it");
    restore(&target, &copy).unwrap();
    open_on(&copy).store.checkpoint().unwrap();
    assert_eq!(holders(&copy), 0);
}

#[test]
fn a_second_one_is_refused_while_one_is_made() {
    let disk = MemoryDisk::new();
    let opened = Arc::new(filled(&disk, 10));
    let (target, second) = (MemoryDisk::new(), MemoryDisk::new());
    let (at_work, other) = (Arc::clone(&opened), second.clone());
    let watched = Watched::new(&target, move |_, _| {
        assert!(matches!(at_work.store.backup(&order(&other)), Err(BackupError::Running)));
        Ok(())
    });
    back_up(&opened, &watched).unwrap();
    assert_eq!(second.names(), [] as [&str; 0]);
    back_up(&opened, &second).unwrap();
}

#[test]
fn closing_the_store_does_not_wait_for_the_backup() {
    let disk = MemoryDisk::new();
    let opened = Arc::new(filled(&disk, 40));
    let (target, at_work) = (MemoryDisk::new(), Arc::clone(&opened));
    let closer = Arc::new(Mutex::new(None));
    let closing = Arc::clone(&closer);
    let watched = Watched::new(&target, move |_, operation| {
        let mut closing = closing.lock().unwrap();
        if matches!(operation, Operation::Change(name) if name.starts_with("journal-")) && closing.is_none() {
            let store = Arc::clone(&at_work.store);
            *closing = Some(thread::spawn(move || store.close()));
            while at_work.store.get(laurel_store::IndexId(1), b"x").is_ok() {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    });
    let error = back_up(&opened, &watched).unwrap_err();
    assert!(matches!(error, BackupError::Interrupted), "{error}");
    closer.lock().unwrap().take().unwrap().join().unwrap().unwrap();
    assert_eq!(target.names(), [] as [&str; 0], "nothing is left of it");
    assert!(matches!(back_up(&opened, &MemoryDisk::new()), Err(BackupError::Interrupted)));
    assert_eq!(open_on(&disk.copy()).recovered.durable.get(), 40);
}

#[test]
fn two_checkpoints_that_remove_segments_at_once_leave_those_that_are_needed() {
    let disk = MemoryDisk::new();
    let (store, busy) = (Arc::new(OnceLock::<Arc<RedbStore<u64>>>::new()), Arc::new(AtomicBool::new(false)));
    let (inner, begun) = (Arc::clone(&store), Arc::clone(&busy));
    let watched = Watched::new(&disk, move |_, operation| {
        // The first segment is changed by nobody but who removes it.
        if operation == Operation::Change("journal-0000000000000001.log")
            && let Some(store) = inner.get()
            && !begun.swap(true, Ordering::SeqCst)
        {
            store.checkpoint().unwrap();
        }
        Ok(())
    });
    let opened = open_with(options(), &watched).unwrap();
    // None of these erases anything: then segments are removed in the checkpoint's turn, and another waits for it.
    for i in 0..5 {
        assert!(opened.write(scripted(i)));
    }
    // A backup begins the next segment.
    back_up(&opened, &MemoryDisk::new()).unwrap();
    assert!(store.set(Arc::clone(&opened.store)).is_ok());
    opened.store.checkpoint().unwrap();
    assert!(busy.load(Ordering::SeqCst), "there was a segment to remove");
    assert!(opened.write(scripted(5)));
    let target = MemoryDisk::new();
    back_up(&opened, &target).unwrap();
    check_restored(&target, 6);
}
