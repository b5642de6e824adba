//! Frame and segment bytes of format version 1, the base of compatibility.

use crate::support::{delete, entity, open_on, put, record, state};
use laurel_store::{Append, EffectId, FolderDisk, IndexId, Lsn, Store};
use redb::{Database, ReadableDatabase, TableDefinition};
use std::path::Path;

const FRAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("frames");
const SEGMENT: &str = "journal-0000000000000001.redb";
const GOLDEN: &[u8] = include_bytes!("../golden/frame-v1.bin");

fn golden_append() -> Append<u64> {
    Append {
        effects: 2,
        consumes: Some(EffectId { lsn: Lsn::new(0x0102_0304), index: 5 }),
        index: vec![put(1, b"key", b"value"), delete(2, b"other")],
        ..record(3, b"the record", 0)
    }
}

fn first_frame(folder: &Path) -> Vec<u8> {
    let database = Database::open(folder.join(SEGMENT)).unwrap();
    let table = database.begin_read().unwrap().open_table(FRAMES).unwrap();
    table.get(1).unwrap().unwrap().value().to_vec()
}

#[test]
fn a_frame_is_written_as_version_1() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open_on(&FolderDisk::new(folder.path()).unwrap());
    assert!(opened.write(golden_append()));
    opened.store.close().unwrap();
    assert_eq!(first_frame(folder.path()), GOLDEN);
}

#[test]
fn a_frame_of_version_1_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FolderDisk::new(folder.path()).unwrap();
    open_on(&disk).store.close().unwrap();
    let database = Database::open(folder.path().join(SEGMENT)).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(FRAMES).unwrap().insert(1, GOLDEN).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let opened = open_on(&disk);
    assert_eq!(opened.recovered.durable, Lsn::new(1));
    assert_eq!(state(&*opened.store, 3).unwrap(), b"the record,");
    assert_eq!(opened.store.get(IndexId(1), b"key").unwrap().unwrap(), b"value");
    let ids: Vec<u16> = opened.recovered.pending_effects.iter().map(|effect| effect.id.index).collect();
    assert_eq!(ids, [0, 1]);
    assert_eq!(opened.recovered.pending_effects[0].entity, entity(3));
}
