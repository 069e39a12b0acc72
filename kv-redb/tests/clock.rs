//! Clock that panics.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kv_core::{Clock, ErrorKind, Expiration, KvStore, ListOptions, Result, Timestamp, prelude::*};
use kv_redb::RedbStore;
use kv_testkit::ManualClock;

/// Clock of a caller, with a bug.
#[derive(Debug, Clone, Default)]
struct BrokenClock {
    clock: ManualClock,
    panics: Arc<AtomicBool>,
}

impl Clock for BrokenClock {
    fn now(&self) -> Timestamp {
        assert!(!self.panics.load(Ordering::Acquire), "a bug of this clock");
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

/// The error names the clock: the file is undamaged, and the store goes on.
#[tokio::test]
async fn a_panic_of_the_clock_is_an_error_and_the_store_goes_on() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let clock = BrokenClock::default();
    let builder = RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(None);
    let store = builder.open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    kv.put_with("expires", "1", Expiration::after(Duration::from_secs(60))?).await?;
    kv.put("stays", "1").await?;

    clock.panics.store(true, Ordering::Release);
    for error in [
        kv.get("expires").await.unwrap_err(),
        kv.get_many(["expires"]).await.unwrap_err(),
        kv.list_page(ListOptions::default()).await.unwrap_err(),
        kv.put("stays", "2").await.unwrap_err(),
        kv.delete("stays").await.unwrap_err(),
        store.sweep(1).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Other, "{error:?}");
        assert!(error.to_string().contains("clock"), "{error}");
    }
    assert_eq!(kv.get("stays").await?.unwrap(), "1", "an entry without an expiry needs no time");

    clock.panics.store(false, Ordering::Release);
    assert_eq!(kv.get("expires").await?.unwrap(), "1");
    kv.put("stays", "2").await?;
    assert_eq!(kv.get("stays").await?.unwrap(), "2");
    store.close().await
}
