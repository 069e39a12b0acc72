//! Bulk changes of a table, in steps.

use kv_core::{BulkReport, Key, PutEntry, Result};

use crate::table::{
    namespace_table::{Change, NamespaceTable},
    steps::{STEP, yield_now},
};

impl NamespaceTable {
    pub(crate) async fn write_many(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        let puts = entries.into_iter().map(|entry| (entry.key, Change::Put(entry.value, entry.options)));
        self.change_many("write_many", puts).await
    }

    pub(crate) async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        let removals = keys.into_iter().map(|key| (key, Change::Remove));
        self.change_many("remove_many", removals).await
    }

    async fn change_many(
        &self,
        operation: &'static str,
        changes: impl ExactSizeIterator<Item = (Key<'static>, Change)> + Send,
    ) -> Result<BulkReport> {
        self.liveness.check(operation, None)?;
        let mut report = BulkReport::default();
        let mut changes = changes.enumerate();
        loop {
            self.change_step(operation, changes.by_ref().take(STEP), &mut report);
            if changes.len() == 0 {
                return Ok(report);
            }
            yield_now().await;
        }
    }

    fn change_step(
        &self,
        operation: &'static str,
        changes: impl Iterator<Item = (usize, (Key<'static>, Change))>,
        report: &mut BulkReport,
    ) {
        match self.lock(operation, None) {
            Ok(mut index) => {
                let now = self.clock.now();
                for (number, (key, change)) in changes {
                    self.apply(&mut index, &key, change, now);
                    self.housekeep(&mut index, now);
                    report.add_outcome(number, &key, Ok(()));
                }
            }
            // The namespace was deleted, or the store closed, after the previous step.
            Err(error) => {
                for (number, (key, _)) in changes {
                    report.add_outcome(number, &key, Err(error.clone().with_key(&key)));
                }
            }
        }
    }
}
