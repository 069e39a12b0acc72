//! What the command line says.

use std::path::PathBuf;

use clap::Parser;

use crate::workloads::{child::Child, group::Comparison};

/// Measures the crates of this workspace beside their peers, in turn, on the same keys and values.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Options {
    /// Only rows whose workload, store or peer holds one of these texts in its name.
    pub(crate) filters: Vec<String>,

    /// Short measurements, and none with a million keys.
    #[arg(long)]
    pub(crate) quick: bool,

    /// How often each subject is measured.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,

    /// The names of the workloads, and nothing more.
    #[arg(long)]
    pub(crate) list: bool,

    /// A folder on the disk to measure, for files that are removed at the end. It has to be a disk: in memory, a sync
    /// costs nothing. By default it is the report's.
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) child: Option<Child>,
}

impl Options {
    /// Whether the row is asked for.
    pub(crate) fn wants(&self, row: &Comparison) -> bool {
        let named = |filter: &String| {
            [&row.workload, &row.subject, &row.peer].iter().any(|name| name.contains(filter))
        };
        (self.filters.is_empty() || self.filters.iter().any(named)) && !(row.long && self.quick)
    }
}
