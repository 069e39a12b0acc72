//! Requests that a client sends for many entries, counted by the server.

use std::sync::Arc;

use anyhow::{Result, ensure};
use bytes::Bytes;
use kv_core::KvNamespaceExt;

use crate::{
    harness::{
        context::Context,
        data::{Entries, check, key},
        loopback::Loopback,
        store::Store,
    },
    stores::{
        cloudflare_crate::{self, CloudflareCrate},
        kv_cloudflare::{self, KvCloudflare},
    },
    workloads::group::{Comparison, Group, Measure, Subject, Target, Unit},
};

const ENTRIES: usize = 1_000;
const VALUE_BYTES: usize = 128;

pub(crate) fn groups() -> Vec<Group> {
    let row = |workload, max| {
        let unit = Unit::cost("requests");
        Comparison::new(workload, unit, kv_cloudflare::NAME, cloudflare_crate::NAME)
            .targets([Target::AtMost(max)])
    };
    vec![
        Group::new(
            [
                Subject::new(kv_cloudflare::NAME, get_records),
                Subject::new(cloudflare_crate::NAME, get_one_by_one),
            ],
            [row("requests for 1,000 records of JSON", 10.0)],
        )
        .steady(),
        Group::new(
            [
                Subject::new(kv_cloudflare::NAME, |context| {
                    let store = context.runtime.block_on(KvCloudflare::open())?;
                    Ok(put(context, store.server.clone(), store))
                }),
                Subject::new(cloudflare_crate::NAME, |context| {
                    let store = context.runtime.block_on(CloudflareCrate::open())?;
                    Ok(put(context, store.server.clone(), store))
                }),
            ],
            [row("requests for 1,000 puts", 1.0)],
        )
        .steady(),
    ]
}

/// Gets all records with one call of `TypedKv::get_many`.
fn get_records(context: &Arc<Context>) -> Result<Measure> {
    let store = context.runtime.block_on(KvCloudflare::open())?;
    let records = store.namespace.typed::<usize>();
    let numbers = (0..ENTRIES).map(|number| (key(number), Bytes::from(number.to_string())));
    context.runtime.block_on(store.put_many(numbers.collect()))?;
    Ok(count(context, store.server, async move || {
        let got = records.get_many((0..ENTRIES).map(key)).await?;
        ensure!(got == (0..ENTRIES).map(Some).collect::<Vec<_>>(), "get_many returned wrong records");
        Ok(())
    }))
}

/// Gets entries one by one: the crate `cloudflare` has no bulk get.
fn get_one_by_one(context: &Arc<Context>) -> Result<Measure> {
    let store = context.runtime.block_on(CloudflareCrate::open())?;
    let entries = Entries::new(&context.noise, ENTRIES, VALUE_BYTES);
    entries.batches(0).try_for_each(|batch| context.runtime.block_on(store.put_many(batch)))?;
    Ok(count(context, store.server.clone(), async move || {
        for number in 0..ENTRIES {
            check(store.get(entries.key(number)).await?, number, VALUE_BYTES)?;
        }
        Ok(())
    }))
}

/// Puts all entries in the way that costs the client least.
fn put<S: Store>(context: &Arc<Context>, server: Loopback, store: S) -> Measure {
    let entries = Entries::new(&context.noise, ENTRIES, VALUE_BYTES);
    count(context, server, async move || {
        for batch in entries.batches(0) {
            store.put_many(batch).await?;
        }
        Ok(())
    })
}

/// Counts the requests that `work` sends.
fn count(
    context: &Arc<Context>,
    server: Loopback,
    mut work: impl AsyncFnMut() -> Result<()> + 'static,
) -> Measure {
    let context = Arc::clone(context);
    Box::new(move || {
        let before = server.requests();
        context.runtime.block_on(work())?;
        Ok(vec![f64::from(u32::try_from(server.requests() - before)?)])
    })
}
