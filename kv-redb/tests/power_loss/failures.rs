//! Answers of a store whose disk has failed.

use futures_executor::block_on;
use kv_core::{ErrorKind, KvStore, ListOptions, NamespaceTitle, PutEntry, Result, Version, prelude::*};
use kv_redb::RedbStore;

use crate::disk::{Disk, Fault, FaultKind};

/// Opens a store on `disk` with the smallest cache.
fn open(disk: &Disk) -> Result<RedbStore> {
    RedbStore::builder().cache_bytes(0).storage_backend(disk.clone()).open_blocking("failing.kv")
}

#[test]
fn a_failed_store_takes_no_write_until_it_is_opened_again() -> Result<()> {
    block_on(async {
        let disk = Disk::default();
        let store = open(&disk)?;
        let kv = store.open_namespace("a").await?;
        kv.put("kept", "1").await?;
        disk.set_fault(Some(Fault { kind: FaultKind::Sync, after: 0 }));
        let failed = kv.put("lost", "2").await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Closed);
        assert!(failed.to_string().contains("failing.kv"), "{failed}");
        assert!(std::error::Error::source(&failed).is_some());

        // The disk works again, but the store stays as it is.
        disk.set_fault(None);
        let id = kv.id();
        for refused in [
            kv.put("b", "1").await.unwrap_err(),
            kv.delete("kept").await.unwrap_err(),
            kv.delete_if("kept", Version::new(1)).await.unwrap_err(),
            store.create_namespace(NamespaceTitle::new("b")?).await.unwrap_err(),
            store.delete_namespace(id).await.unwrap_err(),
            store.sweep(1).await.unwrap_err(),
            store.check_ready().await.unwrap_err(),
        ] {
            assert_eq!(refused.kind(), ErrorKind::Closed, "{refused:?}");
        }
        let bulk = kv.put_many([PutEntry::new("b", "1")?]).await?;
        assert_eq!(bulk.failed[0].error.kind(), ErrorKind::Closed);

        // Reads return what was acknowledged, or `Unavailable`.
        match kv.get("kept").await {
            Ok(value) => assert_eq!(value.unwrap(), "1"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}"),
        }
        match kv.list_page(ListOptions::default()).await {
            Ok(page) => assert!(page.keys.iter().any(|key| key.name.as_str() == "kept")),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}"),
        }
        store.close().await?;
        assert_eq!(kv.get("kept").await.unwrap_err().kind(), ErrorKind::Closed);

        let store = open(&disk)?;
        let kv = store.open_namespace("a").await?;
        assert_eq!(kv.get("kept").await?.unwrap(), "1");
        kv.put("b", "1").await?;
        store.close().await
    })
}

#[test]
fn reads_go_on_from_memory_after_a_failure() -> Result<()> {
    block_on(async {
        let disk = Disk::default();
        let store = RedbStore::builder().storage_backend(disk.clone()).open_blocking("failing.kv")?;
        let kv = store.open_namespace("a").await?;
        kv.put("small", "1").await?;
        kv.put("large", vec![7; 200_000]).await?;
        assert!(kv.get("large").await?.is_some(), "it is cached now");
        assert!(kv.get("small").await?.is_some());
        disk.set_fault(Some(Fault { kind: FaultKind::Sync, after: 0 }));
        for value in ["2", "3"] {
            assert_eq!(kv.put("small", value).await.unwrap_err().kind(), ErrorKind::Closed);
        }
        assert_eq!(kv.get("small").await?.unwrap(), "1");
        assert_eq!(kv.get("large").await?.unwrap(), vec![7; 200_000]);
        store.close().await
    })
}

#[test]
fn a_failed_read_is_unavailable_and_never_wrong() -> Result<()> {
    block_on(async {
        let disk = Disk::default();
        let store = open(&disk)?;
        let kv = store.open_namespace("a").await?;
        let entries = (0..1_000).map(|number| PutEntry::new(number.to_string(), vec![7; 1_000]));
        kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
        disk.fail_reads(true);
        let mut failures = 0;
        for number in 0..1_000 {
            match kv.get(number.to_string()).await {
                Ok(value) => assert_eq!(value.unwrap(), vec![7; 1_000]),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                    failures += 1;
                }
            }
        }
        assert!(failures > 0, "the cache answered every read");
        // redb cannot mark the file as cleanly closed; the next opening repairs it.
        disk.fail_reads(false);
        let _ = store.close().await;

        let store = open(&disk)?;
        let kv = store.open_namespace("a").await?;
        let values = kv.get_many((0..1_000).map(|number| number.to_string())).await?;
        assert!(values.iter().all(|value| *value.as_ref().unwrap() == vec![7; 1_000]));
        store.close().await
    })
}
