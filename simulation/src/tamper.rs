//! Faults of our own making, to prove that a run notices them: a disk that only says that it has synced, a journal that
//! loses its end, and, with the feature `mutants`, faults inside the engine.

use std::{io, sync::Arc};

use store::{
    Disk, MemoryDisk,
    disk::{DiskFile, DiskLock, LockError, OpenMode},
};

/// What is wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tamper {
    /// Nothing: this is how runs are.
    Nothing,
    /// Syncs do nothing.
    SkipsSyncs,
    /// A sync that has failed is taken for one that has not.
    IgnoresFailedSyncs,
    /// The last sector of the journal is gone when a process starts.
    ForgetsTail,
    /// Something inside the engine.
    #[cfg(feature = "mutants")]
    Inside(actors::mutants::Mutant),
}

impl Tamper {
    /// The disk that the engine gets.
    pub(crate) fn disk(self, disk: &MemoryDisk) -> Arc<dyn Disk> {
        match self {
            Self::SkipsSyncs => Arc::new(Deceiving { disk: disk.clone(), syncs: false }),
            Self::IgnoresFailedSyncs => Arc::new(Deceiving { disk: disk.clone(), syncs: true }),
            _ => Arc::new(disk.clone()),
        }
    }

    /// What is on disk when the next process starts.
    pub(crate) fn left(self, disk: MemoryDisk) -> MemoryDisk {
        const SECTOR: usize = 512;
        if self != Self::ForgetsTail {
            return disk;
        }
        let last = disk.names().into_iter().rfind(|name| name.ends_with(".log"));
        if let Some((name, mut bytes)) = last.and_then(|name| Some((name.clone(), disk.contents(&name)?))) {
            // Its header stays: without it the journal would be damaged, and everybody would see it.
            bytes.truncate(bytes.len().saturating_sub(SECTOR).max(SECTOR));
            disk.put(&name, bytes);
        }
        disk
    }

    /// From now on, on this thread, the engine is as it is to be in this run.
    pub(crate) fn choose(self) {
        #[cfg(feature = "mutants")]
        actors::mutants::choose(match self {
            Self::Inside(mutant) => Some(mutant),
            Self::Nothing | Self::SkipsSyncs | Self::IgnoresFailedSyncs | Self::ForgetsTail => None,
        });
    }
}

/// A disk that says of every sync that it went well.
#[derive(Debug)]
struct Deceiving {
    disk: MemoryDisk,
    /// Whether it has tried.
    syncs: bool,
}

#[derive(Debug)]
struct DeceivingFile {
    file: Box<dyn DiskFile>,
    syncs: bool,
}

impl Disk for Deceiving {
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
        Ok(Box::new(DeceivingFile { file: self.disk.open(name, mode)?, syncs: self.syncs }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn keep(&self, name: &str, folder: &str) -> io::Result<()> {
        self.disk.keep(name, folder)
    }
}

impl DiskFile for DeceivingFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn resize(&self, size: u64) -> io::Result<()> {
        self.file.resize(size)
    }

    fn sync(&self) -> io::Result<()> {
        if self.syncs {
            // Without power it does not come to an end.
            return self.file.sync().or_else(|error| match error.to_string().as_str() {
                "power is off" => Err(error),
                _ => Ok(()),
            });
        }
        Ok(())
    }
}
