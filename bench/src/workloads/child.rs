//! Work that the bench does in child processes.

use std::{env, path::PathBuf, process::Command};

use anyhow::Result;
use clap::Subcommand;

use crate::{
    harness::load::Load,
    workloads::{memory, open},
};

/// A child process's work. The commands are hidden: only the bench runs them.
#[derive(Debug, Subcommand)]
pub(crate) enum Child {
    /// Fills and reads a store, and prints the process's peak memory in KiB.
    #[command(hide = true)]
    Peak { store: String, path: PathBuf },
    /// Puts entries until it is killed.
    #[command(hide = true)]
    Write {
        store: String,
        path: PathBuf,
        #[arg(long)]
        quick_repair: bool,
    },
    /// Repeats a request, and prints the responses per second.
    #[command(hide = true)]
    Load(Load),
}

impl Child {
    /// Does the work in this process.
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Peak { store, path } => println!("{}", memory::peak(store, path)?),
            Self::Write { store, path, quick_repair } => open::write(store, path, *quick_repair)?,
            Self::Load(load) => println!("{}", load.rate()?),
        }
        Ok(())
    }

    /// Returns the command that starts this work in a child process.
    pub(crate) fn command(&self) -> Result<Command> {
        let mut command = Command::new(env::current_exe()?);
        match self {
            Self::Peak { store, path } => command.arg("peak").arg(store).arg(path),
            Self::Load(load) => command.arg("load").args(load.arguments()),
            Self::Write { store, path, quick_repair } => {
                command.arg("write").args(quick_repair.then_some("--quick-repair")).arg(store).arg(path)
            }
        };
        Ok(command)
    }
}
