//! Namespace with a logout in the middle of a renewal.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kv_core::{
    AtomicKv, Conditional, Entry, Expected, GetOptions, Key, KvNamespace, ListOptions, ListPage, PutOptions,
    Result, Value, Version, async_trait,
};

/// A namespace that removes the first key that is read, right after the read.
#[derive(Debug)]
pub(crate) struct LoggedOutMidway {
    inner: Arc<dyn AtomicKv>,
    done: AtomicBool,
}

impl LoggedOutMidway {
    pub(crate) fn new(inner: Arc<dyn AtomicKv>) -> Self {
        Self { inner, done: AtomicBool::new(false) }
    }

    async fn remove_once(&self, key: Key<'_>) -> Result<()> {
        if self.done.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        self.inner.remove(key).await
    }
}

#[async_trait]
impl KvNamespace for LoggedOutMidway {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        let found = self.inner.read(key.as_borrowed(), options).await?;
        self.remove_once(key).await?;
        Ok(found)
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.inner.write(key, value, options).await
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.inner.remove(key).await
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.inner.list_page(options).await
    }
}

#[async_trait]
impl AtomicKv for LoggedOutMidway {
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>> {
        let found = self.inner.read_versioned(key.as_borrowed()).await?;
        self.remove_once(key).await?;
        Ok(found)
    }

    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional> {
        self.inner.write_if(key, expected, value, options).await
    }

    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional> {
        self.inner.remove_if(key, expected).await
    }
}
