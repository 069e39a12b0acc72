//! Gets and puts of kv-cloudflare, against the crate `cloudflare`; each has its own server in this process.

use std::sync::Arc;

use anyhow::Result;

use crate::{
    harness::{context::Context, data::Entries, store::Store},
    stores::{by_name::Visit, cloudflare_crate, kv_cloudflare},
    workloads::{
        get::{Get, Gets, Kind},
        group::{Comparison, Group, Measure, Target, Unit},
        put::puts,
        subject::{calls_per_second, fill, subject},
    },
};

const NAMES: [&str; 2] = [kv_cloudflare::NAME, cloudflare_crate::NAME];
const KEYS: usize = 1_000;
const VALUE_BYTES: usize = 1024;
const TASKS: usize = 16;

pub(crate) fn groups() -> Vec<Group> {
    let row = |workload, unit| Comparison::new(workload, unit, kv_cloudflare::NAME, cloudflare_crate::NAME);
    let get = |workload| row(workload, Unit::rate("gets/s")).targets([Target::RatioAtLeast(1.0)]);
    let one = Gets { count: KEYS, len: VALUE_BYTES, kind: Kind::Values };
    vec![
        Group::new(NAMES.map(|name| subject(name, VALUE_BYTES, one)), [get("get 1 KiB by a client, 1 task")]),
        Group::new(
            NAMES.map(|name| subject(name, VALUE_BYTES, ManyGets)),
            [get("get 1 KiB by a client, 16 tasks")],
        ),
        Group::new(
            NAMES.map(|name| puts(name, TASKS, VALUE_BYTES)),
            [row("put 1 KiB by a client, 16 tasks", Unit::rate("puts/s"))],
        ),
    ]
}

/// Fills a store, and measures 16 concurrent callers that get.
struct ManyGets;

impl Visit for ManyGets {
    type Output = Measure;

    fn visit<S: Store>(self, context: &Arc<Context>, store: S) -> Result<Measure> {
        let entries = Entries::new(&context.noise, KEYS, VALUE_BYTES);
        fill(context, &store, &entries)?;
        calls_per_second::<S, _>(context, move || {
            let get = |task| Get::new(store.clone(), Arc::clone(&entries), task * KEYS / TASKS);
            (0..TASKS).map(get).collect()
        })
    }
}
