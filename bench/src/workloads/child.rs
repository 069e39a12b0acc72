//! What the bench does in processes of its own.

use std::{env, path::PathBuf, process::Command};

use anyhow::Result;
use clap::Subcommand;

use crate::{
    harness::load::Load,
    workloads::{memory, open},
};

/// Asked for by the bench alone.
#[derive(Debug, Subcommand)]
pub(crate) enum Child {
    /// Fills a store, reads it, and tells the peak of its memory.
    #[command(hide = true)]
    Peak { store: String, path: PathBuf },
    /// Writes until it is killed.
    #[command(hide = true)]
    Write {
        store: String,
        path: PathBuf,
        #[arg(long)]
        quick_repair: bool,
    },
    /// Asks a server again and again, and tells how many answers a second there were.
    #[command(hide = true)]
    Load(Load),
}

impl Child {
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Peak { store, path } => println!("{}", memory::peak(store, path)?),
            Self::Write { store, path, quick_repair } => open::write(store, path, *quick_repair)?,
            Self::Load(load) => println!("{}", load.rate()?),
        }
        Ok(())
    }

    /// How to have it done.
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
