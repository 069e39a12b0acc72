//! What happens when the file fails under the store.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_executor::block_on;
use kv_core::{ErrorKind, KvStore, ListOptions, NamespaceTitle, Result, prelude::*};
use kv_redb::RedbStore;
use redb::{StorageBackend, backends::InMemoryBackend};

/// A file in memory whose writes and syncs, or reads, fail once they are told to.
#[derive(Debug, Clone)]
struct Failing {
    memory: Arc<InMemoryBackend>,
    writes_fail: Arc<AtomicBool>,
    reads_fail: Arc<AtomicBool>,
}

impl Failing {
    fn new() -> Self {
        let memory = Arc::new(InMemoryBackend::new());
        Self { memory, writes_fail: Arc::default(), reads_fail: Arc::default() }
    }

    /// Opens a store on it, which keeps next to nothing in its cache.
    fn open(&self) -> Result<RedbStore> {
        RedbStore::builder().cache_bytes(0).storage_backend(self.clone()).open_blocking("failing.kv")
    }
}

fn check(fails: &AtomicBool) -> io::Result<()> {
    if fails.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        check(&self.reads_fail)?;
        self.memory.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        check(&self.writes_fail)?;
        self.memory.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        check(&self.writes_fail)?;
        self.memory.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        check(&self.writes_fail)?;
        self.memory.write(offset, data)
    }
}

#[test]
fn after_a_failed_write_the_store_takes_none_until_it_is_opened_again() -> Result<()> {
    block_on(async {
        let file = Failing::new();
        let store = file.open()?;
        let kv = store.open_namespace("a").await?;
        kv.put("kept", "1").await?;
        file.writes_fail.store(true, Ordering::SeqCst);
        let failed = kv.put("lost", "2").await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Closed);
        assert!(failed.to_string().contains("failing.kv"), "{failed}");
        assert!(std::error::Error::source(&failed).is_some());

        // The cause is mended, but the store stays as it is.
        file.writes_fail.store(false, Ordering::SeqCst);
        let id = kv.id();
        for refused in [
            kv.put("b", "1").await.unwrap_err(),
            kv.delete("kept").await.unwrap_err(),
            kv.delete_if("kept", kv_core::Version::new(1)).await.unwrap_err(),
            store.create_namespace(NamespaceTitle::new("b")?).await.unwrap_err(),
            store.delete_namespace(id).await.unwrap_err(),
            store.sweep(1).await.unwrap_err(),
        ] {
            assert_eq!(refused.kind(), ErrorKind::Closed, "{refused:?}");
        }
        let bulk = kv.put_many([kv_core::PutEntry::new("b", "1")?]).await?;
        assert_eq!(bulk.failed[0].error.kind(), ErrorKind::Closed);

        // Reads answer what was acknowledged, or that they cannot: nothing else.
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

        let store = file.open()?;
        let kv = store.open_namespace("a").await?;
        assert_eq!(kv.get("kept").await?.unwrap(), "1");
        kv.put("b", "1").await?;
        store.close().await
    })
}

#[test]
fn a_read_that_fails_is_unavailable_and_never_a_wrong_answer() -> Result<()> {
    block_on(async {
        let file = Failing::new();
        let store = file.open()?;
        let kv = store.open_namespace("a").await?;
        let entries = (0..1_000).map(|number| kv_core::PutEntry::new(number.to_string(), vec![7; 1_000]));
        kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
        file.reads_fail.store(true, Ordering::SeqCst);
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
        assert!(failures > 0, "the cache is too small to answer all of them");
        // redb cannot leave the file as after a clean close; the next opening repairs it.
        file.reads_fail.store(false, Ordering::SeqCst);
        let _ = store.close().await;

        let store = file.open()?;
        let kv = store.open_namespace("a").await?;
        let values = kv.get_many((0..1_000).map(|number| number.to_string())).await?;
        assert!(values.iter().all(|value| *value.as_ref().unwrap() == vec![7; 1_000]));
        store.close().await
    })
}
