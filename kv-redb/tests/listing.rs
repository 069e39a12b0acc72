//! Listings: cursors, and the time that they leave to other tasks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::TryStreamExt;
use kv_core::{Cursor, KvStore, ListOptions, Prefix, PutEntry, Result, prelude::*};
use kv_redb::RedbStore;

#[tokio::test]
async fn a_long_listing_lets_other_tasks_run() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    let entries = (0..5_000).map(|number| PutEntry::new(number.to_string(), "v"));
    kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;

    let other_task_ran = Arc::new(AtomicBool::new(false));
    // The runtime has one thread, so the task waits until the listing yields.
    tokio::spawn({
        let other_task_ran = Arc::clone(&other_task_ran);
        async move { other_task_ran.store(true, Ordering::Relaxed) }
    });
    let keys: Vec<_> = kv.list("").try_collect().await?;
    assert_eq!(keys.len(), 5_000);
    assert!(other_task_ran.load(Ordering::Relaxed));
    store.close().await
}

#[tokio::test]
async fn a_forged_cursor_stays_within_the_prefix() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    for key in ["a", "b1", "b2", "c"] {
        kv.put(key, "1").await?;
    }
    let prefix = Prefix::new("b")?;
    for (token, expected) in [("a", &["b1", "b2"][..]), ("b1", &["b2"]), ("c", &[]), ("", &["b1", "b2"])] {
        let cursor = Cursor::issue(&prefix, token);
        let page = kv.list_page(ListOptions::from(prefix.clone()).with_cursor(cursor)).await?;
        assert_eq!(page.keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), expected, "{token}");
    }
    store.close().await
}
