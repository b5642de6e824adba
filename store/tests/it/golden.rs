//! Frame bytes of format version 1, the base of compatibility.

use crate::segment_file;
use crate::support::{delete, entity, open_on, put, record, state};
use laurel_store::{Append, EffectId, IndexId, Lsn, MemoryDisk, Store};

const GOLDEN: &[u8] = include_bytes!("../golden/frame-v1.bin");

fn golden_append() -> Append<u64> {
    Append {
        effects: 2,
        consumes: Some(EffectId { lsn: Lsn::new(0x0102_0304), index: 5 }),
        index: vec![put(1, b"key", b"value"), delete(2, b"other")],
        ..record(3, b"the record", 0)
    }
}

#[test]
fn a_frame_is_written_as_version_1() {
    let disk = MemoryDisk::new();
    let opened = open_on(&disk);
    assert!(opened.write(golden_append()));
    opened.store.close().unwrap();
    assert_eq!(segment_file::frames(&segment_file::read(&disk)), [(1, GOLDEN.to_vec())]);
}

#[test]
fn a_frame_of_version_1_is_read() {
    let disk = MemoryDisk::new();
    open_on(&disk).store.close().unwrap();
    let empty = segment_file::read(&disk);
    segment_file::write(&disk, &segment_file::with_frames(&empty, &[(1, GOLDEN.to_vec())]));
    let opened = open_on(&disk);
    assert_eq!(opened.recovered.durable, Lsn::new(1));
    assert_eq!(state(&*opened.store, 3).unwrap(), b"the record,");
    assert_eq!(opened.store.get(IndexId(1), b"key").unwrap().unwrap(), b"value");
    let ids: Vec<u16> = opened.recovered.pending_effects.iter().map(|effect| effect.id.index).collect();
    assert_eq!(ids, [0, 1]);
    assert_eq!(opened.recovered.pending_effects[0].entity, entity(3));
}
