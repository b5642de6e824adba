//! `backup.json`: what a backup is of, and every file that belongs to it. Without it a folder is no backup.

use super::RestoreError;
use crate::disk::{Disk, OpenMode};
use serde::{Deserialize, Serialize};
use std::io;
use xxhash_rust::xxh3::xxh3_128;

/// Written last.
pub(super) const MANIFEST_FILE: &str = "backup.json";
/// The form of the folder and of this file.
pub(super) const FORMAT: u8 = 1;
/// Far more than a manifest of many segments has.
const BYTES_MAX: u64 = 16 << 20;

/// What a backup is of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the form.
    pub format: u8,
    /// The program that made it.
    pub made_by: String,
    /// The store that it is a copy of, in hexadecimal digits.
    pub store: String,
    /// The last frame of the journal in it.
    pub frame: u64,
    /// The last record in it.
    pub lsn: u64,
    /// When that was the last one, in milliseconds since 1970.
    pub cut_at_ms: u64,
    /// All other files, in the order in which they were finished.
    pub files: Vec<BackupFile>,
}

/// A file of a backup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupFile {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// XXH3-128 of its bytes, in hexadecimal digits.
    pub xxh3_128: String,
}

/// The file: the manifest and its own hash.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    backup: Manifest,
    /// XXH3-128 of the manifest, written as JSON without white space.
    xxh3_128: String,
}

/// As much as is the same in every format.
#[derive(Deserialize)]
struct AnyFormat {
    backup: Formatted,
}

#[derive(Deserialize)]
struct Formatted {
    format: u8,
}

/// A hash of 128 bits in hexadecimal digits.
pub(super) fn digits(hash: u128) -> String {
    format!("{hash:032x}")
}

impl Manifest {
    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn hash(&self) -> io::Result<String> {
        Ok(digits(xxh3_128(&serde_json::to_vec(self)?)))
    }

    /// The bytes of the file.
    pub(super) fn seal(self) -> io::Result<(Vec<u8>, Self)> {
        let sealed = Sealed { xxh3_128: self.hash()?, backup: self };
        let mut bytes = serde_json::to_vec_pretty(&sealed)?;
        bytes.push(b'\n');
        Ok((bytes, sealed.backup))
    }

    /// Reads the manifest of a backup.
    ///
    /// # Errors
    /// [`RestoreError`], if there is none or it is damaged.
    pub fn read(disk: &dyn Disk) -> Result<Self, RestoreError> {
        let failed = |source| RestoreError::read(MANIFEST_FILE, source);
        let file = disk.open(MANIFEST_FILE, OpenMode::Reading).map_err(failed)?;
        let size = file.size().map_err(failed)?;
        if size > BYTES_MAX {
            return Err(RestoreError::damaged(MANIFEST_FILE, "it is far too long"));
        }
        let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other).map_err(failed)?];
        file.read(0, &mut bytes).map_err(failed)?;
        Self::unseal(&bytes)
    }

    fn unseal(bytes: &[u8]) -> Result<Self, RestoreError> {
        let unreadable = |error: serde_json::Error| RestoreError::damaged(MANIFEST_FILE, error.to_string());
        let AnyFormat { backup: Formatted { format } } = serde_json::from_slice(bytes).map_err(unreadable)?;
        if format != FORMAT {
            return Err(RestoreError::Format { found: format, supported: FORMAT });
        }
        let sealed: Sealed = serde_json::from_slice(bytes).map_err(unreadable)?;
        let hash = sealed.backup.hash().map_err(|source| RestoreError::read(MANIFEST_FILE, source))?;
        if hash != sealed.xxh3_128 {
            return Err(RestoreError::damaged(MANIFEST_FILE, "its own hash does not match"));
        }
        if let Some(file) = sealed.backup.files.iter().find(|file| !is_plain(&file.name)) {
            return Err(RestoreError::damaged(
                MANIFEST_FILE,
                format!("{:?} is no name of a file", file.name),
            ));
        }
        Ok(sealed.backup)
    }
}

/// Whether a name stays inside its folder.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str) -> Manifest {
        let file = BackupFile { name: name.to_owned(), bytes: 3, xxh3_128: digits(7) };
        Manifest {
            format: FORMAT,
            made_by: "laurel 0.1.0".to_owned(),
            store: "01".repeat(16),
            frame: 4,
            lsn: 9,
            cut_at_ms: 1_700_000_000_000,
            files: vec![file],
        }
    }

    #[test]
    fn no_byte_of_it_can_change_unnoticed() {
        let (bytes, kept) = manifest("state.redb").seal().unwrap();
        assert_eq!(Manifest::unseal(&bytes).unwrap(), kept);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            if let Ok(read) = Manifest::unseal(&changed) {
                assert_eq!(read, kept, "byte {at}: white space alone may differ");
            }
        }
        assert!(Manifest::unseal(&bytes[..bytes.len() / 2]).is_err());
    }

    #[test]
    fn another_format_is_named_whatever_it_holds() {
        let later = br#"{"backup":{"format":2,"more":true},"signature":"x"}"#;
        assert!(matches!(Manifest::unseal(later), Err(RestoreError::Format { found: 2, supported: FORMAT })));
    }

    #[test]
    fn names_that_lead_out_of_the_folder_are_refused() {
        for name in ["../state.redb", "/etc/passwd", "", ".", "..", "a/b", "c:d"] {
            let (bytes, _) = manifest(name).seal().unwrap();
            assert!(matches!(Manifest::unseal(&bytes), Err(RestoreError::Damaged { .. })), "{name}");
        }
    }
}
