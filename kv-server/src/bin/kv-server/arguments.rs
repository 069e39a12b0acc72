//! Command line.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use kv_server::KvServer;

use crate::{listen_address::ListenAddress, store::StoreLocation};

const EXAMPLES: &str = "\
Examples:
  A store in memory, without a token, for tests:
    kv-server --store memory:

  A store in a file, for clients with the token:
    KV_SERVER_TOKEN=\"$(cat token)\" kv-server --store redb:/var/lib/app.kv --listen 0.0.0.0:8788

  wrangler against it:
    CLOUDFLARE_API_BASE_URL=http://127.0.0.1:8788/client/v4 CLOUDFLARE_API_TOKEN=any \\
      CLOUDFLARE_ACCOUNT_ID=0123456789abcdef0123456789abcdef wrangler kv namespace list

Prints one line to stdout once it accepts connections: listening on http://ADDRESS
SIGINT and SIGTERM finish the requests under way and close the store; a second one stops at once.";

/// Serves Cloudflare's Workers KV API, and the Workers runtime's own protocol, over a store on this machine.
#[derive(Debug, Parser)]
#[command(name = "kv-server", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Store: `memory:`, which is lost at exit, or `redb:PATH`, a file, which is created if it does not exist
    #[arg(long, value_name = "memory:|redb:PATH")]
    pub(crate) store: StoreLocation,

    /// Address to listen on: an address or a name, and a port, such as `localhost:8788`; or a port alone for
    /// this machine. Port 0 picks a free one. Without a token, it must be a loopback address
    #[arg(long, value_name = "HOST:PORT|PORT", default_value = "127.0.0.1:8788")]
    pub(crate) listen: ListenAddress,

    /// Account id: 32 hexadecimal digits
    #[arg(long, value_name = "ID", default_value = KvServer::DEFAULT_ACCOUNT_ID)]
    pub(crate) account_id: String,

    /// Token that every request has to bring. Other users of the machine can see flags in the list of
    /// processes: prefer the environment variable or --token-file
    #[arg(
        long,
        value_name = "TOKEN",
        env = "KV_SERVER_TOKEN",
        hide_env_values = true,
        conflicts_with = "token_file"
    )]
    pub(crate) token: Option<Token>,

    /// File with the token; surrounding white space is ignored
    #[arg(long, value_name = "PATH")]
    pub(crate) token_file: Option<PathBuf>,

    /// Additional host under which a server without a token answers, such as host.docker.internal;
    /// repeatable. localhost and loopback addresses are always allowed
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,

    /// Address to serve /metrics on, for Prometheus, without a token; not served by default
    #[arg(long, value_name = "HOST:PORT|PORT")]
    pub(crate) metrics_listen: Option<ListenAddress>,

    /// Maximum number of concurrent requests; one more is answered 503
    #[arg(long, value_name = "NUMBER", default_value_t = 512)]
    pub(crate) max_concurrent_requests: usize,

    /// Maximum number of concurrent requests with a body, so that slow uploads leave room for others; three
    /// quarters by default
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_concurrent_uploads: Option<usize>,

    /// Maximum number of connections; 16 more are answered 503 and closed, and further ones wait
    #[arg(long, value_name = "NUMBER", default_value_t = 900)]
    pub(crate) max_connections: usize,

    /// Memory of all requests together, in MiB, at least 96; a request that does not fit is answered 503
    #[arg(long, value_name = "MIB", default_value_t = 512)]
    pub(crate) max_memory: usize,

    /// Minimum rate at which a client has to send a body or read a response, in bytes per second; 0 for none
    #[arg(long, value_name = "BYTES", default_value_t = 1024)]
    pub(crate) min_body_rate: u32,

    /// Seconds for requests under way at shutdown
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) grace_period: Duration,

    /// Emulate Cloudflare's rate limits: refuse a second write to a key within a second, and more than 1,200
    /// requests in 5 minutes
    #[arg(long)]
    pub(crate) emulate_rate_limits: bool,

    /// Filter of the log on stderr, such as `debug` (every request) or `kv_server=debug,info`
    #[arg(long, value_name = "FILTER", env = "RUST_LOG", default_value = "info")]
    pub(crate) log: String,
}

/// Token, which `Debug` does not show.
#[derive(Clone)]
pub(crate) struct Token(pub(crate) String);

impl From<&str> for Token {
    fn from(token: &str) -> Self {
        Self(token.to_owned())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}

impl Arguments {
    /// Returns the token, from the flag, the environment variable or the file.
    pub(crate) async fn token(&self) -> Result<Option<String>, String> {
        let Some(path) = &self.token_file else { return Ok(self.token.clone().map(|Token(token)| token)) };
        let read = tokio::fs::read_to_string(path).await;
        let text = read.map_err(|error| format!("cannot read the token file {}: {error}", path.display()))?;
        Ok(Some(text.trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::Arguments;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_readme_has_every_flag_with_its_default() {
        let readme = include_str!("../../../README.md");
        for argument in Arguments::command().get_arguments() {
            let Some(flag) = argument.get_long() else { continue };
            let row = readme.lines().find(|line| line.starts_with(&format!("| `--{flag}` |")));
            let row = row.unwrap_or_else(|| panic!("--{flag} is missing"));
            for default in
                argument.get_default_values().iter().filter(|_| argument.get_action().takes_values())
            {
                assert!(row.contains(&format!("| `{}` |", default.display())), "{row}: {default:?}");
            }
        }
    }

    #[test]
    fn no_token_is_shown() {
        let arguments = Arguments::parse_from(["kv-server", "--store", "memory:", "--token", "hunter2"]);
        assert!(!format!("{arguments:?}").contains("hunter2"));
        assert!(!Arguments::command().render_long_help().to_string().contains("hunter2"));
    }
}
