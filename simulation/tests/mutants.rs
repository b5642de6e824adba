//! The simulation can fail: faults made on purpose are noticed, each within so many seeds.

use laurel_simulation::{Tamper, run_tampered};

/// Runs seeds until one fails, and says which.
fn noticed_at(tamper: Tamper, within: u64) -> u64 {
    let failed = (0..within).find_map(|seed| run_tampered(seed, false, tamper).err());
    let failure = failed.unwrap_or_else(|| panic!("{tamper:?} is not noticed within {within} seeds"));
    println!("{tamper:?} is noticed at seed {}: {}", failure.seed, failure.what);
    failure.seed
}

#[test]
fn a_disk_that_does_not_sync_is_noticed() {
    noticed_at(Tamper::SkipsSyncs, 20);
}

#[test]
fn a_failed_sync_that_is_ignored_is_noticed() {
    noticed_at(Tamper::IgnoresFailedSyncs, 200);
}

#[test]
fn a_journal_that_loses_its_end_is_noticed() {
    noticed_at(Tamper::ForgetsTail, 20);
}

#[cfg(feature = "mutants")]
mod inside {
    use actors::mutants::Mutant;

    use super::*;

    #[test]
    fn an_answer_before_the_commit_is_noticed() {
        noticed_at(Tamper::Inside(Mutant::AnswersEarly), 40);
    }

    #[test]
    fn a_dropped_effect_is_noticed() {
        noticed_at(Tamper::Inside(Mutant::DropsEffects), 10);
    }

    #[test]
    fn an_effect_applied_twice_is_noticed() {
        noticed_at(Tamper::Inside(Mutant::AppliesTwice), 10);
    }

    #[test]
    fn a_stale_snapshot_is_noticed() {
        noticed_at(Tamper::Inside(Mutant::StaleSnapshots), 20);
    }
}
