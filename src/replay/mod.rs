//! The command `replay`: sends a file of sales and reports what came of it.

mod report;

use std::{process::ExitCode, sync::Arc};

use anyhow::Context;

use crate::{
    delivery::{Plan, Progress, Sales, deliver, file_lines},
    keys::Keys,
    options::ReplayOptions,
};

pub use report::{exit_code, print};

/// Sends the sales.
///
/// # Errors
/// The file or the keys cannot be read, or the server is none of ours.
pub async fn run(options: &ReplayOptions) -> anyhow::Result<ExitCode> {
    let keys = Keys::read(&options.server.keys_file)?;
    let (lines, bytes) = file_lines(&options.file).with_context(|| options.file.display().to_string())?;
    let plan = Plan {
        server: options.server.url.clone(),
        connections: options.connections(),
        bulk: options.bulk,
        retry_for: options.patience.retry_for(),
        timeout: options.patience.timeout(),
    };
    let progress = Progress::bar(bytes, "sales");
    let outcome = deliver(lines, Arc::new(Sales::new(&keys)), &plan, progress)
        .await
        .with_context(|| options.file.display().to_string())?;
    print(&outcome, "sales");
    Ok(exit_code(&outcome))
}
