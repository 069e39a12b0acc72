//! Subject of a test.

use std::{any::Any, fmt, sync::Arc};

use futures_util::future::BoxFuture;
use kv_core::{AtomicKv, KvNamespace, KvStore};

use crate::support::manual_clock::ManualClock;

/// Subject of a test: a namespace of the backend under test, with what a test may use of it.
///
/// A factory makes one for each case. Everything but the namespace is optional; cases that need a missing
/// part fail.
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
    /// Returns a subject with `namespace` alone.
    #[must_use]
    pub fn new(namespace: Arc<dyn KvNamespace>) -> Self {
        Self { namespace, clock: None, store: None, sweep: None, reopen: None, kept: Vec::new() }
    }

    /// Sets the clock that the namespace asks. Tests move it, so a factory makes a new one for each subject.
    #[must_use]
    pub fn with_clock(mut self, clock: ManualClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets a store in which tests may create, rename and delete namespaces.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn KvStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets a hook that reclaims every entry that has expired by now.
    #[must_use]
    pub fn with_sweep(mut self, sweep: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        self.sweep = Some(Arc::new(sweep));
        self
    }

    /// Sets a hook that closes the backend and opens it again on the same data. It returns the new subject,
    /// which has the same hooks and the same clock.
    #[must_use]
    pub fn with_reopen(
        mut self,
        reopen: impl Fn() -> BoxFuture<'static, Self> + Send + Sync + 'static,
    ) -> Self {
        self.reopen = Some(Arc::new(reopen));
        self
    }

    /// Keeps `guard` (a temporary folder, a server) until the subject is dropped.
    #[must_use]
    pub fn with_guard(mut self, guard: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(guard));
        self
    }

    /// Returns the namespace.
    #[must_use]
    pub fn namespace(&self) -> &Arc<dyn KvNamespace> {
        &self.namespace
    }

    /// Returns the clock.
    ///
    /// # Panics
    ///
    /// If the factory set none.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        self.clock
            .as_ref()
            .expect("the subject has no clock: call `Subject::with_clock`, or drop the option `clock`")
    }

    /// Returns the namespace with its conditional writes.
    ///
    /// # Panics
    ///
    /// If it has no conditional writes.
    #[must_use]
    pub fn atomic(&self) -> Arc<dyn AtomicKv> {
        let atomic = Arc::clone(&self.namespace).into_atomic();
        atomic.expect("`into_atomic` returns `None`: return `Some`, or drop the option `atomic`")
    }

    /// `true` if the namespace has conditional writes.
    #[must_use]
    pub fn is_atomic(&self) -> bool {
        Arc::clone(&self.namespace).into_atomic().is_some()
    }

    /// Returns the store.
    ///
    /// # Panics
    ///
    /// If the factory set none.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn KvStore> {
        self.store
            .as_ref()
            .expect("the subject has no store: call `Subject::with_store`, or drop the option `store`")
    }

    /// Calls the hook that reclaims expired entries, if there is one. Callers of the namespace must not
    /// notice.
    pub async fn sweep(&self) {
        if let Some(sweep) = &self.sweep {
            sweep().await;
        }
    }

    /// `true` if there is a hook that reclaims expired entries.
    pub(crate) fn has_sweep(&self) -> bool {
        self.sweep.is_some()
    }

    /// Calls the hook that closes the backend and opens it again, if there is one. Callers must not notice.
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
