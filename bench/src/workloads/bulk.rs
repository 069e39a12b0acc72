//! Bulk put of 10,000 entries.

use std::sync::Arc;

use anyhow::{Result, ensure};

use crate::{
    harness::{context::Context, data::Entries, stopwatch::Stopwatch, store::Store},
    stores::{by_name::Visit, fjall, kv_redb, opendal, raw_redb, sqlite},
    workloads::{
        group::{Comparison, Group, Measure, Unit},
        subject::subject,
    },
};

const ENTRIES: usize = 10_000;
const VALUE_BYTES: usize = 128;

pub(crate) fn groups() -> Vec<Group> {
    let workload = "put 10,000 of 128 B in bulk";
    let row = |peer| Comparison::new(workload, Unit::rate("puts/s"), kv_redb::NAME, peer);
    let names = [kv_redb::NAME, raw_redb::NAME, fjall::NAME, sqlite::NAME, opendal::REDB];
    let mut rows = [raw_redb::NAME, fjall::NAME, sqlite::NAME].map(row).to_vec();
    // OpenDAL has single puts alone, which take long.
    rows.push(row(opendal::REDB).long());
    vec![Group::new(names.map(|name| subject(name, VALUE_BYTES, Bulk)), rows)]
}

/// Measures puts per second of one bulk put, and checks every thousandth entry.
struct Bulk;

impl Visit for Bulk {
    type Output = Measure;

    fn visit<S: Store>(self, context: &Arc<Context>, store: S) -> Result<Measure> {
        let context = Arc::clone(context);
        let mut generation = 0;
        let entries = Entries::new(&context.noise, ENTRIES, VALUE_BYTES);
        Ok(Box::new(move || {
            generation += 1;
            let all = entries.batches(generation).flatten().collect();
            let stopwatch = Stopwatch::start();
            context.runtime.block_on(store.put_many(all))?;
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let rate = ENTRIES as f64 / stopwatch.seconds();
            for number in (0..ENTRIES).step_by(1_000) {
                let found = context.runtime.block_on(store.get(entries.key(number)))?;
                ensure!(
                    found == Some(entries.value(number, generation)),
                    "entry {number} has a wrong value after the bulk put"
                );
            }
            Ok(vec![rate])
        }))
    }
}
