//! What a suite runs on.

use std::{any::Any, fmt, sync::Arc};

use futures_util::future::BoxFuture;
use kv_core::{AtomicKv, KvNamespace, KvStore};

use crate::support::manual_clock::ManualClock;

/// What a suite runs on: a namespace of the backend under test, and what the suite may do with it.
///
/// A factory makes one for each case. Everything but the namespace is optional; without it, the cases that need it
/// cannot run.
///
/// ```
/// use std::sync::Arc;
/// use kv_memory::MemoryNamespace;
/// use kv_testkit::{ManualClock, Subject};
///
/// async fn subject() -> Subject {
///     let clock = ManualClock::default();
///     let namespace = MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
///     Subject::new(Arc::new(namespace)).with_clock(clock)
/// }
/// ```
pub struct Subject {
    namespace: Arc<dyn KvNamespace>,
    clock: Option<ManualClock>,
    store: Option<Arc<dyn KvStore>>,
    sweep: Option<Hook<()>>,
    reopen: Option<Hook<Subject>>,
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

type Hook<T> = Arc<dyn Fn() -> BoxFuture<'static, T> + Send + Sync>;

impl Subject {
    /// A subject that is `namespace` alone.
    #[must_use]
    pub fn new(namespace: Arc<dyn KvNamespace>) -> Self {
        Self { namespace, clock: None, store: None, sweep: None, reopen: None, kept: Vec::new() }
    }

    /// With the clock that the namespace asks. A suite moves it; a factory makes a new one for each subject.
    #[must_use]
    pub fn with_clock(mut self, clock: ManualClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// With a store in which a suite may create, rename and delete namespaces.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn KvStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// With a way to reclaim everything that has expired by now.
    #[must_use]
    pub fn with_sweep(mut self, sweep: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        self.sweep = Some(Arc::new(sweep));
        self
    }

    /// With a way to close the backend and open it again on the same data. The hook answers the new subject, which
    /// has the same hooks and the same clock.
    #[must_use]
    pub fn with_reopen(
        mut self,
        reopen: impl Fn() -> BoxFuture<'static, Self> + Send + Sync + 'static,
    ) -> Self {
        self.reopen = Some(Arc::new(reopen));
        self
    }

    /// Keeps `guard` (a temporary folder, a server) as long as the subject lives.
    #[must_use]
    pub fn with_guard(mut self, guard: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(guard));
        self
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &Arc<dyn KvNamespace> {
        &self.namespace
    }

    /// The clock.
    ///
    /// # Panics
    ///
    /// If the factory gave none.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        self.clock.as_ref().expect("the option `clock` needs a factory that calls `Subject::with_clock`")
    }

    /// The namespace with conditional writes.
    ///
    /// # Panics
    ///
    /// If it has none.
    #[must_use]
    pub fn atomic(&self) -> Arc<dyn AtomicKv> {
        let atomic = Arc::clone(&self.namespace).into_atomic();
        atomic.expect("the option `atomic` needs a namespace whose `into_atomic` answers `Some`")
    }

    /// Whether the namespace has conditional writes.
    #[must_use]
    pub fn is_atomic(&self) -> bool {
        Arc::clone(&self.namespace).into_atomic().is_some()
    }

    /// The store.
    ///
    /// # Panics
    ///
    /// If the factory gave none.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn KvStore> {
        self.store.as_ref().expect("the option `store` needs a factory that calls `Subject::with_store`")
    }

    /// Reclaims everything that has expired by now, if the backend has a way to; what can be seen must not change.
    pub async fn sweep(&self) {
        if let Some(sweep) = &self.sweep {
            sweep().await;
        }
    }

    /// Whether the backend has a way to reclaim.
    pub(crate) fn has_sweep(&self) -> bool {
        self.sweep.is_some()
    }

    /// Closes the backend and opens it again, if it has a way to; what can be seen must not change.
    #[must_use]
    pub async fn reopened(self) -> Self {
        match self.reopen.clone() {
            Some(reopen) => {
                let mut reopened = reopen().await;
                reopened.kept.extend(self.kept);
                reopened
            }
            None => self,
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Subject");
        debug.field("namespace", &self.namespace).field("clock", &self.clock).field("store", &self.store);
        debug
            .field("sweep", &self.sweep.is_some())
            .field("reopen", &self.reopen.is_some())
            .finish_non_exhaustive()
    }
}
