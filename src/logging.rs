//! Sets up the log: to standard error, as text or JSON. What is logged never holds a secret or a body.

use tracing_subscriber::EnvFilter;

use crate::options::{LogFormat, ServeOptions};

/// Starts logging for the life of the process; the first call counts.
pub fn start(options: &ServeOptions) {
    let filter = EnvFilter::new(options.log_level.as_str());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match options.log {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("the log was started before");
    }
}
