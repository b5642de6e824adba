//! Flipped bits and changed rows are found, never shown as data.

use crate::segment_file::{self, FIRST, SECTOR};
use crate::state_file;
use crate::support::{Concat, Model, entity, open_on, open_with, options, pending, record, scripted, state};
use laurel_store::{
    Disk, FolderDisk, IndexId, Lsn, MemoryDisk, OpenError, Options, PageCheck, ReadError, Store, Table,
    verify,
};
use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::{fs, path::Path};

type FrameChange = fn(&mut Vec<(u64, Vec<u8>)>);
type Rows<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

/// Changes the value of the first row of a table of `state.redb`.
fn change_first(folder: &Path, table: &str, change: impl Fn(&mut Vec<u8>)) {
    in_database(folder, |transaction| {
        let mut table = transaction.open_table(Rows::new(table)).unwrap();
        let (key, mut value) = {
            let (key, value) = table.first().unwrap().unwrap();
            (key.value().to_vec(), value.value().to_vec())
        };
        change(&mut value);
        table.insert(&key[..], &value[..]).unwrap();
    });
}

/// Changes the database in `state.redb` as somebody would who knows how its pages are summed.
fn in_database(folder: &Path, change: impl FnOnce(&WriteTransaction)) {
    let (file, bare) = (folder.join("state.redb"), folder.join("bare.new"));
    fs::write(&bare, state_file::database(&fs::read(&file).unwrap())).unwrap();
    let database = Database::open(&bare).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
    drop(database);
    fs::write(&file, state_file::file(&fs::read(&bare).unwrap())).unwrap();
}

fn filled(folder: &Path) -> FolderDisk {
    let disk = FolderDisk::new(folder).unwrap();
    let opened = open_on(&disk);
    for i in 0..3 {
        assert!(opened.write(scripted(i)));
    }
    opened.store.checkpoint().unwrap();
    opened.store.close().unwrap();
    disk
}

#[test]
fn every_bit_of_a_table_value_is_guarded() {
    let folder = tempfile::tempdir().unwrap();
    let disk = filled(folder.path());
    for table in ["snapshots", "history", "indexes"] {
        for bit in [0, 1, 5] {
            for end in [false, true] {
                let flip = |value: &mut Vec<u8>| {
                    let at = if end { value.len() - 1 } else { 0 };
                    value[at] ^= 1 << bit;
                };
                change_first(folder.path(), table, flip);
                let opened = open_on(&disk);
                let found = match table {
                    "snapshots" => opened.store.load(entity(0)).err(),
                    "history" => opened.store.history(entity(0), Lsn::ZERO, 9).err(),
                    _ => opened.store.get(IndexId(1), &[0]).err(),
                };
                assert!(
                    matches!(&found, Some(ReadError::Damaged { table: named, .. }) if named.to_string() == table),
                    "{table}: {found:?}"
                );
                // Its neighbours stay readable.
                assert_eq!(state(&*opened.store, 1).unwrap(), b"r1,");
                opened.store.close().unwrap();
                let shared: Arc<dyn Disk> = Arc::new(disk.clone());
                let report = verify(&options(), &shared, &Concat).unwrap();
                assert!(report.findings.iter().any(|finding| finding.place.starts_with(table)), "{report:?}");
                change_first(folder.path(), table, flip);
            }
        }
    }
    assert!(open_on(&disk).store.get(IndexId(1), &[0]).unwrap().is_some(), "all flips were taken back");
}

#[test]
fn damaged_pending_and_meta_rows_stop_the_opening() {
    let folder = tempfile::tempdir().unwrap();
    let disk = filled(folder.path());
    change_first(folder.path(), "pending", |value| value[20] ^= 1);
    let error = open_with(options(), &disk).err().unwrap();
    assert!(
        matches!(&error, OpenError::Damaged { file, what, .. } if file == "state.redb" && what.contains("pending")),
        "{error}"
    );
}

#[test]
fn a_value_under_another_key_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let disk = filled(folder.path());
    in_database(folder.path(), |transaction| {
        let mut table = transaction.open_table(Rows::new("snapshots")).unwrap();
        let other = table.get(&entity(1).encode()[..]).unwrap().unwrap().value().to_vec();
        table.insert(&entity(0).encode()[..], &other[..]).unwrap();
    });
    let error = open_on(&disk).store.load(entity(0)).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { table: Table::Snapshots, .. }));
}

#[test]
fn an_entity_whose_snapshot_is_missing_does_not_seem_new() {
    let folder = tempfile::tempdir().unwrap();
    let disk = filled(folder.path());
    in_database(folder.path(), |transaction| {
        transaction.open_table(Rows::new("snapshots")).unwrap().remove(&entity(0).encode()[..]).unwrap();
    });
    let opened = open_on(&disk);
    assert!(matches!(opened.store.load(entity(0)), Err(ReadError::Damaged { table: Table::Snapshots, .. })));
    assert_eq!(opened.store.load(entity(9)).unwrap().snapshot, None);
    opened.store.close().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let findings = verify(&options(), &disk, &Concat).unwrap().findings;
    assert!(matches!(&findings[..], [one] if one.place.starts_with("snapshots")), "{findings:?}");
}

/// Four records, each in a frame and a few sectors of its own.
fn four_frames(disk: &MemoryDisk) {
    let opened = open_on(disk);
    for i in 0..4 {
        assert!(opened.write(record(1, &[b'a' + u8::try_from(i).unwrap(); 1200], i)));
    }
    opened.store.close().unwrap();
}

fn frame_refused(disk: &MemoryDisk) -> (u64, String) {
    let error = open_with(options(), disk).err().expect("it must not open");
    let OpenError::Damaged { file, frame: Some(frame), what } = error else { panic!("{error}") };
    assert_eq!(file, FIRST);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let report = verify(&options(), &shared, &Concat).unwrap();
    assert_eq!(report.findings[0].place, format!("frame {frame}"));
    (frame, what)
}

/// Forged with sound sectors, so that only the frames themselves can tell.
#[test]
fn a_changed_swapped_or_missing_frame_is_named() {
    let changes: [(&str, u64, FrameChange); 5] = [
        ("flipped", 2, |frames| frames[1].1[60] ^= 4),
        ("swapped", 2, |frames| frames[1].1 = frames[2].1.clone()),
        ("missing", 2, |frames| drop(frames.remove(1))),
        ("missing but counted", 2, |frames| {
            frames.remove(1);
            (1..).zip(frames).for_each(|(number, frame)| frame.0 = number);
        }),
        ("short", 3, |frames| frames[2].1 = b"\x01short".to_vec()),
    ];
    for (what, number, change) in changes {
        let disk = MemoryDisk::new();
        four_frames(&disk);
        let segment = segment_file::read(&disk);
        let mut frames = segment_file::frames(&segment);
        change(&mut frames);
        segment_file::write(&disk, &segment_file::with_frames(&segment, &frames));
        assert_eq!(frame_refused(&disk).0, number, "{what}");
    }
}

/// Below the frames: what can happen to sectors of a file that was closed in order.
#[test]
fn a_changed_lost_or_misplaced_sector_is_named() {
    let sound = MemoryDisk::new();
    four_frames(&sound);
    let bytes = segment_file::read(&sound);
    let last = (1..bytes.len() / SECTOR).rfind(|at| bytes[at * SECTOR + 8] == 2).unwrap();
    assert!(last > 8, "{last}");
    for sector in 1..=last {
        let range = sector * SECTOR..(sector + 1) * SECTOR;
        let number = u64::from(bytes[range.start + 9]);
        let other = if sector == 1 { 2 } else { 1 };
        let with = |replacement: &[u8]| {
            let mut changed = bytes.clone();
            changed[range.clone()].copy_from_slice(replacement);
            sound.copy_with(FIRST, changed)
        };
        let mut flipped = bytes[range.clone()].to_vec();
        flipped[400] ^= 1;
        assert_eq!(frame_refused(&with(&flipped)).0, number, "a bit of sector {sector}");
        assert_eq!(frame_refused(&with(&[0; SECTOR])).0, number, "sector {sector} blank");
        let moved = &bytes[other * SECTOR..(other + 1) * SECTOR];
        assert_eq!(frame_refused(&with(moved)).0, number, "sector {other} in place of {sector}");
    }
    for page in 0..bytes.len().div_ceil(4096) {
        let mut changed = bytes.clone();
        let end = bytes.len().min((page + 1) * 4096);
        changed[page * 4096..end].fill(0);
        let disk = sound.copy_with(FIRST, changed.clone());
        let is_mark_alone = bytes[page * 4096 + 8] == 3;
        assert_eq!(open_with(options(), &disk).is_ok(), is_mark_alone, "page {page} blank");
    }
}

/// What a power cut leaves of a frame is not damage, in whatever order its sectors arrived.
#[test]
fn parts_of_the_frame_being_written_are_passed_over() {
    let sound = MemoryDisk::new();
    let opened = open_on(&sound);
    assert!(opened.write(record(1, b"kept", 1)));
    let killed = sound.copy();
    let start = segment_file::read(&killed).len();
    assert!(opened.write(record(1, &[b'x'; 1900], 2)));
    let whole = segment_file::read(&sound.copy());
    let sectors = (whole.len() - start) / SECTOR;
    assert!(sectors >= 4, "{sectors}");
    for arrived in 0..(1_u32 << sectors) - 1 {
        let mut torn = whole.clone();
        for sector in (0..sectors).filter(|sector| arrived >> sector & 1 == 0) {
            torn[start + sector * SECTOR..start + (sector + 1) * SECTOR].fill(0);
        }
        let disk = killed.copy_with(FIRST, torn);
        let opened = open_on(&disk);
        assert_eq!(state(&*opened.store, 1).unwrap(), b"kept,", "{arrived:b}");
        assert!(opened.write(record(1, b"next", 3)));
        drop(opened);
        assert_eq!(state(&*open_on(&disk.crash()).store, 1).unwrap(), b"kept,next,", "{arrived:b}");
    }
}

#[test]
fn an_unknown_version_is_refused() {
    let disk = MemoryDisk::new();
    four_frames(&disk);
    let segment = segment_file::read(&disk);
    let mut frames = segment_file::frames(&segment);
    frames[0].1[0] = 2;
    let mut header = segment.clone();
    header[0] = 9;
    for (bytes, version) in [(segment_file::with_frames(&segment, &frames), 2), (header, 9)] {
        segment_file::write(&disk, &bytes);
        let error = open_with(options(), &disk).err().unwrap();
        assert!(
            matches!(error, OpenError::Version { found, supported: 1, .. } if found == version),
            "{error}"
        );
    }
}

#[test]
fn a_snapshot_that_is_not_its_history_is_found() {
    struct Other;
    impl laurel_store::Fold for Other {
        fn fold(
            &self,
            _: laurel_store::EntityKey,
            _: Option<&[u8]>,
            _: &[&[u8]],
        ) -> Result<laurel_store::Folded, laurel_store::FoldError> {
            Ok(laurel_store::Folded::Kept(b"something else".to_vec()))
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(filled(folder.path()));
    let sound = verify(&options(), &disk, &Concat).unwrap();
    assert_eq!((sound.history_records, sound.snapshots, sound.pending_effects), (3, 3, 2));
    assert_eq!(sound.findings, []);
    assert_eq!(verify(&options(), &disk, &Other).unwrap().findings.len(), 3);
}

/// Bits flipped anywhere in the files, below redb. The store may refuse to open, refuse a read, or not notice because
/// the bit means nothing; it must not panic and must not show anything else than what was written.
#[test]
fn flipped_bits_in_the_files_never_show_as_data() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    for i in 0..40 {
        assert!(opened.write(scripted(i)));
        if i == 25 {
            opened.store.checkpoint().unwrap();
        }
    }
    opened.store.close().unwrap();
    let expected = Model::of(40);
    let mut refused = 0;
    for name in disk.names() {
        let sound = disk.contents(&name).unwrap();
        let used: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] != 0).collect();
        for at in used.iter().step_by(used.len() / 250 + 1) {
            let copy = disk.copy();
            let mut bytes = sound.clone();
            bytes[*at] ^= 0x10;
            copy.put(&name, bytes);
            let Ok(opened) = open_with(Options { page_check: PageCheck::All, ..options() }, &copy) else {
                refused += 1;
                continue;
            };
            // Reading panics in this test's own helpers if a read is refused, which is as good.
            let shown =
                catch_unwind(AssertUnwindSafe(|| Model::shown(&*opened.store, pending(&opened.recovered))));
            match shown {
                Ok(shown) => assert_eq!(shown, expected, "{name} at {at}"),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 10, "the flips must reach something, {refused} did");
}

#[test]
fn a_frame_of_another_store_does_not_fit() {
    let [one, two] = [b"one", b"two"].map(|first| {
        let disk = MemoryDisk::new();
        let opened = open_on(&disk);
        assert!(opened.write(record(1, first, 1)) && opened.write(record(1, b"same", 2)));
        opened.store.close().unwrap();
        disk
    });
    let segments = [&one, &two].map(segment_file::read);
    let mut frames = segment_file::frames(&segments[0]);
    frames[1] = segment_file::frames(&segments[1])[1].clone();
    segment_file::write(&one, &segment_file::with_frames(&segments[0], &frames));
    let (frame, what) = frame_refused(&one);
    assert!(frame == 2 && what.contains("continue"), "{what}");
    // Its sectors as they are do not fit either.
    let mut bytes = segments[0].clone();
    bytes[2 * SECTOR..3 * SECTOR].copy_from_slice(&segments[1][2 * SECTOR..3 * SECTOR]);
    segment_file::write(&one, &bytes);
    assert_eq!(frame_refused(&one).0, 2);
}
