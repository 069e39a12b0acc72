//! Versioned reads and conditional writes.

use kv_core::{AtomicKv, Conditional, Expected, Key, Version};

use crate::{
    model::{
        mismatch::{Checked, Mismatch},
        operation::{Expectation, Operation, Put},
        run::{Run, Step},
    },
    support::subject::Subject,
};

impl Run {
    pub(super) async fn conditional(&mut self, subject: &Subject, operation: &Operation) -> Checked<Step> {
        if !subject.is_atomic() {
            return Ok(Step::Skipped);
        }
        let atomic = &*subject.atomic();
        match operation {
            Operation::WriteIf { key, expected, put } => self.write_if(atomic, key, expected, put).await?,
            Operation::RemoveIf { key, expected } => return self.remove_if(atomic, key, expected).await,
            Operation::ReadVersioned { key } => self.read_versioned(atomic, key).await?,
            _ => return Ok(Step::Skipped),
        }
        Ok(Step::Ran)
    }

    pub(super) async fn read_versioned(&mut self, atomic: &dyn AtomicKv, key: &str) -> Checked {
        let (entry, version) = atomic.read_versioned(Key::new(key)?).await?.unzip();
        self.check_entry(key, entry.as_ref(), true)?;
        match (version, self.model.write_of(key)) {
            (Some(version), Some(write)) => self.learn_version(key, version, write),
            _ => Ok(()),
        }
    }

    async fn write_if(
        &mut self,
        atomic: &dyn AtomicKv,
        key: &str,
        expectation: &Expectation,
        put: &Put,
    ) -> Checked {
        let version = self.expected_version(atomic, key, expectation).await?;
        let expected = version.map_or(Expected::Absent, Expected::Version);
        let (options, entry) = self.prepare(put)?;
        let outcome = atomic.write_if(Key::new(key)?, expected, put.value.clone(), options).await?;
        self.check_outcome(key, expected, outcome)?;
        if let Conditional::Applied(version) = outcome {
            let write = self.model.write(key, entry);
            self.learn_version(key, version, write)?;
        }
        Ok(())
    }

    async fn remove_if(
        &mut self,
        atomic: &dyn AtomicKv,
        key: &str,
        expectation: &Expectation,
    ) -> Checked<Step> {
        let Some(version) = self.expected_version(atomic, key, expectation).await? else {
            return Ok(Step::Skipped);
        };
        let outcome = atomic.remove_if(Key::new(key)?, version).await?;
        self.check_outcome(key, Expected::Version(version), outcome)?;
        if let Conditional::Applied(version) = outcome {
            let write = self.model.remove(key);
            self.learn_version(key, version, write)?;
        }
        Ok(Step::Ran)
    }

    /// Returns the version that the call is to expect; `None` stands for absence.
    async fn expected_version(
        &mut self,
        atomic: &dyn AtomicKv,
        key: &str,
        expectation: &Expectation,
    ) -> Checked<Option<Version>> {
        match expectation {
            Expectation::Absent => Ok(None),
            Expectation::Current => {
                // A plain write does not report its version.
                if self.model.get(key).is_some() && self.current_version(key).is_none() {
                    self.read_versioned(atomic, key).await?;
                }
                Ok(self.current_version(key))
            }
            Expectation::Reported(index) => {
                let reported = self.versions.versions(key);
                Ok((!reported.is_empty()).then(|| *index.get(&reported)))
            }
        }
    }

    /// Returns the version of the entry under `key`, if there is one and the backend has reported it.
    fn current_version(&self, key: &str) -> Option<Version> {
        self.versions.version(key, self.model.write_of(key)?)
    }

    /// Adds the version that `write` of `key` took.
    fn learn_version(&mut self, key: &str, version: Version, write: u64) -> Checked {
        let added = self.versions.add(key.to_owned(), write, version);
        added.map_err(|conflict| Mismatch::of_versions(key, conflict))
    }

    /// Fails unless the backend was right to apply the call that expected `expected`, or not to apply it.
    fn check_outcome(&mut self, key: &str, expected: Expected, outcome: Conditional) -> Checked {
        let applied = matches!(outcome, Conditional::Applied(_));
        // The outcome shows whether the backend still has an entry that it may have reclaimed.
        match expected {
            Expected::Absent => self.model.resolve(key, !applied),
            Expected::Version(version) if self.current_version(key) == Some(version) => {
                self.model.resolve(key, applied);
            }
            Expected::Version(_) => {}
        }
        let holds = match expected {
            Expected::Absent => self.model.get(key).is_none(),
            // A reported version belongs to one write alone.
            Expected::Version(version) => self.current_version(key) == Some(version),
        };
        match (holds, applied) {
            (true, false) => {
                Err(Mismatch::new(format!("the condition on {key:?} holds, and the call was a conflict")))
            }
            (false, true) => Err(Mismatch::new(format!(
                "the condition on {key:?} does not hold, and the call was applied"
            ))),
            _ => Ok(()),
        }
    }
}
