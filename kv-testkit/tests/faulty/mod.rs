//! Namespaces with faults that no single call shows.

use std::sync::Arc;

use kv_core::{
    AtomicKv, BulkReport, Conditional, Cursor, Entry, Expected, GetOptions, InvalidInput, Key, KvNamespace,
    ListOptions, ListPage, PutEntry, PutOptions, Result, Value, Version, async_trait,
};
use kv_memory::MemoryNamespace;

/// Fault of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A cursor is the number of keys before it, so it is wrong after one of them was written or removed.
    CursorCounts,
    /// Of equal keys in one bulk write, the first one wins.
    FirstDuplicateWins,
    /// Values of one length have one version, so that a change that is undone goes unnoticed.
    VersionOfValue,
}

/// A namespace in memory with a fault.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) inner: MemoryNamespace,
    pub(crate) fault: Fault,
}

impl Faulty {
    fn version(&self, value: &Value, version: Version) -> Version {
        if self.fault == Fault::VersionOfValue { Version::new(value.len() as u64) } else { version }
    }

    /// Returns the inner namespace's version, if the entry has the expected one.
    async fn inner_version(&self, key: &Key<'_>, expected: Version) -> Result<Option<Version>> {
        let current = self.inner.read_versioned(key.as_borrowed()).await?;
        let current = current.filter(|(entry, version)| self.version(&entry.value, *version) == expected);
        Ok(current.map(|(_, version)| version))
    }
}

#[async_trait]
impl KvNamespace for Faulty {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        self.inner.read(key, options).await
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.inner.write(key, value, options).await
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.inner.remove(key).await
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        if self.fault != Fault::CursorCounts {
            return self.inner.list_page(options).await;
        }
        let before: usize = match options.start()? {
            None => 0,
            Some(token) => token.parse().map_err(|_| InvalidInput::CursorMalformed)?,
        };
        let everything = self.inner.list_page(ListOptions::from(options.prefix().clone())).await?;
        let total = everything.keys.len();
        let keys: Vec<_> = everything.keys.into_iter().skip(before).take(options.limit()).collect();
        let after = before + keys.len();
        let next = (after < total).then(|| Cursor::issue(options.prefix(), after.to_string()));
        Ok(ListPage::new(keys, next))
    }

    async fn write_many(&self, mut entries: Vec<PutEntry>) -> Result<BulkReport> {
        if self.fault == Fault::FirstDuplicateWins {
            entries.reverse();
        }
        self.inner.write_many(entries).await
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        Some(self)
    }
}

#[async_trait]
impl AtomicKv for Faulty {
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>> {
        let found = self.inner.read_versioned(key).await?;
        Ok(found.map(|(entry, version)| {
            let version = self.version(&entry.value, version);
            (entry, version)
        }))
    }

    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional> {
        let expected = match expected {
            Expected::Absent => Expected::Absent,
            Expected::Version(version) => match self.inner_version(&key, version).await? {
                None => return Ok(Conditional::Conflict),
                Some(version) => Expected::Version(version),
            },
        };
        Ok(match self.inner.write_if(key, expected, value.clone(), options).await? {
            Conditional::Applied(version) => Conditional::Applied(self.version(&value, version)),
            Conditional::Conflict => Conditional::Conflict,
        })
    }

    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional> {
        match self.inner_version(&key, expected).await? {
            None => Ok(Conditional::Conflict),
            Some(version) => self.inner.remove_if(key, version).await,
        }
    }
}
