//! `laurel backup`: has a running server make a copy of its data, and waits for it.

use std::{
    io::{IsTerminal, stdout},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;
use hyper::{Method, StatusCode, body::Bytes};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;
use tokio::time::sleep;

use crate::{
    client::{Backoff, Call, CallError, call},
    keys::Keys,
    options::{Patience, ServerChoice},
};

const PATH: &str = "/admin/backup";
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What to copy whereto.
#[derive(Debug, Clone, Args)]
pub struct BackupOptions {
    /// Folder on the server's machine, below the one of its --backup-folder; made when it is missing, else empty
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// Which server.
    #[command(flatten)]
    pub server: ServerChoice,

    /// How long to wait for an answer.
    #[command(flatten)]
    pub patience: Patience,
}

#[derive(Deserialize)]
struct Answer {
    backup: Option<Backup>,
}

#[derive(Deserialize)]
struct Backup {
    folder: String,
    state: State,
    reason: Option<String>,
    rows: u64,
    rows_total: u64,
    bytes: u64,
    elapsed_ms: u64,
    position: Option<Position>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum State {
    Running,
    Finished,
    Failed,
}

#[derive(Deserialize)]
struct Position {
    lsn: u64,
    frame: u64,
    at: String,
    pause_us: u64,
}

#[derive(Deserialize)]
struct Refused {
    errors: Refusal,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
}

/// Begins a backup and waits until it is there.
///
/// # Errors
/// The server refuses it or gives no usable answer, or the backup fails.
pub async fn run(options: &BackupOptions) -> anyhow::Result<ExitCode> {
    let keys = Keys::read(&options.server.keys_file)?;
    let folder = std::path::absolute(&options.folder)?;
    let asked = serde_json::json!({ "folder": folder }).to_string();
    let mut backup =
        ask(options, &keys, Method::POST, &asked).await?.context("the server began no backup")?;
    let folder = backup.folder.clone();
    let bar = bar();
    while backup.state == State::Running {
        bar.set_length(backup.rows_total.max(1));
        bar.set_position(backup.rows);
        bar.set_message(format!("{} MB", megabytes(backup.bytes)));
        sleep(LOOK_EVERY).await;
        let seen = ask(options, &keys, Method::GET, "").await?;
        backup = seen.filter(|seen| seen.folder == folder).with_context(|| {
            format!(
                "the server knows nothing more of the backup to {folder}; was it started again meanwhile?"
            )
        })?;
    }
    bar.finish_and_clear();
    if let Some(reason) = backup.reason {
        bail!("the backup to {folder} failed: {reason}");
    }
    let position = backup.position.context("the server does not say what the backup is of")?;
    println!("{folder}: a backup of everything up to position {} (frame {})", position.lsn, position.frame);
    println!(
        "  as of {}; writing stood still for {:.1} ms then",
        position.at,
        thousandths(position.pause_us)
    );
    println!("  {} MB in {:.1} s", megabytes(backup.bytes), thousandths(backup.elapsed_ms));
    Ok(ExitCode::SUCCESS)
}

/// Asks, again and again while nobody answers. The same question twice is the same backup.
async fn ask(
    options: &BackupOptions,
    keys: &Keys,
    method: Method,
    body: &str,
) -> anyhow::Result<Option<Backup>> {
    let authorization = keys.admin_authorization();
    let mut backoff = Backoff::default();
    let begun = tokio::time::Instant::now();
    loop {
        let request = Call {
            method: method.clone(),
            path: PATH,
            authorization: &authorization,
            content_type: "application/json",
            body: Bytes::from(body.to_owned()),
        };
        let answered = call(&options.server.url, request, options.patience.timeout()).await;
        let error = match answered.map(|answer| read(answer.status, &answer.body)) {
            Ok(Ok(answer)) => return Ok(answer.backup),
            Ok(Err(error)) => error,
            Err(error) => error.into(),
        };
        let may_pass = error.downcast_ref::<CallError>().is_some_and(CallError::may_pass);
        if !may_pass || begun.elapsed() >= options.patience.retry_for() {
            return Err(error);
        }
        sleep(backoff.after_failure(None)).await;
    }
}

fn read(status: StatusCode, body: &[u8]) -> anyhow::Result<Answer> {
    let text = || String::from_utf8_lossy(body).into_owned();
    match status {
        StatusCode::OK | StatusCode::ACCEPTED => {
            serde_json::from_slice(body).with_context(|| format!("the answer is not understood: {}", text()))
        }
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT => {
            let Refused { errors: Refusal { code, message } } = serde_json::from_slice(body)
                .with_context(|| format!("the answer is not understood: {}", text()))?;
            bail!("{message} ({code})")
        }
        StatusCode::UNAUTHORIZED => bail!(CallError::KeyRefused),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => bail!(CallError::NoSuchPath(status)),
        status => bail!(CallError::Status { path: PATH.to_owned(), status, text: text() }),
    }
}

/// Nothing where standard output or standard error is no terminal.
fn bar() -> ProgressBar {
    let shown = stdout().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {elapsed}, {eta} left")
        .expect("the template is valid");
    ProgressBar::with_draw_target(None, target).with_style(style)
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

fn thousandths(count: u64) -> f64 {
    Duration::from_millis(count).as_secs_f64()
}
