//! Client of a history: makes its calls and logs their answers.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use kv_core::{BulkReport, Conditional, Expected, GetOptions, Result, Version};
use tokio::task::yield_now;

use crate::{
    history::{
        event::{Action, CallOutcome, Event, WriteId},
        log::{Log, Origin, writer, writer_of_listed},
        plan::{Call, DropPoint, Step},
        shared_keys::SharedKeys,
    },
    support::marked_write::MarkedWrite,
};

/// Client of a history.
#[derive(Debug)]
pub(super) struct Client {
    shared: Arc<SharedKeys>,
    number: usize,
    /// For each key, the version that the client saw last, and the write that took it.
    known: Vec<Option<(WriteId, Version)>>,
    writes: WriteId,
    log: Log,
}

/// Timing of a call: the moment of its start, and its answer with the moment of it, if there is one.
type Timed<T> = (u64, Option<(T, u64)>);

impl Client {
    pub(super) fn new(shared: Arc<SharedKeys>, number: usize) -> Self {
        let known = vec![None; shared.keys.len()];
        Self { shared, number, known, writes: 0, log: Log::default() }
    }

    /// Makes all calls of `steps`. The error says which answer no order of calls can explain, or which call
    /// failed.
    pub(super) async fn run(mut self, steps: Vec<Step>) -> Result<Log, String> {
        self.shared.wait_for_clients().await;
        for step in steps {
            for _ in 0..step.pauses {
                yield_now().await;
            }
            let Step { call, key, drop, .. } = step;
            match call {
                Call::Read { with_metadata } => self.read(key, with_metadata, drop).await?,
                Call::Write { size } => self.write(key, size, drop).await?,
                Call::Remove => self.remove(key, drop).await?,
                Call::ReadMany { with_metadata } => self.read_many(with_metadata, drop).await?,
                Call::WriteMany { size } => self.write_many(size, drop).await?,
                Call::RemoveMany => self.remove_many(drop).await?,
                Call::ListPage => self.list(drop).await?,
                Call::ReadVersioned => self.read_versioned(key, drop).await?,
                Call::WriteIf { expects_absence, size } => {
                    self.write_if(key, expects_absence, size, drop).await?;
                }
                Call::RemoveIf => self.remove_if(key, drop).await?,
            }
        }
        Ok(self.log)
    }

    /// Returns a write that no other call of the history makes.
    fn next_write(&mut self, size: usize) -> MarkedWrite {
        self.writes += 1;
        let client = WriteId::try_from(self.number).expect("clients are few");
        MarkedWrite::new(client * 1_000_000 + self.writes).with_size(size)
    }

    fn add_event(
        &mut self,
        key: usize,
        call: &'static str,
        action: Action,
        began: u64,
        ended: Option<(u64, CallOutcome)>,
    ) {
        self.log.events.push((key, Event { client: self.number, call, action, began, ended }));
    }

    /// Polls `future` to its end, or drops it midway. A retryable error leaves the outcome unknown.
    async fn call<T>(
        &self,
        call: &'static str,
        future: impl Future<Output = Result<T>>,
        drop: Option<DropPoint>,
    ) -> Result<Timed<T>, String> {
        let began = self.shared.moment();
        let answer = match drop {
            None => Some(future.await),
            Some(drop) => poll_until(future, drop).await,
        };
        let end = self.shared.moment();
        match answer {
            Some(Ok(answer)) => Ok((began, Some((answer, end)))),
            None => Ok((began, None)),
            Some(Err(error)) if error.is_retryable() => Ok((began, None)),
            Some(Err(error)) => Err(format!("{call} failed ({}): {error}", error.kind())),
        }
    }

    fn add_read(&mut self, key: usize, call: &'static str, seen: Option<WriteId>, began: u64, end: u64) {
        self.add_event(key, call, Action::Read(seen), began, Some((end, CallOutcome::Applied)));
    }

    async fn read(&mut self, key: usize, with_metadata: bool, drop: Option<DropPoint>) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let options = GetOptions::default().with_metadata(with_metadata);
        let read = shared.namespace.read(shared.keys[key].as_borrowed(), options);
        let (began, answer) = self.call("read", read, drop).await?;
        let Some((entry, end)) = answer else {
            self.log.unanswered_reads += 1;
            return Ok(());
        };
        let seen = writer(entry.as_ref(), with_metadata)?;
        self.add_read(key, "read", seen, began, end);
        Ok(())
    }

    async fn write(&mut self, key: usize, size: usize, drop: Option<DropPoint>) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let marked = self.next_write(size);
        let write = shared.namespace.write(shared.keys[key].as_borrowed(), marked.value(), marked.options());
        let (began, answer) = self.call("write", write, drop).await?;
        let ended = answer.map(|((), end)| (end, CallOutcome::Applied));
        self.add_event(key, "write", Action::Write(marked.number()), began, ended);
        Ok(())
    }

    async fn remove(&mut self, key: usize, drop: Option<DropPoint>) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let remove = shared.namespace.remove(shared.keys[key].as_borrowed());
        let (began, answer) = self.call("remove", remove, drop).await?;
        let ended = answer.map(|((), end)| (end, CallOutcome::Applied));
        self.add_event(key, "remove", Action::Remove, began, ended);
        Ok(())
    }

    async fn read_many(&mut self, with_metadata: bool, drop: Option<DropPoint>) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let options = GetOptions::default().with_metadata(with_metadata);
        let read = shared.namespace.read_many(shared.keys.clone(), options);
        let (began, answer) = self.call("read_many", read, drop).await?;
        let Some((entries, end)) = answer else {
            self.log.unanswered_reads += shared.keys.len();
            return Ok(());
        };
        if entries.len() != shared.keys.len() {
            return Err(format!(
                "read_many of {} keys returned {} answers",
                shared.keys.len(),
                entries.len()
            ));
        }
        for (key, entry) in entries.iter().enumerate() {
            let seen = writer(entry.as_ref(), with_metadata)?;
            self.add_read(key, "read_many", seen, began, end);
        }
        Ok(())
    }

    async fn write_many(&mut self, size: usize, drop: Option<DropPoint>) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let writes: Vec<_> = shared.keys.iter().map(|_| self.next_write(size)).collect();
        let puts = shared.keys.iter().zip(&writes).map(|(key, write)| write.put(key));
        let future = shared.namespace.write_many(puts.collect());
        let actions = writes.iter().map(|write| Action::Write(write.number())).collect();
        self.change_many("write_many", actions, future, drop).await
    }

    async fn remove_many(&mut self, drop: Option<DropPoint>) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let remove = shared.namespace.remove_many(shared.keys.clone());
        self.change_many("remove_many", vec![Action::Remove; shared.keys.len()], remove, drop).await
    }

    /// Makes a bulk call that does `actions` to the keys, and logs the outcome of each.
    async fn change_many(
        &mut self,
        call: &'static str,
        actions: Vec<Action>,
        future: impl Future<Output = Result<BulkReport>>,
        drop: Option<DropPoint>,
    ) -> Result<(), String> {
        let (began, answer) = self.call(call, future, drop).await?;
        let mut unknown = Vec::new();
        if let Some((report, _)) = &answer {
            for failure in &report.failed {
                if !failure.error.is_retryable() {
                    return Err(format!("{call} failed ({}): {}", failure.error.kind(), failure.error));
                }
                unknown.push(failure.index);
            }
        }
        let end = answer.map(|(_, end)| end);
        for (key, action) in actions.into_iter().enumerate() {
            let ended = end.filter(|_| !unknown.contains(&key)).map(|end| (end, CallOutcome::Applied));
            self.add_event(key, call, action, began, ended);
        }
        Ok(())
    }

    async fn list(&mut self, drop: Option<DropPoint>) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let (began, answer) = self.call("list_page", shared.list(), drop).await?;
        let Some((listed, end)) = answer else {
            self.log.unanswered_reads += shared.keys.len();
            return Ok(());
        };
        for (number, key) in shared.keys.iter().enumerate() {
            let info = listed.iter().find(|info| info.name == *key);
            let seen = info.map(writer_of_listed);
            self.add_read(number, "list_page", seen.transpose()?.flatten(), began, end);
        }
        Ok(())
    }

    async fn read_versioned(&mut self, key: usize, drop: Option<DropPoint>) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let Some(atomic) = &shared.atomic else { return self.read(key, true, drop).await };
        let read = atomic.read_versioned(shared.keys[key].as_borrowed());
        let (began, answer) = self.call("read_versioned", read, drop).await?;
        let Some((found, end)) = answer else {
            self.log.unanswered_reads += 1;
            return Ok(());
        };
        let seen = writer(found.as_ref().map(|(entry, _)| entry), true)?;
        self.known[key] = seen.zip(found.as_ref().map(|(_, version)| *version));
        if let Some((write, version)) = self.known[key] {
            self.log.versions.push((key, Origin::Write(write), version));
        }
        self.add_read(key, "read_versioned", seen, began, end);
        Ok(())
    }

    async fn write_if(
        &mut self,
        key: usize,
        expects_absence: bool,
        size: usize,
        drop: Option<DropPoint>,
    ) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let Some(atomic) = &shared.atomic else { return self.write(key, size, drop).await };
        let marked = self.next_write(size);
        let known = self.known[key].filter(|_| !expects_absence);
        let expected = known.map_or(Expected::Absent, |(_, version)| Expected::Version(version));
        let future =
            atomic.write_if(shared.keys[key].as_borrowed(), expected, marked.value(), marked.options());
        let (began, answer) = self.call("write_if", future, drop).await?;
        if let Some((Conditional::Applied(version), _)) = answer {
            self.log.versions.push((key, Origin::Write(marked.number()), version));
            self.known[key] = Some((marked.number(), version));
        }
        let expected = known.map(|(write, _)| write);
        let action = Action::WriteIf { expected, write: marked.number() };
        self.add_event(key, "write_if", action, began, answer.map(outcome));
        Ok(())
    }

    async fn remove_if(&mut self, key: usize, drop: Option<DropPoint>) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let Some(atomic) = &shared.atomic else { return self.read_versioned(key, drop).await };
        let Some((write, version)) = self.known[key] else { return self.read_versioned(key, drop).await };
        let future = atomic.remove_if(shared.keys[key].as_borrowed(), version);
        let (began, answer) = self.call("remove_if", future, drop).await?;
        if let Some((Conditional::Applied(version), end)) = answer {
            self.log.versions.push((key, Origin::Removal(end), version));
        }
        self.add_event(key, "remove_if", Action::RemoveIf { expected: write }, began, answer.map(outcome));
        Ok(())
    }
}

fn outcome((answer, end): (Conditional, u64)) -> (u64, CallOutcome) {
    match answer {
        Conditional::Applied(_) => (end, CallOutcome::Applied),
        Conditional::Conflict => (end, CallOutcome::Conflict),
    }
}

/// Polls `future` as often as the drop point says, yields as often, and drops it, unless it is done by then.
async fn poll_until<F: Future>(future: F, DropPoint { polls, pauses }: DropPoint) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    let answer = poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => {
            left = left.saturating_sub(1);
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await;
    if answer.is_none() {
        for _ in 0..pauses {
            yield_now().await;
        }
    }
    answer
}
