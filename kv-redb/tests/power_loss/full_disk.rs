//! Store on a disk that is full for a while: reads go on, and so do writes once there is space.

use std::{thread, time::Duration};

use futures_executor::block_on;
use kv_core::{ErrorKind, KvStore, ListOptions, NamespaceTitle, PutEntry, Result, prelude::*};
use kv_redb::{RedbNamespace, RedbStore, RedbStoreBuilder};
use proptest::prelude::*;

use crate::disk::{Disk, Fault, FaultKind};

const SHORT_PAUSE: Duration = Duration::from_millis(1);

fn builder(disk: &Disk) -> RedbStoreBuilder {
    RedbStore::builder()
        // The smallest cache, so that reads need the disk.
        .cache_bytes(0)
        .sweep_interval(None)
        .full_disk_pause(SHORT_PAUSE)
        .storage_backend(disk.clone())
}

fn open(disk: &Disk) -> Result<(RedbStore, RedbNamespace)> {
    let store = builder(disk).open_blocking("full.kv")?;
    let kv = block_on(store.open_namespace("a"))?;
    Ok((store, kv))
}

/// Waits until the store, which tries again after `SHORT_PAUSE`, takes writes.
fn wait_until_ready(store: &RedbStore) {
    while let Err(error) = block_on(store.check_ready()) {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        thread::yield_now();
    }
}

fn fill(kv: &RedbNamespace) -> Result<()> {
    let entries = (0..300).map(|number| PutEntry::new(format!("{number:03}"), vec![7; 1_000 + 10 * number]));
    block_on(kv.put_many(entries.collect::<Result<Vec<_>, _>>()?))?.into_result().map(drop)
}

fn check_all_reads(kv: &RedbNamespace) -> Result<()> {
    block_on(async {
        for number in 0..300 {
            assert_eq!(kv.get(format!("{number:03}")).await?.unwrap(), vec![7; 1_000 + 10 * number]);
        }
        assert_eq!(kv.list_page(ListOptions::default()).await?.keys.len(), 300);
        Ok(())
    })
}

#[test]
fn a_full_disk_refuses_writes_and_not_reads_until_there_is_space() -> Result<()> {
    for quick_repair in [false, true] {
        let disk = Disk::default();
        let store = builder(&disk).quick_repair(quick_repair).open_blocking("full.kv")?;
        let kv = block_on(store.open_namespace("a"))?;
        fill(&kv)?;
        block_on(store.check_ready())?;
        disk.set_fault(Some(Fault { kind: FaultKind::Full, after: 0 }));
        let failed = block_on(kv.put("lost", "1")).unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Closed, "the outcome is unknown: {failed:?}");
        assert!(failed.to_string().contains("disk is full"), "{failed}");

        let id = kv.id();
        let refused = block_on(async {
            [
                kv.put("b", "1").await.unwrap_err(),
                kv.delete("000").await.unwrap_err(),
                kv.put_many([PutEntry::new("b", "1")?]).await?.failed.remove(0).error,
                store.create_namespace(NamespaceTitle::new("b")?).await.unwrap_err(),
                store.delete_namespace(id).await.unwrap_err(),
                store.sweep(1).await.unwrap_err(),
                store.check_ready().await.unwrap_err(),
            ]
            .into_iter()
            .map(Ok)
            .collect::<Result<Vec<_>>>()
        })?;
        for error in refused {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
            assert!(error.is_retryable() && error.retry_after().is_some(), "{error:?}");
            assert!(error.to_string().contains("full.kv"), "{error}");
        }
        check_all_reads(&kv)?;

        disk.set_fault(None);
        wait_until_ready(&store);
        check_all_reads(&kv)?;
        block_on(kv.put("b", "1"))?;
        block_on(store.close())?;
        let (store, kv) = open(&disk)?;
        check_all_reads_and(&kv, "b")?;
        block_on(store.close())?;
    }
    Ok(())
}

fn check_all_reads_and(kv: &RedbNamespace, key: &str) -> Result<()> {
    assert_eq!(block_on(kv.get(key))?.unwrap(), "1");
    assert_eq!(block_on(kv.get("lost"))?, None, "the failed write reached the disk");
    block_on(kv.delete(key))?;
    check_all_reads(kv)
}

/// A store that is opened on a full disk has an empty cache; a refused write must not end its reads.
#[test]
fn a_store_opened_on_a_full_disk_can_be_read() -> Result<()> {
    let disk = Disk::default();
    let (store, kv) = open(&disk)?;
    fill(&kv)?;
    block_on(store.close())?;

    // The opening writes a little, and then the disk is full.
    let (store, kv) = open(&disk)?;
    disk.set_fault(Some(Fault { kind: FaultKind::Full, after: 0 }));
    assert!(block_on(kv.put("lost", "1")).is_err());
    check_all_reads(&kv)?;
    assert!(block_on(kv.put("lost", "1")).is_err());
    check_all_reads(&kv)?;
    disk.set_fault(None);
    wait_until_ready(&store);
    block_on(kv.put("b", "1"))?;
    block_on(store.close())
}

#[test]
fn a_store_closed_on_a_full_disk_keeps_every_answered_write() -> Result<()> {
    let disk = Disk::default();
    let (store, kv) = open(&disk)?;
    fill(&kv)?;
    disk.set_fault(Some(Fault { kind: FaultKind::Full, after: 3 }));
    assert!(block_on(kv.put("lost", vec![1; 100_000])).is_err());
    block_on(store.close())?;
    assert_eq!(block_on(kv.get("000")).unwrap_err().kind(), ErrorKind::Closed);
    disk.set_fault(None);
    let (store, kv) = open(&disk)?;
    block_on(kv.delete("lost"))?;
    check_all_reads(&kv)?;
    block_on(store.close())
}

/// A namespace whose creation met the full disk exists afterwards or does not, and all other handles work.
#[test]
fn namespaces_after_a_full_disk_are_those_of_the_file() -> Result<()> {
    for after in 0..12 {
        let disk = Disk::default();
        let (store, kv) = open(&disk)?;
        block_on(kv.put("k", "1"))?;
        disk.set_fault(Some(Fault { kind: FaultKind::FullOnce, after }));
        let created = block_on(store.create_namespace(NamespaceTitle::new("b")?));
        wait_until_ready(&store);
        disk.set_fault(None);
        block_on(kv.put("k", "2"))?;
        let listed = block_on(store.list_namespaces())?;
        if let Ok(created) = &created {
            assert!(listed.contains(created));
        }
        for info in &listed {
            block_on(store.namespace(&info.id).put("k", "3"))?;
        }
        block_on(store.close())?;
        let (store, _) = open(&disk)?;
        assert_eq!(block_on(store.list_namespaces())?, listed);
        block_on(store.close())?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// The disk is full for single operations: answered writes stay, and in the end everything can be
    /// written.
    #[test]
    fn answered_writes_survive_any_number_of_full_disks(
        faults in proptest::collection::vec((0..30_u64, 1..200_000_usize, 0..8_u32), 1..8),
        quick_repair: bool,
    ) {
        let disk = Disk::default();
        let store = builder(&disk).quick_repair(quick_repair).open_blocking("full.kv").unwrap();
        let kv = block_on(store.open_namespace("a")).unwrap();
        let mut known = std::collections::BTreeMap::new();
        for (number, (after, len, key)) in (1_u8..).zip(faults) {
            let key = key.to_string();
            let value = vec![number; len];
            disk.set_fault(Some(Fault { kind: FaultKind::FullOnce, after }));
            let put = block_on(kv.put(&key, value.clone()));
            disk.set_fault(None);
            wait_until_ready(&store);
            let now = block_on(kv.get(&key)).unwrap().map(|value| value.to_vec());
            match put {
                Ok(()) => prop_assert_eq!(now.as_ref(), Some(&value)),
                Err(_) => prop_assert!(now.as_ref() == Some(&value) || now.as_ref() == known.get(&key)),
            }
            if let Some(now) = now {
                known.insert(key, now);
            }
        }
        block_on(kv.put("last", "1")).unwrap();
        block_on(store.close()).unwrap();
        let (store, kv) = open(&disk).unwrap();
        for (key, value) in known {
            prop_assert_eq!(block_on(kv.get(&key)).unwrap().map(|value| value.to_vec()), Some(value));
        }
        prop_assert!(block_on(kv.get("last")).unwrap().is_some());
        block_on(store.close()).unwrap();
    }
}
