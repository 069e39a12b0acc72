//! What a process is to do until it is killed, and what it tells meanwhile.

use std::{
    env,
    io::{Write, stdout},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use crate::store_model::{Operation, Outcome};

pub(crate) const VARIABLE: &str = "KV_REDB_TASK";

/// What a process is to do with a store until it is killed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) path: PathBuf,
    /// What its clock shows, in seconds.
    pub(crate) now: u64,
    pub(crate) quick_repair: bool,
    pub(crate) work: Work,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Work {
    Open,
    /// Writes with many tasks, for ever or until it is refused.
    Write {
        seed: u64,
        first_serial: u64,
        until_refused: bool,
    },
    /// Makes one file after the other, beside the path.
    Create,
    /// Deletes a namespace, if it is given one, and then sweeps in steps of so many entries.
    Sweep {
        namespace: Option<String>,
        step: usize,
    },
}

/// What a process tells, each on a event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    Opened,
    /// What a task is about to ask for.
    Requested(usize, Operation),
    /// How what a task asked for in this place was answered.
    Answered(usize, usize, Outcome),
    /// That a file is about to be made.
    Creating(u64),
    /// That it is made, and an entry is in it.
    Created(u64),
    NamespaceDeleted,
    Swept(usize),
    /// Nothing is left to do.
    Finished,
}

impl Job {
    /// What this process is to do, if it is one that will be killed.
    pub(crate) fn of_this_process() -> Option<Self> {
        env::var(VARIABLE).ok().map(|task| serde_json::from_str(&task).unwrap())
    }
}

impl Event {
    /// Tells it, in one piece and at once.
    pub(crate) fn print(&self) {
        let mut text = serde_json::to_string(self).unwrap();
        text.push('\n');
        let mut stdout = stdout().lock();
        stdout.write_all(text.as_bytes()).unwrap();
        stdout.flush().unwrap();
    }
}
