//! Command line.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{CommandFactory, Parser, ValueEnum, error::ErrorKind};

use crate::store::Location;

/// A small HTTP service that keeps its sessions in a key-value namespace.
///
/// Without --serve it starts on a free port, is driven through an HTTP client (log in, read, restart, log
/// out), prints each step, and ends. With --serve it keeps serving: POST /login {"user": "ada"}, GET /me, GET
/// /sessions, POST /logout.
#[derive(Debug, Parser)]
#[command(name = "session")]
struct Arguments {
    /// Backend that stores the sessions
    #[arg(long, value_enum, default_value_t = Backend::Redb)]
    backend: Backend,

    /// Keep serving until Ctrl-C or SIGTERM
    #[arg(long)]
    serve: bool,

    /// File of the sessions, created if missing [required by --serve on redb]
    #[arg(long, value_name = "PATH", requires = "serve")]
    file: Option<PathBuf>,

    /// Address to listen on; port 0 takes a free port, which is printed
    #[arg(long, value_name = "ADDR", requires = "serve", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// Backend that stores the sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// Memory of this process: lost when it ends
    Memory,
    /// One file on the disk: survives a restart
    Redb,
}

/// Command to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Tour(Backend),
    Serve { location: Location, listen: SocketAddr },
}

/// Parses the command line. Exits after printing the help or an error.
pub(crate) fn parse() -> Run {
    parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

fn parse_from(arguments: impl IntoIterator<Item = OsString>) -> Result<Run, clap::Error> {
    let Arguments { backend, serve, file, listen } = Arguments::try_parse_from(arguments)?;
    if !serve {
        return Ok(Run::Tour(backend));
    }
    let refuse = |kind, message| Err(Arguments::command().error(kind, message));
    let location = match (backend, file) {
        (Backend::Redb, Some(path)) => Location::File(path),
        (Backend::Memory, None) => Location::Memory,
        (Backend::Redb, None) => {
            let message = "--serve on redb needs a file: add --file PATH, or --backend memory";
            return refuse(ErrorKind::MissingRequiredArgument, message);
        }
        (Backend::Memory, Some(_)) => {
            let message = "--file has no effect on the memory backend: remove it, or use --backend redb";
            return refuse(ErrorKind::ArgumentConflict, message);
        }
    };
    Ok(Run::Serve { location, listen })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &str) -> Result<Run, String> {
        let words = std::iter::once("session").chain(arguments.split_whitespace());
        parse_from(words.map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn bare_is_the_tour_on_redb() {
        assert_eq!(parsed(""), Ok(Run::Tour(Backend::Redb)));
        assert_eq!(parsed("--backend memory"), Ok(Run::Tour(Backend::Memory)));
    }

    #[test]
    fn serving_takes_a_file_or_memory() {
        let location = Location::File("a.redb".into());
        let listen = "127.0.0.1:8080".parse().unwrap();
        let run = parsed("--serve --file a.redb --listen 127.0.0.1:8080");
        assert_eq!(run, Ok(Run::Serve { location, listen }));

        let location = Location::Memory;
        let listen = "127.0.0.1:0".parse().unwrap();
        assert_eq!(parsed("--serve --backend memory"), Ok(Run::Serve { location, listen }));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_reason() {
        for (arguments, reason) in [
            ("--serve --backend memory --file a.redb", "has no effect"),
            ("--serve", "add --file PATH"),
            ("--file a.redb", "--serve"),
            ("--listen 127.0.0.1:0", "--serve"),
            ("--serve --file a.redb --listen here", "invalid socket address"),
            ("--backend paper", "memory, redb"),
        ] {
            let refused = parsed(arguments).unwrap_err();
            assert!(refused.contains(reason), "{arguments}: {refused}");
        }
    }
}
