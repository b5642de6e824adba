//! The way back: the files of a backup, each compared with the manifest, into a folder that a store can be opened in.

use super::manifest::{MANIFEST_FILE, digits};
use super::target::{UNFINISHED_FILE, each_step};
use super::{BackupFile, Manifest, RestoreError};
use crate::disk::{Disk, DiskLock, LOCK_FILE, NEW_SUFFIX, OpenMode};
use crate::open::take_disk;
use crate::state::STATE_FILE;
use std::io;
use xxhash_rust::xxh3::Xxh3;

/// Copies a backup to an empty folder, in which the store can be opened afterwards. Until the last step has been taken
/// the folder is marked, and no store is opened in it.
///
/// # Errors
/// [`RestoreError`]; what was written is removed if that is possible.
pub fn restore(source: &dyn Disk, target: &dyn Disk) -> Result<Manifest, RestoreError> {
    let manifest = find_manifest(source)?;
    let _owned = take_empty(target)?;
    let unfinished = |source| RestoreError::write(UNFINISHED_FILE, source);
    drop(target.open(UNFINISHED_FILE, OpenMode::New).map_err(unfinished)?);
    let copied = copy_all(source, target, &manifest.files);
    match copied.and_then(|()| target.remove(UNFINISHED_FILE).map_err(unfinished)) {
        Ok(()) => Ok(manifest),
        Err(error) => {
            discard(target, &manifest.files);
            Err(error)
        }
    }
}

/// Takes the target for this process. A folder with something in it is not touched, but if it is that of a running
/// store, the error says so.
fn take_empty(target: &dyn Disk) -> Result<Box<dyn DiskLock>, RestoreError> {
    let place = target.place();
    let names = target.list().map_err(|source| RestoreError::write(&place, source))?;
    let has_lock = names.iter().any(|name| name == LOCK_FILE);
    let found = names.into_iter().find(|name| name != LOCK_FILE);
    if found.is_none() || has_lock {
        let owned = take_disk(target).map_err(RestoreError::Target)?;
        if found.is_none() {
            return Ok(owned);
        }
    }
    Err(RestoreError::NotEmpty { place, found: found.unwrap_or_default() })
}

fn find_manifest(source: &dyn Disk) -> Result<Manifest, RestoreError> {
    let place = source.place();
    let names = source.list().map_err(|error| RestoreError::read(&place, error))?;
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if has(UNFINISHED_FILE) {
        return Err(RestoreError::Unfinished { place });
    }
    if !has(MANIFEST_FILE) {
        return Err(RestoreError::NoBackup { place });
    }
    Manifest::read(source)
}

/// Copies the files; the state file last, and under its name only when it is whole.
fn copy_all(source: &dyn Disk, target: &dyn Disk, files: &[BackupFile]) -> Result<(), RestoreError> {
    let (state, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.name == STATE_FILE);
    for file in others {
        copy(source, target, file, &file.name)?;
    }
    let unfinished = format!("{STATE_FILE}{NEW_SUFFIX}");
    let [state] = state[..] else {
        return Err(RestoreError::damaged(MANIFEST_FILE, "it does not list one state file"));
    };
    copy(source, target, state, &unfinished)?;
    target.rename(&unfinished, STATE_FILE).map_err(|source| RestoreError::write(STATE_FILE, source))
}

fn copy(source: &dyn Disk, target: &dyn Disk, file: &BackupFile, to: &str) -> Result<(), RestoreError> {
    let name = &file.name;
    let (unread, unwritten) =
        (|source| RestoreError::read(name, source), |source| RestoreError::write(to, source));
    let from = source.open(name, OpenMode::Reading).map_err(unread)?;
    let found = from.size().map_err(unread)?;
    if found != file.bytes {
        let what = format!("it has {found} bytes instead of {}", file.bytes);
        return Err(RestoreError::damaged(name, what));
    }
    let to = target.open(to, OpenMode::New).map_err(unwritten)?;
    let mut hash = Xxh3::new();
    each_step(file.bytes, |offset, piece| {
        from.read(offset, piece).map_err(unread)?;
        hash.update(piece);
        to.write(offset, piece).map_err(unwritten)
    })?;
    if digits(hash.digest128()) != file.xxh3_128 {
        return Err(RestoreError::damaged(name, "its bytes are not those that were written"));
    }
    to.sync().map_err(unwritten)
}

/// Removes what was restored in part; the mark last.
fn discard(target: &dyn Disk, files: &[BackupFile]) {
    let unfinished = format!("{STATE_FILE}{NEW_SUFFIX}");
    let names = files.iter().rev().map(|file| file.name.as_str());
    for name in [unfinished.as_str()].into_iter().chain(names).chain([UNFINISHED_FILE]) {
        match target.remove(name) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(name, %error, "what was restored in part cannot be removed");
                return;
            }
        }
    }
}
