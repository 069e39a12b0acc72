//! Lateness of a ticker while a store works hard on the same runtime.

use std::{
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use ::kv_redb::{RedbNamespace, RedbStore};
use anyhow::{Result, ensure};
use futures_util::{TryStreamExt, future::try_join_all};
use kv_core::{Clock, Expiration, KvNamespaceExt, PutOptions, SystemClock, limits::MAX_VALUE_BYTES};
use kv_testkit::ManualClock;
use tokio::{
    task::{JoinHandle, yield_now},
    time::{Instant, interval},
};

use crate::{
    harness::{
        caller::Caller,
        context::Context,
        data::{Entries, check},
        store::Store,
    },
    stores::{
        kv_redb::{self, KvRedb, put_all},
        opendal::{self, OpenDal},
    },
    workloads::{
        group::{Comparison, Figures, Group, Measure, Subject, Target, Unit},
        list::fill_listed,
        put::Put,
    },
};

const TICK: Duration = Duration::from_millis(1);
const TASKS: usize = 64;
/// Number of keys, a multiple of the number of tasks.
const KEYS: usize = 16 * 1024;
const VALUE_BYTES: usize = 128;
const LISTED: usize = 100_000;
const EXPIRING: usize = 100_000;
const TTL: Duration = Duration::from_hours(1);
/// Duration of a measurement, in windows of a rate's measurement.
const WINDOWS: u32 = 8;

const IDLE: &str = "no store at all";

pub(crate) fn groups() -> Vec<Group> {
    let row = |(figure, name), peer| {
        let workload = format!("lateness of a 1 ms ticker, {name} of a round");
        Comparison::new(workload, Unit::cost("ms"), kv_redb::NAME, peer).figure(figure)
    };
    let tail = (0, "p99.9");
    let worst = (1, "worst");
    vec![Group::new(
        vec![
            Subject::new(kv_redb::NAME, measure_ours),
            Subject::new(opendal::REDB, measure_opendal),
            Subject::new(IDLE, |context| {
                let context = Arc::clone(context);
                Ok(Box::new(move || stall(&context, Vec::new(), |_| Vec::new())))
            }),
        ],
        vec![
            row(tail, opendal::REDB).targets([Target::RatioAtMost(0.1), Target::AtMost(10.0)]),
            row(tail, IDLE),
            row(worst, opendal::REDB),
            row(worst, IDLE),
        ],
    )]
}

/// End of the load, set once.
type End = Arc<OnceLock<Instant>>;

/// Measures kv-redb under puts, large values, a listing and a sweep of expired entries, all at once.
fn measure_ours(context: &Arc<Context>) -> Result<Measure> {
    let context = Arc::clone(context);
    let clock = ManualClock::new(SystemClock.now());
    // Without sweeps of its own, so that the end of the explicit one is known.
    let builder = RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(None);
    let path = context.new_path("kv-redb");
    let store = context.runtime.block_on(KvRedb::open(builder, &path))?;
    fill_listed(&context, &store, &Entries::new(&context.noise, LISTED, VALUE_BYTES))?;
    let expiring = context.runtime.block_on(store.store.open_namespace("expiring"))?;
    let expiring_entries = Entries::new(&context.noise, EXPIRING, VALUE_BYTES);
    let puts = puts(&context);
    Ok(Box::new(move || {
        context.runtime.block_on(put_expiring(&expiring, &expiring_entries))?;
        clock.advance(TTL);
        let sweep = context.runtime.spawn({
            let store = store.store.clone();
            async move {
                let swept = store.sweep(2 * EXPIRING).await?;
                ensure!(swept == EXPIRING, "the sweep removed {swept} entries (expected {EXPIRING})");
                Ok(())
            }
        });
        stall(&context, vec![sweep], |end| {
            let mut load = load(&context, &store, &puts, end);
            load.push(context.runtime.spawn(list_all(store.clone(), Arc::clone(end))));
            load
        })
    }))
}

async fn put_expiring(namespace: &RedbNamespace, entries: &Entries) -> Result<()> {
    let options = PutOptions::from(Expiration::after(TTL)?);
    for batch in entries.batches(0) {
        put_all(namespace, batch, &options).await?;
    }
    Ok(())
}

async fn list_all(store: KvRedb, end: End) -> Result<()> {
    while end.get().is_none() {
        let listed = store.namespace.list("").try_fold(0, async |count, _| Ok(count + 1)).await?;
        ensure!(listed >= LISTED, "the listing has {listed} keys (min {LISTED})");
    }
    Ok(())
}

/// Measures `OpenDAL` under the same puts and large values. Its redb service has neither listing nor expiry.
fn measure_opendal(context: &Arc<Context>) -> Result<Measure> {
    let context = Arc::clone(context);
    let store = OpenDal::redb(&context.new_path("opendal"))?;
    let puts = puts(&context);
    Ok(Box::new(move || stall(&context, Vec::new(), |end| load(&context, &store, &puts, end))))
}

fn puts(context: &Context) -> Arc<Entries> {
    Entries::new(&context.noise, KEYS, VALUE_BYTES)
}

/// Starts tasks that put, and one that puts and gets a value of the largest size.
fn load<S: Store>(
    context: &Arc<Context>,
    store: &S,
    puts: &Arc<Entries>,
    end: &End,
) -> Vec<JoinHandle<Result<()>>> {
    let put = |first| {
        let put = Put::new(store.clone(), Arc::clone(puts), first, TASKS, 0);
        context.runtime.spawn(call_until(put, Arc::clone(end)))
    };
    let large = Large { context: Arc::clone(context), store: store.clone(), generation: 0 };
    let large = context.runtime.spawn(call_until(large, Arc::clone(end)));
    (0..TASKS).map(put).chain([large]).collect()
}

async fn call_until(mut caller: impl Caller, end: End) -> Result<()> {
    while end.get().is_none() {
        caller.call().await?;
        // A service yields between two requests; a task that never yields would block the ticker for good.
        yield_now().await;
    }
    Ok(())
}

/// Caller that puts and gets a value of 25 MiB.
struct Large<S> {
    context: Arc<Context>,
    store: S,
    generation: u64,
}

impl<S: Store> Caller for Large<S> {
    async fn call(&mut self) -> Result<()> {
        self.generation += 1;
        let value = self.context.noise.value(KEYS, self.generation, MAX_VALUE_BYTES);
        self.store.put("large", value).await?;
        check(self.store.get("large").await?, KEYS, MAX_VALUE_BYTES).map(drop)
    }
}

/// Measures the lateness of a ticker in milliseconds, the 99.9th percentile and the worst, while the tasks
/// that `load` starts are running. Lasts until the tasks of `once` have finished too.
fn stall(
    context: &Context,
    once: Vec<JoinHandle<Result<()>>>,
    load: impl FnOnce(&End) -> Vec<JoinHandle<Result<()>>>,
) -> Result<Figures> {
    let end = End::default();
    let ticks = context.runtime.spawn(tick(Arc::clone(&end)));
    let load = load(&end);
    thread::sleep(context.window * WINDOWS);
    context.runtime.block_on(async {
        let once = try_join_all(once).await;
        // Set on failure too, or the other tasks would never end.
        let _ = end.set(Instant::now());
        once?.into_iter().collect::<Result<()>>()?;
        let mut late = ticks.await?;
        try_join_all(load).await?.into_iter().collect::<Result<()>>()?;
        late.sort();
        let tail = late.get((late.len() * 999).div_ceil(1000).saturating_sub(1));
        let milliseconds = |late: Option<&Duration>| late.map_or(0.0, |late| late.as_secs_f64() * 1e3);
        Ok(vec![milliseconds(tail), milliseconds(late.last())])
    })
}

/// Returns the lateness of each tick, also of those that were due while an earlier one was late.
async fn tick(end: End) -> Vec<Duration> {
    let mut ticks = interval(TICK);
    let mut late = Vec::new();
    loop {
        let due = ticks.tick().await;
        late.push(due.elapsed());
        if end.get().is_some_and(|end| due >= *end) {
            return late;
        }
    }
}
