//! Options of the command line.

use std::path::PathBuf;

use clap::Parser;

use crate::workloads::{child::Child, group::Comparison};

/// Measures the crates of this workspace against their peers, with the same keys and values.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Options {
    /// Measure only rows whose workload, store or peer contains one of these texts in its name.
    pub(crate) filters: Vec<String>,

    /// Measure for 0.1 s instead of 0.5 s, and skip what takes long.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Measurements of each store; their median is reported.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,

    /// Print the names of the rows, and measure nothing.
    #[arg(long)]
    pub(crate) list: bool,

    /// Folder for the stores' files, which are removed at the end [default: target/bench]. It has to be on a
    /// disk: in memory (tmpfs) a sync costs nothing.
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) child: Option<Child>,
}

impl Options {
    /// Returns `true` if the row is to be measured.
    pub(crate) fn selects(&self, row: &Comparison) -> bool {
        let matches = |filter: &String| {
            [&row.workload, &row.subject, &row.peer].iter().any(|name| name.contains(filter))
        };
        (self.filters.is_empty() || self.filters.iter().any(matches)) && !(row.long && self.quick)
    }
}
