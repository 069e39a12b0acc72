//! Assembly of large values from their chunks: one per value at a time, and a bounded number of them.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use kv_core::{Bytes, Result, Version};
use tokio::sync::Semaphore;

/// Upper bound on the values that are assembled at a time. Each takes up to 25 MiB and a thread of the
/// blocking pool.
const MAX_ASSEMBLIES: usize = 8;

/// Result of assembling a value.
#[derive(Clone)]
pub(crate) enum Assembled {
    Value(Bytes),
    /// The entry was changed or removed meanwhile.
    Changed,
}

type Assembly = Shared<BoxFuture<'static, Result<Assembled>>>;
type WeakAssembly = WeakShared<BoxFuture<'static, Result<Assembled>>>;

/// Assemblies under way, by the version of the entry.
type Running = Mutex<HashMap<Version, WeakAssembly>>;

/// Assemblies of large values. Callers that ask for one version at the same time share one assembly, and at
/// most [`MAX_ASSEMBLIES`] run at a time; the others wait.
pub(crate) struct Assemblies {
    running: Arc<Running>,
    permits: Arc<Semaphore>,
}

impl Default for Assemblies {
    fn default() -> Self {
        Self { running: Arc::default(), permits: Arc::new(Semaphore::new(MAX_ASSEMBLIES)) }
    }
}

fn lock(running: &Running) -> MutexGuard<'_, HashMap<Version, WeakAssembly>> {
    // No code under the lock panics, so a poisoned map is consistent.
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Assemblies {
    /// Returns the value of `version`: joins the assembly that is under way, or starts one with `work`.
    pub(crate) async fn run<F>(&self, version: Version, work: F) -> Result<Assembled>
    where
        F: Future<Output = Result<Assembled>> + Send + 'static,
    {
        // In a function of its own, so that the lock is not held across the await.
        let assembly = self.join_or_start(version, work);
        assembly.await
    }

    fn join_or_start<F>(&self, version: Version, work: F) -> Assembly
    where
        F: Future<Output = Result<Assembled>> + Send + 'static,
    {
        let mut running = lock(&self.running);
        if let Some(assembly) = running.get(&version).and_then(WeakShared::upgrade) {
            return assembly;
        }
        let permits = Arc::clone(&self.permits);
        let remove_on_drop = RemoveOnDrop { running: Arc::clone(&self.running), version };
        let assembly = async move {
            let _remove_on_drop = remove_on_drop;
            // The semaphore is never closed.
            let _permit = permits.acquire_owned().await;
            work.await
        };
        let assembly = assembly.boxed().shared();
        if let Some(weak) = assembly.downgrade() {
            running.insert(version, weak);
        }
        assembly
    }
}

/// Removes an assembly from the map when its future is dropped: it is done, or every caller has given up.
struct RemoveOnDrop {
    running: Arc<Running>,
    version: Version,
}

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.version);
    }
}

impl fmt::Debug for Assemblies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assemblies")
            .field("permits", &self.permits.available_permits())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_executor::block_on;
    use futures_util::future::{join, join_all};

    use super::*;

    /// Asks for all `versions` at once. Returns how many assemblies ran, and how many at the same time at
    /// most.
    fn run(versions: impl Iterator<Item = u64>) -> (usize, usize) {
        let assemblies = Assemblies::default();
        let started = Arc::new(AtomicUsize::new(0));
        let running = Arc::new(AtomicUsize::new(0));
        let peak = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Semaphore::new(0));
        let calls = versions.map(|version| {
            let started = Arc::clone(&started);
            let running = Arc::clone(&running);
            let peak = Arc::clone(&peak);
            let gate = Arc::clone(&gate);
            let work = async move {
                started.fetch_add(1, Ordering::Relaxed);
                peak.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                // Ends once every assembly that may start has started.
                drop(gate.acquire().await);
                running.fetch_sub(1, Ordering::Relaxed);
                Ok(Assembled::Value(Bytes::from(version.to_string())))
            };
            let assemblies = &assemblies;
            async move {
                let assembled = assemblies.run(Version::new(version), work).await;
                assert!(matches!(assembled, Ok(Assembled::Value(value)) if value == version.to_string()));
            }
        });
        block_on(join(join_all(calls), async { gate.add_permits(1) }));
        assert!(lock(&assemblies.running).is_empty(), "no finished assembly stays in the map");
        (started.load(Ordering::Relaxed), peak.load(Ordering::Relaxed))
    }

    #[test]
    fn a_bounded_number_runs_at_a_time() {
        assert_eq!(run(0..50), (50, MAX_ASSEMBLIES));
    }

    #[test]
    fn callers_of_one_version_share_one_assembly() {
        assert_eq!(run(std::iter::repeat_n(7, 50)), (1, 1));
    }
}
