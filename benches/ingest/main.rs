//! How fast the real program takes sales, on this machine, in one run: `cargo bench --bench ingest`.
//!
//! Starts `laurel serve` on a temporary folder and loads it from one thread of this process, so that the client takes
//! little from the cores that it shares with the server. Prints one table; passes no judgement.

mod backup;
mod connection;
mod load;
mod measure;
mod postgres;
mod program;
mod request;
mod table;

use std::time::Duration;

use anyhow::Context;
use clap::{Parser, ValueEnum};

use measure::Bench;
use table::Table;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Row {
    /// Parse a sale and answer, 64 connections: what all others are compared with
    Noop,
    /// Durable single sales, 64 connections
    Single64,
    /// Durable single sales, 256 connections
    Single256,
    /// Durable single sales at half the rate of the row above, latency from the intended time
    Open,
    /// All sales of one customer, 64 connections
    Hot,
    /// The streaming endpoint, through `laurel replay --bulk`
    Bulk,
    /// Memory per resident customer
    Memory,
    /// Time to ready after kill -9, with a million events in the tail and with none
    Restart,
    /// Single sales while a backup of a million events is being made, and without one
    Backup,
}

/// Measures the ingest of sales.
#[derive(Debug, Parser)]
struct Options {
    /// Time a row is measured for
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Only these rows
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Row>,
    /// Customers that sales are spread over
    #[arg(long, default_value_t = 100_000)]
    customers: u64,
    /// Add the same award as one stored-function call of PostgreSQL, where it is installed
    #[arg(long)]
    postgres: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let chosen = |row: Row| options.only.is_empty() || options.only.contains(&row);
    let time = Duration::from_secs(options.seconds);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut table = Table::default();
        let mut bench = Bench::prepare(options.customers).await.context("the server under test")?;
        for row in Row::value_variants().iter().copied().filter(|row| chosen(*row)) {
            eprintln!("measuring {row:?} ...");
            bench.measure(row, time, &mut table).await.with_context(|| format!("row {row:?}"))?;
        }
        drop(bench);
        if options.postgres {
            eprintln!("measuring PostgreSQL ...");
            table.add(postgres::measure(time, options.customers)?);
        }
        println!("{}", table.markdown());
        Ok(())
    })
}
