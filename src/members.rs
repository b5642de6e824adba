//! The command `members load`: creates the customers of a file.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context;

use crate::{
    delivery::{Members, Plan, Progress, deliver, file_lines},
    keys::Keys,
    options::MembersOptions,
    replay::{exit_code, print},
};

/// Creates the customers.
///
/// # Errors
/// The file or the keys cannot be read, or the server is none of ours.
pub async fn load(options: &MembersOptions) -> anyhow::Result<ExitCode> {
    let keys = Keys::read(&options.server.keys_file)?;
    let (lines, bytes) = file_lines(&options.file).with_context(|| options.file.display().to_string())?;
    let plan = Plan {
        server: options.server.url.clone(),
        connections: options.connections,
        bulk: false,
        retry_for: options.patience.retry_for(),
        timeout: options.patience.timeout(),
    };
    let outcome = deliver(lines, Arc::new(Members::new(&keys)), &plan, Progress::bar(bytes, "members"))
        .await
        .with_context(|| options.file.display().to_string())?;
    print(&outcome, "members");
    Ok(exit_code(&outcome))
}
