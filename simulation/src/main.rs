//! Runs seeds of the simulation: `--seeds N` many, from `--from N` on; or `--seed N` alone, with `--trace` step by
//! step.

use std::{process::ExitCode, time::Instant};

/// How many seeds are run when nothing is said.
const SEEDS: u64 = 1000;
/// More failures than this are counted only.
const SHOWN_MAX: usize = 20;

struct Asked {
    seed: Option<u64>,
    from: u64,
    seeds: u64,
    trace: bool,
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked { seed: None, from: 0, seeds: SEEDS, trace: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words.next().ok_or_else(|| format!("{word} needs a number"))?;
            value.parse::<u64>().map_err(|error| format!("{word} {value}: {error}"))
        };
        match word.as_str() {
            "--seed" => asked.seed = Some(number()?),
            "--seeds" => asked.seeds = number()?,
            "--from" => asked.from = number()?,
            "--trace" => asked.trace = true,
            other => {
                return Err(format!("{other} is not known; there are --seed, --seeds, --from and --trace"));
            }
        }
    }
    Ok(asked)
}

fn main() -> ExitCode {
    let asked = match asked() {
        Ok(asked) => asked,
        Err(what) => {
            eprintln!("{what}");
            return ExitCode::FAILURE;
        }
    };
    let begun = Instant::now();
    let (totals, failures) = match asked.seed {
        Some(seed) => match laurel_simulation::run(seed, asked.trace) {
            Ok(outcome) => {
                println!("seed {seed}: the hash of what happened is {:016x}", outcome.trace);
                (outcome.totals, Vec::new())
            }
            Err(failure) => (laurel_simulation::Totals::default(), vec![failure]),
        },
        None => laurel_simulation::run_many(asked.from, asked.seeds),
    };
    println!("{}", totals.summary(begun.elapsed()));
    for failure in failures.iter().take(SHOWN_MAX) {
        eprintln!("{failure}");
    }
    if failures.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("{} seeds failed", failures.len());
    ExitCode::FAILURE
}
