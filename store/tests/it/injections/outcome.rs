//! What becomes of a fault when the store is opened and everything is read.

use super::faults::{Fault, STATE};
use super::ground::{Ground, small};
use super::mending::{Mended, without_earlier_lives};
use super::sight::Sight;
use crate::support::{Concat, Recorder};
use laurel_store::{Disk, Listener, MemoryDisk, OpenError, Options, Stepped, open_stepped, verify};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What became of a fault.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    /// The store does not open, and says which file.
    FoundAtOpen,
    /// Some reads are refused, and all others answer as before.
    FoundAtRead,
    /// Everything can be read as before; verification finds the fault.
    FoundByVerify,
    /// Everything can be read as before.
    Harmless,
    /// A read answers wrongly, whether verification would find the fault or not.
    ServedWrong,
}

impl Outcome {
    const ALL: [(Self, &'static str); 4] = [
        (Self::FoundAtOpen, "at open"),
        (Self::FoundAtRead, "at read"),
        (Self::FoundByVerify, "verify"),
        (Self::Harmless, "harmless"),
    ];
}

pub fn open(options: Options, disk: &MemoryDisk) -> Result<Stepped<u64>, OpenError> {
    let listener: Arc<dyn Listener<u64>> = Arc::new(Recorder::default());
    open_stepped(options, Arc::new(disk.clone()), Arc::new(Concat), listener)
}

/// What verification finds.
pub fn findings(disk: &MemoryDisk) -> Vec<String> {
    let before: Vec<_> = disk.names().into_iter().map(|name| (disk.contents(&name), name)).collect();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let found = match verify(&small(), &shared, &Concat) {
        Ok(report) => report.findings.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    };
    let after: Vec<_> = disk.names().into_iter().map(|name| (disk.contents(&name), name)).collect();
    assert!(before == after, "verification changes something");
    found
}

/// Opens and reads a disk with a fault; answers the outcome, and whether verification finds anything.
pub fn look(ground: &Ground, fault: &Fault, is_loud: bool) -> (Outcome, bool) {
    let found = findings(&fault.disk);
    if is_loud {
        println!(
            "{}: {} {} {} {}\nfound: {found:#?}",
            ground.name, fault.file, fault.place, fault.kind, fault.what
        );
    }
    let disk = fault.disk.copy();
    let (store, _, _steps) = match open(small(), &disk) {
        Ok(opened) => opened,
        Err(error) => {
            assert!(!found.is_empty(), "it does not open, and verification finds nothing: {error}");
            assert!(
                error.to_string().contains(&fault.file) || error.to_string().contains("journal"),
                "the error names another file than {}: {error}",
                fault.file
            );
            return (Outcome::FoundAtOpen, true);
        }
    };
    let mut sight = Sight::with_refusals(&*store, &ground.probes);
    if fault.file == STATE && fault.kind == "put back an older copy" {
        without_earlier_lives(&mut sight, ground.sight());
    }
    let wrong = sight.wrong(ground.sight());
    if is_loud {
        println!("{} refused, wrong: {wrong:#?}", sight.refusals());
    }
    let outcome = match (wrong.is_empty(), sight.refusals(), found.is_empty()) {
        (true, 0, true) => Outcome::Harmless,
        (true, 0, false) => Outcome::FoundByVerify,
        (true, _, false) => Outcome::FoundAtRead,
        (false, ..) | (_, _, true) => Outcome::ServedWrong,
    };
    (outcome, !found.is_empty())
}

/// How often what became of which fault.
#[derive(Default)]
pub struct Tally {
    places: BTreeMap<(String, &'static str), BTreeMap<Outcome, u64>>,
    mended: BTreeMap<Mended, u64>,
}

impl Tally {
    pub fn count(&mut self, fault: &Fault, outcome: Outcome, mended: Option<Mended>) {
        let key = (fault.place.clone(), fault.kind);
        *self.places.entry(key).or_default().entry(outcome).or_default() += 1;
        if let Some(mended) = mended {
            *self.mended.entry(mended).or_default() += 1;
        }
    }

    pub fn kinds_of_outcome(&self) -> usize {
        let mut outcomes: Vec<_> = self.places.values().flat_map(BTreeMap::keys).collect();
        outcomes.sort();
        outcomes.dedup();
        outcomes.len()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:44}", "place: fault")?;
        Outcome::ALL.iter().try_for_each(|(_, name)| write!(f, "{name:>10}"))?;
        writeln!(f)?;
        let mut sums: BTreeMap<Outcome, u64> = BTreeMap::new();
        for ((place, kind), outcomes) in &self.places {
            write!(f, "{:44}", format!("{place}: {kind}"))?;
            for (outcome, _) in Outcome::ALL {
                let count = outcomes.get(&outcome).copied().unwrap_or(0);
                *sums.entry(outcome).or_default() += count;
                write!(f, "{:>10}", if count == 0 { String::new() } else { count.to_string() })?;
            }
            writeln!(f)?;
        }
        write!(f, "{:44}", "all")?;
        Outcome::ALL
            .iter()
            .try_for_each(|(outcome, _)| write!(f, "{:>10}", sums.get(outcome).unwrap_or(&0)))?;
        writeln!(f, "\nrepairs of what was found: {:?}", self.mended)
    }
}
