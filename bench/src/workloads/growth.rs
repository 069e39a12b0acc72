//! Cost of a hundred times as many keys.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ::kv_redb::RedbStore;
use anyhow::Result;

use crate::{
    harness::{context::Context, data::Entries, store::Listing},
    stores::{
        kv_redb::{self, KvRedb},
        raw_redb::{self, RawRedb},
    },
    workloads::{
        get::Get,
        group::{Comparison, Group, Measure, Subject, Target, Unit},
        list,
        subject::{calls_per_second, fill},
    },
};

const FEW: usize = 10_000;
const MANY: usize = 1_000_000;
const VALUE_BYTES: usize = 128;

pub(crate) fn groups() -> Vec<Group> {
    vec![
        group("get any", "µs/get", Some(2.5), Gets { of: MANY }),
        group("get one of 10,000", "µs/get", None, Gets { of: FEW }),
        group("list a page", "µs/page", None, Lists),
    ]
}

/// Work on a store whose cost may grow with its number of keys.
trait Growing: Copy + 'static {
    fn measure<S: Listing>(self, context: &Arc<Context>, store: S, count: usize) -> Result<Measure>;
}

fn group(call: &str, unit: &'static str, max_ratio: Option<f64>, growing: impl Growing) -> Group {
    let mut group = Group::new([], []);
    for store in [kv_redb::NAME, raw_redb::NAME] {
        let [few, many] = [(FEW, "10,000 keys"), (MANY, "1,000,000 keys")].map(|(count, keys)| {
            let name = format!("{store}, {keys}");
            group.subjects.push(Subject::new(name.clone(), move |context| {
                let path = context.new_path("store");
                if store == kv_redb::NAME {
                    let open = KvRedb::open(RedbStore::builder(), &path);
                    growing.measure(context, context.runtime.block_on(open)?, count)
                } else {
                    growing.measure(context, RawRedb::open(&path, false)?, count)
                }
            }));
            name
        });
        let workload = format!("{call} at 1,000,000 keys, {store}");
        let targets = max_ratio.filter(|_| store == kv_redb::NAME).map(Target::RatioAtMost);
        // The second figure is the time per call.
        let row = Comparison::new(workload, Unit::cost(unit), &many, &few).figure(1);
        group.comparisons.push(row.targets(targets).long());
    }
    group
}

/// Gets of up to `of` keys, scattered over the store.
#[derive(Debug, Clone, Copy)]
struct Gets {
    of: usize,
}

impl Growing for Gets {
    fn measure<S: Listing>(self, context: &Arc<Context>, store: S, count: usize) -> Result<Measure> {
        let entries = Entries::new(&context.noise, count, VALUE_BYTES);
        fill(context, &store, &entries)?;
        let entries = Entries::new(&context.noise, count.min(self.of), VALUE_BYTES);
        let start = AtomicUsize::new(0);
        calls_per_second::<S, _>(context, move || {
            // Each measurement begins elsewhere: one does not get through all keys.
            let start = start.fetch_add(MANY / 3 + 1, Ordering::Relaxed) % entries.count();
            vec![Get::new(store.clone(), Arc::clone(&entries), start)]
        })
    }
}

/// Pages of all keys, one after the other.
#[derive(Debug, Clone, Copy)]
struct Lists;

impl Growing for Lists {
    fn measure<S: Listing>(self, context: &Arc<Context>, store: S, count: usize) -> Result<Measure> {
        list::measure(context, store, count, VALUE_BYTES)
    }
}
