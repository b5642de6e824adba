//! `laurel verify`: checks all stored data of a folder that no server runs on, and repairs what can be repaired.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use actors::EntityFold;
use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use store::{
    Disk, FolderDisk, Options,
    repair::{Consent, Outcome, RepairReport},
    verify::{Finding, VerifyReport},
};

/// Something is wrong with the data.
const FOUND: u8 = 1;
/// A repair would lose something, and was not told to.
const REFUSED: u8 = 3;

/// What to check, and what to do about it.
#[derive(Debug, Clone, Args)]
pub struct VerifyOptions {
    /// Folder of the stored data
    #[arg(long, env = "LAUREL_DATA", default_value = "./laurel-data", value_name = "FOLDER")]
    pub data: PathBuf,

    /// Put right what can be put right without losing anything that was acknowledged; if something would be lost, list
    /// it and change nothing
    #[arg(long)]
    pub repair: bool,

    /// Repair also where something is lost by it, and list what was lost
    #[arg(long, requires = "repair")]
    pub accept_loss: bool,
}

/// Walks journal, history, snapshots and indexes, checks checksums and chains, recomputes every state from its
/// events, and says what is wrong and where. Fails when something is.
pub fn run(options: &VerifyOptions) -> anyhow::Result<ExitCode> {
    let folder = options.data.display();
    let disk: Arc<dyn Disk> =
        Arc::new(FolderDisk::new(&options.data).with_context(|| format!("folder {folder}"))?);
    println!("{folder}");
    if !options.repair {
        let report = store::verify(&Options::default(), &disk, &EntityFold)?;
        print_found(&report);
        return Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) });
    }
    let consent = if options.accept_loss { Consent::AcceptLoss } else { Consent::LoseNothing };
    let aside = format!("damaged-{}", Timestamp::now().strftime("%Y-%m-%dT%H-%M-%SZ"));
    let report = store::repair(&Options::default(), &disk, &EntityFold, consent, &aside)?;
    print_found(&report.found);
    Ok(print_repair(&report, &aside))
}

fn print_found(report: &VerifyReport) {
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
    print_findings("found", &report.findings);
}

fn print_findings(when: &str, findings: &[Finding]) {
    match findings.len() {
        0 => println!("Nothing is wrong."),
        count => println!("{count} things are wrong ({when}):"),
    }
    findings.iter().for_each(|finding| println!("  {finding}"));
}

fn print_repair(report: &RepairReport, aside: &str) -> ExitCode {
    if report.outcome == Outcome::Sound {
        return ExitCode::SUCCESS;
    }
    let is_done = report.outcome == Outcome::Repaired;
    if !report.remedies.is_empty() {
        println!("{} without loss:", if is_done { "Repaired" } else { "Could be repaired" });
        report.remedies.iter().for_each(|remedy| println!("  {remedy}"));
    }
    if !report.losses.is_empty() {
        println!("{}:", if is_done { "Lost" } else { "Would be lost" });
        report.losses.iter().for_each(|loss| println!("  {loss}"));
    }
    if !is_done {
        println!(
            "Nothing was changed. A backup may have what is missing here; --accept-loss repairs the rest."
        );
        return ExitCode::from(REFUSED);
    }
    println!(
        "The files that were replaced are kept in {aside}, with all they hold: delete it when it is not needed."
    );
    print_findings("after the repair", &report.left);
    if report.left.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) }
}
