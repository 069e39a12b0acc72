//! Mix of 90% gets and 10% puts by many tasks.

use std::sync::Arc;

use anyhow::Result;

use crate::{
    harness::{caller::Caller, context::Context, data::Entries, store::Store},
    stores::{by_name::Visit, fjall, kv_redb, opendal},
    workloads::{
        get::Get,
        group::{Comparison, Group, Measure, Unit},
        put::{Generations, Put},
        subject::{calls_per_second, fill, subject},
    },
};

const TASKS: usize = 64;
/// Number of keys, a multiple of the number of tasks, so that no two tasks put the same key.
const KEYS: usize = 16 * 1024;
const VALUE_BYTES: usize = 1024;
/// Calls of which one is a put.
const CALLS_PER_PUT: usize = 10;

pub(crate) fn groups() -> Vec<Group> {
    let workload = format!("90% get, 10% put, 1 KiB, {TASKS} tasks");
    let row = |peer| Comparison::new(workload.clone(), Unit::rate("calls/s"), kv_redb::NAME, peer);
    let names = [kv_redb::NAME, opendal::REDB, fjall::NAME];
    let subjects = names.map(|name| subject(name, VALUE_BYTES, Mix));
    vec![Group::new(subjects, [opendal::REDB, fjall::NAME].map(row))]
}

/// Fills a store, and measures callers that get and put.
struct Mix;

impl Visit for Mix {
    type Output = Measure;

    fn visit<S: Store>(self, context: &Arc<Context>, store: S) -> Result<Measure> {
        let entries = Entries::new(&context.noise, KEYS, VALUE_BYTES);
        fill(context, &store, &entries)?;
        let generations = Generations::default();
        calls_per_second::<S, _>(context, move || {
            let generation = generations.next();
            let caller = |first| Mixed {
                put: Put::new(store.clone(), Arc::clone(&entries), first, TASKS, generation),
                // Tasks begin with keys far apart, and with different numbers of gets before the first put.
                get: Get::new(store.clone(), Arc::clone(&entries), first * (KEYS / TASKS)),
                calls: first,
            };
            (0..TASKS).map(caller).collect()
        })
    }
}

/// Caller that gets every key in turn, and puts one of its own after every ninth get.
struct Mixed<S> {
    put: Put<S>,
    get: Get<S>,
    calls: usize,
}

impl<S: Store> Caller for Mixed<S> {
    async fn call(&mut self) -> Result<()> {
        self.calls += 1;
        if self.calls.is_multiple_of(CALLS_PER_PUT) { self.put.call().await } else { self.get.call().await }
    }
}
