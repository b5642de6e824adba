//! The way back, with everything that can be wrong on it.

use super::{back_up, check_restored, filled};
use crate::support::{Model, open_on, open_with, options, pending};
use laurel_store::backup::{RestoreError, restore};
use laurel_store::{Disk, FolderDisk, MemoryDisk, OpenError, Store};

const APPENDS: u64 = 40;

fn backup() -> MemoryDisk {
    let (disk, target) = (MemoryDisk::new(), MemoryDisk::new());
    back_up(&filled(&disk, APPENDS), &target).unwrap();
    target
}

#[test]
fn no_store_is_opened_in_a_backup() {
    let backup = backup();
    let before = backup.contents("state.redb").unwrap();
    let error = open_with(options(), &backup).map(|_| ()).unwrap_err();
    assert!(
        matches!(&error, OpenError::Backup { .. }) && error.to_string().contains("restore it"),
        "{error}"
    );
    assert_eq!(backup.contents("state.redb").unwrap(), before);
    check_restored(&backup, APPENDS);
}

#[test]
fn a_power_cut_at_every_operation_leaves_no_folder_that_opens_or_a_whole_one() {
    let backup = backup();
    let whole = MemoryDisk::new();
    restore(&backup, &whole).unwrap();
    let operations = whole.operations();
    for number in 1..=operations + 1 {
        let disk = MemoryDisk::new();
        disk.power_off_at(number);
        let restored = restore(&backup, &disk);
        assert_eq!(restored.is_ok(), number > operations, "{number} of {operations}");
        for left in [disk.crash(), disk.crash_torn(number), disk.copy()] {
            match open_with(options(), &left) {
                Ok(opened) if opened.recovered.durable.get() == 0 => assert_eq!(number, 1, "an empty folder"),
                Ok(opened) => {
                    assert!(number > operations, "{number}");
                    let shown = Model::shown(&*opened.store, pending(&opened.recovered));
                    assert_eq!(shown, Model::of(APPENDS));
                }
                Err(error) => assert!(matches!(error, OpenError::Backup { .. }), "{number}: {error}"),
            }
        }
    }
}

#[test]
fn a_failed_operation_leaves_the_folder_empty() {
    let backup = backup();
    let whole = MemoryDisk::new();
    restore(&backup, &whole).unwrap();
    for number in 1..=whole.operations() {
        let disk = MemoryDisk::new();
        disk.fail_operation(number);
        let error = restore(&backup, &disk).unwrap_err();
        assert!(matches!(error, RestoreError::Write { .. }), "{number}: {error}");
        assert_eq!(disk.names(), [] as [&str; 0], "operation {number}");
        restore(&backup, &disk).unwrap();
    }
}

#[test]
fn no_changed_byte_and_no_missing_file_is_restored() {
    let backup = backup();
    for name in backup.names() {
        let whole = backup.contents(&name).unwrap();
        let step = (whole.len() / 7).max(1);
        for at in (0..whole.len()).step_by(step) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            let disk = MemoryDisk::new();
            let error = restore(&backup.copy_with(&name, bytes), &disk).unwrap_err();
            assert!(
                matches!(&error, RestoreError::Damaged { file, .. } if *file == name)
                    || matches!(error, RestoreError::Format { .. }),
                "{name}, byte {at}: {error}"
            );
            assert_eq!(disk.names(), [] as [&str; 0]);
        }
        // Of the manifest, the end of the last line does not matter.
        for bytes in [whole[..whole.len() - 2].to_vec(), [&whole[..], b"x"].concat()] {
            let error = restore(&backup.copy_with(&name, bytes), &MemoryDisk::new()).unwrap_err();
            assert!(matches!(error, RestoreError::Damaged { .. }), "{name}: {error}");
        }
        let missing = backup.copy();
        missing.remove(&name).unwrap();
        let error = restore(&missing, &MemoryDisk::new()).unwrap_err();
        match name.as_str() {
            "backup.json" => assert!(matches!(error, RestoreError::NoBackup { .. }), "{error}"),
            _ => assert!(matches!(&error, RestoreError::Read { file, .. } if *file == name), "{error}"),
        }
    }
}

#[test]
fn a_folder_in_use_or_with_something_in_it_is_left_alone() {
    let backup = backup();
    let running = MemoryDisk::new();
    let opened = open_on(&running);
    let names = running.names();
    let error = restore(&backup, &running).unwrap_err();
    assert!(matches!(error, RestoreError::NotEmpty { .. }), "{error}");
    opened.store.close().unwrap();
    assert!(matches!(restore(&backup, &running), Err(RestoreError::NotEmpty { .. })));
    assert_eq!(running.names(), names);
    let empty = MemoryDisk::new();
    let owned = empty.lock().unwrap();
    let error = restore(&backup, &empty).unwrap_err();
    assert!(matches!(error, RestoreError::Target(OpenError::Locked { .. })), "{error}");
    drop(owned);
    restore(&backup, &empty).unwrap();
}

#[test]
fn it_goes_from_folder_to_folder() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let [data, target, copy] = [0, 1, 2].map(|at| FolderDisk::new(folders[at].path()).unwrap());
    let opened = open_on(&data);
    for i in 0..APPENDS {
        assert!(opened.write(crate::support::scripted(i)));
    }
    back_up(&opened, &target).unwrap();
    restore(&target, &copy).unwrap();
    let restored = open_on(&copy);
    assert_eq!(Model::shown(&*restored.store, pending(&restored.recovered)), Model::of(APPENDS));
    let error = restore(&target, &data).unwrap_err();
    assert!(matches!(error, RestoreError::Target(OpenError::Locked { .. })), "{error}");
}
