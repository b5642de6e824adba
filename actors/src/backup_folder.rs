//! Where backups may go: folders below one that whoever runs the server has named. Owns the rules for that, and the
//! making of the folder.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Why a folder is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FolderRefusal {
    /// It is named from wherever somebody stands, or by way of `..`.
    #[error("the folder has to be named from the root on, without . and ..")]
    NotPlain,
    /// It is elsewhere.
    #[error("backups go to folders below {}", below.display())]
    Elsewhere {
        /// Where backups go.
        below: PathBuf,
    },
    /// It holds something.
    #[error("{} holds something already", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// It cannot be made or read.
    #[error("{}: {source}", folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// A folder below which backups may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFolder {
    /// As it was named.
    named: PathBuf,
    /// Where that is, without links.
    real: PathBuf,
}

/// Why a folder cannot be the one below which backups go.
#[derive(Debug, thiserror::Error)]
pub enum BackupFolderError {
    /// It cannot be made or read.
    #[error("the folder for backups, {}: {source}", folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// One is inside the other: backups would be among the data, or over them.
    #[error("the folder for backups, {}, and that of the data, {}, may not be inside each other",
        folder.display(), data.display())]
    Entangled {
        /// The folder for backups.
        folder: PathBuf,
        /// The folder of the data.
        data: PathBuf,
    },
}

impl BackupFolder {
    /// The folder of this name, which is made if it is not there; `data` is where the store is, and there.
    ///
    /// # Errors
    /// [`BackupFolderError`].
    pub fn new(folder: &Path, data: &Path) -> Result<Self, BackupFolderError> {
        let unusable = |source| BackupFolderError::Unusable { folder: folder.to_owned(), source };
        let named = std::path::absolute(folder).map_err(unusable)?;
        make(&named).map_err(unusable)?;
        let real = named.canonicalize().map_err(unusable)?;
        let data = data
            .canonicalize()
            .map_err(|source| BackupFolderError::Unusable { folder: data.to_owned(), source })?;
        if real.starts_with(&data) || data.starts_with(&real) {
            return Err(BackupFolderError::Entangled { folder: real, data });
        }
        Ok(Self { named, real })
    }

    /// A folder as it is to be called, if it may be used at all. Touches nothing.
    pub(crate) fn admit(&self, folder: &Path) -> Result<PathBuf, FolderRefusal> {
        // Components leave single dots out of a path, so those are looked for in the text.
        let parts =
            folder.as_os_str().as_encoded_bytes().split(|byte| std::path::is_separator((*byte).into()));
        let is_plain = folder.is_absolute() && !parts.into_iter().any(|part| matches!(part, b"." | b".."));
        if !is_plain {
            return Err(FolderRefusal::NotPlain);
        }
        let folder: PathBuf = folder.components().collect();
        let is_below = |above: &Path| folder.starts_with(above) && folder != *above;
        if !is_below(&self.named) && !is_below(&self.real) {
            return Err(self.elsewhere());
        }
        Ok(folder)
    }

    fn elsewhere(&self) -> FolderRefusal {
        FolderRefusal::Elsewhere { below: self.named.clone() }
    }

    /// Makes an admitted folder, readable by the owner alone. It may be there, and empty.
    pub(crate) fn prepare(&self, folder: &Path) -> Result<Prepared, FolderRefusal> {
        let unusable = |source| FolderRefusal::Unusable { folder: folder.to_owned(), source };
        // A link on the way must not lead out. What is not there yet is no link.
        let there = folder.ancestors().find_map(|above| above.canonicalize().ok());
        if !there.is_some_and(|there| there.starts_with(&self.real)) {
            return Err(self.elsewhere());
        }
        let is_new = !folder.try_exists().map_err(unusable)?;
        make(folder).map_err(unusable)?;
        if fs::read_dir(folder).map_err(unusable)?.next().is_some() {
            return Err(FolderRefusal::NotEmpty { folder: folder.to_owned() });
        }
        Ok(Prepared { folder: folder.to_owned(), is_new })
    }
}

/// A folder that is there and empty.
#[derive(Debug)]
pub(crate) struct Prepared {
    folder: PathBuf,
    is_new: bool,
}

impl Prepared {
    /// Takes it away again if it was made for a backup that has failed, and nothing is in it.
    pub(crate) fn give_up(&self) {
        if self.is_new
            && let Err(error) = fs::remove_dir(&self.folder)
        {
            tracing::debug!(%error, folder = %self.folder.display(), "the folder of a failed backup stays");
        }
    }
}

/// Makes a folder and those above it that are missing, so that they are there after a power cut too.
fn make(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|above| !above.exists()).collect();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    missing.into_iter().filter_map(Path::parent).try_for_each(|above| File::open(above)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    struct Folders {
        /// Removed with this.
        _root: TempDir,
        root: PathBuf,
        below: BackupFolder,
    }

    fn folders() -> Folders {
        let root = TempDir::new().unwrap();
        let path = root.path().canonicalize().unwrap();
        fs::create_dir(path.join("data")).unwrap();
        let below = BackupFolder::new(&path.join("backups"), &path.join("data")).unwrap();
        Folders { _root: root, root: path, below }
    }

    fn taken(below: &BackupFolder, folder: &Path) -> Result<Prepared, FolderRefusal> {
        below.prepare(&below.admit(folder)?)
    }

    #[test]
    fn folders_below_are_made_and_no_others() {
        let Folders { root, below, _root } = folders();
        for name in ["backups/one", "backups//two/", "backups/2026/11/25"] {
            taken(&below, &root.join(name)).unwrap();
            assert!(root.join(name).is_dir(), "{name}");
        }
        for name in ["backups", "backups2", "backups2/x", "data/x", ""] {
            let refused = taken(&below, &root.join(name)).unwrap_err();
            assert!(matches!(refused, FolderRefusal::Elsewhere { .. }), "{name}: {refused}");
        }
        let inside = root.join("backups");
        for name in ["../x", "a/../../x", "./x", "a/./b", ".."] {
            let refused = taken(&below, &inside.join(name)).unwrap_err();
            assert!(matches!(refused, FolderRefusal::NotPlain), "{name}: {refused}");
        }
        for name in ["backups/x", "", "x"] {
            assert!(matches!(taken(&below, Path::new(name)), Err(FolderRefusal::NotPlain)), "{name}");
        }
        assert!(!root.join("x").exists() && !root.join("backups2").exists());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let Folders { root, below, _root } = folders();
        symlink(root.join("data"), root.join("backups/link")).unwrap();
        let refused = taken(&below, &root.join("backups/link/x")).unwrap_err();
        assert!(matches!(refused, FolderRefusal::Elsewhere { .. }), "{refused}");
        let refused = taken(&below, &root.join("backups/link")).unwrap_err();
        assert!(matches!(refused, FolderRefusal::Elsewhere { .. }), "{refused}");
        assert_eq!(fs::read_dir(root.join("data")).unwrap().count(), 0);
        // One that leads to the folder itself is another name of it.
        symlink(root.join("backups"), root.join("mounted")).unwrap();
        let mounted = BackupFolder::new(&root.join("mounted"), &root.join("data")).unwrap();
        taken(&mounted, &root.join("mounted/one")).unwrap();
        let mode = fs::metadata(root.join("backups/one")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "others may not read it");
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused_and_one_given_up_is_gone() {
        let Folders { root, below, _root } = folders();
        let folder = root.join("backups/one");
        taken(&below, &folder).unwrap().give_up();
        assert!(!folder.exists());
        fs::create_dir(&folder).unwrap();
        taken(&below, &folder).unwrap().give_up();
        assert!(folder.exists(), "it was there before");
        fs::write(folder.join("x"), "x").unwrap();
        assert!(matches!(taken(&below, &folder), Err(FolderRefusal::NotEmpty { .. })));
    }

    #[test]
    fn backups_are_not_kept_among_the_data() {
        let Folders { root, below: _, _root } = folders();
        for (folder, data) in [("data/backups", "data"), ("data", "data"), ("", "data")] {
            let refused = BackupFolder::new(&root.join(folder), &root.join(data)).unwrap_err();
            assert!(matches!(refused, BackupFolderError::Entangled { .. }), "{folder}: {refused}");
        }
    }
}
