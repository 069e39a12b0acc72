//! What every workload is given.

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

/// The runtime's worker threads: what a small service has.
const WORKERS: usize = 2;

#[derive(Debug)]
pub(crate) struct Context {
    /// Where tasks run.
    pub(crate) runtime: Runtime,
    pub(crate) noise: Noise,
    /// How long one measurement of a rate takes.
    pub(crate) window: Duration,
    /// Removed with everything in it when this is dropped.
    folder: TempDir,
    files: AtomicUsize,
}

impl Context {
    /// With files in a new folder in `folder`.
    pub(crate) fn new(folder: &Path, noise: Noise, window: Duration) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("there is no folder {}", folder.display()))?;
        let folder = tempfile::Builder::new().prefix("files-").tempdir_in(folder)?;
        Ok(Self { runtime: runtime()?, noise, window, folder, files: AtomicUsize::new(0) })
    }

    /// A path in the bench's folder at which nothing is yet.
    pub(crate) fn new_path(&self, name: &str) -> PathBuf {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        self.folder.path().join(format!("{number}-{name}"))
    }
}

/// A runtime as a small service has it.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?)
}
