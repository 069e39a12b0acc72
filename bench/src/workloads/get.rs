//! Gets by one caller: values of several sizes that lie in memory, and missing keys.

use std::{hint::black_box, sync::Arc};

use anyhow::{Result, ensure};
use bytes::Bytes;

use crate::{
    harness::{
        caller::Caller,
        context::Context,
        data::{Entries, check, missing_key},
        store::Store,
    },
    stores::{by_name::Visit, fjall, kv_redb, opendal, raw_redb, sqlite},
    workloads::{
        group::{Comparison, Group, Measure, Target, Unit},
        subject::{calls_per_second, fill, subject},
    },
};

const UNIT: Unit = Unit::rate("gets/s");
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(crate) fn groups() -> Vec<Group> {
    let small = [Target::RatioAtLeast(2.0), Target::RatioAtLeast(1.2)].map(Some);
    let large = [None, Some(Target::RatioAtLeast(1.0))];
    let of = |count, len, kind| Gets { count, len, kind };
    vec![
        group("get 128 B", of(10_000, 128, Kind::Values), small),
        group("get 1 KiB", of(10_000, KIB, Kind::Values), small),
        group("get 16 KiB", of(2_000, 16 * KIB, Kind::Values), small),
        group("get 1 MiB", of(50, MIB, Kind::Values), large),
        // A value that is returned without a copy still has to be fetched from memory.
        group("get 16 KiB and read it", of(2_000, 16 * KIB, Kind::EveryByte), [None; 2]),
        group("get 1 MiB and read it", of(50, MIB, Kind::EveryByte), [None; 2]),
        group("get a missing key", of(10_000, 128, Kind::Missing), [None; 2]),
    ]
}

/// Returns a workload's group, with the targets against `OpenDAL` and against redb itself.
fn group(workload: &str, gets: Gets, [against_opendal, against_raw]: [Option<Target>; 2]) -> Group {
    let row = |peer, target| Comparison::new(workload, UNIT, kv_redb::NAME, peer).targets(target);
    let peers = [
        (opendal::REDB, against_opendal),
        (raw_redb::NAME, against_raw),
        (fjall::NAME, None),
        (sqlite::NAME, None),
    ];
    let names = [kv_redb::NAME].into_iter().chain(peers.map(|(peer, _)| peer));
    Group::new(names.map(|name| subject(name, gets.len, gets)), peers.map(|(peer, target)| row(peer, target)))
}

/// Fills a store with `count` values of `len` bytes, and measures one caller that gets them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gets {
    pub(super) count: usize,
    pub(super) len: usize,
    pub(super) kind: Kind,
}

/// Kind of a get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Values; checks their length and first bytes.
    Values,
    /// Values; reads every byte.
    EveryByte,
    /// Missing keys.
    Missing,
}

impl Visit for Gets {
    type Output = Measure;

    fn visit<S: Store>(self, context: &Arc<Context>, store: S) -> Result<Measure> {
        let entries = Entries::new(&context.noise, self.count, self.len);
        fill(context, &store, &entries)?;
        match self.kind {
            Kind::Values => calls_per_second::<S, _>(context, move || {
                vec![Get::new(store.clone(), Arc::clone(&entries), 0)]
            }),
            Kind::EveryByte => calls_per_second::<S, _>(context, move || {
                vec![GetAndRead(Get::new(store.clone(), Arc::clone(&entries), 0))]
            }),
            Kind::Missing => {
                let keys: Arc<[String]> = (0..self.count).map(missing_key).collect();
                calls_per_second::<S, _>(context, move || {
                    vec![GetMissing { store: store.clone(), keys: Arc::clone(&keys), next: 0 }]
                })
            }
        }
    }
}

/// Caller that gets one entry after the other.
pub(super) struct Get<S> {
    store: S,
    entries: Arc<Entries>,
    next: usize,
}

impl<S: Store> Get<S> {
    /// Returns a caller that begins with entry `next`.
    pub(super) fn new(store: S, entries: Arc<Entries>, next: usize) -> Self {
        Self { store, entries, next }
    }

    async fn get(&mut self) -> Result<Bytes> {
        let number = self.next;
        self.next = self.entries.after(number, 1);
        check(self.store.get(self.entries.key(number)).await?, number, self.entries.value_len())
    }
}

impl<S: Store> Caller for Get<S> {
    async fn call(&mut self) -> Result<()> {
        self.get().await.map(drop)
    }
}

/// Caller that gets one entry after the other, and reads every byte of its value.
struct GetAndRead<S>(Get<S>);

impl<S: Store> Caller for GetAndRead<S> {
    async fn call(&mut self) -> Result<()> {
        let value = self.0.get().await?;
        black_box(value.iter().fold(0_u8, |all, byte| all ^ byte));
        Ok(())
    }
}

/// Caller that gets missing keys.
struct GetMissing<S> {
    store: S,
    keys: Arc<[String]>,
    next: usize,
}

impl<S: Store> Caller for GetMissing<S> {
    async fn call(&mut self) -> Result<()> {
        let number = self.next;
        self.next = (number + 1) % self.keys.len();
        let key = self.keys.get(number).map_or("", String::as_str);
        ensure!(self.store.get(key).await?.is_none(), "a key that was never put has a value");
        Ok(())
    }
}
