//! A disk in memory that fails when told to. For tests: a crash loses what was not synced, a sync can fail, space can
//! run out. Must behave as a real disk in everything a [`Disk`] promises.

use super::{Disk, DiskFile, DiskLock, LockError, OpenMode};
use crate::shared::lock;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Files in memory. Clones are the same disk; [`crash`](Self::crash) and [`copy`](Self::copy) make another one.
///
/// *Operations* are writes, resizes, syncs, creations, renames and removals, counted from 1 over all files.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    files: Arc<Mutex<BTreeMap<String, Arc<Mutex<Content>>>>>,
    faults: Arc<Mutex<Faults>>,
    owned: Arc<Mutex<bool>>,
}

#[derive(Debug, Default)]
struct Faults {
    operations: u64,
    syncs: u64,
    fail_operation: Option<u64>,
    fail_sync: Option<u64>,
    power_off_at: Option<u64>,
    full: bool,
    read_only: bool,
    reads: u64,
    fail_read: Option<u64>,
    unreadable: bool,
}

/// What an operation needs of the disk, which decides which faults hit it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Space,
    Sync,
    Nothing,
}

impl Faults {
    fn is_off(&self) -> bool {
        self.power_off_at.is_some_and(|at| self.operations >= at)
    }

    fn pass_read(&mut self) -> io::Result<()> {
        self.reads += 1;
        if self.unreadable || self.fail_read == Some(self.reads) {
            return Err(io::Error::other("read failed"));
        }
        Ok(())
    }

    fn pass(&mut self, need: Need) -> io::Result<()> {
        if self.read_only {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.operations += 1;
        if self.is_off() {
            return Err(io::Error::other("power is off"));
        }
        if need == Need::Sync {
            self.syncs += 1;
            if self.fail_sync == Some(self.syncs) {
                return Err(io::Error::other("sync failed"));
            }
        }
        if self.fail_operation == Some(self.operations) {
            return Err(io::Error::other("operation failed"));
        }
        if self.full && need == Need::Space {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

/// Bytes of a file as they are read, and as the disk has them.
#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    /// What has changed since the last sync, in order.
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Written { offset: usize, data: Vec<u8> },
    Resized { size: usize },
}

impl Content {
    /// A file that has always been there.
    fn settled(bytes: Vec<u8>) -> Self {
        Self { durable: bytes.clone(), bytes, unsynced: Vec::new() }
    }

    fn resize(&mut self, size: usize) {
        self.bytes.resize(size, 0);
        self.unsynced.push(Change::Resized { size });
    }

    fn write(&mut self, offset: usize, data: &[u8]) {
        if self.bytes.len() < offset + data.len() {
            self.resize(offset + data.len());
        }
        self.bytes[offset..offset + data.len()].copy_from_slice(data);
        self.unsynced.push(Change::Written { offset, data: data.to_vec() });
    }

    fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            match change {
                Change::Written { offset, data } => {
                    self.durable[offset..offset + data.len()].copy_from_slice(&data);
                }
                Change::Resized { size } => self.durable.resize(size, 0),
            }
        }
    }

    /// What has changed is taken to be on disk from now on, and is not: it can be read until the power is cut.
    fn fail_sync(&mut self) {
        self.unsynced.clear();
        self.durable.resize(self.bytes.len(), 0);
    }

    /// The file as of its last sync, with those later changes, sector by sector, that `keep` says yes to.
    fn torn(&self, keep: &mut impl FnMut() -> bool) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in &self.unsynced {
            match change {
                Change::Written { offset, data } => {
                    let mut at = *offset;
                    let end = at + data.len();
                    while at < end {
                        let next = end.min((at + 1).next_multiple_of(SECTOR));
                        if keep() {
                            bytes.resize(bytes.len().max(next), 0);
                            bytes[at..next].copy_from_slice(&data[at - offset..next - offset]);
                        }
                        at = next;
                    }
                }
                Change::Resized { size } => bytes.resize(*size, 0),
            }
        }
        bytes
    }
}

impl MemoryDisk {
    /// An empty disk without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many operations there have been.
    pub fn operations(&self) -> u64 {
        lock(&self.faults).operations
    }

    /// How many syncs have been asked for.
    pub fn syncs(&self) -> u64 {
        lock(&self.faults).syncs
    }

    /// Lets the operation with this number fail; the next one works again.
    pub fn fail_operation(&self, number: u64) {
        lock(&self.faults).fail_operation = Some(number);
    }

    /// Lets the sync with this number fail. What it was to make durable can still be read, as on a real system, and no
    /// later sync makes it durable.
    pub fn fail_sync(&self, number: u64) {
        lock(&self.faults).fail_sync = Some(number);
    }

    /// Lets every operation from this number on fail.
    pub fn power_off_at(&self, number: u64) {
        lock(&self.faults).power_off_at = Some(number);
    }

    /// Whether the power is off: operations have failed because of [`power_off_at`](Self::power_off_at).
    pub fn is_off(&self) -> bool {
        lock(&self.faults).is_off()
    }

    /// Fills the disk, or frees space on it. On a full disk writes and creations fail, syncs and renames do not.
    pub fn set_full(&self, full: bool) {
        lock(&self.faults).full = full;
    }

    /// Makes the disk read-only, or writable again.
    pub fn set_read_only(&self, read_only: bool) {
        lock(&self.faults).read_only = read_only;
    }

    /// How many reads there have been, over all files. They are no operations.
    pub fn reads(&self) -> u64 {
        lock(&self.faults).reads
    }

    /// Lets the read with this number fail; the next one works again.
    pub fn fail_read(&self, number: u64) {
        lock(&self.faults).fail_read = Some(number);
    }

    /// Lets every read fail, or none any more.
    pub fn set_unreadable(&self, unreadable: bool) {
        lock(&self.faults).unreadable = unreadable;
    }

    /// The disk after a power cut at this moment: each file as of its last sync, no owner, no faults.
    pub fn crash(&self) -> Self {
        self.map(|content| content.durable.clone())
    }

    /// The disk after a power cut in which any part of what was not synced may have arrived, chosen by `seed`.
    pub fn crash_torn(&self, seed: u64) -> Self {
        let mut state = seed | 1;
        let mut keep = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 63 == 1
        };
        self.map(|content| content.torn(&mut keep))
    }

    /// The disk after the process was killed: all that was written is there, no owner, no faults.
    pub fn copy(&self) -> Self {
        self.map(|content| content.bytes.clone())
    }

    /// [`copy`](Self::copy), with other bytes in one file.
    pub fn copy_with(&self, name: &str, bytes: Vec<u8>) -> Self {
        let copy = self.copy();
        copy.put(name, bytes);
        copy
    }

    /// The names of all files, in order; those in subfolders with the folder in front.
    pub fn names(&self) -> Vec<String> {
        lock(&self.files).keys().cloned().collect()
    }

    /// The bytes of a file.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let file = lock(&self.files).get(name).cloned()?;
        let bytes = lock(&file).bytes.clone();
        Some(bytes)
    }

    /// Puts a file in place, as if it had always been there.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        lock(&self.files).insert(name.to_owned(), Arc::new(Mutex::new(Content::settled(bytes))));
    }

    fn map(&self, mut image: impl FnMut(&Content) -> Vec<u8>) -> Self {
        let other = Self::default();
        // No operation may fall between the images of two files.
        let _still = lock(&self.faults);
        for (name, file) in lock(&self.files).iter() {
            other.put(name, image(&lock(file)));
        }
        other
    }

    /// Counts an operation and lets it fail if it is to; the answer is held until the operation is done.
    fn pass(&self, need: Need) -> io::Result<MutexGuard<'_, Faults>> {
        let mut faults = lock(&self.faults);
        faults.pass(need)?;
        Ok(faults)
    }
}

impl MemoryDisk {
    /// Counts an operation on names, which takes effect before it fails; with the power off it takes none.
    fn pass_after(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, Arc<Mutex<Content>>>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut faults = lock(&self.faults);
        let passed = faults.pass(Need::Nothing);
        if passed.is_ok() || faults.fail_operation == Some(faults.operations) {
            change(&mut lock(&self.files))?;
        }
        passed
    }
}

impl Disk for MemoryDisk {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn lock(&self) -> Result<Box<dyn DiskLock>, LockError> {
        if lock(&self.faults).read_only {
            return Err(LockError::Io(io::ErrorKind::ReadOnlyFilesystem.into()));
        }
        let mut owned = lock(&self.owned);
        if *owned {
            return Err(LockError::Held);
        }
        *owned = true;
        Ok(Box::new(MemoryLock(Arc::clone(&self.owned))))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names().into_iter().filter(|name| !name.contains('/')).collect())
    }

    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        if mode == OpenMode::New {
            let _pass = self.pass(Need::Space)?;
            self.put(name, Vec::new());
        }
        let content = lock(&self.files).get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(MemoryFile { content, disk: self.clone() }))
    }

    /// A failed rename has happened all the same, as on a real disk whose folder could not be synced afterwards.
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.pass_after(|files| {
            let content = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
            files.insert(to.to_owned(), content);
            Ok(())
        })
    }

    /// A failed removal has happened all the same.
    fn remove(&self, name: &str) -> io::Result<()> {
        self.pass_after(|files| files.remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into()))
    }

    /// A failed one has happened all the same.
    fn keep(&self, name: &str, folder: &str) -> io::Result<()> {
        self.pass_after(|files| {
            let content = files.get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
            let kept = format!("{folder}/{name}");
            if files.contains_key(&kept) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            files.insert(kept, content);
            Ok(())
        })
    }
}

#[derive(Debug)]
struct MemoryLock(Arc<Mutex<bool>>);

impl DiskLock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        *lock(&self.0) = false;
    }
}

#[derive(Debug)]
struct MemoryFile {
    content: Arc<Mutex<Content>>,
    disk: MemoryDisk,
}

fn position(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

impl DiskFile for MemoryFile {
    fn size(&self) -> io::Result<u64> {
        u64::try_from(lock(&self.content).bytes.len()).map_err(io::Error::other)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        lock(&self.disk.faults).pass_read()?;
        let start = position(offset)?;
        let content = lock(&self.content);
        let found = content.bytes.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let _pass = self.disk.pass(Need::Space)?;
        lock(&self.content).write(position(offset)?, data);
        Ok(())
    }

    fn resize(&self, size: u64) -> io::Result<()> {
        let _pass = self.disk.pass(Need::Space)?;
        lock(&self.content).resize(position(size)?);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut faults = lock(&self.disk.faults);
        let passed = faults.pass(Need::Sync);
        match passed {
            Ok(()) => lock(&self.content).sync(),
            // What was asked of a disk without power may have arrived in part.
            Err(_) if faults.is_off() => {}
            Err(_) => lock(&self.content).fail_sync(),
        }
        passed
    }
}
