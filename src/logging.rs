//! Sets up the log: to standard error, as text or JSON. What is logged never holds a secret or a body.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::options::{LogFormat, ServeOptions};

/// Says no more than that a client sent what is no HTTP, as an error, for every such request. It gets a 400.
const QUIET: &str = "actix_http::h1::dispatcher=off";

/// Starts logging for the life of the process; the first call counts.
pub fn start(options: &ServeOptions) {
    let filter = EnvFilter::new(format!("{QUIET},{}", options.log_level.as_str()));
    // Colours are for people; a file or a collector would keep the codes as text.
    let colours = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let started = match options.log {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("the log was started before");
    }
}
