//! State of a sequence under way, and the operations on it that need no version.

use std::{collections::BTreeSet, time::Duration};

use kv_core::{
    BulkReport, Cursor, Entry, Expiration, GetOptions, HasExpiry, Key, PutEntry, PutOptions, Timestamp,
};

use crate::{
    model::{
        mismatch::{Checked, Mismatch, check_entry, check_equal},
        namespace_model::{ModelEntry, NamespaceModel},
        operation::{Expiry, Put},
    },
    support::{subject::Subject, version_log::VersionLog},
};

/// State of a sequence under way.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) model: NamespaceModel,
    /// Versions that the backend reported, with the model's numbers of the writes.
    pub(super) versions: VersionLog<String, u64>,
    pub(super) cursor: Option<KeptCursor>,
    /// Expiry of the entry that was answered last, as a later write carries it, and in seconds.
    carried: Option<(Expiration, u64)>,
}

/// `Skipped` if the subject has no use for an operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Ran,
    Skipped,
}

/// Cursor of a page, kept for later.
#[derive(Debug)]
pub(super) struct KeptCursor {
    pub(super) cursor: Cursor,
    pub(super) prefix: String,
    /// The last key before it.
    pub(super) after: Option<String>,
    /// Keys behind it that have been there ever since, so that the rest of the listing must have them. Keys
    /// that come later may be listed or not: the cursor may stand anywhere before the next key that was
    /// there.
    pub(super) must_list: BTreeSet<String>,
}

impl Run {
    pub(super) async fn read(&mut self, subject: &Subject, key: &str, options: GetOptions) -> Checked {
        let entry = subject.namespace().read(Key::new(key)?, options).await?;
        self.check_entry(key, entry.as_ref(), options.metadata)
    }

    /// Compares an answer of the backend with the model.
    pub(super) fn check_entry(&mut self, key: &str, entry: Option<&Entry>, with_metadata: bool) -> Checked {
        self.model.resolve(key, entry.is_some());
        check_entry(key, self.model.get(key), entry, with_metadata)?;
        if let Some(entry) = entry {
            self.keep_expiry(entry);
        }
        Ok(())
    }

    /// Keeps the expiry of an answer, for a later write to carry.
    pub(super) fn keep_expiry(&mut self, answer: &impl HasExpiry) {
        if let (Some(expiration), Some(expires_at)) = (Expiration::of(answer), answer.expires_at()) {
            self.carried = Some((expiration, expires_at.as_secs()));
        }
    }

    pub(super) async fn write(&mut self, subject: &Subject, key: &str, put: &Put) -> Checked {
        let (options, entry) = self.prepare(put)?;
        subject.namespace().write(Key::new(key)?, put.value.clone(), options).await?;
        self.model.write(key, entry);
        Ok(())
    }

    /// Returns `put` as options for the backend and as an entry for the model.
    pub(super) fn prepare(&self, put: &Put) -> Checked<(PutOptions, ModelEntry)> {
        let now = self.model.now();
        let (expiration, expires_at) = match put.expiry {
            Expiry::Never => (None, None),
            Expiry::After(ttl) => (Some(Expiration::after(ttl)?), Some(later(now, ttl))),
            Expiry::At(distance) => {
                let expires_at = later(now, distance);
                let at = Expiration::at(Timestamp::from_secs(expires_at)?, Timestamp::from_secs(now)?)?;
                (Some(at), Some(expires_at))
            }
            Expiry::Carried => self.carried.unzip(),
        };
        let metadata = put.metadata.as_ref().map(ToString::to_string);
        let mut options = PutOptions::default().with_expiration(expiration);
        if let Some(text) = &metadata {
            options = options.with_metadata_json(text)?;
        }
        Ok((options, ModelEntry { value: put.value.clone(), metadata, expires_at }))
    }

    pub(super) async fn read_many(
        &mut self,
        subject: &Subject,
        keys: &[String],
        options: GetOptions,
    ) -> Checked {
        let entries = subject.namespace().read_many(owned(keys)?, options).await?;
        check_equal("the number of answers", &keys.len(), &entries.len())?;
        for (key, entry) in keys.iter().zip(&entries) {
            self.check_entry(key, entry.as_ref(), options.metadata)?;
        }
        Ok(())
    }

    pub(super) async fn write_many(&mut self, subject: &Subject, puts: &[(String, Put)]) -> Checked {
        let mut entries = Vec::new();
        let mut model_entries = Vec::new();
        for (key, put) in puts {
            let (options, entry) = self.prepare(put)?;
            entries.push(PutEntry::new(key, put.value.clone())?.with_options(options));
            model_entries.push((key, entry));
        }
        let report = subject.namespace().write_many(entries).await?;
        check_complete(&report, puts.len())?;
        for (key, entry) in model_entries {
            self.model.write(key, entry);
        }
        Ok(())
    }

    pub(super) async fn remove_many(&mut self, subject: &Subject, keys: &[String]) -> Checked {
        let report = subject.namespace().remove_many(owned(keys)?).await?;
        check_complete(&report, keys.len())?;
        for key in keys {
            self.model.remove(key);
        }
        Ok(())
    }
}

/// Returns the second that is `distance` after `now`, as the contract counts: fractions are dropped, and the
/// last timestamp is the latest.
fn later(now: u64, distance: Duration) -> u64 {
    now.saturating_add(distance.as_secs()).min(253_402_300_799)
}

fn owned(keys: &[String]) -> Checked<Vec<Key<'static>>> {
    keys.iter().map(|key| Ok(Key::new(key.clone())?)).collect()
}

/// Fails unless all `count` items were applied.
fn check_complete(report: &BulkReport, count: usize) -> Checked {
    if let Some(failure) = report.failed.first() {
        return Err(Mismatch::from(failure.error.clone()));
    }
    check_equal("the number of items applied", &count, &report.succeeded)
}
