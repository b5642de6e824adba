//! A disk that is a folder of real files.

use super::{Disk, DiskFile, DiskLock, LockError, OpenMode};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Its own file, on which the lock is held.
pub(crate) const LOCK_FILE: &str = "lock";
/// Removed by the next open like every unfinished file, should it stay.
const PROBE_FILE: &str = "probe.new";

/// Files in one folder of the file system.
#[derive(Clone, Debug)]
pub struct FolderDisk {
    folder: PathBuf,
}

impl FolderDisk {
    /// The disk in this folder, which is made if it is not there.
    ///
    /// # Errors
    /// What the operating system says to making the folder.
    pub fn new(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Files will have to come and go in the middle of everything: that they can is better known now.
    fn probe(&self) -> io::Result<()> {
        File::create(self.path(PROBE_FILE))?;
        fs::remove_file(self.path(PROBE_FILE))
    }
}

impl Disk for FolderDisk {
    fn place(&self) -> String {
        self.folder.display().to_string()
    }

    fn lock(&self) -> Result<Box<dyn DiskLock>, LockError> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(self.path(LOCK_FILE))?;
        match file.try_lock() {
            Ok(()) => {
                self.probe()?;
                Ok(Box::new(FolderLock(file)))
            }
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(source)) => Err(LockError::Io(source)),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        fs::read_dir(&self.folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        match mode {
            OpenMode::Existing => Ok(Box::new(RealFile(options.open(self.path(name))?))),
            OpenMode::Reading => Ok(Box::new(RealFile(File::open(self.path(name))?))),
            OpenMode::New => {
                let file = options.create(true).truncate(true).open(self.path(name))?;
                sync_folder(&self.folder)?;
                Ok(Box::new(RealFile(file)))
            }
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))?;
        sync_folder(&self.folder)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))?;
        sync_folder(&self.folder)
    }

    fn keep(&self, name: &str, folder: &str) -> io::Result<()> {
        let folder = self.path(folder);
        fs::create_dir_all(&folder)?;
        sync_folder(&self.folder)?;
        let (from, to) = (self.path(name), folder.join(name));
        match fs::hard_link(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // Not every file system knows files of two names.
            Err(_) => {
                fs::copy(&from, &to)?;
                File::open(&to)?.sync_all()?;
            }
        }
        sync_folder(&folder)
    }
}

/// A file made, renamed or removed is so after a power cut only if its folder has been synced.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Folders cannot be opened as files here; the file system journals its own changes.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Holds the lock while the file is open; the operating system lets it go when the process ends, however it ends.
#[derive(Debug)]
struct FolderLock(File);

impl DiskLock for FolderLock {}

impl Drop for FolderLock {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::debug!(%error, "the lock goes with the file handle");
        }
    }
}

#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    #[cfg(unix)]
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, out, offset)
    }

    #[cfg(windows)]
    fn read(&self, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        while !out.is_empty() {
            let count = std::os::windows::fs::FileExt::seek_read(&self.0, out, offset)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            out = &mut out[count..];
            offset += u64::try_from(count).map_err(io::Error::other)?;
        }
        Ok(())
    }

    #[cfg(unix)]
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.0, data, offset)
    }

    #[cfg(windows)]
    fn write(&self, mut offset: u64, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let count = std::os::windows::fs::FileExt::seek_write(&self.0, data, offset)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            data = &data[count..];
            offset += u64::try_from(count).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn resize(&self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
