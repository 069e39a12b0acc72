//! One sequence, on a subject and on the model.

use std::time::Duration;

use kv_core::{
    BulkReport, Clock, Entry, Expiration, GetOptions, HasDeadline, Key, PutEntry, PutOptions, Timestamp,
    Value, limits,
};

use crate::{
    model::{
        listing::KeptCursor,
        mismatch::{Mismatch, Outcome, same, same_entry},
        operation::{Deadline, Operation, Put},
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

/// Runs `sequence` on `subject`, then compares everything that is there; answers how many operations ran.
pub(super) async fn run(mut subject: Subject, sequence: &[Operation]) -> Outcome<usize> {
    let mut run = Run::default();
    let mut ran = 0;
    for (index, operation) in sequence.iter().enumerate() {
        if let Operation::Reopen = operation {
            subject = subject.reopened().await;
            ran += 1;
            continue;
        }
        run.records.set_now(subject.clock().now().as_secs());
        run.release_owed();
        let step = run.step(&subject, operation).await;
        if step.map_err(|mismatch| mismatch.at(index + 1, operation.name()))? == Step::Ran {
            ran += 1;
        }
    }
    run.records.set_now(subject.clock().now().as_secs());
    run.compare_all(&subject)
        .await
        .map_err(|mismatch| mismatch.at(sequence.len() + 1, "everything at the end"))?;
    Ok(ran)
}

impl Run {
    async fn step(&mut self, subject: &Subject, operation: &Operation) -> Outcome<Step> {
        match operation {
            Operation::Read { key, options } => self.read(subject, key, *options).await?,
            Operation::Write { key, put } => self.write(subject, key, put).await?,
            Operation::Remove { key } => {
                subject.namespace().remove(Key::new(key)?).await?;
                self.records.remove(key);
            }
            Operation::List { prefix, limit } => self.list(subject, prefix, *limit).await?,
            Operation::Resume { limit } => return self.resume(subject, *limit).await,
            Operation::ReadMany { keys, options } => self.read_many(subject, keys, *options).await?,
            Operation::WriteMany { puts } => self.write_many(subject, puts).await?,
            Operation::RemoveMany { keys } => {
                let report = subject.namespace().remove_many(owned(keys)?).await?;
                complete(&report, keys.len())?;
                for key in keys {
                    self.records.remove(key);
                }
            }
            Operation::Advance { by } => subject.clock().advance(*by),
            Operation::SetBack { by } => {
                let earlier = self.records.now().saturating_sub(by.as_secs());
                subject.clock().set(Timestamp::from_secs(earlier)?);
            }
            Operation::Sweep => {
                subject.sweep().await;
                if subject.has_sweep() {
                    self.records.sweep();
                }
            }
            // It takes the subject over, so the loop does it.
            Operation::Reopen => return Ok(Step::Skipped),
            Operation::ReadVersioned { .. } | Operation::WriteIf { .. } | Operation::RemoveIf { .. } => {
                return self.conditional(subject, operation).await;
            }
        }
        Ok(Step::Ran)
    }

    async fn read(&mut self, subject: &Subject, key: &str, options: GetOptions) -> Outcome {
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

    async fn write(&mut self, subject: &Subject, key: &str, put: &Put) -> Outcome {
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

    async fn read_many(&mut self, subject: &Subject, keys: &[String], options: GetOptions) -> Outcome {
        let entries = subject.namespace().read_many(owned(keys)?, options).await?;
        same("the number of answers", &keys.len(), &entries.len())?;
        for (key, entry) in keys.iter().zip(&entries) {
            self.check_entry(key, entry.as_ref(), options.metadata)?;
        }
        Ok(())
    }

    async fn write_many(&mut self, subject: &Subject, puts: &[(String, Put)]) -> Outcome {
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

    async fn compare_all(&mut self, subject: &Subject) -> Outcome {
        self.list(subject, "", limits::MAX_LIST_LIMIT).await?;
        let keys: Vec<String> = self.records.list("", None).map(|(key, _)| key.to_owned()).collect();
        self.read_many(subject, &keys, GetOptions::default().with_metadata(true)).await?;
        if subject.is_atomic() {
            for key in &keys {
                self.read_versioned(&*subject.atomic(), key).await?;
            }
        }
        Ok(())
    }
}

/// The second that is `time` after `now`, as the contract counts: fractions dropped, the last timestamp at the latest.
fn later(now: u64, time: Duration) -> u64 {
    now.saturating_add(time.as_secs()).min(253_402_300_799)
}

fn owned(keys: &[String]) -> Outcome<Vec<Key<'static>>> {
    keys.iter().map(|key| Ok(Key::new(key.clone())?)).collect()
}

/// Fails unless all `count` items were applied.
fn complete(report: &BulkReport, count: usize) -> Outcome {
    if let Some(failure) = report.failed.first() {
        return Err(Mismatch::from(failure.error.clone()));
    }
    same("the number of items applied", &count, &report.succeeded)
}
