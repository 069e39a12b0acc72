//! Conditional writes of the reference backend.

use kv_core::{AtomicKv, Conditional, Entry, Expected, Key, PutOptions, Result, Value, Version, async_trait};
use tokio::task::yield_now;

use super::{Defect, Reference};

#[async_trait]
impl AtomicKv for Reference {
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>> {
        yield_now().await;
        let found = self.find(&*self.open()?, &key);
        let bare = self.has(Defect::ReadsVersionAlone);
        Ok(found.map(|(entry, version)| (if bare { Entry::new(entry.value) } else { entry }, version)))
    }

    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional> {
        yield_now().await;
        let entry = self.entry(value, &options)?;
        let held = self.holds(&*self.open()?, &key, expected);
        if self.has(Defect::ComparesThenWrites) {
            yield_now().await;
        }
        if held && self.has(Defect::WritesIfInTwoSteps) {
            self.insert(&mut *self.open()?, &key, entry.clone().with_metadata(None));
            yield_now().await;
            return Ok(Conditional::Applied(self.insert(&mut *self.open()?, &key, entry)));
        }
        let mut state = self.open()?;
        let holds =
            if self.has(Defect::ComparesThenWrites) { held } else { self.holds(&state, &key, expected) };
        if !holds {
            return Ok(Conditional::Conflict);
        }
        let version = self.insert(&mut state, &key, entry);
        let other = u64::from(self.has(Defect::AnswersAnotherVersion));
        Ok(Conditional::Applied(Version::new(version.as_u64() + other)))
    }

    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional> {
        yield_now().await;
        let mut state = self.open()?;
        let holds = self.holds(&state, &key, expected.into());
        if self.has(Defect::RemoveIfRemovesNothing) {
            return Ok(Conditional::Applied(expected));
        }
        Ok(if holds { Conditional::Applied(self.take(&mut state, &key)) } else { Conditional::Conflict })
    }
}
