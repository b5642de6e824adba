//! Seeds of the simulation that every test run goes through.

use std::time::Instant;

use laurel_simulation::{run, run_many};

/// How many; `SIM_SEEDS` says another number.
const SEEDS: u64 = 1000;

#[test]
fn what_is_promised_holds_whatever_happens() {
    let seeds = std::env::var("SIM_SEEDS").ok().map(|text| text.parse().expect("SIM_SEEDS is a number"));
    let begun = Instant::now();
    let (totals, failures) = run_many(0, seeds.unwrap_or(SEEDS));
    println!("{}", totals.summary(begun.elapsed()));
    let told: Vec<_> = failures.iter().take(10).map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{} seeds failed:\n{}", failures.len(), told.join("\n"));
    // A run in which nothing goes wrong would prove little.
    assert!(totals.crashes > totals.seeds && totals.failed_commits > 0 && totals.repeats > totals.seeds);
}

#[test]
fn a_seed_says_everything_that_happens() {
    for seed in 0..25 {
        assert_eq!(run(seed, false), run(seed, false), "seed {seed}");
    }
    assert_ne!(run(1, false), run(2, false));
}
