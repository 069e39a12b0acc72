//! Conditional writes.

use kv_core::{AtomicKv, Conditional, Expected, Key, Version};

use crate::{
    model::{
        mismatch::{Outcome, same},
        operation::{Expectation, Operation, Put},
        run::{Run, Step},
    },
    support::subject::Subject,
};

impl Run {
    pub(super) async fn conditional(&mut self, subject: &Subject, operation: &Operation) -> Outcome<Step> {
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

    pub(super) async fn read_versioned(&mut self, atomic: &dyn AtomicKv, key: &str) -> Outcome {
        let (entry, version) = atomic.read_versioned(Key::new(key)?).await?.unzip();
        self.check_entry(key, entry.as_ref(), true)?;
        match (version, self.records.write_of(key)) {
            (Some(version), Some(write)) => self.versions.learn(key, version, write),
            _ => Ok(()),
        }
    }

    async fn write_if(
        &mut self,
        atomic: &dyn AtomicKv,
        key: &str,
        expectation: &Expectation,
        put: &Put,
    ) -> Outcome {
        let version = self.expected_version(atomic, key, expectation).await?;
        let expected = version.map_or(Expected::Absent, Expected::Version);
        let (options, record) = self.prepare(put)?;
        let outcome = atomic.write_if(Key::new(key)?, expected, put.value.clone(), options).await?;
        self.check_outcome(key, expected, outcome)?;
        if let Conditional::Applied(version) = outcome {
            let write = self.records.write(key, record);
            self.versions.learn(key, version, write)?;
        }
        Ok(())
    }

    async fn remove_if(
        &mut self,
        atomic: &dyn AtomicKv,
        key: &str,
        expectation: &Expectation,
    ) -> Outcome<Step> {
        let Some(version) = self.expected_version(atomic, key, expectation).await? else {
            return Ok(Step::Skipped);
        };
        let outcome = atomic.remove_if(Key::new(key)?, version).await?;
        self.check_outcome(key, Expected::Version(version), outcome)?;
        if let Conditional::Applied(version) = outcome {
            let write = self.records.remove(key);
            self.versions.learn(key, version, write)?;
        }
        Ok(Step::Ran)
    }

    /// The version that is to be expected; `None` is that of no entry.
    async fn expected_version(
        &mut self,
        atomic: &dyn AtomicKv,
        key: &str,
        expectation: &Expectation,
    ) -> Outcome<Option<Version>> {
        match expectation {
            Expectation::Absent => Ok(None),
            Expectation::Current => {
                // A plain write does not tell its version.
                if self.records.get(key).is_some() && self.current_version(key).is_none() {
                    self.read_versioned(atomic, key).await?;
                }
                Ok(self.current_version(key))
            }
            Expectation::Told(index) => {
                let told = self.versions.all(key);
                Ok((!told.is_empty()).then(|| *index.get(&told)))
            }
        }
    }

    /// The version of the entry under `key`, if there is one and the subject has told it.
    fn current_version(&self, key: &str) -> Option<Version> {
        self.versions.of(key, self.records.write_of(key)?)
    }

    /// Fails unless the subject was right to apply, or not to apply, what expected `expected`.
    fn check_outcome(&mut self, key: &str, expected: Expected, outcome: Conditional) -> Outcome {
        let applied = matches!(outcome, Conditional::Applied(_));
        // What the subject did tells whether it has an entry that may have been reclaimed.
        match expected {
            Expected::Absent => self.records.settle(key, !applied),
            Expected::Version(version) if self.current_version(key) == Some(version) => {
                self.records.settle(key, applied);
            }
            Expected::Version(_) => {}
        }
        let holds = match expected {
            Expected::Absent => self.records.get(key).is_none(),
            // A version that was told belongs to the write that it was told for, and to no other.
            Expected::Version(version) => self.current_version(key) == Some(version),
        };
        same(&format!("whether the condition on {key:?} holds"), &holds, &applied)
    }
}
