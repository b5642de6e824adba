//! Tries inputs: `--target NAME` one target, otherwise all; `--inputs N` many, from `--from N` on; `--input N` one
//! alone, with what it depends on.

use std::process::ExitCode;

use laurel_fuzz::{Target, run};

/// How many inputs of each target when nothing is said.
const INPUTS: u64 = 10_000;

struct Asked {
    targets: Vec<Target>,
    from: u64,
    inputs: u64,
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked { targets: Target::ALL.to_vec(), from: 0, inputs: INPUTS };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|error| format!("{word} {value}: {error}"));
        match word.as_str() {
            "--target" => asked.targets = vec![value.parse()?],
            "--inputs" => asked.inputs = number()?,
            "--from" => asked.from = number()?,
            "--input" => (asked.from, asked.inputs) = (number()?, 1),
            other => {
                return Err(format!(
                    "{other} is not known; there are --target, --inputs, --from and --input"
                ));
            }
        }
    }
    Ok(asked)
}

fn main() -> ExitCode {
    let Asked { targets, from, inputs } = match asked() {
        Ok(asked) => asked,
        Err(what) => {
            eprintln!("{what}");
            return ExitCode::FAILURE;
        }
    };
    for target in targets {
        match run(target, from..from.saturating_add(inputs)) {
            Ok(report) => println!("{target}: {report}"),
            Err(finding) => {
                eprintln!("{finding}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
