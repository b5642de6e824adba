//! What is tried.

mod bodies;
mod lines;
mod program;
mod raw;
mod records;
mod schema;
mod server;

use std::{fmt, ops::Range, str::FromStr, time::Instant};

use fastrand::Rng;

use crate::{Finding, Report, alarm};

/// What reads bytes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Stored records and snapshots of every kind of entity.
    Records,
    /// Program, stores and catalog.
    Program,
    /// Bodies of every operation of the OpenAPI document.
    Bodies,
    /// Streamed sales, in pieces.
    Lines,
    /// Requests as bytes: request line, query strings, headers, credentials.
    Raw,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Records, Self::Program, Self::Bodies, Self::Lines, Self::Raw];

    pub(crate) fn run(self, inputs: Range<u64>) -> Result<Report, Finding> {
        match self {
            Self::Records => each(self, inputs, &mut records::Records::new(), records::Records::try_one),
            Self::Program => each(self, inputs, &mut program::Programs::new(), program::Programs::try_one),
            Self::Bodies => bodies::run(self, inputs),
            Self::Lines => lines::run(self, inputs),
            Self::Raw => raw::run(self, inputs),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Program => "program",
            Self::Bodies => "bodies",
            Self::Lines => "lines",
            Self::Raw => "raw",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|target| target.name() == text);
        known.ok_or_else(|| format!("{text} is no target; there are records, program, bodies, lines, raw"))
    }
}

/// Longer than this no input may take. These machines are shared: it is about hanging, not about speed.
const LONGEST_S: u64 = 20;
/// So much an input may add to the most memory that the process has ever had.
const GROWTH_MAX: u64 = 512 << 20;

/// An input and what came of it: an outcome to be counted, or what is wrong.
struct Tried {
    shown: String,
    outcome: Result<String, String>,
}

/// The source of everything that is chosen for one input.
fn rng(target: Target, input: u64) -> Rng {
    let salt = target.name().bytes().fold(0_u64, |salt, byte| salt << 8 | u64::from(byte));
    Rng::with_seed(input.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt)
}

/// Tries one input after the other and looks after each for what must not be.
fn each<S>(
    target: Target,
    inputs: Range<u64>,
    subject: &mut S,
    mut try_one: impl FnMut(&mut S, &mut Rng) -> Tried,
) -> Result<Report, Finding> {
    let mut report = Report::default();
    for input in inputs {
        let (begun, most) = (Instant::now(), memory_at_most());
        let tried = alarm::watch(|| try_one(subject, &mut rng(target, input)));
        let took = begun.elapsed();
        let grown = memory_at_most().saturating_sub(most);
        let (what, shown) = match tried {
            Err(panic) => (format!("a panic: {panic}"), String::new()),
            Ok(Tried { shown, .. }) if took.as_secs() >= LONGEST_S => (format!("it took {took:.1?}"), shown),
            Ok(Tried { shown, .. }) if grown > GROWTH_MAX => (format!("it took {} MiB", grown >> 20), shown),
            Ok(Tried { shown, outcome: Err(what) }) => (what, shown),
            Ok(Tried { outcome: Ok(outcome), .. }) => {
                report.count(outcome, took);
                continue;
            }
        };
        return Err(Finding { target, input, what, shown });
    }
    Ok(report)
}

/// The most memory that this process ever had, in bytes; nothing where the system does not say.
fn memory_at_most() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

/// Bytes for people.
fn show(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 2000;
    let shown = bytes[..bytes.len().min(SHOWN_MAX)].escape_ascii().to_string();
    if bytes.len() > SHOWN_MAX { format!("{shown}... ({} bytes)", bytes.len()) } else { shown }
}
