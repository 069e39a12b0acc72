//! Gets and puts of kv-memory, against moka.

use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;

use crate::{
    harness::{
        caller::Caller,
        context::Context,
        data::{Entries, check},
        store::Store,
    },
    stores::{by_name::Visit, kv_memory, opendal, raw_moka},
    workloads::{
        get::{Gets, Kind},
        group::{Comparison, Group, Measure, Target, Unit},
        subject::{calls_per_second, subject},
    },
};

const KEYS: usize = 10_000;
const VALUE_BYTES: usize = 128;

pub(crate) fn groups() -> Vec<Group> {
    let names = [kv_memory::NAME, raw_moka::NAME, opendal::MOKA];
    let get = |peer, target: f64| {
        Comparison::new("get 128 B in memory", Unit::rate("gets/s"), kv_memory::NAME, peer)
            .targets([Target::RatioAtLeast(target)])
    };
    let put = |peer| Comparison::new("put 128 B in memory", Unit::rate("puts/s"), kv_memory::NAME, peer);
    let gets = Gets { count: KEYS, len: VALUE_BYTES, kind: Kind::Values };
    vec![
        Group::new(
            names.map(|name| subject(name, VALUE_BYTES, gets)),
            [get(raw_moka::NAME, 0.85), get(opendal::MOKA, 2.0)],
        ),
        Group::new(
            names.map(|name| subject(name, VALUE_BYTES, Puts)),
            [put(raw_moka::NAME).targets([Target::RatioAtLeast(0.5)]), put(opendal::MOKA)],
        ),
    ]
}

/// Measures one caller that puts into a store that is empty at first.
struct Puts;

impl Visit for Puts {
    type Output = Measure;

    fn visit<S: Store>(self, context: &Arc<Context>, store: S) -> Result<Measure> {
        let entries = Entries::new(&context.noise, KEYS, VALUE_BYTES);
        let values: Arc<[Bytes]> = (0..KEYS).map(|number| entries.value(number, 0)).collect();
        calls_per_second::<S, _>(context, move || {
            let entries = Arc::clone(&entries);
            let values = Arc::clone(&values);
            vec![Put { store: store.clone(), entries, values, last: 0 }]
        })
    }
}

/// Caller that puts values generated in advance: generating one takes as long as putting it.
struct Put<S> {
    store: S,
    entries: Arc<Entries>,
    values: Arc<[Bytes]>,
    last: usize,
}

impl<S: Store> Caller for Put<S> {
    async fn call(&mut self) -> Result<()> {
        self.last = self.entries.after(self.last, 1);
        let value = self.values.get(self.last).cloned().unwrap_or_default();
        self.store.put(self.entries.key(self.last), value).await
    }

    async fn verify(&mut self) -> Result<()> {
        check(self.store.get(self.entries.key(self.last)).await?, self.last, VALUE_BYTES).map(drop)
    }
}
