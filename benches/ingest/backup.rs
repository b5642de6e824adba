//! What a backup costs those who write meanwhile: the same load without one, with one, and without one again.

use std::{cell::Cell, rc::Rc, time::Duration};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use crate::{
    connection::Connection,
    load::{self, Customers, Load, Measured, Refused, Until},
    measure::{FEW, SEND, WARM_UP, checkpoint, create_customers, sales_file},
    program::{Keys, Program},
    request::Template,
    table::{Figure, Table},
};

/// Sales that are there before; each leaves two events, its own and the member's.
const SALES: u64 = 500_000;
/// Numbers of sales that one load may use.
const SALES_A_LOAD: u64 = 20_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Deserialize)]
struct Answer {
    backup: Backup,
}

#[derive(Deserialize)]
struct Backup {
    state: String,
    reason: Option<String>,
    rows: u64,
    bytes: u64,
    elapsed_ms: u64,
    position: Option<Position>,
}

#[derive(Deserialize)]
struct Position {
    lsn: u64,
    pause_us: u64,
}

/// A server of its own, with a million events.
struct Bench {
    program: Program,
    keys: Keys,
    customers: u64,
    time: String,
    next_sale: u64,
}

/// Measures the row.
pub async fn measure(time: &str, customers: u64, each: Duration, table: &mut Table) -> anyhow::Result<()> {
    let program = Program::start(&[]).await?;
    let keys = program.keys()?;
    create_customers(&program, &keys, customers).await?;
    let file = sales_file(&program, &keys, time, 0..SALES, customers)?;
    program.replay_bulk(&file)?;
    checkpoint(&program, &keys).await?;
    let mut bench = Bench { program, keys, customers, time: time.to_owned(), next_sale: SALES_A_LOAD };
    bench.run(Until::Elapsed(WARM_UP)).await?;
    table.add(figure("no backup, before", bench.run(Until::Elapsed(each)).await?, String::new()));
    let (measured, backup) = bench.with_backup().await?;
    let position = backup.position.context("a finished backup is of a position")?;
    let note = format!(
        "{} records, {} rows, {} MB in {:.1} s; the rotation took {:.1} ms; ",
        position.lsn,
        backup.rows,
        backup.bytes / 1_000_000,
        Duration::from_millis(backup.elapsed_ms).as_secs_f64(),
        Duration::from_micros(position.pause_us).as_secs_f64() * 1000.0,
    );
    table.add(figure("a backup from beginning to end", measured, note));
    table.add(figure("no backup, after", bench.run(Until::Elapsed(each)).await?, String::new()));
    Ok(())
}

impl Bench {
    async fn run(&mut self, until: Until) -> anyhow::Result<Measured> {
        let load = Load {
            server: self.program.address(),
            connections: FEW,
            customers: Customers::Random(self.customers),
            until,
            rate: None,
            first_sale: self.next_sale,
            refused: Refused::Fail,
        };
        self.next_sale += SALES_A_LOAD;
        load::run(load, &Template::sale(&self.keys, SEND, &self.time)).await
    }

    /// The load from shortly before a backup to shortly after it.
    async fn with_backup(&mut self) -> anyhow::Result<(Measured, Backup)> {
        let ended = Rc::new(Cell::new(false));
        let (address, keys) = (self.program.address(), self.keys.clone());
        let folder = self.program.path("backups/measured");
        let backup = async {
            tokio::time::sleep(WARM_UP).await;
            let mut connection = Connection::open(address).await?;
            let begun = connection.call(Template::begin_backup(&keys, &folder).fill(0, 0)).await?;
            ensure!(begun.status == 202, "no backup: {}", String::from_utf8_lossy(begun.body));
            let backup = loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let seen = connection.call(Template::look_at_backup(&keys).fill(0, 0)).await?;
                let Answer { backup } = serde_json::from_slice(seen.body)?;
                match backup.state.as_str() {
                    "running" => {}
                    "finished" => break backup,
                    _ => bail!("the backup failed: {}", backup.reason.unwrap_or_default()),
                }
            };
            tokio::time::sleep(WARM_UP).await;
            Ok(backup)
        };
        let told = Rc::clone(&ended);
        let backup = async {
            let backup = backup.await;
            told.set(true);
            backup
        };
        let (measured, backup) = tokio::join!(self.run(Until::Told(ended)), backup);
        Ok((measured?, backup?))
    }
}

fn figure(what: &str, measured: Measured, note: String) -> Figure {
    let longest = Duration::from_micros(measured.latency.max()).as_secs_f64() * 1000.0;
    let gap = measured.gap_max.as_secs_f64() * 1000.0;
    Figure {
        what: format!("single durable sales, {FEW} connections, {what}"),
        per_second: Some(measured.per_second()),
        latency: Some(measured.latency),
        note: format!("{note}longest gap between two answers {gap:.1} ms, longest latency {longest:.1} ms"),
    }
}
