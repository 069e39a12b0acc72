//! Stores on a [`StorageBackend`] that the caller provides, for tests that inject failures.

use std::{fmt, io, path::Path, sync::Arc};

use kv_core::Result;
use redb::StorageBackend;

use crate::file::{
    disk::Disk,
    error::open_failed,
    open::{Opened, load},
    store_file::RedbConfig,
    torn_create::{is_torn, is_torn_len},
};

/// Backend that the caller provides; clones share it.
#[derive(Clone)]
pub(crate) struct TestBackend(Arc<dyn StorageBackend>);

impl TestBackend {
    pub(crate) fn new(backend: impl StorageBackend) -> Self {
        Self(Arc::new(backend))
    }

    /// Truncates the storage if its creation was cut short, as is done with a file.
    fn truncate_if_torn(&self) -> io::Result<()> {
        let len = self.0.len()?;
        if is_torn_len(len) {
            let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
            self.0.read(0, &mut bytes)?;
            if is_torn(&bytes) {
                self.0.set_len(0)?;
            }
        }
        Ok(())
    }
}

/// Opens the store that `backend` holds; lays one out if the backend is empty.
pub(crate) fn open(path: &Path, config: RedbConfig, backend: TestBackend) -> Result<Opened> {
    backend.truncate_if_torn().map_err(|cause| open_failed(path, cause.into()))?;
    let disk = Disk::of_backend(backend).map_err(|cause| open_failed(path, cause.into()))?;
    load(path, config.open_disk(disk).map_err(|cause| open_failed(path, cause))?)
}

impl fmt::Debug for TestBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TestBackend").finish_non_exhaustive()
    }
}

impl StorageBackend for TestBackend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}
