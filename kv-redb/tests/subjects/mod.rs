//! Subjects of the suites `conformance`, `history` and `vectors`: a namespace of a store in a new file.
#![allow(clippy::unwrap_used, reason = "a factory fails by panicking")]

use std::{path::PathBuf, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt};
use kv_core::{KvNamespace, KvStore};
use kv_redb::RedbStore;
use kv_testkit::{ManualClock, Subject};

/// Returns a namespace in a new file.
pub(crate) async fn redb() -> Subject {
    over_new_file(|namespace| namespace).await
}

/// Returns a namespace behind an `Arc<dyn KvNamespace>`.
pub(crate) async fn shared_redb() -> Subject {
    over_new_file(|namespace| Arc::new(namespace)).await
}

/// Wrapper of the namespace, applied again after a reopening.
type Wrap = fn(Arc<dyn KvNamespace>) -> Arc<dyn KvNamespace>;

async fn over_new_file(wrap: Wrap) -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.kv");
    over_file(file, ManualClock::default(), wrap).await.with_guard(folder)
}

fn over_file(file: PathBuf, clock: ManualClock, wrap: Wrap) -> BoxFuture<'static, Subject> {
    async move {
        let builder = RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(None);
        let store = builder.open(&file).await.unwrap();
        let namespace = store.open_namespace("conformance").await.unwrap();
        let swept = store.clone();
        let sweep = move || {
            let store = swept.clone();
            async move { assert!(store.sweep(usize::MAX).await.is_ok()) }.boxed()
        };
        let subject = Subject::new(wrap(Arc::new(namespace)))
            .with_clock(clock.clone())
            .with_store(Arc::new(store.clone()))
            .with_sweep(sweep);
        subject.with_reopen(move || {
            let store = store.clone();
            let file = file.clone();
            let clock = clock.clone();
            async move {
                store.close().await.unwrap();
                over_file(file, clock, wrap).await
            }
            .boxed()
        })
    }
    .boxed()
}
