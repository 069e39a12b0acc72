//! A store on something other than a file, for tests that let it fail.

use std::{fmt, io, path::Path, sync::Arc};

use kv_core::Result;
use redb::StorageBackend;

use crate::file::{
    disk::Disk,
    error::open_failed,
    open::{Opened, load},
    store_file::Engine,
    torn_create::{is_unfinished, may_be_unfinished},
};

/// Somebody's backend; clones share it.
#[derive(Clone)]
pub(crate) struct TestBackend(Arc<dyn StorageBackend>);

impl TestBackend {
    pub(crate) fn new(backend: impl StorageBackend) -> Self {
        Self(Arc::new(backend))
    }

    /// As with a file whose making was cut short.
    fn empty_if_unfinished(&self) -> io::Result<()> {
        let len = self.0.len()?;
        if may_be_unfinished(len) {
            let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
            self.0.read(0, &mut bytes)?;
            if is_unfinished(&bytes) {
                self.0.set_len(0)?;
            }
        }
        Ok(())
    }
}

/// Opens the store that `backend` holds, and makes it if there is none.
pub(crate) fn open(path: &Path, engine: Engine, backend: TestBackend) -> Result<Opened> {
    backend.empty_if_unfinished().map_err(|cause| open_failed(path, cause.into()))?;
    let disk = Disk::of_backend(backend).map_err(|cause| open_failed(path, cause.into()))?;
    load(path, engine.open_disk(disk).map_err(|cause| open_failed(path, cause))?)
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
