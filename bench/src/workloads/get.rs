//! Getting: values of several sizes that lie in memory, and keys that no entry has.

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
    let of = |count, len, what| Gets { count, len, what };
    vec![
        group("get 128 B", of(10_000, 128, What::Values), small),
        group("get 1 KiB", of(10_000, KIB, What::Values), small),
        group("get 16 KiB", of(2_000, 16 * KIB, What::Values), small),
        group("get 1 MiB", of(50, MIB, What::Values), large),
        // Who is given a value without a copy still has to fetch its bytes.
        group("get 16 KiB and read it", of(2_000, 16 * KIB, What::EveryByte), [None; 2]),
        group("get 1 MiB and read it", of(50, MIB, What::EveryByte), [None; 2]),
        group("get a missing key", of(10_000, 128, What::Nothing), [None; 2]),
    ]
}

/// With what is to be reached against `OpenDAL` and against redb itself.
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

/// Fills a store, and measures one caller that gets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gets {
    pub(super) count: usize,
    pub(super) len: usize,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Values, of which it looks at the length and the first bytes.
    Values,
    /// Values, of which it reads every byte.
    EveryByte,
    /// What no entry has for a key.
    Nothing,
}

impl Visit for Gets {
    type Output = Measure;

    fn visit<S: Store>(self, context: &Arc<Context>, store: S) -> Result<Measure> {
        let entries = Entries::new(&context.noise, self.count, self.len);
        fill(context, &store, &entries)?;
        match self.what {
            What::Values => calls_per_second::<S, _>(context, move || {
                vec![Get::new(store.clone(), Arc::clone(&entries), 0)]
            }),
            What::EveryByte => calls_per_second::<S, _>(context, move || {
                vec![GetAndRead(Get::new(store.clone(), Arc::clone(&entries), 0))]
            }),
            What::Nothing => {
                let keys: Arc<[String]> = (0..self.count).map(missing_key).collect();
                calls_per_second::<S, _>(context, move || {
                    vec![GetMissing { store: store.clone(), keys: Arc::clone(&keys), next: 0 }]
                })
            }
        }
    }
}

/// Gets one entry after the other.
pub(super) struct Get<S> {
    store: S,
    entries: Arc<Entries>,
    next: usize,
}

impl<S: Store> Get<S> {
    /// From entry `next` on.
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

/// Gets one entry after the other, and reads its value.
struct GetAndRead<S>(Get<S>);

impl<S: Store> Caller for GetAndRead<S> {
    async fn call(&mut self) -> Result<()> {
        let value = self.0.get().await?;
        black_box(value.iter().fold(0_u8, |all, byte| all ^ byte));
        Ok(())
    }
}

/// Gets keys that no entry has.
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
        ensure!(self.store.get(key).await?.is_none(), "the key {key} is there");
        Ok(())
    }
}
