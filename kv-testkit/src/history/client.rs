//! One client of a history: it makes its calls, and records what they did.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::Poll,
};

use kv_core::{
    AtomicKv, Conditional, Entry, Expected, GetOptions, Key, KeyInfo, KvNamespace, ListOptions, Prefix,
    Result, Version,
};
use tokio::task::yield_now;

use crate::history::{
    event::{Action, Event, Outcome, WriteId},
    mark::{self, Mark},
    plan::{Call, Drop, Step},
    versions::{Origin, Versions},
};

/// Meeting place of the clients: the keys that they share, and the count of moments.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) namespace: Arc<dyn KvNamespace>,
    pub(super) atomic: Option<Arc<dyn AtomicKv>>,
    pub(super) keys: Vec<Key<'static>>,
    /// Prefix of all of the keys, and of no other key.
    pub(super) prefix: Prefix,
    pub(super) moments: AtomicU64,
    /// Number of clients that have yet to come before any begins.
    pub(super) missing: AtomicUsize,
}

impl Place {
    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }
}

/// Records of a client, each by the number of its key.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) events: Vec<(usize, Event)>,
    pub(super) versions: Versions,
    /// Calls that saw nothing, since they were dropped or failed in a way that may pass.
    pub(super) lost_reads: usize,
}

/// One client.
#[derive(Debug)]
pub(super) struct Client {
    place: Arc<Place>,
    number: usize,
    /// The version under each key that the client saw last, and the write that took it.
    known: Vec<Option<(WriteId, Version)>>,
    writes: WriteId,
    log: Log,
}

/// A call that was driven: when it began, and when and with what it ended.
type Driven<T> = (u64, Option<(T, u64)>);

impl Client {
    pub(super) fn new(place: Arc<Place>, number: usize) -> Self {
        let known = vec![None; place.keys.len()];
        Self { place, number, known, writes: 0, log: Log::default() }
    }

    /// Makes all calls of `steps`. The error says what no order of calls can explain, or which call failed.
    pub(super) async fn run(mut self, steps: Vec<Step>) -> Result<Log, String> {
        self.place.missing.fetch_sub(1, Ordering::SeqCst);
        while self.place.missing.load(Ordering::SeqCst) > 0 {
            yield_now().await;
        }
        for step in steps {
            for _ in 0..step.pauses {
                yield_now().await;
            }
            let Step { call, key, drop, .. } = step;
            match call {
                Call::Read { with_metadata } => self.read(key, with_metadata, drop).await?,
                Call::Write { len } => self.write(key, len, drop).await?,
                Call::Remove => self.remove(key, drop).await?,
                Call::ReadMany { with_metadata } => self.read_many(with_metadata, drop).await?,
                Call::WriteMany { len } => self.write_many(len, drop).await?,
                Call::RemoveMany => self.remove_many(drop).await?,
                Call::ListPage => self.list(drop).await?,
                Call::ReadVersioned => self.read_versioned(key, drop).await?,
                Call::WriteIf { expects_absence, len } => {
                    self.write_if(key, expects_absence, len, drop).await?;
                }
                Call::RemoveIf => self.remove_if(key, drop).await?,
            }
        }
        Ok(self.log)
    }

    /// A write that no other client makes, and this one not again.
    fn next_mark(&mut self, len: usize) -> Mark {
        self.writes += 1;
        let client = WriteId::try_from(self.number).expect("clients are few");
        Mark { write: client * 1_000_000 + self.writes, len }
    }

    fn record(
        &mut self,
        key: usize,
        call: &'static str,
        action: Action,
        began: u64,
        ended: Option<(u64, Outcome)>,
    ) {
        self.log.events.push((key, Event { client: self.number, call, action, began, ended }));
    }

    /// Drives `future` to its end, or drops it midway. An error that may pass leaves the outcome unknown.
    async fn drive<T>(
        &self,
        call: &'static str,
        future: impl Future<Output = Result<T>>,
        drop: Option<Drop>,
    ) -> Result<Driven<T>, String> {
        let began = self.place.moment();
        let answer = match drop {
            None => Some(future.await),
            Some(drop) => dropped(future, drop).await,
        };
        let end = self.place.moment();
        match answer {
            Some(Ok(answer)) => Ok((began, Some((answer, end)))),
            None => Ok((began, None)),
            Some(Err(error)) if error.is_retryable() => Ok((began, None)),
            Some(Err(error)) => Err(format!("{call} failed ({}): {error}", error.kind())),
        }
    }

    fn saw(&mut self, key: usize, call: &'static str, seen: Option<WriteId>, began: u64, end: u64) {
        self.record(key, call, Action::Read(seen), began, Some((end, Outcome::Applied)));
    }

    async fn read(&mut self, key: usize, with_metadata: bool, drop: Option<Drop>) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let options = GetOptions::default().with_metadata(with_metadata);
        let read = place.namespace.read(place.keys[key].as_borrowed(), options);
        let (began, answer) = self.drive("read", read, drop).await?;
        let Some((entry, end)) = answer else {
            self.log.lost_reads += 1;
            return Ok(());
        };
        let seen = mark::writer(entry.as_ref(), with_metadata)?;
        self.saw(key, "read", seen, began, end);
        Ok(())
    }

    async fn write(&mut self, key: usize, len: usize, drop: Option<Drop>) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let mark = self.next_mark(len);
        let write = place.namespace.write(place.keys[key].as_borrowed(), mark.value(), mark.options());
        let (began, answer) = self.drive("write", write, drop).await?;
        let ended = answer.map(|((), end)| (end, Outcome::Applied));
        self.record(key, "write", Action::Write(mark.write), began, ended);
        Ok(())
    }

    async fn remove(&mut self, key: usize, drop: Option<Drop>) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let remove = place.namespace.remove(place.keys[key].as_borrowed());
        let (began, answer) = self.drive("remove", remove, drop).await?;
        let ended = answer.map(|((), end)| (end, Outcome::Applied));
        self.record(key, "remove", Action::Remove, began, ended);
        Ok(())
    }

    async fn read_many(&mut self, with_metadata: bool, drop: Option<Drop>) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let options = GetOptions::default().with_metadata(with_metadata);
        let read = place.namespace.read_many(place.keys.clone(), options);
        let (began, answer) = self.drive("read_many", read, drop).await?;
        let Some((entries, end)) = answer else {
            self.log.lost_reads += place.keys.len();
            return Ok(());
        };
        if entries.len() != place.keys.len() {
            return Err(format!("read_many of {} keys gave {} answers", place.keys.len(), entries.len()));
        }
        for (key, entry) in entries.iter().enumerate() {
            let seen = mark::writer(entry.as_ref(), with_metadata)?;
            self.saw(key, "read_many", seen, began, end);
        }
        Ok(())
    }

    async fn write_many(&mut self, len: usize, drop: Option<Drop>) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let marks: Vec<_> = place.keys.iter().map(|_| self.next_mark(len)).collect();
        let puts = place.keys.iter().zip(&marks).map(|(key, mark)| mark.put(key));
        let write = place.namespace.write_many(puts.collect());
        let actions = marks.iter().map(|mark| Action::Write(mark.write)).collect();
        self.change_many("write_many", actions, write, drop).await
    }

    async fn remove_many(&mut self, drop: Option<Drop>) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let remove = place.namespace.remove_many(place.keys.clone());
        self.change_many("remove_many", vec![Action::Remove; place.keys.len()], remove, drop).await
    }

    /// Makes a bulk call that does `actions` to the keys, and records what became of each.
    async fn change_many(
        &mut self,
        call: &'static str,
        actions: Vec<Action>,
        future: impl Future<Output = Result<kv_core::BulkReport>>,
        drop: Option<Drop>,
    ) -> Result<(), String> {
        let (began, answer) = self.drive(call, future, drop).await?;
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
            let ended = end.filter(|_| !unknown.contains(&key)).map(|end| (end, Outcome::Applied));
            self.record(key, call, action, began, ended);
        }
        Ok(())
    }

    async fn list(&mut self, drop: Option<Drop>) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let (began, answer) = self.drive("list_page", list_all(&place), drop).await?;
        let Some((listed, end)) = answer else {
            self.log.lost_reads += place.keys.len();
            return Ok(());
        };
        for (number, key) in place.keys.iter().enumerate() {
            let info = listed.iter().find(|info| info.name == *key);
            let seen = info.map(|info| mark::writer_by_metadata(info.metadata.as_ref()));
            self.saw(number, "list_page", seen.transpose()?.flatten(), began, end);
        }
        Ok(())
    }

    async fn read_versioned(&mut self, key: usize, drop: Option<Drop>) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let Some(atomic) = &place.atomic else { return self.read(key, true, drop).await };
        let read = atomic.read_versioned(place.keys[key].as_borrowed());
        let (began, answer) = self.drive("read_versioned", read, drop).await?;
        let Some((found, end)) = answer else {
            self.log.lost_reads += 1;
            return Ok(());
        };
        let entry: Option<&Entry> = found.as_ref().map(|(entry, _)| entry);
        let seen = mark::writer(entry, true)?;
        self.known[key] = seen.zip(found.as_ref().map(|(_, version)| *version));
        if let Some((write, version)) = self.known[key] {
            self.log.versions.add(key, Origin::Write(write), version);
        }
        self.saw(key, "read_versioned", seen, began, end);
        Ok(())
    }

    async fn write_if(
        &mut self,
        key: usize,
        expects_absence: bool,
        len: usize,
        drop: Option<Drop>,
    ) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let Some(atomic) = &place.atomic else { return self.write(key, len, drop).await };
        let mark = self.next_mark(len);
        let known = self.known[key].filter(|_| !expects_absence);
        let expected = known.map_or(Expected::Absent, |(_, version)| Expected::Version(version));
        let future = atomic.write_if(place.keys[key].as_borrowed(), expected, mark.value(), mark.options());
        let (began, answer) = self.drive("write_if", future, drop).await?;
        if let Some((Conditional::Applied(version), _)) = answer {
            self.log.versions.add(key, Origin::Write(mark.write), version);
            self.known[key] = Some((mark.write, version));
        }
        let expected = known.map(|(write, _)| write);
        let action = Action::WriteIf { expected, write: mark.write };
        self.record(key, "write_if", action, began, answer.map(outcome));
        Ok(())
    }

    async fn remove_if(&mut self, key: usize, drop: Option<Drop>) -> Result<(), String> {
        let place = Arc::clone(&self.place);
        let (Some(atomic), Some((write, version))) = (&place.atomic, self.known[key]) else {
            return self.read_versioned(key, drop).await;
        };
        let future = atomic.remove_if(place.keys[key].as_borrowed(), version);
        let (began, answer) = self.drive("remove_if", future, drop).await?;
        if let Some((Conditional::Applied(version), end)) = answer {
            self.log.versions.add(key, Origin::Removal(end), version);
        }
        self.record(key, "remove_if", Action::RemoveIf { expected: write }, began, answer.map(outcome));
        Ok(())
    }
}

fn outcome((answer, end): (Conditional, u64)) -> (u64, Outcome) {
    match answer {
        Conditional::Applied(_) => (end, Outcome::Applied),
        Conditional::Conflict => (end, Outcome::Conflict),
    }
}

/// Every page that lists the keys of a history.
async fn list_all(place: &Place) -> Result<Vec<KeyInfo>> {
    let mut listed = Vec::new();
    let mut options = ListOptions::from(place.prefix.clone());
    loop {
        let page = place.namespace.list_page(options.clone()).await?;
        listed.extend(page.keys);
        let Some(next) = page.next else { return Ok(listed) };
        options = options.with_cursor(next);
    }
}

/// Polls `future` as often as `drop` says, lets others go first, and drops it, unless it is done by then.
async fn dropped<F: Future>(future: F, Drop { polls, pauses }: Drop) -> Option<F::Output> {
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
