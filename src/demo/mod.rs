//! The command `demo`: the engine at its main work, in one command.
//!
//! Starts the server in this process and speaks to it over a real socket, exactly as tills and back offices do: program
//! applied, customers created, sales replayed. Owns the packaged data and the summary. Must not take a short cut into
//! the engine.

mod body;
mod customer;
mod slice;
mod summary;

use std::{num::NonZeroU16, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use clap::Args;
use hyper::body::Bytes;
use jiff::Timestamp;

use crate::{
    client::Address,
    delivery::{Line, Members, Outcome, Plan, Progress, Sales, Work, deliver},
    keys::Keys,
    logging,
    options::ServeOptions,
    program::{Section, SectionText, apply_texts},
    serve,
};
use slice::Slice;

const PROGRAM: &str = include_str!("../../demo/grocery-program.json");
/// Tills that are at work at the same time.
const TILLS: NonZeroU16 = NonZeroU16::new(32).expect("32 is not zero");
/// The server is in this process: whatever it does not answer for so long it will not answer at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Options of `demo`.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("log_level", |arg| arg.default_value("warn")))]
pub struct DemoOptions {
    /// Stop after the summary instead of serving on
    #[arg(long, env = "LAUREL_EXIT")]
    pub exit: bool,

    /// How the server runs.
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// Runs the demo.
///
/// # Errors
/// The server does not start, or does not take the program or some of the data.
pub fn run(options: DemoOptions) -> anyhow::Result<ExitCode> {
    logging::start(&options.serve);
    actix_web::rt::System::new().block_on(show(options))
}

async fn show(options: DemoOptions) -> anyhow::Result<ExitCode> {
    let slice = Arc::new(Slice::packaged().context("the packaged sales are damaged")?);
    let mut serve = options.serve;
    if let Some(other) = serve.retailer_id.filter(|id| *id != slice.retailer_id) {
        bail!("the demo's sales are of retailer {}, not of {other}", slice.retailer_id);
    }
    serve.retailer_id = Some(slice.retailer_id);
    let keys_file = serve.keys_file();

    let running = serve::start(&serve).await?;
    let server: Address = running.url.parse()?;
    println!("The engine runs at {server}, its data is in {}.", serve.data.display());
    let mut keys = Keys::read(&keys_file)?;
    if let Some(admin_key) = &serve.admin_key {
        // Given at a later start than the first, it is not the one in the file.
        admin_key.reveal().clone_into(&mut keys.admin_key);
    }
    apply_program(&server, &keys, &slice).await?;
    create_members(&server, &keys, &slice).await?;
    let outcome = replay(&server, &keys, &slice).await?;
    let customers = customer::read_settled(&server, &keys, &slice.members).await?;

    print!("{}", summary::text(&outcome, &customers));
    if options.exit {
        running.stop().await?;
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", summary::where_next(&server, &keys, &keys_file, &customers));
    running.wait().await?;
    Ok(ExitCode::SUCCESS)
}

async fn apply_program(server: &Address, keys: &Keys, slice: &Slice) -> anyhow::Result<()> {
    let text = |section, name: &str, text: String| SectionText {
        section,
        name: name.into(),
        text: Bytes::from(text),
    };
    let texts = vec![
        text(Section::Stores, "stores", slice.stores_text()),
        text(Section::Catalog, "catalog", slice.catalog_text()),
        text(Section::Program, "program", PROGRAM.to_owned()),
    ];
    let applied = apply_texts(server, keys, texts).await?;
    ensure!(
        applied.problems.is_empty(),
        "the server does not take the demo's program:\n{}",
        applied.problems
    );
    println!(
        "The grocery program is in force: {} stores, {} items, points, tiers and their rules.",
        slice.stores.len(),
        slice.items.len()
    );
    Ok(())
}

async fn create_members(server: &Address, keys: &Keys, slice: &Arc<Slice>) -> anyhow::Result<()> {
    let members = Arc::clone(slice);
    let lines = (0..slice.members.len()).map(move |at| slice::member_text(&members.members[at]));
    let outcome = send(server, Members::new(keys), lines, slice.members.len(), "members").await?;
    println!("{} members are enrolled, {} of them were before.", slice.members.len(), outcome.already_there);
    Ok(())
}

async fn replay(server: &Address, keys: &Keys, slice: &Arc<Slice>) -> anyhow::Result<Outcome> {
    let shift = body::shift(slice.last_sale(), Timestamp::now());
    let sales = Arc::clone(slice);
    let lines = (0..slice.sales.len()).map(move |at| body::of(&sales, &sales.sales[at], shift));
    println!("Replaying {} sales through {server}/api/2.0/send_transaction ...", slice.sales.len());
    send(server, Sales::new(keys), lines, slice.sales.len(), "sales").await
}

/// Delivers lines; refusing one is an error, since the demo's data are sound.
async fn send<W: Work>(
    server: &Address,
    work: W,
    lines: impl Iterator<Item = String> + Send + 'static,
    count: usize,
    unit: &'static str,
) -> anyhow::Result<Outcome> {
    let plan = Plan {
        server: server.clone(),
        connections: TILLS,
        bulk: false,
        retry_for: PATIENCE,
        timeout: PATIENCE,
    };
    let lines = (1..).zip(lines).map(|(number, text)| {
        // The bar counts lines here: how long they are is known only when they are written.
        Ok(Line { number, text: text.into_bytes(), source_bytes: 1 })
    });
    let progress = Progress::bar(u64::try_from(count)?, unit);
    let outcome = deliver(lines, Arc::new(work), &plan, progress).await?;
    ensure!(!outcome.given_up, "the server stopped taking {unit}");
    if let Some(first) = outcome.examples.first() {
        bail!("{} {unit} were refused, the first as {}: {}", outcome.refused(), first.code, first.message);
    }
    Ok(outcome)
}
