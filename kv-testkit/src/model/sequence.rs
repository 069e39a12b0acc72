//! Loop over the operations of a sequence.

use kv_core::{Clock, GetOptions, Key, Timestamp, limits};

use crate::{
    model::{
        mismatch::Checked,
        operation::Operation,
        run::{Run, Step},
    },
    support::subject::Subject,
};

/// Runs `sequence` on `subject` and on the model, and compares all entries at the end. Returns the number of
/// operations that ran.
pub(super) async fn run(mut subject: Subject, sequence: &[Operation]) -> Checked<usize> {
    let mut run = Run::default();
    let mut ran = 0;
    for (index, operation) in sequence.iter().enumerate() {
        if let Operation::Reopen = operation {
            subject = subject.reopened().await;
            ran += 1;
            continue;
        }
        run.model.set_now(subject.clock().now().as_secs());
        run.release_removed_keys();
        let step = step(&mut run, &subject, operation).await;
        let place = || format!("operation {} ({})", index + 1, operation.name());
        if step.map_err(|mismatch| mismatch.at(place()))? == Step::Ran {
            ran += 1;
        }
    }
    run.model.set_now(subject.clock().now().as_secs());
    compare_all(&mut run, &subject).await.map_err(|mismatch| mismatch.at("after the last operation"))?;
    Ok(ran)
}

async fn step(run: &mut Run, subject: &Subject, operation: &Operation) -> Checked<Step> {
    match operation {
        Operation::Read { key, options } => run.read(subject, key, *options).await?,
        Operation::Write { key, put } => run.write(subject, key, put).await?,
        Operation::Remove { key } => {
            subject.namespace().remove(Key::new(key)?).await?;
            run.model.remove(key);
        }
        Operation::List { prefix, limit } => run.list(subject, prefix, *limit).await?,
        Operation::Resume { limit } => return run.resume(subject, *limit).await,
        Operation::ReadMany { keys, options } => run.read_many(subject, keys, *options).await?,
        Operation::WriteMany { puts } => run.write_many(subject, puts).await?,
        Operation::RemoveMany { keys } => run.remove_many(subject, keys).await?,
        Operation::Advance { by } => subject.clock().advance(*by),
        Operation::SetBack { by } => {
            let earlier = run.model.now().saturating_sub(by.as_secs());
            subject.clock().set(Timestamp::from_secs(earlier)?);
        }
        Operation::Sweep => {
            subject.sweep().await;
            if subject.has_sweep() {
                run.model.sweep();
            }
        }
        // It replaces the subject, so the loop does it.
        Operation::Reopen => return Ok(Step::Skipped),
        Operation::ReadVersioned { .. } | Operation::WriteIf { .. } | Operation::RemoveIf { .. } => {
            return run.conditional(subject, operation).await;
        }
    }
    Ok(Step::Ran)
}

async fn compare_all(run: &mut Run, subject: &Subject) -> Checked {
    run.list(subject, "", limits::MAX_LIST_LIMIT).await?;
    let keys: Vec<String> = run.model.list("", None).map(|(key, _)| key.to_owned()).collect();
    run.read_many(subject, &keys, GetOptions::default().with_metadata(true)).await?;
    if subject.is_atomic() {
        for key in &keys {
            run.read_versioned(&*subject.atomic(), key).await?;
        }
    }
    Ok(())
}
