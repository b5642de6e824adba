//! `laurel restore`: brings a backup back to a folder that no server runs on.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, ensure};
use clap::Args;
use jiff::Timestamp;
use store::{FolderDisk, backup::restore};

use crate::{tenant, verify};

/// What to bring back whereto.
#[derive(Debug, Clone, Args)]
pub struct RestoreOptions {
    /// Folder of the backup
    #[arg(value_name = "BACKUP")]
    pub backup: PathBuf,

    /// Folder that the data go to; made when it is missing, else empty
    #[arg(long, env = "LAUREL_DATA", default_value = "./laurel-data", value_name = "FOLDER")]
    pub data: PathBuf,

    /// Do not check the restored data as `laurel verify` does; every file has been compared with its hash then
    #[arg(long, env = "LAUREL_NO_VERIFY")]
    pub no_verify: bool,
}

/// Copies a backup, checks the copy, and says what it is of.
///
/// # Errors
/// The folder is no whole backup, the other one is not empty or cannot be written.
pub fn run(options: &RestoreOptions) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let (backup, data) = (options.backup.as_path(), options.data.as_path());
    ensure!(backup.is_dir(), "{}: there is no such folder", backup.display());
    let is_new = !data.exists();
    let disk =
        |folder: &Path| FolderDisk::new(folder).with_context(|| format!("folder {}", folder.display()));
    let restored = restore(&disk(backup)?, &disk(data)?);
    if restored.is_err() && is_new {
        // At most its lock is in it now. A folder that is not empty stays.
        drop(fs::remove_file(data.join("lock")));
        drop(fs::remove_dir(data));
    }
    let manifest = restored?;
    settle(data).with_context(|| format!("folder {}", data.display()))?;
    let at = Timestamp::from_millisecond(i64::try_from(manifest.cut_at_ms)?)?;
    println!(
        "{}: everything up to position {} (frame {}), as of {at:.3}",
        data.display(),
        manifest.lsn,
        manifest.frame
    );
    let megabytes = manifest.bytes().div_ceil(1_000_000);
    println!(
        "  {} files, {megabytes} MB, made by {}; restored in {:.1} s",
        manifest.files.len(),
        manifest.made_by,
        begun.elapsed().as_secs_f64()
    );
    println!(
        "  The keys are not part of a backup: give `laurel serve` the keys file of the server it is of."
    );
    println!("  Who was erased after that moment is in it again: erase them again.");
    if options.no_verify {
        Ok(ExitCode::SUCCESS)
    } else {
        verify::run(&verify::VerifyOptions { data: data.to_owned(), repair: false, accept_loss: false })
    }
}

/// What the disk of a store does not see to: who may read the credentials, and that the folder itself is there after a
/// power cut.
fn settle(data: &Path) -> anyhow::Result<()> {
    let tenant = data.join(tenant::FILE);
    if tenant.exists() {
        fs::set_permissions(tenant, Permissions::from_mode(0o600))?;
    }
    File::open(std::path::absolute(data)?.parent().unwrap_or(data))?.sync_all()?;
    Ok(())
}
