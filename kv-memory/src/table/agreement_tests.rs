//! Property tests: index and cache hold the same entries after any operations.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kv_core::{
    Clock, Expected, Expiration, GetOptions, Key, ListOptions, Metadata, PutEntry, PutOptions, Timestamp,
    Value, Version,
};
use kv_testkit::{ManualClock, block_on};
use proptest::prelude::*;

use crate::{
    base::liveness::Liveness,
    table::{
        cache::entry_cache::EntryCache,
        namespace_table::{Change, NamespaceTable},
    },
};

/// Bound that some entries of the longest value below fit into, but not all.
const BOUND: u64 = 8_000;
const LONGEST_VALUE: usize = 1_500;

#[derive(Debug, Clone)]
enum Operation {
    Put { key: u8, len: usize, ttl: Option<u64> },
    PutIf { key: u8, absent: bool },
    Remove { key: u8 },
    RemoveIf { key: u8 },
    PutMany { keys: Vec<u8>, ttl: Option<u64> },
    RemoveMany { keys: Vec<u8> },
    Read { key: u8 },
    List,
    Sweep,
    Advance { seconds: u64 },
    SetBack { seconds: u64 },
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let key = || 0u8..12;
    let keys = || proptest::collection::vec(0u8..12, 0..20);
    let ttl = || proptest::option::of(60u64..200);
    let operation = prop_oneof![
        6 => (key(), 0..LONGEST_VALUE, ttl()).prop_map(|(key, len, ttl)| Operation::Put { key, len, ttl }),
        2 => (key(), any::<bool>()).prop_map(|(key, absent)| Operation::PutIf { key, absent }),
        2 => key().prop_map(|key| Operation::Remove { key }),
        1 => key().prop_map(|key| Operation::RemoveIf { key }),
        2 => (keys(), ttl()).prop_map(|(keys, ttl)| Operation::PutMany { keys, ttl }),
        1 => keys().prop_map(|keys| Operation::RemoveMany { keys }),
        3 => key().prop_map(|key| Operation::Read { key }),
        1 => Just(Operation::List),
        1 => Just(Operation::Sweep),
        2 => (1u64..100).prop_map(|seconds| Operation::Advance { seconds }),
        1 => (1u64..100).prop_map(|seconds| Operation::SetBack { seconds }),
    ];
    proptest::collection::vec(operation, 1..60)
}

fn key(number: u8) -> Key<'static> {
    Key::new(format!("key-{number}")).unwrap()
}

fn options(ttl: Option<u64>) -> PutOptions {
    let expiration = ttl.map(|seconds| Expiration::after(Duration::from_secs(seconds)).unwrap());
    PutOptions::from(Metadata::new(&ttl).ok().unwrap_or(Metadata::new("none").unwrap()))
        .with_expiration(expiration)
}

async fn run(table: &NamespaceTable, clock: &ManualClock, operation: Operation) {
    let found = |number| table.read_versioned(&key(number)).unwrap().map(|(_, version)| version);
    match operation {
        Operation::Put { key: number, len, ttl } => {
            let value = Value::new(vec![7; len]).unwrap();
            table.write(&key(number), value, options(ttl)).unwrap();
        }
        Operation::PutIf { key: number, absent } => {
            let expected = found(number).filter(|_| !absent).map_or(Expected::Absent, Expected::Version);
            let put = Change::Put(Value::default(), PutOptions::default());
            let _ = table.change("write_if", &key(number), Some(expected), put).unwrap();
        }
        Operation::Remove { key: number } => table.remove(&key(number)).unwrap(),
        Operation::RemoveIf { key: number } => {
            let expected = found(number).unwrap_or(Version::new(0));
            let _ = table.change("remove_if", &key(number), Some(expected.into()), Change::Remove).unwrap();
        }
        Operation::PutMany { keys, ttl } => {
            let entries = keys.iter().map(|&number| {
                let entry = PutEntry::new(key(number), vec![8; usize::from(number) * 100]).unwrap();
                entry.with_options(options(ttl))
            });
            let report = table.write_many(entries.collect()).await.unwrap();
            assert_eq!(report.into_result().unwrap(), keys.len());
        }
        Operation::RemoveMany { keys } => {
            let report = table.remove_many(keys.iter().copied().map(key).collect()).await.unwrap();
            assert_eq!(report.into_result().unwrap(), keys.len());
        }
        Operation::Read { key: number } => drop(table.read(&key(number), GetOptions::default()).unwrap()),
        Operation::List => drop(table.list_page(&ListOptions::default()).unwrap()),
        Operation::Sweep => drop(table.sweep().await),
        Operation::Advance { seconds } => clock.advance(Duration::from_secs(seconds)),
        Operation::SetBack { seconds } => {
            let now = clock.now().as_secs();
            clock.set(Timestamp::from_secs(now - seconds).unwrap());
        }
    }
}

/// Returns the version of each key in the cache, and in the index.
fn contents(table: &NamespaceTable) -> [BTreeMap<String, Version>; 2] {
    let index = table.lock_index();
    index.check();
    let cached = table.cache.cache().iter().map(|(key, entry)| (String::from(&**key), entry.version));
    let indexed = index.range(..).map(|(key, entry)| (String::from(&**key), entry.version));
    [cached.collect(), indexed.collect()]
}

async fn check_unbounded(operations: Vec<Operation>) -> Result<(), TestCaseError> {
    let clock = ManualClock::default();
    let table = NamespaceTable::new(EntryCache::unbounded(), Arc::new(clock.clone()), Liveness::default());
    for operation in operations {
        run(&table, &clock, operation).await;
        let [cached, indexed] = contents(&table);
        prop_assert_eq!(cached, indexed);
    }
    table.sweep().await;
    let listed = table.lock_index().range(..).count();
    prop_assert_eq!(table.cache.cache().entry_count(), listed as u64);
    table.mark_deleted();
    while !table.clear_step() {}
    prop_assert_eq!(contents(&table), <[BTreeMap<_, _>; 2]>::default());
    prop_assert_eq!(table.cache.cache().entry_count(), 0);
    Ok(())
}

async fn check_bounded(operations: Vec<Operation>) -> Result<(), TestCaseError> {
    let clock = ManualClock::default();
    let table = NamespaceTable::new(EntryCache::bounded(BOUND), Arc::new(clock.clone()), Liveness::default());
    for operation in operations {
        run(&table, &clock, operation).await;
        // Every cached entry is listed, so that a sweep or a deletion finds it. An evicted one may still be
        // listed.
        let [cached, mut indexed] = contents(&table);
        indexed.retain(|key, _| cached.contains_key(key));
        prop_assert_eq!(cached, indexed);
    }
    table.sweep().await;
    let [cached, indexed] = contents(&table);
    prop_assert_eq!(cached, indexed);
    prop_assert!(table.cache.cache().weighted_size() <= BOUND);
    while !table.clear_step() {}
    prop_assert_eq!(contents(&table), <[BTreeMap<_, _>; 2]>::default());
    prop_assert_eq!(table.cache.cache().entry_count(), 0);
    Ok(())
}

proptest! {
    #[test]
    fn unbounded_index_and_cache_agree_at_every_moment(operations in operations()) {
        block_on(check_unbounded(operations))?;
    }

    #[test]
    fn bounded_index_and_cache_agree_when_idle(operations in operations()) {
        block_on(check_bounded(operations))?;
    }
}
