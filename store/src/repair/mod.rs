//! Putting a damaged store right: what can be proven is restored, what cannot is lost only with consent.
//!
//! A repair looks first and plans; it writes when nothing is lost, or when the loss is accepted. It writes new files
//! and keeps those they replace in a subfolder. Damaged bytes never get a fresh checksum: what is written comes out of
//! pages, rows or frames whose own checksums are right. Remedies: `docs/storage-format.md`, section 5.

mod chain;
mod damage;
mod entities;
mod plan;
mod rows;
mod write;

use crate::disk::Disk;
use crate::error::OpenError;
use crate::open::take_disk;
use crate::options::Options;
use crate::store::Fold;
use crate::verify::{Finding, VerifyReport, inspect};
use std::fmt;
use std::sync::Arc;

/// Whether a repair may lose what cannot be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Consent {
    /// No: it then changes nothing.
    LoseNothing,
    /// Yes.
    AcceptLoss,
}

/// What is done about damage, without any loss.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remedy {
    /// The file.
    pub file: String,
    /// Where in the file.
    pub place: String,
    /// What is done.
    pub how: String,
}

/// Something that was stored and cannot be had any more, or cannot be proven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loss {
    /// The file.
    pub file: String,
    /// Where in the file: a frame, or a table and an entity or keys.
    pub place: String,
    /// What is lost.
    pub what: String,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.file, self.place, self.how)
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.file, self.place, self.what)
    }
}

/// How a repair ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Nothing is wrong.
    Sound,
    /// It is done.
    Repaired,
    /// It would lose something, and that was not accepted. Nothing was changed.
    Refused,
}

/// What a repair found and did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepairReport {
    /// What was found before.
    pub found: VerifyReport,
    /// What is, or would be, done without loss.
    pub remedies: Vec<Remedy>,
    /// What is, or would be, lost.
    pub losses: Vec<Loss>,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found after it. Nothing, unless the disk went on failing.
    pub left: Vec<Finding>,
}

/// Verifies the store on a disk that nobody has open and, if anything is wrong, puts it right. Files that are replaced
/// are kept in the subfolder `aside`, which must be a new one for each repair.
///
/// # Errors
/// [`OpenError`] if the disk is taken, a file is of another format version, or the operating system refuses something.
/// The store then shows the damage as before or is repaired already, and can be repaired again.
pub fn repair(
    options: &Options,
    disk: &Arc<dyn Disk>,
    fold: &dyn Fold,
    consent: Consent,
    aside: &str,
) -> Result<RepairReport, OpenError> {
    let _owned = take_disk(&**disk)?;
    let found = inspect(options, disk, fold)?;
    if found.findings.is_empty() {
        let (remedies, losses, left) = (Vec::new(), Vec::new(), Vec::new());
        return Ok(RepairReport { found, remedies, losses, outcome: Outcome::Sound, left });
    }
    let plan = plan::plan(disk, fold, &found)?;
    if !plan.losses.is_empty() && consent == Consent::LoseNothing {
        let plan::Plan { remedies, losses, .. } = plan;
        return Ok(RepairReport { found, remedies, losses, outcome: Outcome::Refused, left: Vec::new() });
    }
    write::carry_out(options, disk, fold, &plan, aside)?;
    let left = inspect(options, disk, fold)?.findings;
    let plan::Plan { remedies, losses, .. } = plan;
    Ok(RepairReport { found, remedies, losses, outcome: Outcome::Repaired, left })
}
