//! How fast the clock wakes customers for whom something is due: `cargo bench --bench clock`.
//!
//! An engine of this process on a temporary folder, with customers whose points run out on days spread over a year.
//! Moves the clock by half a year at once, then day by day over the other half. Prints rates; passes no judgement.

use std::{sync::Arc, time::Instant};

use actors::{Clock, Engine, EngineOptions, Ids, Threads};
use clap::Parser;
use domain::{
    Points, Timestamp,
    customer::{DepositDetail, Posting, Profile, Purpose},
    id::CustomerId,
    time::Zone,
};
use store::FolderDisk;

const RETAILER: &str = "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10";
const ACCOUNT: &str = "9a000000-0000-4000-8000-000000000001";
const SOURCE: &str = "9a000000-0000-4000-8000-000000000011";
const BEGIN: &str = "2026-01-01T00:00:00Z";
const DAY_MS: i64 = 86_400_000;
const YEAR_DAYS: i64 = 365;
/// Customers that are created at once.
const AT_ONCE: usize = 512;

/// Points that live a year, looked at every day.
const PROGRAM: &str = r#"{
  "retailer": { "retailer_id": "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10", "name": "Bench" },
  "point_accounts": [ { "id": "9a000000-0000-4000-8000-000000000001", "name": "Points", "expiration_policy": {
      "policy_type": 1, "next_evaluation_date": "2025-01-01T00:00:00", "frequency_value": 1, "frequency_unit_type": 0,
      "expiration_age_value": 1, "expiration_age_unit_type": 3, "point_expiration_percentage": 100 } } ],
  "point_sources": [ { "id": "9a000000-0000-4000-8000-000000000011", "name": "All",
      "point_account_ids": ["9a000000-0000-4000-8000-000000000001"] } ]
}"#;

/// Measures the clock supervisor.
#[derive(Debug, Parser)]
struct Options {
    /// Customers
    #[arg(long, default_value_t = 100_000)]
    customers: usize,
    /// Lots of each, all on days of their own
    #[arg(long, default_value_t = 4)]
    lots: usize,
    /// Threads that carry customers
    #[arg(long, default_value_t = 1)]
    shards: usize,
    /// Customers that stay in memory
    #[arg(long, default_value_t = 1_000_000)]
    resident: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    actix_web::rt::System::new().block_on(async {
        let clock = Clock::test(time(BEGIN));
        let (engine, _) = actors::start(EngineOptions {
            store: store::Options::default(),
            disk: Arc::new(FolderDisk::new(folder.path())?),
            clock,
            ids: Ids::random(),
            threads: Threads::Own,
            shards: options.shards,
            customers_max: options.resident,
            retailer: RETAILER.parse()?,
            first_program: PROGRAM.to_owned(),
        })
        .await?;
        eprintln!("creating {} customers with {} lots each ...", options.customers, options.lots);
        populate(&engine, &options).await?;
        engine.checkpoint().await?;
        let half = YEAR_DAYS / 2;
        let at_once = advance(&engine, half, half).await?;
        println!("half a year at once: {at_once}");
        let by_day = advance(&engine, YEAR_DAYS + 1 - half, 1).await?;
        println!("half a year day by day: {by_day}");
        anyhow::ensure!(processed(&engine) >= u64::try_from(options.customers)?, "everybody was woken");
        engine.drain(std::time::Duration::from_secs(10)).await?;
        Ok(())
    })
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text, &Zone::UTC).expect("the time is written as times are")
}

async fn populate(engine: &Engine, options: &Options) -> anyhow::Result<()> {
    let mut tasks = std::collections::VecDeque::new();
    for number in 0..options.customers {
        let (engine, lots) = (engine.clone(), options.lots);
        tasks.push_back(actix_web::rt::spawn(async move { create(&engine, number, lots).await }));
        if tasks.len() >= AT_ONCE
            && let Some(first) = tasks.pop_front()
        {
            first.await??;
        }
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// A customer whose lots were earned on days of the year before, spread evenly and differently for each.
async fn create(engine: &Engine, number: usize, lots: usize) -> anyhow::Result<CustomerId> {
    let id = engine.create_customer(Profile { opted_in: true, ..Profile::default() }).await?;
    let begin = engine.now();
    let details = (0..lots).map(|lot| {
        let day = i64::try_from((number * 7 + lot * 365 / lots.max(1)) % 365).unwrap_or(0);
        DepositDetail {
            amount: Points::from_units(Points::UNIT),
            account: ACCOUNT.parse().expect("the id is written as ids are"),
            source: SOURCE.parse().expect("the id is written as ids are"),
            reference_id: "".into(),
            reference_type: "".into(),
            idempotency_id: None,
            transaction_id: "".into(),
            occurred: Some(begin.plus_millis((day + 1 - YEAR_DAYS) * DAY_MS)),
        }
    });
    let purpose = Purpose::Deposit(details.collect());
    let posting = Posting { purpose, allow_partial_success: false, disable_event_publishing: true };
    engine.post_points(id, posting).await?;
    Ok(id)
}

/// Moves the clock on in steps, and waits each time until nothing is due.
async fn advance(engine: &Engine, days: i64, step: i64) -> anyhow::Result<String> {
    let (begun, before, goal) = (Instant::now(), processed(engine), engine.now().plus_millis(days * DAY_MS));
    while engine.now() < goal {
        engine.move_clock(engine.now().plus_millis(step * DAY_MS).min(goal))?;
        let left = engine.settle_due().await?;
        anyhow::ensure!(left == 0, "{left} customers could not do what was due");
    }
    let (elapsed, woken) = (begun.elapsed(), processed(engine) - before);
    let rate = u128::from(woken) * 1_000_000 / elapsed.as_micros().max(1);
    Ok(format!("{woken} customers woken in {} ms, {rate} a second", elapsed.as_millis()))
}

fn processed(engine: &Engine) -> u64 {
    let gauges = engine.gauges();
    gauges.iter().find(|(name, _)| *name == "laurel_due_processed_total").map_or(0, |(_, value)| *value)
}
