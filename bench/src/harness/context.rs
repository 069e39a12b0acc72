//! Runtime, folder and values that all workloads share.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::data::Noise;

/// Worker threads of the runtime, as in a small service.
const WORKERS: usize = 2;

/// Runtime, folder and values that all workloads share.
#[derive(Debug)]
pub(crate) struct Context {
    /// Runtime of the callers and of the stores.
    pub(crate) runtime: Runtime,
    pub(crate) noise: Noise,
    /// Duration of one measurement of a rate.
    pub(crate) window: Duration,
    /// Temporary folder, removed on drop.
    folder: TempDir,
    files: AtomicUsize,
}

impl Context {
    /// Creates a temporary folder in `folder` for the stores' files.
    pub(crate) fn new(folder: &Path, noise: Noise, window: Duration) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        let folder = tempfile::Builder::new().prefix("files-").tempdir_in(folder)?;
        Ok(Self { runtime: runtime()?, noise, window, folder, files: AtomicUsize::new(0) })
    }

    /// Returns an unused path in the temporary folder.
    pub(crate) fn new_path(&self, name: &str) -> PathBuf {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        self.folder.path().join(format!("{number}-{name}"))
    }
}

/// Builds a runtime with two worker threads, as a small service has it.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?)
}
