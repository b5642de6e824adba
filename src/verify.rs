//! `laurel verify`: checks all stored data of a folder that no server runs on.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use actors::EntityFold;
use anyhow::Context;
use clap::Args;
use store::{Disk, FolderDisk, Options};

/// What to check.
#[derive(Debug, Clone, Args)]
pub struct VerifyOptions {
    /// Folder of the stored data
    #[arg(long, env = "LAUREL_DATA", default_value = "./laurel-data", value_name = "FOLDER")]
    pub data: PathBuf,
}

/// Walks journal, history, snapshots and indexes, checks checksums and chains, recomputes every state from its
/// events, and says what is wrong and where. Fails when something is.
pub fn run(options: &VerifyOptions) -> anyhow::Result<ExitCode> {
    let folder = options.data.display();
    let disk: Arc<dyn Disk> =
        Arc::new(FolderDisk::new(&options.data).with_context(|| format!("folder {folder}"))?);
    let report = store::verify::verify(&Options::default(), &disk, &EntityFold)?;
    println!("{folder}");
    for (what, count) in [
        ("journal frames above the last checkpoint", report.frames),
        ("records in them", report.journal_records),
        ("records of the history", report.history_records),
        ("snapshots, each recomputed from its history", report.snapshots),
        ("index rows", report.index_rows),
        ("effects on their way at the last checkpoint", report.pending_effects),
    ] {
        println!("{count:>12}  {what}");
    }
    if report.findings.is_empty() {
        println!("Nothing is wrong.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} findings:", report.findings.len());
    for finding in &report.findings {
        println!("  {finding}");
    }
    Ok(ExitCode::FAILURE)
}
