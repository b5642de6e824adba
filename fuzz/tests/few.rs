//! Some inputs of each target in every test run; `FUZZ_INPUTS` says how many.

use laurel_fuzz::{Target, run};

fn try_some(target: Target, inputs: u64) {
    let inputs =
        std::env::var("FUZZ_INPUTS").map_or(inputs, |text| text.parse().expect("FUZZ_INPUTS is a number"));
    match run(target, 0..inputs) {
        Ok(report) => println!("{target}: {report}"),
        Err(finding) => panic!("{finding}"),
    }
}

/// One after the other: what is watched (panics, memory) is the process.
#[test]
fn nothing_panics_hangs_swells_or_takes_nonsense() {
    for (target, inputs) in [
        (Target::Records, 3000),
        (Target::Program, 1500),
        (Target::Bodies, 1500),
        (Target::Lines, 300),
        (Target::Raw, 1000),
    ] {
        try_some(target, inputs);
    }
}
