//! Segments that were laid out before they are needed.

use crate::support::{Opened, open_on, open_with, options, record, state};
use laurel_store::{MemoryDisk, Options, Store};
use std::time::{Duration, Instant};

const SPARE: &str = "journal-spare.new";
const BYTES: u64 = 20_000;

fn in_advance() -> Options {
    Options { segment_bytes: BYTES, segments_in_advance: true, ..options() }
}

fn length(disk: &MemoryDisk, name: &str) -> u64 {
    disk.contents(name).map_or(0, |bytes| u64::try_from(bytes.len()).unwrap())
}

/// Writes one frame after the other until there are so many segments, and waits for the spare one after each of them.
fn fill(opened: &Opened, disk: &MemoryDisk, segments: u64) -> u64 {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut written = 0;
    let mut had = opened.store.stats().segments;
    while had < segments {
        assert!(opened.write(record(1, b"0123456789", written)));
        written += 1;
        if opened.store.stats().segments > had {
            had = opened.store.stats().segments;
            while length(disk, SPARE) < BYTES {
                assert!(Instant::now() < deadline, "a segment is laid out");
                std::thread::sleep(Duration::from_millis(1));
            }
            // Its last sync has returned when the thread has ended.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    written
}

#[test]
fn frames_go_into_segments_that_are_there_already_and_nothing_is_lost() {
    let disk = MemoryDisk::new();
    let opened = open_with(in_advance(), &disk).unwrap();
    let written = fill(&opened, &disk, 5);
    let expected = b"0123456789,".repeat(usize::try_from(written).unwrap());
    let last = disk.names().into_iter().rfind(|name| name.starts_with("journal-0")).unwrap();
    assert!(length(&disk, &last) >= BYTES, "the newest segment was laid out: {}", length(&disk, &last));
    for torn in [disk.crash(), disk.crash_torn(7), disk.copy()] {
        let again = open_on(&torn);
        assert!(state(&*again.store, 1).unwrap() == expected, "every frame is there");
        assert!(!torn.names().iter().any(|name| name == SPARE), "what was not used is deleted");
        assert!(again.write(record(1, b"more", written)), "it goes on behind the last frame");
        again.store.close().unwrap();
        assert!(state(&*open_on(&torn).store, 1).unwrap().ends_with(b"9,more,"));
    }
    opened.store.close().unwrap();
    assert!(!disk.names().iter().any(|name| name == SPARE), "closing takes it away");
}

#[test]
fn after_a_failed_commit_it_goes_on_in_one_of_them() {
    let disk = MemoryDisk::new();
    let opened = open_with(in_advance(), &disk).unwrap();
    let written = fill(&opened, &disk, 3);
    disk.set_full(true);
    assert!(!opened.write(record(1, b"lost", written)), "there is no room for a frame");
    disk.set_full(false);
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut tries = written + 1;
    while !opened.write(record(1, b"kept", tries)) {
        assert!(Instant::now() < deadline, "it goes on when there is room");
        tries += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    opened.store.close().unwrap();
    let again = open_on(&disk);
    assert!(state(&*again.store, 1).unwrap().ends_with(b"9,kept,"));
}
