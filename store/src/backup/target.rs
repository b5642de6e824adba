//! The folder that a backup is written to. Owns the order that makes it recognisable at every moment: the mark of an
//! unfinished backup first, the manifest last, in the place of the mark.

use super::manifest::{MANIFEST_FILE, digits};
use super::{BackupError, BackupFile, Manifest};
use crate::disk::{Disk, DiskFile, NEW_SUFFIX, OpenMode};
use std::io;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// Is there while a backup is being made, or restored to this folder.
pub(super) const UNFINISHED_FILE: &str = "backup.json.new";
/// Copied and made durable at a time: little enough to be no burden to the commits beside it.
pub(super) const STEP: usize = 1 << 20;

/// A backup that is being written.
pub(super) struct Target {
    disk: Arc<dyn Disk>,
    mark: Box<dyn DiskFile>,
    /// Names that may be there, in the order in which they were made.
    made: Vec<String>,
    files: Vec<BackupFile>,
}

impl Target {
    /// Marks an empty folder.
    pub(super) fn begin(disk: Arc<dyn Disk>) -> Result<Self, BackupError> {
        let place = disk.place();
        let names = disk.list().map_err(|source| BackupError::write(&place, source))?;
        if let Some(found) = names.into_iter().next() {
            return Err(BackupError::NotEmpty { place, found });
        }
        let mark = disk.open(UNFINISHED_FILE, OpenMode::New);
        let mark = mark.map_err(|source| BackupError::write(UNFINISHED_FILE, source))?;
        Ok(Self { disk, mark, made: Vec::new(), files: Vec::new() })
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Somebody else makes this file, perhaps as an unfinished one at first.
    pub(super) fn will_hold(&mut self, name: &str) {
        self.made.extend([name.to_owned(), format!("{name}{NEW_SUFFIX}")]);
    }

    /// Writes a small file.
    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.copy(name, length, |offset, out| {
            let start =
                usize::try_from(offset).map_err(|error| BackupError::write(name, io::Error::other(error)))?;
            out.copy_from_slice(&bytes[start..start + out.len()]);
            Ok(())
        })
    }

    /// Writes a file of so many bytes, which `read` fills in piece by piece from an offset, and makes it durable.
    pub(super) fn copy(
        &mut self,
        name: &str,
        length: u64,
        mut read: impl FnMut(u64, &mut [u8]) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let failed = |source| BackupError::write(name, source);
        self.made.push(name.to_owned());
        let file = self.disk.open(name, OpenMode::New).map_err(failed)?;
        let mut hash = Xxh3::new();
        each_step(length, |offset, piece| {
            read(offset, piece)?;
            hash.update(piece);
            file.write(offset, piece).and_then(|()| file.sync()).map_err(failed)
        })?;
        self.list(name, length, hash.digest128());
        Ok(())
    }

    /// Lists a file that somebody else has written, and makes sure that it is durable.
    pub(super) fn take_in(&mut self, name: &str) -> Result<(), BackupError> {
        let failed = |source| BackupError::write(name, source);
        let file = self.disk.open(name, OpenMode::Existing).map_err(failed)?;
        file.sync().map_err(failed)?;
        let length = file.size().map_err(failed)?;
        let mut hash = Xxh3::new();
        each_step(length, |offset, piece| {
            file.read(offset, piece).map_err(failed)?;
            hash.update(piece);
            Ok::<_, BackupError>(())
        })?;
        self.list(name, length, hash.digest128());
        Ok(())
    }

    fn list(&mut self, name: &str, bytes: u64, hash: u128) {
        self.files.push(BackupFile { name: name.to_owned(), bytes, xxh3_128: digits(hash) });
    }

    /// Makes a backup of the folder: from now on it has a manifest.
    pub(super) fn finish(&mut self, manifest: Manifest) -> Result<Manifest, BackupError> {
        let failed = |source| BackupError::write(MANIFEST_FILE, source);
        let manifest = Manifest { files: std::mem::take(&mut self.files), ..manifest };
        let (bytes, manifest) = manifest.seal().map_err(failed)?;
        self.mark.write(0, &bytes).and_then(|()| self.mark.sync()).map_err(failed)?;
        self.disk.rename(UNFINISHED_FILE, MANIFEST_FILE).map_err(failed)?;
        Ok(manifest)
    }

    /// Removes what there is of a backup that failed: first what could make it look like one, the mark last.
    pub(super) fn discard(self) {
        let Self { disk, mark, made, files: _ } = self;
        drop(mark);
        let made = made.iter().rev().map(String::as_str);
        for name in [MANIFEST_FILE].into_iter().chain(made).chain([UNFINISHED_FILE]) {
            match disk.remove(name) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let place = disk.place();
                    tracing::warn!(place, name, %error, "a part of a failed backup cannot be removed");
                    return;
                }
            }
        }
    }
}

/// Goes through so many bytes in pieces, each filled or looked at by `visit`.
pub(super) fn each_step<E>(
    length: u64,
    mut visit: impl FnMut(u64, &mut [u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut piece = vec![0; STEP.min(usize::try_from(length).unwrap_or(STEP))];
    let mut at = 0;
    while at < length {
        let left = usize::try_from(length - at).unwrap_or(STEP).min(STEP);
        visit(at, &mut piece[..left])?;
        at += u64::try_from(left).unwrap_or(u64::MAX);
    }
    Ok(())
}
