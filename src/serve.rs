//! `laurel serve`: start-up and shutdown, in order.
//!
//! Up: folder, credentials, engine (recovery), HTTP. Down: HTTP stops taking requests and answers those it has, the
//! engine waits for what is under way and closes the store.

use std::{process::ExitCode, sync::Arc, time::Instant};

use actix_web::{App, HttpServer, dev::ServerHandle};
use actors::{BackupFolder, BackupSettings, Clock, Engine, EngineOptions, Ids, Threads};
use anyhow::Context;
use domain::{Timestamp, id::RetailerId};
use laurel_http::{HttpConfig, HttpState, HttpSwitches};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use store::{Disk, FolderDisk, OpenError};
use tokio::task::JoinHandle;

use crate::{logging, options::ServeOptions, tenant};

/// How long requests under way are waited for when the server stops.
const PATIENCE_S: u64 = 30;
/// How often metrics are tidied up.
const UPKEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(5);
/// Connections that wait to be accepted.
const BACKLOG: u32 = 4096;

/// A server that answers.
pub struct Running {
    /// Where, for example `http://127.0.0.1:8787`.
    pub url: String,
    server: JoinHandle<std::io::Result<()>>,
    handle: ServerHandle,
    engine: Engine,
}

/// Serves until the process is told to stop.
pub fn run(options: &ServeOptions) -> anyhow::Result<ExitCode> {
    logging::start(options);
    actix_web::rt::System::new().block_on(async {
        let running = start(options).await?;
        running.wait().await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Starts a server.
pub async fn start(options: &ServeOptions) -> anyhow::Result<Running> {
    let begun = Instant::now();
    std::fs::create_dir_all(&options.data).with_context(|| format!("folder {}", options.data.display()))?;
    // The lock of the folder is taken first: two first starts must not both make keys.
    let disk =
        FolderDisk::new(&options.data).with_context(|| format!("folder {}", options.data.display()))?;
    if store::backup::is_in(&disk).with_context(|| format!("folder {}", options.data.display()))? {
        // Before anything is written to it.
        return Err(OpenError::Backup { place: disk.place() }.into());
    }
    let (tenant, fresh) = tenant::load_or_make(options)?;
    tracing::info!(folder = %options.data.display(), first_start = fresh.is_some(), "folder and credentials are there");

    let backups = backup_settings(options)?;
    let engine = start_engine(options, disk, tenant.retailer_id).await?;
    if let Some(backups) = backups {
        engine.allow_backups(backups);
    }

    let metrics = PrometheusBuilder::new().install_recorder().context("metrics")?;
    actix_web::rt::spawn(keep_up(metrics.clone()));
    let switches = HttpSwitches {
        bench_endpoint: options.bench_endpoint,
        test_clock: options.test_clock.is_some(),
        ..HttpSwitches::default()
    };
    let config = HttpConfig { engine: engine.clone(), credentials: tenant.credentials, switches, metrics };
    let state = HttpState::new(config);
    let server = HttpServer::new(move || App::new().configure(laurel_http::routes(state.clone())))
        .workers(options.http_workers().get())
        .max_connections(options.max_connections)
        .backlog(BACKLOG)
        .shutdown_timeout(PATIENCE_S)
        .disable_signals()
        .bind(options.listen)
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = server.addrs().first().copied().unwrap_or(options.listen);
    let url = format!("http://{address}");
    let server = server.run();
    let handle = server.handle();
    tracing::info!(%url, elapsed_ms = millis(begun), "answering");
    if let Some(plain) = &fresh {
        tenant::introduce(options, &url, plain);
    }
    Ok(Running { url, server: actix_web::rt::spawn(server), handle, engine })
}

/// What backups are like, if there may be any.
fn backup_settings(options: &ServeOptions) -> anyhow::Result<Option<BackupSettings>> {
    let Some(folder) = &options.backup_folder else { return Ok(None) };
    Ok(Some(BackupSettings {
        below: BackupFolder::new(folder, &options.data)?,
        made_by: concat!("laurel ", env!("CARGO_PKG_VERSION")).to_owned(),
        attachments: vec![options.data.join(tenant::FILE)],
    }))
}

/// Folds samples of histograms together, which otherwise pile up until somebody asks for the metrics.
async fn keep_up(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        metrics.run_upkeep();
    }
}

async fn start_engine(
    options: &ServeOptions,
    disk: FolderDisk,
    retailer: RetailerId,
) -> anyhow::Result<Engine> {
    let begun = Instant::now();
    let clock = match options.test_clock {
        None => Clock::Machine,
        Some(at) => Clock::test(Timestamp::from_millis(at.as_millisecond())),
    };
    let (engine, recovery) = actors::start(EngineOptions {
        store: store::Options {
            queue_bytes: options.queue_bytes_max.bytes(),
            tail_bytes: options.tail_bytes_max.bytes(),
            checkpoint_records: options.checkpoint_records,
            segments_in_advance: true,
            state_cache_bytes: options.state_cache_bytes.bytes(),
            ..store::Options::default()
        },
        disk: Arc::new(disk),
        clock,
        ids: Ids::random(),
        threads: Threads::Own,
        shards: options.shards().get(),
        customers_max: options.resident_limit,
        retailer,
        first_program: first_program(retailer),
    })
    .await?;
    tracing::info!(
        records_replayed = recovery.records_replayed,
        effects_redelivered = recovery.effects_redelivered,
        program_version = recovery.program_version,
        elapsed_ms = millis(begun),
        "engine has recovered"
    );
    Ok(engine)
}

/// What is in force until a retailer applies a program: nothing earns anything.
fn first_program(retailer: RetailerId) -> String {
    let id = retailer.to_string();
    let retailer = serde_json::json!({ "retailer_id": id, "name": "Retailer", "time_zone": "UTC" });
    serde_json::json!({ "retailer": retailer }).to_string()
}

fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Running {
    /// Serves until SIGTERM or SIGINT, then stops in order.
    pub async fn wait(self) -> anyhow::Result<()> {
        let signal = stop_signal().await?;
        tracing::info!(signal, "stopping: no new requests are taken");
        self.stop().await
    }

    /// Stops in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        let begun = Instant::now();
        self.handle.stop(true).await;
        self.server.await.context("the server's task")?.context("the server")?;
        self.engine.drain(std::time::Duration::from_secs(PATIENCE_S)).await?;
        tracing::info!(elapsed_ms = millis(begun), "stopped");
        Ok(())
    }
}

/// The name of the signal that came.
async fn stop_signal() -> anyhow::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}
