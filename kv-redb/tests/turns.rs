//! What is answered on the calling task lets other tasks have their turns.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::TryStreamExt;
use kv_core::{KvStore, PutEntry, Result, prelude::*};
use kv_redb::RedbStore;

#[tokio::test]
async fn a_long_listing_lets_other_tasks_run() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    let entries = (0..5_000).map(|number| PutEntry::new(number.to_string(), "v"));
    kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;

    let had_a_turn = Arc::new(AtomicBool::new(false));
    // There is one thread, so it waits until the listing lets it run.
    tokio::spawn({
        let had_a_turn = Arc::clone(&had_a_turn);
        async move { had_a_turn.store(true, Ordering::Relaxed) }
    });
    let keys: Vec<_> = kv.list("").try_collect().await?;
    assert_eq!(keys.len(), 5_000);
    assert!(had_a_turn.load(Ordering::Relaxed));
    store.close().await
}
