//! Job of a child process and the events that it prints.

use std::{
    env,
    io::{Write, stdout},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use crate::store_model::{Operation, Outcome};

pub(crate) const VARIABLE: &str = "KV_REDB_TEST_JOB";

/// Job of a child process: how to open the store, and what to do with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) path: PathBuf,
    /// Time of the manual clock, in seconds.
    pub(crate) now: u64,
    pub(crate) quick_repair: bool,
    pub(crate) work: Work,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Work {
    Open,
    /// Writes with several concurrent writers, without end or until the store refuses.
    Write {
        seed: u64,
        first_serial: u64,
        until_refused: bool,
    },
    /// Creates one file after the other, beside the path.
    Create,
    /// Deletes a namespace, if one is given, and then sweeps `step` entries at a time.
    Sweep {
        namespace: Option<String>,
        step: usize,
    },
}

/// Event in a child process, printed as one line of JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    Opened,
    /// A writer, by its number, is about to perform this operation.
    Requested(usize, Operation),
    /// A writer's operation, by its index, has this outcome.
    Answered(usize, usize, Outcome),
    /// A file is about to be created.
    Creating(u64),
    /// A file was created and an entry put into it.
    Created(u64),
    NamespaceDeleted,
    Swept(usize),
    /// The job is finished.
    Finished,
}

impl Job {
    /// Returns the job of this process, if it is a child.
    pub(crate) fn of_this_process() -> Option<Self> {
        env::var(VARIABLE).ok().map(|job| serde_json::from_str(&job).unwrap())
    }
}

impl Event {
    /// Prints the event in one write and flushes it.
    pub(crate) fn print(&self) {
        let mut text = serde_json::to_string(self).unwrap();
        text.push('\n');
        let mut stdout = stdout().lock();
        stdout.write_all(text.as_bytes()).unwrap();
        stdout.flush().unwrap();
    }
}
