//! Child process: performs its job until it is killed.

use std::{sync::Arc, time::Duration};

use futures_util::future::{join_all, try_join_all};
use kv_core::{ErrorKind, KvStore, Timestamp, prelude::*};
use kv_redb::{RedbStore, RedbStoreBuilder};
use kv_testkit::ManualClock;

use crate::{
    job::{Event, Job, Work},
    random::Random,
    store_file::{WRITERS, prefix},
    store_model::{History, Model, Planner, SeenVersions, batches, check_reads, observe},
};

const MAX_VALUE_BYTES: usize = 1_200_000;
const MAX_BATCH: usize = 8;
/// Serial numbers that each writer has for itself.
const SERIALS_PER_WRITER: u64 = 1 << 20;

/// Performs `job`, and then waits for the kill.
pub(crate) fn run(job: Job) {
    kv_testkit::block_on(async move {
        let now = Timestamp::from_secs(job.now).unwrap();
        let builder = RedbStore::builder()
            .clock(Arc::new(ManualClock::new(now)))
            .quick_repair(job.quick_repair)
            .sweep_interval(Duration::from_millis(5));
        if let Work::Create = job.work {
            return create(&builder, &job).await;
        }
        let is_sweeping = matches!(job.work, Work::Sweep { .. });
        let builder = if is_sweeping { builder.sweep_interval(None) } else { builder };
        let store = builder.open(&job.path).await.unwrap();
        Event::Opened.print();
        match job.work {
            Work::Open | Work::Create => {}
            Work::Write { seed, first_serial, until_refused } => {
                let found = observe(&store, &mut SeenVersions::default()).await.unwrap();
                let tasks = (0..WRITERS).map(|number| {
                    let writer = Writer {
                        number,
                        store: store.clone(),
                        now,
                        random: Random::with_seed(seed.wrapping_add(number as u64)),
                        planner: Planner::new(
                            prefix(number),
                            first_serial + number as u64 * SERIALS_PER_WRITER,
                        ),
                        history: History::new(found.part(&prefix(number))),
                    };
                    tokio::spawn(writer.run(until_refused))
                });
                // Writers end only if the store refuses, or by a panic, which ends the process.
                let answered = try_join_all(tasks).await.unwrap();
                check_refused(&store, &Model::whole(answered), now).await;
                Event::Finished.print();
            }
            Work::Sweep { namespace, step } => sweep(&store, namespace, step).await,
        }
        std::future::pending::<()>().await;
    });
}

/// Task of the runtime that writes to namespaces of its own.
struct Writer {
    number: usize,
    store: RedbStore,
    now: Timestamp,
    random: Random,
    planner: Planner,
    history: History,
}

impl Writer {
    /// Writes until the store refuses, if `until_refused` allows that. Returns the content of its namespaces.
    async fn run(mut self, until_refused: bool) -> Model {
        let mut sent = 0;
        loop {
            let known = self.history.answered();
            self.history = History::new(known.clone());
            let plans = self.random.draw(batches(MAX_VALUE_BYTES, MAX_BATCH));
            let mut operations = Vec::new();
            for plan in plans {
                match self.planner.operation(plan, &known, &self.store).await {
                    Ok(operation) => operations.push(operation),
                    Err(error) => {
                        assert!(until_refused && error.kind() == ErrorKind::Unavailable, "{error:?}");
                        return known;
                    }
                }
            }
            for operation in &operations {
                Event::Requested(self.number, operation.clone()).print();
                self.history.accept(operation.clone(), self.now, 0);
            }
            // `join_all` polls this few futures in order, so they are queued in order.
            let answers = join_all(operations.iter().zip(sent..).map(async |(operation, place)| {
                let outcome = operation.perform(&self.store).await?;
                Event::Answered(self.number, place, outcome.clone()).print();
                Ok::<_, kv_core::Error>(outcome)
            }));
            let answers = answers.await;
            sent += operations.len();
            let mut refused = false;
            for (place, answer) in answers.into_iter().enumerate() {
                match answer {
                    Ok(outcome) => self.history.answer(place, outcome),
                    Err(error) => {
                        assert!(until_refused && error.kind() == ErrorKind::Closed, "{error:?}");
                        refused = true;
                    }
                }
            }
            if refused {
                return self.history.answered();
            }
        }
    }
}

/// Checks that the store takes no write and that no read is wrong.
async fn check_refused(store: &RedbStore, known: &Model, now: Timestamp) {
    for operation in Planner::new("", 0).one_of_each(known) {
        assert_eq!(operation.perform(store).await.unwrap_err().kind(), ErrorKind::Closed);
    }
    check_reads(store, known, now).await;
}

async fn create(builder: &RedbStoreBuilder, job: &Job) {
    for number in 0.. {
        Event::Creating(number).print();
        let store = builder.clone().open(job.path.with_file_name(number.to_string())).await.unwrap();
        let namespace = store.open_namespace("a").await.unwrap();
        namespace.put("key", number.to_string()).await.unwrap();
        Event::Created(number).print();
        store.close().await.unwrap();
    }
}

async fn sweep(store: &RedbStore, namespace: Option<String>, step: usize) {
    if let Some(id) = namespace {
        store.delete_namespace(&kv_core::NamespaceId::new(id).unwrap()).await.unwrap();
        Event::NamespaceDeleted.print();
    }
    loop {
        let swept = store.sweep(step).await.unwrap();
        Event::Swept(swept).print();
        if swept < step {
            return Event::Finished.print();
        }
    }
}
