//! Durable puts: each returns once it would survive a power cut.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::{Result, ensure};

use crate::{
    harness::{caller::Caller, context::Context, data::Entries, store::Store},
    stores::{by_name::Visit, fjall, kv_redb, opendal, raw_redb, sqlite},
    workloads::{
        group::{Comparison, Group, Measure, Subject, Target, Unit},
        subject::{calls_per_second, fill, subject},
    },
};

const UNIT: Unit = Unit::rate("puts/s");
/// Number of keys that all callers together overwrite.
const KEYS: usize = 16 * 1024;

pub(crate) fn groups() -> Vec<Group> {
    vec![
        one_task(),
        many_tasks("put 128 B, 64 tasks", 64, 128, None),
        many_tasks("put 128 B, 256 tasks", 256, 128, Some(10.0)),
        many_tasks("put 1 KiB, 256 tasks", 256, 1024, Some(6.0)),
        many_tasks("put 128 B, 1024 tasks", 1024, 128, Some(15.0)),
    ]
}

fn one_task() -> Group {
    let row = |workload: &str, subject, peer| Comparison::new(workload, UNIT, subject, peer);
    let target = Target::RatioAtLeast(0.9);
    let names = [
        kv_redb::NAME,
        kv_redb::NO_QUICK_REPAIR,
        kv_redb::QUICK_REPAIR,
        raw_redb::NO_QUICK_REPAIR,
        raw_redb::QUICK_REPAIR,
        opendal::REDB,
        fjall::NAME,
        sqlite::NAME,
    ];
    let as_raw = [
        ("put 128 B, 1 task, no quick repair", kv_redb::NO_QUICK_REPAIR, raw_redb::NO_QUICK_REPAIR),
        ("put 128 B, 1 task, quick repair", kv_redb::QUICK_REPAIR, raw_redb::QUICK_REPAIR),
    ];
    let mut rows = as_raw.map(|(workload, ours, raw)| row(workload, ours, raw).targets([target])).to_vec();
    let cost = "put 128 B, 1 task, cost of quick repair";
    rows.push(row(cost, kv_redb::QUICK_REPAIR, kv_redb::NO_QUICK_REPAIR));
    let others = [opendal::REDB, fjall::NAME, sqlite::NAME];
    rows.extend(others.map(|peer| row("put 128 B, 1 task", kv_redb::NAME, peer)));
    Group::new(names.map(|name| puts(name, 1, 128)), rows)
}

fn many_tasks(workload: &str, tasks: usize, len: usize, against_opendal: Option<f64>) -> Group {
    let row = |peer| Comparison::new(workload, UNIT, kv_redb::NAME, peer);
    let opendal = row(opendal::REDB).targets(against_opendal.map(Target::RatioAtLeast));
    let mut group = Group::new([kv_redb::NAME, opendal::REDB].map(|name| puts(name, tasks, len)), [opendal]);
    if tasks == 64 {
        // SQLite has one writer, so it is fastest with one caller.
        group.subjects.extend([puts(fjall::NAME, tasks, len), puts(sqlite::NAME, 1, len)]);
        group.comparisons.extend([
            row(sqlite::NAME).targets([Target::RatioAtLeast(1.7)]),
            row(fjall::NAME).targets([Target::RatioAtLeast(1.5)]),
        ]);
    }
    group
}

/// Returns a subject with callers that overwrite the entries of the named store.
pub(super) fn puts(name: &'static str, callers: usize, len: usize) -> Subject {
    subject(name, len, Puts { callers, len })
}

/// Fills a store, and measures callers that overwrite its entries.
struct Puts {
    callers: usize,
    len: usize,
}

impl Visit for Puts {
    type Output = Measure;

    fn visit<S: Store>(self, context: &Arc<Context>, store: S) -> Result<Measure> {
        let entries = Entries::new(&context.noise, KEYS, self.len);
        fill(context, &store, &entries)?;
        let generations = Generations::default();
        calls_per_second::<S, _>(context, move || {
            let generation = generations.next();
            let put = |first| Put::new(store.clone(), Arc::clone(&entries), first, self.callers, generation);
            (0..self.callers).map(put).collect()
        })
    }
}

/// Source of the first generation of each measurement's values.
#[derive(Debug, Default)]
pub(super) struct Generations(AtomicU64);

impl Generations {
    /// Returns the next first generation, beyond all that a measurement can reach.
    pub(super) fn next(&self) -> u64 {
        (self.0.fetch_add(1, Ordering::Relaxed) + 1) << 32
    }
}

/// Caller that puts its own keys, one after the other.
pub(super) struct Put<S> {
    store: S,
    entries: Arc<Entries>,
    last: usize,
    step: usize,
    generation: u64,
}

impl<S: Store> Put<S> {
    /// Returns a caller that puts every `step`th key from `first` on, with generations above `generation`.
    /// `step` has to divide the number of keys.
    pub(super) fn new(store: S, entries: Arc<Entries>, first: usize, step: usize, generation: u64) -> Self {
        let last = entries.after(first, entries.count() - step);
        Self { store, entries, last, step, generation }
    }
}

impl<S: Store> Caller for Put<S> {
    async fn call(&mut self) -> Result<()> {
        self.last = self.entries.after(self.last, self.step);
        self.generation += 1;
        let value = self.entries.value(self.last, self.generation);
        self.store.put(self.entries.key(self.last), value).await
    }

    async fn verify(&mut self) -> Result<()> {
        let put = self.entries.value(self.last, self.generation);
        ensure!(
            self.store.get(self.entries.key(self.last)).await? == Some(put),
            "entry {} has a wrong value after its put",
            self.last
        );
        Ok(())
    }
}
