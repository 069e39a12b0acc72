//! Values that are kept in pieces, and in memory as they were handed out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use kv_core::{Expiration, KvStore, Result, prelude::*};
use kv_redb::RedbStore;
use kv_testkit::ManualClock;

#[tokio::test]
async fn a_hot_value_is_handed_out_without_a_copy_and_never_a_former_one() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::default();
    let builder = RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(None);
    let store = builder.open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    for len in [1_025, 16 * 1024, 64 * 1024 + 1, 3_000_000] {
        kv.put("k", vec![1; len]).await?;
        let (first, again) = (kv.get("k").await?.unwrap(), kv.get("k").await?.unwrap());
        assert_eq!(first, vec![1; len]);
        assert_eq!(first.as_ptr(), again.as_ptr(), "the same bytes, {len} of them");

        kv.put_with("k", vec![2; len], Expiration::after(Duration::from_secs(60))?).await?;
        assert_eq!(kv.get("k").await?.unwrap(), vec![2; len]);
        clock.advance(Duration::from_secs(60));
        assert_eq!(kv.get("k").await?, None, "it has expired");
        kv.put("k", vec![3; len]).await?;
        assert_eq!(kv.get("k").await?.unwrap(), vec![3; len]);
        kv.delete("k").await?;
        assert_eq!(kv.get("k").await?, None);
    }
    store.close().await
}
