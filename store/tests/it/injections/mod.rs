//! One fault at a time in the files of a store: it is found, or nothing that can be read has changed; and it is
//! repaired, or refused, or repaired with no more loss than is said.
//!
//! A few hundred by default. `INJECTIONS=20000 cargo test -p laurel-store --test it injections -- --nocapture` makes as
//! many and prints what became of them; `INJECTION=<number>` repeats one and says what happened.

mod faults;
mod ground;
mod mending;
mod outcome;
mod places;
mod sight;

use crate::state_file;
use faults::{Fault, Map, fault};
use laurel_store::Store as _;
use outcome::{Outcome, Tally, look};
use sight::Sight;
use std::panic::{AssertUnwindSafe, catch_unwind};

const SEED: u64 = 1;
const BY_DEFAULT: u64 = 120;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn a_fault_in_the_files_is_found_and_repaired_or_does_no_harm() {
    let grounds = ground::grounds();
    let map = Map::of(&grounds);
    let seed = number("INJECTION_SEED").unwrap_or(SEED);
    let alone = number("INJECTION");
    let numbers = alone.map_or(0..number("INJECTIONS").unwrap_or(BY_DEFAULT), |alone| alone..alone + 1);
    let is_loud = alone.is_some();
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    for number in numbers {
        let fault = fault(seed, number, &grounds, &map);
        let ground = &grounds[fault.ground];
        let made = catch_unwind(AssertUnwindSafe(|| {
            let (outcome, findings) = look(ground, &fault, is_loud);
            let mended = if findings { Some(mending::mend(ground, &fault, is_loud)) } else { None };
            (outcome, mended)
        }));
        match made {
            Ok((Outcome::ServedWrong, _)) => {
                failed.push(describe(ground.name, number, &fault, "is served wrongly"));
            }
            Ok((outcome, mended)) => tally.count(&fault, outcome, mended),
            Err(panic) => {
                let what = panic.downcast_ref::<String>().map_or("panics", String::as_str);
                failed.push(describe(ground.name, number, &fault, what));
            }
        }
    }
    println!("{tally}");
    assert!(failed.is_empty(), "{} of them:\n{}", failed.len(), failed.join("\n"));
    assert!(alone.is_some() || tally.kinds_of_outcome() >= 3, "the faults must reach something:\n{tally}");
}

fn describe(ground: &str, number: u64, fault: &Fault, what: &str) -> String {
    let Fault { file, place, kind, what: where_, .. } = fault;
    format!("INJECTION={number}: {ground}: {file}: {place}: {kind} ({where_}): {what}")
}

/// The library goes on working on the file when it closes it, and asserts what a page in another's place breaks. The
/// sums are right here: else the page would not be read.
#[test]
fn what_panics_when_a_damaged_file_is_closed_stops_nothing() {
    let ground = &ground::grounds()[0];
    let sound = state_file::database(&ground.disk.contents(faults::STATE).unwrap());
    let places = places::of_database(&sound);
    let leaf = places["history, leaf"][0].start;
    for page in &places["free or allocator page"] {
        let mut bytes = sound.clone();
        bytes.copy_within(leaf..leaf + places::PAGE, page.start);
        bytes[leaf..leaf + places::PAGE].copy_from_slice(&sound[page.clone()]);
        let disk = ground.disk.copy_with(faults::STATE, state_file::file(&bytes));
        if let Ok((store, ..)) = outcome::open(ground::small(), &disk) {
            let read = Sight::with_refusals(&*store, &ground.probes);
            drop((read, store.close()));
        }
    }
}

#[test]
fn a_repair_that_is_cut_off_shows_damage_still_or_is_done() {
    let grounds = ground::grounds();
    let map = Map::of(&grounds);
    let mut seen = std::collections::BTreeSet::new();
    for number in 0.. {
        let fault = fault(SEED, number, &grounds, &map);
        let ground = &grounds[fault.ground];
        // One of the state file and one of the journal for each ground.
        if !seen.contains(&(ground.name, fault.file == faults::STATE))
            && !outcome::findings(&fault.disk).is_empty()
        {
            mending::mend_through_power_cuts(ground, &fault);
            seen.insert((ground.name, fault.file == faults::STATE));
        }
        if seen.len() == 2 * grounds.len() {
            return;
        }
    }
}

#[test]
fn every_kind_of_place_is_there() {
    let grounds = ground::grounds();
    let classes = Map::of(&grounds).classes();
    for class in [
        "segment header",
        "blank",
        "end mark",
        "torn tail",
        "frame head, above",
        "frame hash, below",
        "record, above",
        "index change, above",
        "sector check, below",
        "page of sums",
        "file header",
        "newest slot",
        "older slot",
        "table of tables, leaf",
        "meta, leaf",
        "history, inner page",
        "history, leaf",
        "indexes, inner page",
        "indexes, leaf",
        "snapshots, inner page",
        "snapshots, leaf",
        "pending, leaf",
        "known, leaf",
        "free or allocator page",
    ] {
        assert!(classes.iter().any(|found| found == class), "{class} is not among {classes:?}");
    }
}
