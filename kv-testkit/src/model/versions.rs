//! Which version belongs to which write.

use std::collections::HashMap;

use kv_core::Version;

use crate::model::mismatch::{Mismatch, Outcome};

/// The versions that a subject has told, with the model's numbers of the writes that took them.
#[derive(Debug, Default)]
pub(super) struct Versions {
    told: HashMap<String, Vec<(Version, u64)>>,
}

impl Versions {
    /// Takes note that `write` of `key` took `version`.
    pub(super) fn learn(&mut self, key: &str, version: Version, write: u64) -> Outcome {
        let told = self.told.entry(key.to_owned()).or_default();
        let known = told.iter().find(|(other, number)| *other == version || *number == write);
        match known {
            None => told.push((version, write)),
            Some((other, _)) if *other != version => {
                return Err(Mismatch::new(format!("the version of {key:?} changed without a write")));
            }
            Some((_, number)) if *number != write => {
                return Err(Mismatch::new(format!("two writes of {key:?} took one version")));
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// The version that `write` of `key` took, if the subject has told it.
    pub(super) fn of(&self, key: &str, write: u64) -> Option<Version> {
        let told = self.told.get(key)?;
        told.iter().find(|(_, number)| *number == write).map(|(version, _)| *version)
    }

    /// Every version of `key` that the subject has told.
    pub(super) fn all(&self, key: &str) -> Vec<Version> {
        self.told.get(key).map(|told| told.iter().map(|(version, _)| *version).collect()).unwrap_or_default()
    }
}
