//! State of a sequence under way, and the operations that a namespace has without versions.

use std::{collections::BTreeSet, time::Duration};

use kv_core::{
    BulkReport, Cursor, Entry, Expiration, GetOptions, HasDeadline, Key, PutEntry, PutOptions, Timestamp,
    Value,
};

use crate::{
    model::{
        mismatch::{Mismatch, Outcome, same, same_entry},
        operation::{Deadline, Put},
        records::{Record, Records},
        versions::Versions,
    },
    support::subject::Subject,
};

/// A sequence under way.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) records: Records,
    pub(super) versions: Versions,
    pub(super) cursor: Option<KeptCursor>,
    /// The deadline that an answer told last, as it is carried on and in seconds.
    carried: Option<(Expiration, u64)>,
}

/// Whether an operation was run, or the subject has no use for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Ran,
    Skipped,
}

/// A cursor that a page gave, and what it owes.
#[derive(Debug)]
pub(super) struct KeptCursor {
    pub(super) cursor: Cursor,
    pub(super) prefix: String,
    /// The last key before it.
    pub(super) after: Option<String>,
    /// The keys behind it that have been there ever since. Those that come later may be listed or not: the cursor
    /// may stand anywhere before the next key that was there.
    pub(super) owed: BTreeSet<String>,
}

impl Run {
    pub(super) async fn read(&mut self, subject: &Subject, key: &str, options: GetOptions) -> Outcome {
        let entry = subject.namespace().read(Key::new(key)?, options).await?;
        self.check_entry(key, entry.as_ref(), options.metadata)
    }

    /// Compares an answer of the subject with the model.
    pub(super) fn check_entry(&mut self, key: &str, entry: Option<&Entry>, metadata: bool) -> Outcome {
        self.records.settle(key, entry.is_some());
        same_entry(key, self.records.get(key), entry, metadata)?;
        if let Some(entry) = entry {
            self.carry(entry);
        }
        Ok(())
    }

    /// Keeps the deadline that an answer told, to be carried on by a later write.
    pub(super) fn carry(&mut self, told: &impl HasDeadline) {
        if let (Some(expiration), Some(deadline)) = (Expiration::of(told), told.deadline()) {
            self.carried = Some((expiration, deadline.as_secs()));
        }
    }

    pub(super) async fn write(&mut self, subject: &Subject, key: &str, put: &Put) -> Outcome {
        let (options, record) = self.prepare(put)?;
        subject.namespace().write(Key::new(key)?, put.value.clone(), options).await?;
        self.records.write(key, record);
        Ok(())
    }

    /// What `put` is for the subject, and what it is for the model.
    pub(super) fn prepare(&self, put: &Put) -> Outcome<(PutOptions, Record)> {
        let now = self.records.now();
        let (expiration, expires_at) = match put.deadline {
            Deadline::Never => (None, None),
            Deadline::After(time) => (Some(Expiration::after(time)?), Some(later(now, time))),
            Deadline::In(distance) => {
                let deadline = later(now, distance);
                let at = Expiration::at(Timestamp::from_secs(deadline)?, Timestamp::from_secs(now)?)?;
                (Some(at), Some(deadline))
            }
            Deadline::Carried => self.carried.unzip(),
        };
        let metadata = put.metadata.as_ref().map(ToString::to_string);
        let mut options = PutOptions::default().with_expiration(expiration);
        if let Some(text) = &metadata {
            options = options.with_metadata_json(text)?;
        }
        Ok((options, Record { value: put.value.clone(), metadata, expires_at }))
    }

    pub(super) async fn read_many(
        &mut self,
        subject: &Subject,
        keys: &[String],
        options: GetOptions,
    ) -> Outcome {
        let entries = subject.namespace().read_many(owned(keys)?, options).await?;
        same("the number of answers", &keys.len(), &entries.len())?;
        for (key, entry) in keys.iter().zip(&entries) {
            self.check_entry(key, entry.as_ref(), options.metadata)?;
        }
        Ok(())
    }

    pub(super) async fn write_many(&mut self, subject: &Subject, puts: &[(String, Put)]) -> Outcome {
        let mut entries = Vec::new();
        for (key, put) in puts {
            let (options, _) = self.prepare(put)?;
            entries.push(PutEntry::new(key, Value::clone(&put.value))?.with_options(options));
        }
        let report = subject.namespace().write_many(entries).await?;
        complete(&report, puts.len())?;
        for (key, put) in puts {
            let (_, record) = self.prepare(put)?;
            self.records.write(key, record);
        }
        Ok(())
    }
}

/// The second that is `time` after `now`, as the contract counts: fractions dropped, the last timestamp at the latest.
fn later(now: u64, time: Duration) -> u64 {
    now.saturating_add(time.as_secs()).min(253_402_300_799)
}

pub(super) fn owned(keys: &[String]) -> Outcome<Vec<Key<'static>>> {
    keys.iter().map(|key| Ok(Key::new(key.clone())?)).collect()
}

/// Fails unless all `count` items were applied.
pub(super) fn complete(report: &BulkReport, count: usize) -> Outcome {
    if let Some(failure) = report.failed.first() {
        return Err(Mismatch::from(failure.error.clone()));
    }
    same("the number of items applied", &count, &report.succeeded)
}
