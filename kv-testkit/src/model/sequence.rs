//! One sequence, on a subject and on the model.

use kv_core::{Clock, GetOptions, Key, Timestamp, limits};

use crate::{
    model::{
        mismatch::Outcome,
        operation::Operation,
        run::{Run, Step, complete, owned},
    },
    support::subject::Subject,
};

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
