//! A note, apart from the journal, of how far it had come: an end that is gone is missed by it.
//!
//! Within the journal each frame says that the one before it was there; nothing says so of the last. The note is
//! written when a frame is durable, and not synced, since an answer must not wait for it. It may be older than the
//! journal, or torn, or missing, and proves nothing then. It never names a frame that was not durable.
//!
//! Layout: `docs/storage-format.md`, section 2.6.

use super::StoreId;
use super::fields::Fields;
use crate::disk::{Disk, DiskFile, OpenMode};
use std::io;
use xxhash_rust::xxh3::xxh3_64;

pub(crate) const REACHED_FILE: &str = "journal-reached";
const VERSION: u8 = 1;
const CHECK_LEN: usize = 8;
const SLOT_LEN: usize = 33;
/// Each in a sector of its own: a torn write takes one of them away and not the other.
const SLOTS: [u64; 2] = [0, 512];

/// The last frame that the note of this store says was durable, if it says one.
///
/// # Errors
/// What the operating system says to reading the file, if it is there.
pub(crate) fn reached(disk: &dyn Disk, store: StoreId) -> io::Result<Option<u64>> {
    let file = match disk.open(REACHED_FILE, OpenMode::Reading) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    Ok(read(&*file, store)?.into_iter().flatten().max())
}

/// What each slot says.
fn read(file: &dyn DiskFile, store: StoreId) -> io::Result<[Option<u64>; 2]> {
    let mut frames = [None; 2];
    for (offset, frame) in SLOTS.into_iter().zip(&mut frames) {
        let mut slot = [0; SLOT_LEN];
        match file.read(offset, &mut slot) {
            Ok(()) => *frame = decode(&slot, store),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
    }
    Ok(frames)
}

fn decode(slot: &[u8], store: StoreId) -> Option<u64> {
    let mut fields = Fields::new(slot, 0);
    let check = fields.u64()?;
    let is_ours =
        check == xxh3_64(&slot[CHECK_LEN..]) && fields.u8()? == VERSION && fields.array()? == store.0;
    if is_ours { fields.u64() } else { None }
}

fn encode(store: StoreId, frame: u64) -> [u8; SLOT_LEN] {
    let mut slot = [0; SLOT_LEN];
    slot[CHECK_LEN] = VERSION;
    slot[CHECK_LEN + 1..CHECK_LEN + 17].copy_from_slice(&store.0);
    slot[CHECK_LEN + 17..].copy_from_slice(&frame.to_le_bytes());
    let check = xxh3_64(&slot[CHECK_LEN..]);
    slot[..CHECK_LEN].copy_from_slice(&check.to_le_bytes());
    slot
}

/// Writes the note.
#[derive(Debug)]
pub(crate) struct ReachedNote {
    store: StoreId,
    /// None when it cannot be written.
    file: Option<Box<dyn DiskFile>>,
    /// The older of the slots, which is written next.
    next: usize,
}

impl ReachedNote {
    /// Goes on with the note on this disk, or begins one. Without one everything is as with it, but that a lost end is
    /// not missed.
    pub(crate) fn begin(disk: &dyn Disk, store: StoreId) -> Self {
        let opened = match disk.open(REACHED_FILE, OpenMode::Existing) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => disk.open(REACHED_FILE, OpenMode::New),
            opened => opened,
        };
        let opened = opened.and_then(|file| Ok((read(&*file, store)?, file)));
        match opened {
            Ok(([first, second], file)) => {
                Self { store, file: Some(file), next: usize::from(first > second) }
            }
            Err(error) => {
                let mut none = Self { store, file: None, next: 0 };
                none.give_up(&error);
                none
            }
        }
    }

    /// A frame is durable.
    pub(crate) fn note(&mut self, frame: u64) {
        let Some(file) = &self.file else { return };
        match file.write(SLOTS[self.next], &encode(self.store, frame)) {
            Ok(()) => self.next = 1 - self.next,
            // What it says by now remains true.
            Err(error) => self.give_up(&error),
        }
    }

    fn give_up(&mut self, error: &io::Error) {
        self.file = None;
        tracing::warn!(file = REACHED_FILE, %error, "it is not noted how far the journal has come");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::MemoryDisk;

    const STORE: StoreId = StoreId([7; 16]);

    fn noted(disk: &MemoryDisk) -> Option<u64> {
        reached(disk, STORE).unwrap()
    }

    #[test]
    fn it_says_the_last_frame_that_was_noted() {
        let disk = MemoryDisk::new();
        assert_eq!(noted(&disk), None);
        let mut note = ReachedNote::begin(&disk, STORE);
        for frame in [3, 4, 9] {
            note.note(frame);
            assert_eq!(noted(&disk), Some(frame));
        }
        ReachedNote::begin(&disk, STORE).note(10);
        assert_eq!(noted(&disk), Some(10));
        assert_eq!(reached(&disk, StoreId([8; 16])).unwrap(), None, "it is of another store");
    }

    #[test]
    fn a_damaged_slot_leaves_the_one_before() {
        let disk = MemoryDisk::new();
        let mut note = ReachedNote::begin(&disk, STORE);
        (1..=4).for_each(|frame| note.note(frame));
        let sound = disk.contents(REACHED_FILE).unwrap();
        for (at, left) in [(3, 4), (30, 4), (512, 3), (512 + 32, 3)] {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            let damaged = disk.copy_with(REACHED_FILE, bytes);
            assert_eq!(noted(&damaged), Some(left), "byte {at}");
            // And it is the damaged one that is written next.
            ReachedNote::begin(&damaged, STORE).note(5);
            let mut bytes = damaged.contents(REACHED_FILE).unwrap();
            bytes[if at < 512 { 0 } else { 512 }] ^= 1;
            assert_eq!(noted(&damaged.copy_with(REACHED_FILE, bytes)), Some(left));
        }
        for cut in 0..sound.len() {
            assert!(
                noted(&disk.copy_with(REACHED_FILE, sound[..cut].to_vec())).is_none_or(|frame| frame < 5)
            );
        }
    }

    #[test]
    fn where_it_cannot_be_written_it_says_what_it_said() {
        let disk = MemoryDisk::new();
        let mut note = ReachedNote::begin(&disk, STORE);
        note.note(1);
        disk.fail_operation(disk.operations() + 1);
        note.note(2);
        note.note(3);
        assert_eq!(noted(&disk), Some(1));
    }
}
