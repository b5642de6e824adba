//! What is told about a delivery when it is over.

use std::{fmt::Write, process::ExitCode};

use crate::delivery::{Outcome, rate};

/// Exit code of a delivery: 0 when all was taken, 1 when something was refused, 2 when it was given up.
pub fn exit_code(outcome: &Outcome) -> ExitCode {
    match outcome {
        Outcome { given_up: true, .. } => ExitCode::from(2),
        outcome if outcome.refused() > 0 => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    }
}

/// Prints what came of a delivery of `unit` ("sales").
pub fn print(outcome: &Outcome, unit: &str) {
    print!("{}", text(outcome, unit));
}

fn text(outcome: &Outcome, unit: &str) -> String {
    let mut text = String::new();
    let done = outcome.taken + outcome.already_there;
    let seconds = outcome.elapsed;
    line(
        &mut text,
        format_args!("{done} {unit} acknowledged in {seconds:.1?}, {} a second", rate(done, seconds)),
    );
    if outcome.already_there > 0 {
        line(&mut text, format_args!("{} of them were there before", outcome.already_there));
    }
    if outcome.retries > 0 {
        line(&mut text, format_args!("{} tries came to nothing and were repeated", outcome.retries));
    }
    if !outcome.latency.is_empty() {
        let at = |quantile| milliseconds(outcome.latency.value_at_quantile(quantile));
        let (p50, p95, p99, p999) = (at(0.5), at(0.95), at(0.99), at(0.999));
        let max = milliseconds(outcome.latency.max());
        line(
            &mut text,
            format_args!("latency in ms: p50 {p50}, p95 {p95}, p99 {p99}, p99.9 {p999}, max {max}"),
        );
    }
    if outcome.refused() > 0 {
        line(&mut text, format_args!("{} {unit} refused:", outcome.refused()));
        for (code, count) in &outcome.refusals {
            line(&mut text, format_args!("  {count:>9}  {code}"));
        }
        line(&mut text, format_args!("the first of them:"));
        for refusal in &outcome.examples {
            line(&mut text, format_args!("  line {}: {} {}", refusal.line, refusal.code, refusal.message));
        }
    }
    if outcome.given_up {
        line(&mut text, format_args!("given up: the server took nothing for too long"));
    }
    text
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(text, "{what}").expect("writing into memory cannot fail");
}

/// Microseconds as milliseconds with two digits.
fn milliseconds(micros: u64) -> String {
    format!("{}.{:02}", micros / 1000, micros % 1000 / 10)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use hdrhistogram::Histogram;

    use super::*;
    use crate::delivery::Refusal;

    fn outcome() -> Outcome {
        let mut latency = Histogram::new_with_max(3_600_000_000, 3).unwrap();
        latency.record_n(1_500, 99).unwrap();
        latency.record(2_000).unwrap();
        Outcome {
            taken: 100,
            already_there: 0,
            refusals: BTreeMap::new(),
            examples: Vec::new(),
            retries: 0,
            elapsed: Duration::from_secs(2),
            latency,
            given_up: false,
        }
    }

    #[test]
    fn success_is_told_in_two_lines() {
        let told = text(&outcome(), "sales");
        assert_eq!(
            told,
            "100 sales acknowledged in 2.0s, 50 a second\n\
             latency in ms: p50 1.50, p95 1.50, p99 1.50, p99.9 2.00, max 2.00\n"
        );
        assert_eq!(exit_code(&outcome()), ExitCode::SUCCESS);
    }

    #[test]
    fn refusals_are_told_by_code_and_change_the_exit_code() {
        let mut refused = outcome();
        refused.refusals.insert("unknown_store".into(), 3);
        refused.examples.push(Refusal {
            line: 7,
            code: "unknown_store".into(),
            message: "no such store".into(),
        });
        let told = text(&refused, "sales");
        assert!(told.contains("3 sales refused"), "{told}");
        assert!(told.contains("line 7: unknown_store no such store"), "{told}");
        assert_eq!(exit_code(&refused), ExitCode::from(1));
        refused.given_up = true;
        assert_eq!(exit_code(&refused), ExitCode::from(2));
    }
}
