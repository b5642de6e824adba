//! The table of figures.

use std::fmt::Write;

use hdrhistogram::Histogram;

/// A row.
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// Sales, requests or calls a second, where that is the figure.
    pub per_second: Option<u64>,
    /// Microseconds.
    pub latency: Option<Histogram<u64>>,
    /// The figure of rows that are no rate, and remarks.
    pub note: String,
}

/// The rows so far. The ratio of each is to the first, which is the no-op where that is measured.
#[derive(Default)]
pub struct Table {
    rows: Vec<Figure>,
}

impl Table {
    /// Adds a row.
    pub fn add(&mut self, figure: Figure) {
        self.rows.push(figure);
    }

    /// The table as markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "| what | per second | ratio | p50 ms | p99 ms | p99.9 ms | note |\n|---|--:|--:|--:|--:|--:|---|\n",
        );
        let whole = self.rows.iter().find_map(|row| row.per_second);
        for row in &self.rows {
            let rate = row.per_second.map(|rate| rate.to_string()).unwrap_or_default();
            let ratio =
                row.per_second.zip(whole).map(|(rate, whole)| thousandths(rate * 1000 / whole.max(1)));
            let at = |quantile| {
                row.latency
                    .as_ref()
                    .map(|all| thousandths(all.value_at_quantile(quantile)))
                    .unwrap_or_default()
            };
            let (p50, p99, p999) = (at(0.5), at(0.99), at(0.999));
            let (what, ratio, note) = (&row.what, ratio.unwrap_or_default(), &row.note);
            writeln!(text, "| {what} | {rate} | {ratio} | {p50} | {p99} | {p999} | {note} |")
                .expect("writing into memory cannot fail");
        }
        text
    }
}

fn thousandths(value: u64) -> String {
    format!("{}.{:02}", value / 1000, value % 1000 / 10)
}
