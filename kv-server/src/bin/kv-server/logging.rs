//! Logs, to stderr: stdout has one line, for programs.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt};

/// Starts to log what `filter` lets through.
pub(crate) fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("the log filter is not one: {error}"))?;
    let stderr = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    stderr.try_init().map_err(|error| format!("logging cannot be started: {error}"))
}
