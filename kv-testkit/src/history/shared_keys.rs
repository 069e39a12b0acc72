//! Keys that the clients of a history share.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use kv_core::{AtomicKv, Key, KeyInfo, KvNamespace, ListOptions, Prefix, Result};
use tokio::task::yield_now;

/// Keys that the clients share, with their namespace and the count of moments.
#[derive(Debug)]
pub(super) struct SharedKeys {
    pub(super) namespace: Arc<dyn KvNamespace>,
    pub(super) atomic: Option<Arc<dyn AtomicKv>>,
    pub(super) keys: Vec<Key<'static>>,
    /// Prefix of these keys alone.
    prefix: Prefix,
    moments: AtomicU64,
    /// Number of clients that are not ready to begin yet.
    missing_clients: AtomicUsize,
}

impl SharedKeys {
    /// Returns `count` keys of `namespace` that start with `prefix`, for `clients` clients.
    pub(super) fn new(namespace: &Arc<dyn KvNamespace>, prefix: &str, count: usize, clients: usize) -> Self {
        let key = |number| Key::new(format!("{prefix}{number}")).expect("the keys of histories are valid");
        Self {
            namespace: Arc::clone(namespace),
            atomic: Arc::clone(namespace).into_atomic(),
            keys: (0..count).map(key).collect(),
            prefix: Prefix::new(prefix).expect("the prefixes of histories are valid"),
            moments: AtomicU64::new(0),
            missing_clients: AtomicUsize::new(clients),
        }
    }

    /// Returns the next moment. Moments tell the order of starts and ends.
    pub(super) fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    /// Waits until every client has called this, so that they begin at the same time.
    pub(super) async fn wait_for_clients(&self) {
        self.missing_clients.fetch_sub(1, Ordering::SeqCst);
        while self.missing_clients.load(Ordering::SeqCst) > 0 {
            yield_now().await;
        }
    }

    /// Expects one more client, after all others have ended.
    pub(super) fn expect_one_client(&self) {
        self.missing_clients.store(1, Ordering::SeqCst);
    }

    /// Lists the keys, following every page.
    pub(super) async fn list(&self) -> Result<Vec<KeyInfo>> {
        let mut listed = Vec::new();
        let mut options = ListOptions::from(self.prefix.clone());
        loop {
            let page = self.namespace.list_page(options.clone()).await?;
            listed.extend(page.keys);
            let Some(next) = page.next else { return Ok(listed) };
            options = options.with_cursor(next);
        }
    }
}
