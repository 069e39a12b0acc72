//! Log of the calls that a client made, and of what their answers show.

use std::fmt;

use kv_core::{Entry, KeyInfo, Version};

use crate::{
    history::event::{Event, State, WriteId},
    support::{
        marked_write::MarkedWrite,
        version_log::{VersionConflict, VersionLog},
    },
};

/// Write that took a version. A removal takes one too, and is told by the moment of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Write(WriteId),
    Removal(u64),
}

/// Log of a client, or of all clients. Keys are numbers, counted from 0.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) events: Vec<(usize, Event)>,
    pub(super) versions: Vec<(usize, Origin, Version)>,
    /// Number of reads without an answer: dropped, or failed with a retryable error.
    pub(super) unanswered_reads: usize,
}

impl Log {
    /// Adds the log of another client.
    pub(super) fn merge(&mut self, other: Self) {
        self.events.extend(other.events);
        self.versions.extend(other.versions);
        self.unanswered_reads += other.unanswered_reads;
    }

    /// Fails if two writes of one key took the same version, or one write took two.
    pub(super) fn check_versions(&self) -> Result<(), String> {
        let mut log = VersionLog::default();
        for &(key, origin, version) in &self.versions {
            log.add(key, origin, version).map_err(|conflict| match conflict {
                VersionConflict::SameVersion(first, second) => {
                    format!("two writes of key {key} took the same version: {first} and {second}")
                }
                VersionConflict::TwoVersions(origin) => {
                    format!("{origin} of key {key} was reported with two versions")
                }
            })?;
        }
        Ok(())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(write) => write!(f, "write #{write}"),
            Self::Removal(end) => write!(f, "the removal that ended at {end}"),
        }
    }
}

/// Returns the write that made `entry`. Fails if no single write can have made all of it.
pub(super) fn writer(entry: Option<&Entry>, with_metadata: bool) -> Result<State, String> {
    let Some(entry) = entry else { return Ok(None) };
    let Some(write) = MarkedWrite::from_value(&entry.value) else {
        return Err(format!("a read returned a value of {} bytes that no write wrote", entry.value.len()));
    };
    let mut expected = write.entry();
    expected.metadata = expected.metadata.filter(|_| with_metadata);
    if *entry != expected {
        let number = write.number();
        return Err(format!(
            "a read returned the value of write #{number} with other metadata or another expiry than it set"
        ));
    }
    Ok(Some(write.number()))
}

/// Returns the write that made the entry of a listed key.
pub(super) fn writer_of_listed(info: &KeyInfo) -> Result<State, String> {
    let write = info.metadata.as_ref().and_then(MarkedWrite::number_in).map(MarkedWrite::new);
    let write = write.filter(|write| write.entry().expires_at == info.expires_at);
    let write = write.ok_or("a listing shows metadata or an expiry that no write set")?;
    Ok(Some(write.number()))
}
