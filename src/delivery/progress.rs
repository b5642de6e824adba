//! Shows on a terminal how far a delivery is. Owns the bar; must not influence the delivery.

use std::{
    io::{IsTerminal, stdout},
    sync::Arc,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::{task::JoinHandle, time::interval};

use super::tally::Tally;

const REFRESH: Duration = Duration::from_millis(200);

/// What is shown while a delivery runs.
pub struct Progress {
    bar: ProgressBar,
    unit: &'static str,
}

impl Progress {
    /// A bar over the bytes of the source, with the number and rate of `unit` ("sales"). Nothing where standard output
    /// or standard error is no terminal.
    pub fn bar(source_bytes: u64, unit: &'static str) -> Self {
        let shown = stdout().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {elapsed}, {eta} left")
            .expect("the template is valid");
        Self { bar: ProgressBar::with_draw_target(Some(source_bytes), target).with_style(style), unit }
    }

    /// Follows a delivery until stopped.
    pub(super) fn follow(self, tally: Arc<Tally>) -> Following {
        let bar = self.bar.clone();
        let started = Instant::now();
        let task = tokio::spawn(async move {
            let mut ticks = interval(REFRESH);
            loop {
                ticks.tick().await;
                let (lines, bytes) = tally.finished();
                self.bar.set_position(bytes);
                self.bar.set_message(format!(
                    "{lines} {}, {} a second",
                    self.unit,
                    rate(lines, started.elapsed())
                ));
            }
        });
        Following { bar, task }
    }
}

/// A bar that follows a delivery.
pub(super) struct Following {
    bar: ProgressBar,
    task: JoinHandle<()>,
}

impl Following {
    /// Takes the bar away; what is left to say is said in the report.
    pub(super) fn stop(self) {
        self.task.abort();
        self.bar.finish_and_clear();
    }
}

/// Whole lines a second.
pub fn rate(lines: u64, elapsed: Duration) -> u128 {
    u128::from(lines) * 1_000_000 / elapsed.as_micros().max(1)
}
