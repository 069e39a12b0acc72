//! Readiness of the store: whether it takes reads and writes.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use kv_core::{Error, KvStore};
use tokio::{
    sync::Semaphore,
    time::{self, Instant, error::Elapsed},
};

/// Time limit for a store's answer.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// Time after a log line in which a store that fails again is not logged: on a nearly full disk, readiness
/// may change with every write. A failure that lasts is logged by the first check after that.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Readiness of the store at the last check. Changes are logged, at most two per [`LOG_INTERVAL`].
///
/// Probes and scrapes check the store, and so do a request that fails with 503 and every request while the
/// store is not ready; no check runs in the background.
#[derive(Debug)]
pub(crate) struct Readiness {
    is_ready: AtomicBool,
    logged: Mutex<Logged>,
    /// Permit for the one check at a time: probes need no token, and a check may cost the store some work.
    checking: Semaphore,
}

/// Readiness as the log has it.
#[derive(Debug)]
struct Logged {
    is_ready: bool,
    /// Time of the last line.
    at: Option<Instant>,
}

/// Error of a store that is not ready.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ReadinessError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error("store does not answer: no response for {} s", MAX_WAIT.as_secs())]
    Timeout,
}

impl Readiness {
    pub(crate) const fn new() -> Self {
        Self {
            is_ready: AtomicBool::new(true),
            logged: Mutex::new(Logged { is_ready: true, at: None }),
            checking: Semaphore::const_new(1),
        }
    }

    /// Checks the store, after a check that is under way.
    pub(crate) async fn check(&self, store: &dyn KvStore) -> Result<(), ReadinessError> {
        let checked = async {
            let _permit = self.checking.acquire().await;
            store.check_ready().await
        };
        self.record(time::timeout(MAX_WAIT, checked).await)
    }

    /// Checks the store if a request `failed` with 503, or to see whether it is ready again; not while
    /// another request does.
    pub(crate) async fn check_after_request(&self, store: &dyn KvStore, failed: bool) {
        if (failed || !self.is_ready.load(Relaxed))
            && let Ok(_permit) = self.checking.try_acquire()
        {
            // The result is for the log alone.
            let _ = self.record(time::timeout(MAX_WAIT, store.check_ready()).await);
        }
    }

    fn record(&self, checked: Result<kv_core::Result<()>, Elapsed>) -> Result<(), ReadinessError> {
        let checked = checked.map_err(|_| ReadinessError::Timeout).and_then(|ready| Ok(ready?));
        self.is_ready.store(checked.is_ok(), Relaxed);
        if self.is_news(checked.is_ok()) {
            match &checked {
                Ok(()) => tracing::info!("store is ready again"),
                Err(reason) => tracing::warn!(%reason, ?reason, "store is not ready: refusing writes"),
            }
        }
        checked
    }

    /// Returns `true` if readiness is to be logged, and records that it is.
    fn is_news(&self, is_ready: bool) -> bool {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_ready == is_ready {
            return false;
        }
        let now = Instant::now();
        let is_recent = logged.at.is_some_and(|at| now.duration_since(at) < LOG_INTERVAL);
        if is_recent && !is_ready {
            return false;
        }
        *logged = Logged { is_ready, at: Some(now) };
        true
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc, Mutex,
            atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed},
        },
        time::Duration,
    };

    use kv_core::{
        Error, ErrorKind, KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result,
        async_trait,
    };
    use kv_memory::MemoryStore;
    use tokio::time::{self, Instant};
    use tracing::{Event, Level, Metadata, Subscriber, span};

    use super::{LOG_INTERVAL, MAX_WAIT, Readiness, ReadinessError};

    const READY: u8 = 0;
    const FULL: u8 = 1;
    const STUCK: u8 = 2;

    #[derive(Debug)]
    struct Store {
        inner: MemoryStore,
        state: AtomicU8,
        checks: AtomicUsize,
    }

    impl Store {
        fn new() -> Self {
            Self { inner: MemoryStore::new(), state: AtomicU8::new(READY), checks: AtomicUsize::new(0) }
        }
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
            self.checks.fetch_add(1, Relaxed);
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

    /// Levels of the log lines of this module.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<Level>>>);

    impl Subscriber for Log {
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
    async fn each_change_that_lasts_is_logged_once_and_no_check_is_needless() {
        let log = Log::default();
        let _guard = tracing::subscriber::set_default(log.clone());
        let store = Store::new();
        let readiness = Readiness::new();
        let store = &store;
        let mut expected = Vec::new();
        // No request checks a store that is ready.
        readiness.check_after_request(store, false).await;
        assert_eq!(store.checks.load(Relaxed), 0);
        for (state, level) in
            [(FULL, Level::WARN), (READY, Level::INFO), (STUCK, Level::WARN), (READY, Level::INFO)]
        {
            time::advance(LOG_INTERVAL).await;
            store.state.store(state, Relaxed);
            expected.push(level);
            readiness.check_after_request(store, state != READY).await;
            assert_eq!(*log.0.lock().unwrap(), expected);
            for _ in 0..3 {
                let started = Instant::now();
                match readiness.check(store).await {
                    Ok(()) => assert_eq!(state, READY),
                    Err(ReadinessError::Store(error)) => {
                        assert_eq!((state, error.to_string().as_str()), (FULL, "the disk is full"));
                    }
                    Err(ReadinessError::Timeout) => {
                        assert_eq!((state, started.elapsed()), (STUCK, MAX_WAIT));
                    }
                }
            }
            assert_eq!(*log.0.lock().unwrap(), expected);
        }
        // Of concurrent requests that fail, one checks.
        store.state.store(STUCK, Relaxed);
        let before = store.checks.load(Relaxed);
        let failed = || readiness.check_after_request(store, true);
        tokio::join!(failed(), failed(), failed());
        assert_eq!(store.checks.load(Relaxed), before + 1);
    }
    #[tokio::test(start_paused = true)]
    async fn a_store_that_fails_again_and_again_is_logged_once_per_interval() {
        let log = Log::default();
        let _guard = tracing::subscriber::set_default(log.clone());
        let store = Store::new();
        let readiness = Readiness::new();
        let check = async |state: u8| {
            time::advance(Duration::from_secs(1)).await;
            store.state.store(state, Relaxed);
            assert_eq!(readiness.check(&store).await.is_ok(), state == READY);
        };
        for _ in 0..20 {
            check(FULL).await;
            check(READY).await;
        }
        assert_eq!(*log.0.lock().unwrap(), [Level::WARN, Level::INFO]);
        // A failure that lasts is logged once the interval is over, and its end at once.
        for _ in 0..LOG_INTERVAL.as_secs() {
            check(FULL).await;
        }
        assert_eq!(*log.0.lock().unwrap(), [Level::WARN, Level::INFO, Level::WARN]);
        check(READY).await;
        assert_eq!(*log.0.lock().unwrap(), [Level::WARN, Level::INFO, Level::WARN, Level::INFO]);
    }
}
