//! Flipped bits and changed rows are found, never shown as data.

use crate::support::{Concat, Model, entity, open_on, open_with, options, pending, record, scripted, state};
use laurel_store::{
    Disk, FolderDisk, IndexId, Lsn, MemoryDisk, OpenError, Options, PageCheck, ReadError, Store, Table,
    verify,
};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

type FrameChange = fn(&mut redb::Table<u64, &[u8]>);
type Rows<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

/// Changes the value of the first row of a table of `state.redb`.
fn change_first(folder: &Path, table: &str, change: impl Fn(&mut Vec<u8>)) {
    let database = Database::open(folder.join("state.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(Rows::new(table)).unwrap();
        let (key, mut value) = {
            let (key, value) = table.first().unwrap().unwrap();
            (key.value().to_vec(), value.value().to_vec())
        };
        change(&mut value);
        table.insert(&key[..], &value[..]).unwrap();
    }
    transaction.commit().unwrap();
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
    let database = Database::open(folder.path().join("state.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(Rows::new("snapshots")).unwrap();
        let other = table.get(&entity(1).encode()[..]).unwrap().unwrap().value().to_vec();
        table.insert(&entity(0).encode()[..], &other[..]).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    let error = open_on(&disk).store.load(entity(0)).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { table: Table::Snapshots, .. }));
}

#[test]
fn an_entity_whose_snapshot_is_missing_does_not_seem_new() {
    let folder = tempfile::tempdir().unwrap();
    let disk = filled(folder.path());
    let database = Database::open(folder.path().join("state.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(Rows::new("snapshots")).unwrap().remove(&entity(0).encode()[..]).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let opened = open_on(&disk);
    assert!(matches!(opened.store.load(entity(0)), Err(ReadError::Damaged { table: Table::Snapshots, .. })));
    assert_eq!(opened.store.load(entity(9)).unwrap().snapshot, None);
    opened.store.close().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let findings = verify(&options(), &disk, &Concat).unwrap().findings;
    assert!(matches!(&findings[..], [one] if one.place.starts_with("snapshots")), "{findings:?}");
}

#[test]
fn a_changed_swapped_or_missing_frame_is_named() {
    const FRAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("frames");
    let segment = "journal-0000000000000001.redb";
    let changes: [(&str, u64, FrameChange); 4] = [
        ("flipped", 2, |table| {
            let mut frame = table.get(2).unwrap().unwrap().value().to_vec();
            frame[60] ^= 4;
            table.insert(2, &frame[..]).unwrap();
        }),
        ("swapped", 2, |table| {
            let frame = table.get(3).unwrap().unwrap().value().to_vec();
            table.insert(2, &frame[..]).unwrap();
        }),
        ("missing", 2, |table| drop(table.remove(2).unwrap())),
        ("short", 3, |table| drop(table.insert(3, &b"\x01short"[..]).unwrap())),
    ];
    for (what, number, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        let disk = FolderDisk::new(folder.path()).unwrap();
        let opened = open_on(&disk);
        for i in 0..4 {
            assert!(opened.write(record(1, b"some bytes in a record", i)));
        }
        opened.store.close().unwrap();
        let database = Database::open(folder.path().join(segment)).unwrap();
        let transaction = database.begin_write().unwrap();
        change(&mut transaction.open_table(FRAMES).unwrap());
        transaction.commit().unwrap();
        drop(database);
        let error = open_with(options(), &disk).err().unwrap();
        assert!(
            matches!(&error, OpenError::Damaged { file, frame: Some(found), .. }
                if file == segment && *found == number),
            "{what}: {error}"
        );
        let shared: Arc<dyn Disk> = Arc::new(disk);
        let report = verify(&options(), &shared, &Concat).unwrap();
        assert_eq!(report.findings[0].place, format!("frame {number}"), "{what}");
    }
}

#[test]
fn an_unknown_version_is_refused() {
    const FRAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("frames");
    let folder = tempfile::tempdir().unwrap();
    let disk = FolderDisk::new(folder.path()).unwrap();
    let opened = open_on(&disk);
    assert!(opened.write(record(1, b"x", 1)));
    opened.store.close().unwrap();
    let database = Database::open(folder.path().join("journal-0000000000000001.redb")).unwrap();
    let mut frame =
        database.begin_read().unwrap().open_table(FRAMES).unwrap().get(1).unwrap().unwrap().value().to_vec();
    frame[0] = 2;
    let transaction = database.begin_write().unwrap();
    transaction.open_table(FRAMES).unwrap().insert(1, &frame[..]).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = open_with(options(), &disk).err().unwrap();
    assert!(matches!(error, OpenError::Version { found: 2, supported: 1, .. }), "{error}");
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
        ) -> Result<Option<Vec<u8>>, laurel_store::FoldError> {
            Ok(Some(b"something else".to_vec()))
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
    const FRAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("frames");
    let stores = [b"one", b"two"].map(|first| {
        let folder = tempfile::tempdir().unwrap();
        let disk = FolderDisk::new(folder.path()).unwrap();
        let opened = open_on(&disk);
        assert!(opened.write(record(1, first, 1)) && opened.write(record(1, b"same", 2)));
        opened.store.close().unwrap();
        (folder, disk)
    });
    let database =
        |place: usize| Database::open(stores[place].0.path().join("journal-0000000000000001.redb")).unwrap();
    let frame = database(1)
        .begin_read()
        .unwrap()
        .open_table(FRAMES)
        .unwrap()
        .get(2)
        .unwrap()
        .unwrap()
        .value()
        .to_vec();
    let target = database(0);
    let transaction = target.begin_write().unwrap();
    transaction.open_table(FRAMES).unwrap().insert(2, &frame[..]).unwrap();
    transaction.commit().unwrap();
    drop(target);
    let error = open_with(options(), &stores[0].1).err().unwrap();
    assert!(
        matches!(&error, OpenError::Damaged { frame: Some(2), what, .. } if what.contains("continue")),
        "{error}"
    );
}
