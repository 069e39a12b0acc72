//! Readiness of the store.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use kv_core::{Error, KvStore};
use tokio::{
    sync::Semaphore,
    time::{self, error::Elapsed},
};

/// Longest wait for a store to say if it is ready.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Readiness of the store, as it was when it was last asked. A change is logged once.
///
/// Nothing asks by itself: probes and scrapes do, a request that fails as it would if the store were not ready, and every
/// request while it is not.
#[derive(Debug)]
pub(crate) struct Readiness {
    is_ready: AtomicBool,
    /// One asks at once: anybody may, and the store may have to do something for the answer.
    asking: Semaphore,
}

/// Reason for which the store is not ready.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ReadinessError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error("the store does not answer: {} s have passed", MAX_WAIT.as_secs())]
    NoAnswer,
}

impl Readiness {
    pub(crate) const fn new() -> Self {
        Self { is_ready: AtomicBool::new(true), asking: Semaphore::const_new(1) }
    }

    /// Asks the store.
    pub(crate) async fn ask(&self, store: &dyn KvStore) -> Result<(), ReadinessError> {
        let asked = async {
            let _asking = self.asking.acquire().await;
            store.check_ready().await
        };
        self.note(time::timeout(MAX_WAIT, asked).await)
    }

    fn note(&self, answer: Result<kv_core::Result<()>, Elapsed>) -> Result<(), ReadinessError> {
        let answer = answer.map_err(|_| ReadinessError::NoAnswer).and_then(|ready| Ok(ready?));
        let was_ready = self.is_ready.swap(answer.is_ok(), Relaxed);
        match &answer {
            Ok(()) if !was_ready => tracing::info!("the store is ready again"),
            Err(reason) if was_ready => {
                tracing::warn!(%reason, ?reason, "the store is not ready: writes are refused");
            }
            _ => {}
        }
        answer
    }

    /// Asks the store if a request has `failed` in a way that may come of it, or to see whether it is ready again, unless
    /// another request does.
    pub(crate) async fn ask_after_request(&self, store: &dyn KvStore, failed: bool) {
        if (failed || !self.is_ready.load(Relaxed))
            && let Ok(_asking) = self.asking.try_acquire()
        {
            // Logged, if it is news.
            let _ = self.note(time::timeout(MAX_WAIT, store.check_ready()).await);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed},
    };

    use kv_core::{
        Error, ErrorKind, KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result,
        async_trait,
    };
    use kv_memory::MemoryStore;
    use tokio::time::Instant;
    use tracing::{Event, Level, Metadata, Subscriber, span};

    use super::{MAX_WAIT, Readiness, ReadinessError};

    const READY: u8 = 0;
    const FULL: u8 = 1;
    const STUCK: u8 = 2;

    #[derive(Debug)]
    struct Store {
        inner: MemoryStore,
        state: AtomicU8,
        asked: AtomicUsize,
    }

    #[async_trait]
    impl KvStore for Store {
        async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
            self.inner.create_namespace(title).await
        }

        async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
            self.inner.list_namespaces().await
        }

        async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
            self.inner.namespace_info(id).await
        }

        async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
            self.inner.rename_namespace(id, title).await
        }

        async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
            self.inner.delete_namespace(id).await
        }

        fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
            self.inner.namespace(id)
        }

        async fn check_ready(&self) -> Result<()> {
            self.asked.fetch_add(1, Relaxed);
            match self.state.load(Relaxed) {
                READY => Ok(()),
                FULL => Err(Error::new(ErrorKind::Unavailable, "test", "the disk is full")),
                _ => std::future::pending().await,
            }
        }

        async fn close(&self) -> Result<()> {
            self.inner.close().await
        }
    }

    /// The levels of what is logged.
    #[derive(Clone, Default)]
    struct Logged(Arc<Mutex<Vec<Level>>>);

    impl Subscriber for Logged {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            if event.metadata().target().ends_with("readiness") {
                self.0.lock().unwrap().push(*event.metadata().level());
            }
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[tokio::test(start_paused = true)]
    async fn each_change_is_logged_once_and_nothing_asks_without_need() {
        let logged = Logged::default();
        let _guard = tracing::subscriber::set_default(logged.clone());
        let store =
            Store { inner: MemoryStore::new(), state: AtomicU8::new(READY), asked: AtomicUsize::new(0) };
        let readiness = Readiness::new();
        let store = &store;
        let mut expected = Vec::new();
        // While all is well, requests ask nothing.
        readiness.ask_after_request(store, false).await;
        assert_eq!(store.asked.load(Relaxed), 0);
        for (state, level) in
            [(FULL, Level::WARN), (READY, Level::INFO), (STUCK, Level::WARN), (READY, Level::INFO)]
        {
            store.state.store(state, Relaxed);
            expected.push(level);
            readiness.ask_after_request(store, state != READY).await;
            assert_eq!(*logged.0.lock().unwrap(), expected);
            for _ in 0..3 {
                let started = Instant::now();
                match readiness.ask(store).await {
                    Ok(()) => assert_eq!(state, READY),
                    Err(ReadinessError::Store(error)) => {
                        assert_eq!((state, error.to_string().as_str()), (FULL, "the disk is full"));
                    }
                    Err(ReadinessError::NoAnswer) => {
                        assert_eq!((state, started.elapsed()), (STUCK, MAX_WAIT))
                    }
                }
            }
            assert_eq!(*logged.0.lock().unwrap(), expected);
        }
        // Of many requests that fail at once, one asks.
        store.state.store(STUCK, Relaxed);
        let before = store.asked.load(Relaxed);
        let failed = || readiness.ask_after_request(store, true);
        tokio::join!(failed(), failed(), failed());
        assert_eq!(store.asked.load(Relaxed), before + 1);
    }
}
