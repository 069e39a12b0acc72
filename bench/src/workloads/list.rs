//! Pages of a listing: 1,000 keys with expiry and metadata, in stores with values of two sizes.

use std::sync::Arc;

use ::kv_redb::RedbStore;
use anyhow::{Result, ensure};

use crate::{
    harness::{
        caller::Caller,
        context::Context,
        data::Entries,
        store::{Listing, PAGE},
    },
    stores::{
        kv_redb::{self, KvRedb},
        raw_redb::{self, RawRedb},
        sqlite::{self, Sqlite},
    },
    workloads::{
        group::{Comparison, Group, Measure, Subject, Target, Unit},
        subject::calls_per_second,
    },
};

const UNIT: Unit = Unit::rate("pages/s");

pub(crate) fn groups(quick: bool) -> Vec<Group> {
    // Writing 1.6 GB to each of three stores would take half of a quick run.
    let (large_count, large) = if quick { (10_000, "10,000") } else { (100_000, "100,000") };
    let sizes = [("128 B", 128, 100_000, "100,000"), ("16 KiB", 16 * 1024, large_count, large)];
    let name = |store: &str, size: &str| format!("{store}, {size} values");
    let mut group = Group::new([], []);
    for (size, len, count, keys) in sizes {
        let [ours, raw, sqlite] =
            [kv_redb::NAME, raw_redb::NAME, sqlite::NAME].map(|store| name(store, size));
        let workload = format!("list a page of {keys}, {size} values");
        let row = |peer| Comparison::new(workload.clone(), UNIT, &ours, peer);
        group.comparisons.extend([row(&raw).targets([Target::RatioAtLeast(0.6)]), row(&sqlite)]);
        group.subjects.extend([
            Subject::new(&*ours, move |context| {
                let store = context
                    .runtime
                    .block_on(KvRedb::open(RedbStore::builder(), &context.new_path("kv-redb")))?;
                measure(context, store, count, len)
            }),
            Subject::new(raw, move |context| {
                measure(context, RawRedb::open(&context.new_path("redb"), false)?, count, len)
            }),
            Subject::new(sqlite, move |context| {
                measure(context, Sqlite::open(&context.new_path("sqlite"), len)?, count, len)
            }),
        ]);
    }
    let [small, large] = sizes.map(|(size, ..)| name(kv_redb::NAME, size));
    let workload = "list a page: time with 16 KiB against 128 B values";
    group.comparisons.push(
        Comparison::new(workload, Unit::cost("µs/page"), &large, &small)
            .figure(1)
            .targets([Target::RatioAtMost(1.2)]),
    );
    vec![group]
}

/// Fills `store`, and measures one caller that lists.
pub(super) fn measure<S: Listing>(
    context: &Arc<Context>,
    store: S,
    count: usize,
    len: usize,
) -> Result<Measure> {
    fill_listed(context, &store, &Entries::new(&context.noise, count, len))?;
    calls_per_second::<S, _>(context, move || vec![List::new(store.clone())])
}

/// Puts all `entries` into `store`, with metadata and an expiry.
pub(super) fn fill_listed<S: Listing>(context: &Context, store: &S, entries: &Entries) -> Result<()> {
    ensure!(
        entries.count().is_multiple_of(PAGE),
        "{} entries do not fill whole pages of {PAGE}",
        entries.count()
    );
    entries.batches(0).try_for_each(|batch| context.runtime.block_on(store.put_many_listed(batch)))
}

/// Caller that reads one page after the other.
pub(super) struct List<S: Listing> {
    store: S,
    position: S::Position,
}

impl<S: Listing> List<S> {
    /// Returns a caller that begins with the first page.
    pub(super) fn new(store: S) -> Self {
        Self { store, position: S::Position::default() }
    }
}

impl<S: Listing> Caller for List<S> {
    async fn call(&mut self) -> Result<()> {
        let mut count = self.store.list_page(&mut self.position).await?;
        if count == 0 {
            // The last page was full, so the end shows as an empty page.
            count = self.store.list_page(&mut self.position).await?;
        }
        ensure!(count == PAGE, "a page holds {count} keys (expected {PAGE})");
        Ok(())
    }
}
