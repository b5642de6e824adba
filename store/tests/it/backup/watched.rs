//! A disk that tells somebody of each operation before it happens, and lets reads fail when told to.

use laurel_store::disk::{DiskFile, DiskLock, LockError, OpenMode};
use laurel_store::{Disk, MemoryDisk};
use std::fmt::{self, Debug, Formatter};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Told of each operation, by its number from 1; its error becomes that of the operation.
type Watcher = dyn Fn(u64, Operation<'_>) -> io::Result<()> + Send + Sync;

/// What is about to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation<'a> {
    Read(&'a str),
    Change(&'a str),
}

#[derive(Clone)]
pub struct Watched {
    disk: MemoryDisk,
    watcher: Arc<Watcher>,
    count: Arc<AtomicU64>,
}

impl Watched {
    pub fn new(
        disk: &MemoryDisk,
        watcher: impl Fn(u64, Operation<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self { disk: disk.clone(), watcher: Arc::new(watcher), count: Arc::default() }
    }

    fn tell(&self, operation: Operation<'_>) -> io::Result<()> {
        (self.watcher)(self.count.fetch_add(1, Ordering::Relaxed) + 1, operation)
    }
}

impl Debug for Watched {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.disk).finish()
    }
}

impl Disk for Watched {
    fn place(&self) -> String {
        self.disk.place()
    }

    fn lock(&self) -> Result<Box<dyn DiskLock>, LockError> {
        self.disk.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        if mode == OpenMode::New {
            self.tell(Operation::Change(name))?;
        }
        let file = self.disk.open(name, mode)?;
        Ok(Box::new(WatchedFile { name: name.to_owned(), file, disk: self.clone() }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.tell(Operation::Change(to))?;
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.tell(Operation::Change(name))?;
        self.disk.remove(name)
    }

    fn keep(&self, name: &str, folder: &str) -> io::Result<()> {
        self.tell(Operation::Change(name))?;
        self.disk.keep(name, folder)
    }
}

#[derive(Debug)]
struct WatchedFile {
    name: String,
    file: Box<dyn DiskFile>,
    disk: Watched,
}

impl DiskFile for WatchedFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.tell(Operation::Read(&self.name))?;
        self.file.read(offset, out)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.tell(Operation::Change(&self.name))?;
        self.file.write(offset, data)
    }

    fn resize(&self, size: u64) -> io::Result<()> {
        self.disk.tell(Operation::Change(&self.name))?;
        self.file.resize(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.tell(Operation::Change(&self.name))?;
        self.file.sync()
    }
}
