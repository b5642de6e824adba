//! The target fails, at every operation there is; and power is cut at each. The store notices nothing.

use super::{back_up, check_restored, check_unharmed, filled};
use crate::support::{open_with, options};
use laurel_store::backup::{BackupError, restore};
use laurel_store::{MemoryDisk, Store};

const APPENDS: u64 = 30;

fn operations() -> u64 {
    let (disk, target) = (MemoryDisk::new(), MemoryDisk::new());
    back_up(&filled(&disk, APPENDS), &target).unwrap();
    assert!(target.operations() > 30, "{}", target.operations());
    target.operations()
}

/// A folder that holds a part of a backup is neither restored from nor opened.
fn check_recognisable(target: &MemoryDisk, what: &str) {
    assert!(restore(target, &MemoryDisk::new()).is_err(), "{what}");
    assert!(target.names().is_empty() || open_with(options(), target).is_err(), "{what}");
}

#[test]
fn one_failed_operation_at_every_place_leaves_nothing_behind() {
    let disk = MemoryDisk::new();
    let opened = filled(&disk, APPENDS);
    for number in 1..=operations() {
        let target = MemoryDisk::new();
        target.fail_operation(number);
        let error = back_up(&opened, &target).unwrap_err();
        assert!(
            matches!(error, BackupError::Write { .. } | BackupError::WriteTables(_)),
            "{number}: {error}"
        );
        assert_eq!(target.names(), [] as [&str; 0], "operation {number}");
    }
    let target = MemoryDisk::new();
    back_up(&opened, &target).unwrap();
    check_restored(&target, APPENDS);
    check_unharmed(&opened, &disk, APPENDS);
}

#[test]
fn a_power_cut_at_every_operation_leaves_no_backup_or_a_whole_one() {
    let disk = MemoryDisk::new();
    let opened = filled(&disk, APPENDS);
    for number in 1..=operations() + 1 {
        let target = MemoryDisk::new();
        target.power_off_at(number);
        let made = back_up(&opened, &target);
        let left = [target.crash(), target.crash_torn(number), target.copy()];
        if made.is_ok() {
            assert!(number > 1);
            left.iter().for_each(|left| check_restored(left, APPENDS));
        } else {
            left.iter().for_each(|left| check_recognisable(left, &format!("cut at {number}")));
        }
    }
    check_unharmed(&opened, &disk, APPENDS);
}

#[test]
fn a_full_or_used_target_is_an_error_that_says_so() {
    let disk = MemoryDisk::new();
    let opened = filled(&disk, APPENDS);
    let target = MemoryDisk::new();
    target.set_full(true);
    assert!(matches!(back_up(&opened, &target), Err(BackupError::Write { .. })));
    target.set_full(false);
    target.put("holiday.jpg", vec![1]);
    let error = back_up(&opened, &target).unwrap_err();
    assert!(matches!(&error, BackupError::NotEmpty { found, .. } if found == "holiday.jpg"), "{error}");
    assert_eq!(target.names(), ["holiday.jpg"]);
    assert!(back_up(&opened, &disk).is_err(), "onto itself");
    check_unharmed(&opened, &disk, APPENDS);
    opened.store.close().unwrap();
}
